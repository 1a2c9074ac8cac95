//! `#[trace]`: an async function becomes a function that returns its coroutine, each `.await` in it an observed one.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, Error, Expr, ExprAwait, FnArg, Ident, Item, Local, Macro, Pat, Result,
    ReturnType, Signature, Stmt, Token, Visibility,
};

use crate::order::{Order, Orders};
use crate::{branch, select::Select, text};

/// A function as it stands, or within an `impl`.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    body: Block,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

pub fn expand(arguments: &TokenStream, function: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new(arguments.span(), "`trace` takes no arguments"));
    }
    let Function {
        attributes,
        visibility,
        mut signature,
        mut body,
    } = Function::parse.parse2(function)?;
    if signature.asyncness.is_none() {
        trace_entry(&signature, &mut body)
            .ok_or_else(|| Error::new(signature.fn_token.span(), NOT_ASYNC))?;
        return Ok(quote!(#(#attributes)* #visibility #signature #body));
    }
    observe(&signature, &mut body);
    if attributes.iter().any(is_entry) {
        // It is to stay an async function, which that attribute takes.
        let coroutine = coroutine(&signature.ident, &body.stmts);
        return Ok(quote!(#(#attributes)* #visibility #signature { #coroutine.await }));
    }
    signature.asyncness = None;
    let arguments = own_arguments(&mut signature);
    let output = match &signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, output) => quote!(#output),
    };
    let name = text::of(&signature.ident);
    signature.output = syn::parse_quote! {
        -> ::asyncline::probe::expanded::Coroutine<
            impl ::core::future::Future<Output = #output>
        >
    };
    let statements = &body.stmts;
    let value = value();
    Ok(quote! {
        #(#attributes)*
        #[track_caller]
        #visibility #signature {
            ::asyncline::probe::expanded::Coroutine::new(
                #name,
                async move { #arguments #(#statements)* },
                #value,
            )
        }
    })
}

const NOT_ASYNC: &str =
    "`trace` shows what happens within an async function; this one is not async";

/// The variable that holds the body of a function that `#[main]` or `#[test]` has made, as a future: by it, `#[trace]`
/// finds the body if it stands below them.
pub const ENTRY_BODY: &str = "__asyncline_body";

/// Traces the body of a function that `#[main]` or `#[test]` has made. `None` if it is no such function.
fn trace_entry(signature: &Signature, function: &mut Block) -> Option<()> {
    let body = function
        .stmts
        .iter_mut()
        .find_map(|statement| match statement {
            Stmt::Local(Local {
                pat: Pat::Ident(variable),
                init: Some(init),
                ..
            }) if variable.ident == ENTRY_BODY => Some(&mut init.expr),
            _ => None,
        })?;
    let Expr::Async(future) = &mut **body else {
        return None;
    };
    observe(signature, &mut future.block);
    let coroutine = coroutine(&signature.ident, &future.block.stmts);
    **body = Expr::Verbatim(coroutine);
    Some(())
}

/// Makes the awaits of a function's body observed ones.
fn observe(signature: &Signature, body: &mut Block) {
    let orders = Orders::of(signature, body);
    Observer { orders }.visit_block_mut(body);
}

/// `true` if an attribute makes an ordinary function of an async one, and runs it: `#[main]` and `#[test]`, of this library
/// or of tokio.
fn is_entry(attribute: &Attribute) -> bool {
    let name = attribute.path().segments.last();
    name.is_some_and(|name| name.ident == "main" || name.ident == "test")
}

/// The coroutine of a function whose arguments it borrows.
fn coroutine(name: &Ident, statements: &[Stmt]) -> TokenStream {
    let text = text::of(name);
    let value = value();
    // The call is where the function stands.
    let call = quote_spanned!(name.span()=> ::asyncline::probe::expanded::Coroutine::new);
    quote!(#call(#text, async { #(#statements)* }, #value))
}

/// A closure that gives the text of a returned value.
fn value() -> TokenStream {
    quote! {
        |value| {
            #[allow(unused_imports)]
            use ::asyncline::probe::expanded::{Tag, TextOfDebug as _, TextOfNothing as _};
            (&Tag(value)).text()
        }
    }
}

/// Moves every argument into the coroutine, as an async function does, used or not; patterns are taken apart there.
fn own_arguments(signature: &mut Signature) -> TokenStream {
    let mut statements = TokenStream::new();
    for (index, argument) in signature.inputs.iter_mut().enumerate() {
        match argument {
            FnArg::Receiver(receiver) => {
                let self_token = receiver.self_token;
                statements.extend(quote!(let _ = &#self_token;));
            }
            FnArg::Typed(argument) => {
                let attributes = std::mem::take(&mut argument.attrs);
                let pattern = (*argument.pat).clone();
                if let Pat::Ident(name) = &pattern
                    && name.by_ref.is_none()
                    && name.subpat.is_none()
                {
                    let name = &name.ident;
                    *argument.pat = syn::parse_quote!(#name);
                    // The names are the function's own, but these uses of them are not.
                    statements.extend(quote! {
                        #(#attributes)*
                        #[allow(
                            clippy::no_effect_underscore_binding,
                            clippy::used_underscore_binding
                        )]
                        let #pattern = #name;
                    });
                } else {
                    let name = format_ident!("__argument_{index}", span = Span::mixed_site());
                    *argument.pat = syn::parse_quote!(#name);
                    // A pattern may leave a part of its argument alone; that part lives as long as the others.
                    statements.extend(quote! {
                        let #name = #name;
                        #(#attributes)* let #pattern = #name;
                    });
                }
            }
        }
    }
    statements
}

/// Makes awaits observed ones, and names tasks as the variables that hold them.
struct Observer {
    orders: Orders,
}

impl VisitMut for Observer {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        // The text is that of the source, so it is taken before what is within is rewritten.
        let site = match expression {
            Expr::Await(await_) => Some(await_site(await_, self.orders.of_await(await_))),
            _ => None,
        };
        visit_mut::visit_expr_mut(self, expression);
        if let (Expr::Await(await_), Some(site)) = (&*expression, site) {
            *expression = observed(await_, &site);
        }
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        visit_mut::visit_local_mut(self, local);
        let name = match &local.pat {
            Pat::Ident(pattern) => text::of(&pattern.ident),
            _ => return,
        };
        if let Some(init) = &mut local.init {
            name_spawned(&name, &mut init.expr);
        }
    }

    fn visit_macro_mut(&mut self, macro_: &mut Macro) {
        let Some(name) = macro_.path.segments.last() else {
            return;
        };
        if name.ident == "select" {
            if let Ok(mut select) = syn::parse2::<Select>(macro_.tokens.clone()) {
                select.visit(self);
                macro_.tokens = quote!(#select);
            }
            return;
        }
        // Most macros with awaits in them take expressions. One that does not is left as it is.
        let parser = |input: ParseStream<'_>| {
            let biased = branch::parse_biased(input)?;
            let expressions = Punctuated::<Expr, Token![,]>::parse_terminated(input)?;
            Ok((biased, expressions))
        };
        if let Ok((biased, mut expressions)) = parser.parse2(macro_.tokens.clone()) {
            for expression in &mut expressions {
                self.visit_expr_mut(expression);
            }
            let biased = biased.map(|biased| quote!(#biased;));
            macro_.tokens = quote!(#biased #expressions);
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {
        // A function within the function is traced if it says so itself.
    }
}

fn await_site(await_: &ExprAwait, order: Order) -> TokenStream {
    let order = match order {
        Order::Free => quote!(Free),
        Order::EachTurn => quote!(EachTurn),
        Order::Fixed => quote!(Fixed),
    };
    let site = branch::site(await_.await_token.span());
    let text = text::of(&await_.base);
    let callee = match callee(&await_.base).as_deref() {
        Some("yield_now") => quote!(YieldNow),
        Some("timeout" | "timeout_at") => quote!(Timeout),
        _ => quote!(Other),
    };
    quote! {
        ::asyncline::probe::expanded::AwaitSite {
            site: #site,
            text: #text,
            callee: ::asyncline::probe::expanded::Callee::#callee,
            order: ::asyncline::probe::expanded::Order::#order,
        }
    }
}

fn observed(await_: &ExprAwait, site: &TokenStream) -> Expr {
    let attributes = &await_.attrs;
    let base = &await_.base;
    // Hygienic, and recognisable as expanded: nobody is to be warned about code that they did not write.
    let span = Span::mixed_site().located_at(await_.await_token.span());
    // A `match`, so that temporaries of the expression live as long as they do in an ordinary await.
    let observed = quote_spanned! {span=>
        #(#attributes)*
        match ::core::future::IntoFuture::into_future(#base) {
            future => {
                #[allow(unused_imports)]
                use ::asyncline::probe::expanded::{
                    RevealNothing as _, RevealSleep as _, RevealTask as _,
                };
                let reveals = (&::asyncline::probe::expanded::Tag(&future)).reveal();
                ::asyncline::probe::expanded::Awaiting::new(future, &#site, reveals).await
            }
        }
    };
    Expr::Verbatim(observed)
}

/// The last name of the function that an expression calls.
fn callee(expression: &Expr) -> Option<String> {
    let Expr::Call(call) = expression else {
        return None;
    };
    let Expr::Path(path) = &*call.func else {
        return None;
    };
    path.path.segments.last().map(|last| last.ident.to_string())
}

/// Makes `spawn(future)` name its task.
fn name_spawned(name: &str, expression: &mut Expr) {
    let is_spawn = callee(expression).is_some_and(|callee| {
        matches!(callee.as_str(), "spawn" | "spawn_blocking" | "spawn_local")
    });
    if let Expr::Call(call) = expression
        && is_spawn
        && call.args.len() == 1
    {
        let argument = call.args[0].clone();
        // The call keeps its own place, which is where the task is said to be spawned.
        let held = Ident::new("argument", Span::mixed_site());
        call.args = syn::parse_quote!(#held);
        *expression = syn::parse_quote! {
            match #argument {
                #held => {
                    let _name = ::asyncline::probe::expanded::name(#name);
                    #call
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{self, Entry};

    /// A function as an attribute's macro gets it.
    fn tokens(function: &str) -> TokenStream {
        function.parse().expect("it is Rust")
    }

    fn assert_is_traced(function: &TokenStream) {
        let text = function.to_string();
        for call in [
            "Coroutine :: new",
            "Awaiting :: new",
            "expanded :: block_on",
        ] {
            assert_eq!(text.matches(call).count(), 1, "{call} in {text}");
        }
    }

    #[test]
    fn a_main_function_is_traced_below_the_attribute_that_runs_it() {
        let main = tokens("async fn main() { waits().await }");
        let main = entry::expand(Entry::Main, TokenStream::new(), main);
        assert_is_traced(&expand(&TokenStream::new(), main).expect("it is traced"));
    }

    #[test]
    fn a_main_function_is_traced_above_the_attribute_that_runs_it() {
        let main = tokens("#[main] async fn main() { waits().await }");
        let traced = expand(&TokenStream::new(), main).expect("it is traced");
        let traced = tokens(&traced.to_string().replace("# [main]", ""));
        assert_is_traced(&entry::expand(Entry::Main, TokenStream::new(), traced));
    }

    #[test]
    fn only_what_is_async_is_traced() {
        let error = expand(
            &TokenStream::new(),
            tokens("fn main() { let body = async {}; }"),
        );
        assert_eq!(error.expect_err("it is not async").to_string(), NOT_ASYNC);
    }
}
