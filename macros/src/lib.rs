//! The procedural macros of asyncline. Use them through that crate, which documents them by example.

mod branch;
mod entry;
mod join;
mod order;
mod select;
mod text;
mod trace;

use proc_macro::TokenStream;

use crate::entry::Entry;

/// Shows what happens within an async function: each call of it, each `.await` with its place and its text, what it
/// returned, and calls that were never awaited.
///
/// Tasks that are spawned by `let name = spawn(…);` in the function are called `name`.
///
/// The function's signature stays what it was to its callers, but for the name of the future's type.
///
/// It may be placed above or below `#[asyncline::main]` and `#[asyncline::test]`, and above `#[tokio::main]` and
/// `#[tokio::test]`.
#[proc_macro_attribute]
pub fn trace(arguments: TokenStream, function: TokenStream) -> TokenStream {
    trace::expand(&arguments.into(), function.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// As `#[tokio::main]`, with the same arguments: runs an async function on a runtime. Where the environment variable
/// `ASYNCLINE` asks for it, the runtime is recorded; see the module `output`. Otherwise it is tokio's as it is.
///
/// `crate = "…"` names this library, where it goes by another path. `start_paused` needs its feature `virtual-time`, and
/// `unhandled_panic` a build with `--cfg tokio_unstable`.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, function: TokenStream) -> TokenStream {
    entry::expand(Entry::Main, arguments.into(), function.into()).into()
}

/// As `#[tokio::test]`, with the same arguments: a test that is an async function. It is recorded as
/// [`main`](macro@main) is; all tests of a process are one recording.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, function: TokenStream) -> TokenStream {
    entry::expand(Entry::Test, arguments.into(), function.into()).into()
}

/// As tokio's `select!`; every branch has a lane of its own.
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    select::expand(input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// As tokio's `join!`; every branch has a lane of its own.
#[proc_macro]
pub fn join(input: TokenStream) -> TokenStream {
    join::expand("join", "join", input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Runs several futures concurrently and gives all their values, in order: `join!` under the name that it has in Python.
#[proc_macro]
pub fn gather(input: TokenStream) -> TokenStream {
    join::expand("gather", "join", input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Like tokio's `try_join!`; every branch has a lane of its own.
#[proc_macro]
pub fn try_join(input: TokenStream) -> TokenStream {
    join::expand("try_join", "try_join", input.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
