//! The order of a function's awaits: which must stay in sequence, because they need something of an earlier await or are in
//! another block than the await before, so that no `join!` could take both; and which turns of a `for` may be independent
//! of each other.
//!
//! A macro knows no types, so this is decided by names alone. If a name may carry something from one await to another,
//! it is assumed to do so.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprAwait, ExprIf, FnArg, Item, Local, Macro, Pat, Signature};

/// The place of an await's keyword.
type Place = (usize, usize);

/// Macros that await what they are given.
const AWAITING: [&str; 5] = ["join", "try_join", "gather", "select", "try_select"];
/// Macros that change their first argument.
const WRITING: [&str; 2] = ["write", "writeln"];

/// The earliest point at which an await could be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Together with the await before it in the same block.
    Free,
    /// Together with the last await of the loop's previous turn: it is the first one of a `for`.
    EachTurn,
    /// In sequence only, as far as is known.
    Fixed,
}

/// The order of a function's awaits.
#[derive(Clone, Default)]
pub struct Orders(HashMap<Place, Order>);

impl Orders {
    pub fn of(signature: &Signature, body: &Block) -> Self {
        let mut walk = Walk::default();
        for argument in &signature.inputs {
            walk.declare_argument(argument);
        }
        walk.visit_block_mut(&mut body.clone());
        walk.orders
    }

    /// The order of the await with this keyword.
    pub fn of_await(&self, await_: &ExprAwait) -> Order {
        let order = self.0.get(&place(await_.await_token.span));
        order.copied().unwrap_or(Order::Fixed)
    }

    fn add(&mut self, place: Place, order: Order) {
        // Code that a macro wrote has the same place everywhere.
        let order = match self.0.get(&place) {
            Some(_) => Order::Fixed,
            None => order,
        };
        self.0.insert(place, order);
    }
}

fn place(span: Span) -> Place {
    (span.start().line, span.start().column)
}

#[derive(Clone, Default)]
struct Walk {
    orders: Orders,
    /// Names of values that an await returned or may have changed, and of values derived from them.
    given: HashSet<String>,
    /// Names through which something may be changed.
    mutable: HashSet<String>,
    /// The number of the current block, and of the next new one.
    block: usize,
    blocks: usize,
    /// The block of a `for` whose turns may be independent of each other, until its first await.
    turns: Option<usize>,
    /// Number of enclosing loops, and of other code that may run repeatedly.
    loops: usize,
    /// The block of the await before.
    before: Option<usize>,
    /// Number of awaits met so far.
    awaits: usize,
    /// `true` if the code that follows runs only if an earlier await succeeded.
    is_guarded: bool,
}

impl Walk {
    fn declare_argument(&mut self, argument: &FnArg) {
        match argument {
            FnArg::Receiver(receiver) => {
                let text = receiver.to_token_stream();
                self.declare(bound(&text), &text);
            }
            FnArg::Typed(argument) => {
                let whole = argument.to_token_stream();
                self.declare(bound(&argument.pat.to_token_stream()), &whole);
            }
        }
    }

    /// Records the names that are bound by code with this text.
    fn declare(&mut self, bound: HashSet<String>, text: &TokenStream) {
        if names(text).iter().any(|name| name.contains("mut")) {
            self.mutable.extend(bound);
        }
    }

    /// `true` if tokens mention anything that an await returned.
    fn is_given(&self, tokens: &TokenStream) -> bool {
        !names(tokens).is_disjoint(&self.given)
    }

    /// Visits an expression. Returns `true` if its value depends on an await.
    fn depends(&mut self, expression: &mut Expr) -> bool {
        let tokens = expression.to_token_stream();
        let awaits = self.awaits;
        self.visit_expr_mut(expression);
        self.awaits > awaits || self.is_given(&tokens)
    }

    fn bind(&mut self, pattern: &Pat, from: &TokenStream, depends: bool) {
        let bound = bound(&pattern.to_token_stream());
        if depends {
            self.given.extend(bound.iter().cloned());
        }
        let whole = quote::quote!(#pattern #from);
        self.declare(bound, &whole);
    }

    fn within_block(&mut self, visit: impl FnOnce(&mut Self)) {
        self.blocks += 1;
        self.in_block(self.blocks, visit);
    }

    fn within_loop(&mut self, visit: impl FnOnce(&mut Self)) {
        self.loops += 1;
        self.within_block(visit);
        self.loops -= 1;
    }

    fn in_block(&mut self, block: usize, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.block, block);
        visit(self);
        self.block = outer;
    }

    /// Visits the body of a `for` twice: the results of one turn's awaits are available in the next one.
    fn visit_turns(&mut self, body: &mut Block, depends: bool) {
        self.blocks += 1;
        self.loops += 1;
        let block = self.blocks;
        let mut once = self.clone();
        once.in_block(block, |walk| walk.visit_block_mut(&mut body.clone()));
        (self.given, self.blocks) = (once.given, once.blocks);
        self.is_guarded |= once.is_guarded;
        if self.loops == 1 && !depends {
            self.before = once.before;
            self.turns = Some(block);
        }
        self.in_block(block, |walk| walk.visit_block_mut(body));
        self.turns = None;
        self.loops -= 1;
    }

    fn visit_await(&mut self, await_: &mut ExprAwait) {
        let tokens = await_.base.to_token_stream();
        let met = self.awaits;
        self.visit_expr_mut(&mut await_.base);
        let needs = self.awaits > met || self.is_given(&tokens);
        let is_beside = self.before.unwrap_or(0) == self.block;
        let order = match self.turns.take_if(|block| *block == self.block) {
            _ if needs || !is_beside || self.is_guarded => Order::Fixed,
            Some(_) => Order::EachTurn,
            None => Order::Free,
        };
        self.orders.add(place(await_.await_token.span), order);
        self.before = Some(self.block);
        self.awaits += 1;
        self.changes(&await_.base);
    }

    /// Marks everything that an expression may change as given: its mutable borrows, and the receivers of its methods.
    fn changes(&mut self, expression: &Expr) {
        let all = names(&expression.to_token_stream());
        let borrowed = borrowed_mutably(expression.to_token_stream());
        let mutable = all.into_iter().filter(|name| self.mutable.contains(name));
        self.given.extend(mutable.chain(borrowed));
    }

    fn visit_if(&mut self, expression: &mut ExprIf) {
        let depends = self.depends(&mut expression.cond);
        self.within_block(|walk| walk.visit_block_mut(&mut expression.then_branch));
        if let Some((_, otherwise)) = &mut expression.else_branch {
            self.within_block(|walk| walk.visit_expr_mut(otherwise));
        }
        self.is_guarded |= depends && leaves(&expression.to_token_stream());
    }
}

impl VisitMut for Walk {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        let tokens = expression.to_token_stream();
        match expression {
            Expr::Await(await_) => self.visit_await(await_),
            Expr::If(if_) => self.visit_if(if_),
            Expr::Match(match_) => {
                let from = match_.expr.to_token_stream();
                let depends = self.depends(&mut match_.expr);
                for arm in &mut match_.arms {
                    self.bind(&arm.pat, &from, depends);
                    self.within_block(|walk| visit_mut::visit_arm_mut(walk, arm));
                }
                self.is_guarded |= depends && leaves(&tokens);
            }
            Expr::Let(let_) => {
                let from = let_.expr.to_token_stream();
                let depends = self.depends(&mut let_.expr);
                self.bind(&let_.pat, &from, depends);
            }
            Expr::ForLoop(loop_) => {
                let from = loop_.expr.to_token_stream();
                let depends = self.depends(&mut loop_.expr);
                self.bind(&loop_.pat, &from, depends);
                self.visit_turns(&mut loop_.body, depends);
            }
            Expr::While(loop_) => self.within_loop(|walk| {
                walk.visit_expr_mut(&mut loop_.cond);
                walk.within_block(|walk| walk.visit_block_mut(&mut loop_.body));
            }),
            Expr::Binary(binary) if matches!(binary.op, syn::BinOp::And(_) | syn::BinOp::Or(_)) => {
                self.visit_expr_mut(&mut binary.left);
                self.within_block(|walk| walk.visit_expr_mut(&mut binary.right));
            }
            Expr::Loop(_) | Expr::Async(_) | Expr::Closure(_) => {
                self.within_loop(|walk| visit_mut::visit_expr_mut(walk, expression));
            }
            Expr::Block(_) | Expr::Unsafe(_) => {
                self.within_block(|walk| visit_mut::visit_expr_mut(walk, expression));
            }
            Expr::Assign(_) | Expr::Binary(_) | Expr::MethodCall(_) | Expr::Call(_) => {
                let awaits = self.awaits;
                visit_mut::visit_expr_mut(self, expression);
                if self.awaits > awaits || self.is_given(&tokens) {
                    self.changes(expression);
                }
            }
            _ => visit_mut::visit_expr_mut(self, expression),
        }
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        let Some(init) = &mut local.init else {
            let pattern = local.pat.to_token_stream();
            return self.declare(bound(&pattern), &pattern);
        };
        let from = init.expr.to_token_stream();
        let depends = self.depends(&mut init.expr);
        self.bind(&local.pat, &from, depends);
        if let Some((_, otherwise)) = &mut init.diverge {
            self.within_block(|walk| walk.visit_expr_mut(otherwise));
            self.is_guarded |= depends;
        }
    }

    fn visit_macro_mut(&mut self, macro_: &mut Macro) {
        let name = macro_.path.segments.last();
        let name = name.map(|name| name.ident.to_string()).unwrap_or_default();
        let all = names(&macro_.tokens);
        if AWAITING.contains(&name.as_str()) || all.contains("await") {
            // Code after this does not run beside the awaits in there.
            self.awaits += 1;
            self.blocks += 1;
            self.before = Some(self.blocks);
            let mutable = all.iter().filter(|name| self.mutable.contains(*name));
            let borrowed = borrowed_mutably(macro_.tokens.clone());
            self.given.extend(mutable.cloned().chain(borrowed));
        } else if WRITING.contains(&name.as_str()) && self.is_given(&macro_.tokens) {
            self.given.extend(names(&first(&macro_.tokens)));
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// The tokens before the first comma.
fn first(tokens: &TokenStream) -> TokenStream {
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let tokens = tokens.clone().into_iter();
    tokens.take_while(|token| !is_comma(token)).collect()
}

/// Returns all names in these tokens, including those in format strings.
fn names(tokens: &TokenStream) -> HashSet<String> {
    let mut found = HashSet::new();
    add_names(tokens.clone(), &mut found);
    found
}

/// The names that a pattern binds, and some that it does not.
fn bound(pattern: &TokenStream) -> HashSet<String> {
    let is_bound = |name: &String| {
        !name.starts_with(char::is_uppercase) && !["mut", "ref"].contains(&name.as_str())
    };
    names(pattern).into_iter().filter(is_bound).collect()
}

fn add_names(tokens: TokenStream, found: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                found.insert(name.to_string());
            }
            TokenTree::Group(group) => add_names(group.stream(), found),
            TokenTree::Literal(text) => {
                let text = text.to_string();
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                let formatted = text.split('{').skip(1);
                let formatted = formatted.filter_map(|part| part.split(|c| !is_word(c)).next());
                found.extend(formatted.map(str::to_owned));
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// Returns the names after `&mut`.
fn borrowed_mutably(tokens: TokenStream) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut is_behind = false;
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if is_behind {
                    found.insert(name.to_string());
                }
                is_behind = name == "mut";
            }
            TokenTree::Group(group) => found.extend(borrowed_mutably(group.stream())),
            _ => is_behind = false,
        }
    }
    found
}

/// `true` if a part of it leaves the function or a loop, other than by `?`.
fn leaves(tokens: &TokenStream) -> bool {
    let names = names(tokens);
    ["return", "break", "continue"]
        .iter()
        .any(|word| names.contains(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The awaits of a function, and their orders.
    fn orders(function: &str) -> Vec<(String, Order)> {
        struct All<'a>(&'a Orders, Vec<(String, Order)>);
        impl VisitMut for All<'_> {
            fn visit_expr_await_mut(&mut self, expression: &mut ExprAwait) {
                visit_mut::visit_expr_await_mut(self, expression);
                let text = crate::text::of(&expression.base);
                self.1.push((text, self.0.of_await(expression)));
            }
        }
        let mut function: syn::ItemFn = syn::parse_str(function).expect("it is a function");
        let orders = Orders::of(&function.sig, &function.block);
        let mut all = All(&orders, Vec::new());
        all.visit_block_mut(&mut function.block);
        all.1
    }

    /// Returns the texts of the independent awaits.
    fn free(function: &str) -> Vec<String> {
        let free = orders(function).into_iter();
        let free = free.filter(|(_, order)| *order != Order::Fixed);
        free.map(|(text, _)| text).collect()
    }

    #[test]
    fn awaits_that_need_nothing_of_each_other_are_free() {
        for body in [
            "async fn f() { a().await; b().await; }",
            "async fn f() -> R { let x = a().await?; let y = b().await?; g(x, y) }",
            "async fn f(&self) { self.a().await; self.b().await; }",
            "async fn f(db: Db) { db.a().await; db.b().await; }",
            "async fn f() { let s = Client::new(); s.a().await; s.b().await; }",
            "async fn f() { let mut n = 0; let x = a().await; info!(\"{n}\"); let m = n; b().await; }",
            "async fn f() { for id in ids { a(id).await; b(id).await; } }",
            "async fn f(n: &mut N) { let Ok(x) = a(y); c(Some(x)).await; b(&mut m, Some(1)).await; }",
        ] {
            let free = free(body);
            assert!(
                free.last().is_some_and(|text| text.contains('b')),
                "{body}: {free:?}"
            );
        }
    }

    #[test]
    fn what_needs_an_earlier_await_is_not() {
        for body in [
            "async fn f() { let x = a().await; b(x).await; }",
            "async fn f() { let x = a().await; let y = g(&x); b(y).await; }",
            "async fn f() { let x = a().await; b(format!(\"/{x}\")).await; }",
            "async fn f() { let mut x = 0; x += a().await; b(x).await; }",
            "async fn f() { let mut v = Vec::new(); v.push(a().await); b(&v).await; }",
            "async fn f() { let mut s = String::new(); let x = a().await; write!(s, \"{x}\"); b(s).await; }",
            "async fn f() { let mut v = vec![]; a(&mut v).await; b(&v).await; }",
            "async fn f() { let mut s = open(); s.a().await; s.b().await; }",
            "async fn f(s: &mut S) { s.a().await; s.b().await; }",
            "async fn f(s: &mut S) { a(s).await; b(s).await; }",
            "async fn f(&mut self) { self.a().await; self.b().await; }",
            "async fn f() { for s in list.iter_mut() { s.a().await; s.b().await; } }",
            "async fn f() { b(a().await).await; }",
            "async fn f() { let (x, y) = join!(a(), c()); b(x).await; }",
            "async fn f() { match a().await { Ok(x) => b(x).await, Err(_) => {} } }",
            "async fn f() { if let Some(x) = a().await { b(x).await } }",
            "async fn f() { while let Some(x) = s.a().await { b(x).await } }",
            "async fn f() { let Some(x) = a().await else { return }; b().await; }",
            "async fn f() { if !a().await { return; } b().await; }",
        ] {
            let free = free(body);
            assert!(
                !free.iter().any(|text| text.contains("b(")),
                "{body}: {free:?}"
            );
        }
    }

    #[test]
    fn awaits_in_different_blocks_keep_their_turn() {
        for body in [
            "async fn f() { loop { a().await; } }",
            "async fn f() { while a().await {} }",
            "async fn f() { let mut t = 0; for id in ids { t = a(t).await; } }",
            "async fn f() { let mut s = open(); for id in ids { s.a().await; } }",
            "async fn f() { for id in ids { if id > 3 { a(id).await; } } }",
            "async fn f() { for id in ids { if a(id).await { break; } } }",
            "async fn f() { while x { for id in ids { a(id).await; } } }",
            "async fn f() { let g = async { a().await }; }",
            "async fn f() { select! { x = c() => {} } a().await; }",
        ] {
            assert_eq!(free(body), Vec::<String>::new(), "{body}");
        }
        assert_eq!(
            free("async fn f() { c().await; if x { a().await } b().await; }"),
            ["c()"]
        );
        assert_eq!(
            free("async fn f() { loop { c().await; } a().await; b().await; }"),
            ["b()"]
        );
        assert_eq!(free("async fn f() { c().await && b().await; }"), ["c()"]);
        assert_eq!(
            free("async fn f() { for id in c().await { b(id).await; } }"),
            ["c()"]
        );
        assert_eq!(
            free("async fn f() { for id in c().await { b(7).await; } }"),
            ["c()"]
        );
    }

    #[test]
    fn the_turns_of_a_for_may_need_nothing_of_each_other() {
        let orders = orders(
            "async fn f() { for id in 0..3 { match a(id).await? { 1 => good += 1, _ => {} } b().await; } c().await; }",
        );
        let orders = orders.into_iter().map(|(_, order)| order);
        let expected = [Order::EachTurn, Order::Free, Order::Fixed];
        assert!(orders.eq(expected));
    }
}
