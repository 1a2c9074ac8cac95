//! `join!`, `gather!` and `try_join!`: tokio's, with each branch's future wrapped.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Result, Token};

use crate::branch;

/// What stands within a `join!`.
struct Join {
    biased: Option<Ident>,
    branches: Punctuated<Expr, Token![,]>,
}

impl Parse for Join {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            biased: branch::parse_biased(input)?,
            branches: Punctuated::parse_terminated(input)?,
        })
    }
}

/// Expands a macro of this name to tokio's macro `tokio`.
pub fn expand(name: &str, tokio: &str, input: TokenStream) -> Result<TokenStream> {
    let tokio = Ident::new(tokio, Span::call_site());
    let Join { biased, branches } = syn::parse2(input)?;
    let biased = biased.map(|biased| quote!(#biased;));
    let waits = branch::waits();
    let branches = branches.iter().map(|future| {
        let site = branch::branch_site("of_join", future);
        // The parentheses belong to the macro, so the compiler does not report the program's own as unnecessary.
        quote!(::asyncline::probe::expanded::Branch::new((#future), #waits.branch(), #site),)
    });
    let begin_wait = branch::begin_wait("for_all", name);
    Ok(quote! {{
        #begin_wait
        ::asyncline::probe::expanded::tokio::#tokio!(#biased #(#branches)*)
    }})
}
