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

/// A branch's future, wrapped by a constructor that takes `before`, its text, its place and the future.
pub fn wrapped(constructor: &TokenStream, before: &TokenStream, future: &Expr) -> TokenStream {
    let text = text::of(future);
    let site = site(future.span());
    quote!(#constructor(#before #text, #site, ::core::future::IntoFuture::into_future(#future)))
}

/// The wait of the lane that polls the branches, until the value is dropped.
pub fn waits(macro_name: &str) -> TokenStream {
    let text = format!("{macro_name}!");
    let site = site(Span::call_site());
    quote!(::asyncline::probe::expanded::waits(#text, #site))
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
