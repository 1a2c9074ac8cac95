//! `select!`: tokio's, with each branch's future wrapped.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::visit_mut::VisitMut;
use syn::{Expr, Ident, Pat, Result, Token};

use crate::branch;

/// What stands within a `select!`.
pub struct Select {
    biased: Option<Ident>,
    branches: Vec<Branch>,
    otherwise: Option<Expr>,
}

struct Branch {
    pattern: Pat,
    future: Expr,
    condition: Option<Expr>,
    handler: Expr,
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut select = Self {
            biased: branch::parse_biased(input)?,
            branches: Vec::new(),
            otherwise: None,
        };
        while !input.is_empty() {
            if input.peek(Token![else]) {
                input.parse::<Token![else]>()?;
                input.parse::<Token![=>]>()?;
                select.otherwise = Some(input.parse()?);
                input.parse::<Option<Token![,]>>()?;
            } else {
                select.branches.push(input.parse()?);
            }
        }
        Ok(select)
    }
}

impl Parse for Branch {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let pattern = Pat::parse_multi_with_leading_vert(input)?;
        input.parse::<Token![=]>()?;
        let future = input.parse()?;
        let mut condition = None;
        if input.parse::<Option<Token![,]>>()?.is_some() {
            input.parse::<Token![if]>()?;
            condition = Some(input.parse()?);
        }
        input.parse::<Token![=>]>()?;
        // As in a `match`, a block needs no comma behind it.
        let is_block = input.peek(syn::token::Brace);
        let handler = if is_block {
            Expr::Block(input.parse()?)
        } else {
            input.parse()?
        };
        let comma = input.parse::<Option<Token![,]>>()?;
        if comma.is_none() && !is_block && !input.is_empty() {
            return Err(input.error("expected `,` after the branch's expression"));
        }
        Ok(Self {
            pattern,
            future,
            condition,
            handler,
        })
    }
}

impl Select {
    pub fn visit(&mut self, visitor: &mut impl VisitMut) {
        for branch in &mut self.branches {
            visitor.visit_expr_mut(&mut branch.future);
            visitor.visit_expr_mut(&mut branch.handler);
        }
        if let Some(otherwise) = &mut self.otherwise {
            visitor.visit_expr_mut(otherwise);
        }
    }

    /// The same, each future changed by `future` and each handler by `handler`.
    fn tokens(
        &self,
        future: impl Fn(&Expr) -> TokenStream,
        handler: impl Fn(&Expr) -> TokenStream,
    ) -> TokenStream {
        let biased = self.biased.as_ref().map(|biased| quote!(#biased;));
        let branches = self.branches.iter().map(|branch| {
            let pattern = &branch.pattern;
            let (future, handler) = (future(&branch.future), handler(&branch.handler));
            let condition = branch.condition.as_ref().map(|it| quote!(, if #it));
            quote!(#pattern = #future #condition => #handler,)
        });
        let otherwise = self.otherwise.as_ref().map(&handler);
        let otherwise = otherwise.map(|it| quote!(else => #it,));
        quote!(#biased #(#branches)* #otherwise)
    }
}

impl ToTokens for Select {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let as_it_is = ToTokens::to_token_stream;
        tokens.extend(self.tokens(as_it_is, as_it_is));
    }
}

pub fn expand(input: TokenStream) -> Result<TokenStream> {
    let select: Select = syn::parse2(input)?;
    let waits = branch::waits();
    // A handler's awaits are not part of the select's own wait. The parentheses belong to the macro, so the compiler
    // does not report the handler's own braces or parentheses as unnecessary.
    let select = select.tokens(
        |future| {
            let site = branch::branch_site("of_select", future);
            quote! {
                ::asyncline::probe::expanded::Unpolled {
                    future: #future,
                    lane: #waits.branch(),
                    place: #site,
                }
            }
        },
        |handler| quote!({ ::core::mem::drop(#waits); (#handler) }),
    );
    let begin_wait = branch::begin_wait("for_one", "select");
    Ok(quote! {{
        #begin_wait
        ::asyncline::probe::expanded::tokio::select! { #select }
    }})
}
