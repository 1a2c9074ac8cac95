//! `select!`: tokio's, with each branch's future wrapped.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Expr, Ident, Pat, Result, Token};

use crate::text;

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
            biased: None,
            branches: Vec::new(),
            otherwise: None,
        };
        let ahead = input.fork();
        if ahead.parse::<Ident>().is_ok_and(|word| word == "biased") && ahead.peek(Token![;]) {
            select.biased = Some(input.parse()?);
            input.parse::<Token![;]>()?;
        }
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
        let pattern = Pat::parse_single(input)?;
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

    /// The same, each future changed by `change`.
    fn tokens(&self, change: impl Fn(&Expr) -> TokenStream) -> TokenStream {
        let biased = self.biased.as_ref().map(|biased| quote!(#biased;));
        let branches = self.branches.iter().map(|branch| {
            let Branch {
                pattern, handler, ..
            } = branch;
            let future = change(&branch.future);
            let condition = branch.condition.as_ref().map(|it| quote!(, if #it));
            quote!(#pattern = #future #condition => #handler,)
        });
        let otherwise = self.otherwise.as_ref().map(|it| quote!(else => #it,));
        quote!(#biased #(#branches)* #otherwise)
    }
}

impl ToTokens for Select {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.tokens(ToTokens::to_token_stream));
    }
}

pub fn expand(input: TokenStream) -> Result<TokenStream> {
    let select: Select = syn::parse2(input)?;
    let branches = select.tokens(|future| {
        let text = text::of(future);
        let start = future.span().start();
        let (line, column) = (start.line as u32, start.column as u32 + 1);
        quote! {
            ::asyncline::probe::expanded::Branch::of_select(
                &__asyncline_group,
                #text,
                ::asyncline::probe::expanded::StaticSite {
                    file: ::core::file!(),
                    line: #line,
                    column: #column,
                },
                ::core::future::IntoFuture::into_future(#future),
            )
        }
    });
    Ok(quote! {{
        let __asyncline_group = ::asyncline::probe::expanded::select_group();
        ::asyncline::probe::expanded::tokio::select! { #branches }
    }})
}
