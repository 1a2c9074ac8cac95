//! What `join!` and `select!` have in common.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Result, Token};

use crate::text;

/// Takes `biased;`, if the input begins with it.
pub fn parse_biased(input: ParseStream<'_>) -> Result<Option<Ident>> {
    let ahead = input.fork();
    let is_biased = ahead.parse::<Ident>().is_ok_and(|word| word == "biased");
    if !is_biased || !ahead.peek(Token![;]) {
        return Ok(None);
    }
    let biased = input.parse()?;
    input.parse::<Token![;]>()?;
    Ok(Some(biased))
}

/// The variable that holds the wait for the branches. The program cannot name it.
pub fn waits() -> Ident {
    Ident::new("waits", Span::mixed_site())
}

/// Starts a wait for branches, by a constructor that takes its text and its place.
pub fn begin_wait(constructor: &str, macro_name: &str) -> TokenStream {
    let waits = waits();
    let constructor = Ident::new(constructor, Span::call_site());
    let text = format!("{macro_name}!");
    let site = site(Span::call_site());
    quote!(let #waits = ::asyncline::probe::expanded::Waits::#constructor(#text, #site);)
}

/// Returns a closure that returns a branch's site, by a constructor that takes its text and its place.
pub fn branch_site(constructor: &str, future: &Expr) -> TokenStream {
    let constructor = Ident::new(constructor, Span::call_site());
    let text = text::of(future);
    let site = site(future.span());
    quote!(|| ::asyncline::probe::expanded::BranchSite::#constructor(#text, #site))
}

/// A place in the source, for the probe.
pub fn site(span: Span) -> TokenStream {
    let start = span.start();
    let (line, column) = (start.line as u32, start.column as u32 + 1);
    quote! {
        ::asyncline::probe::expanded::StaticSite {
            file: ::core::file!(),
            line: #line,
            column: #column,
        }
    }
}
