//! `#[main]` and `#[test]`: what tokio's do, with a call into asyncline in the place of a runtime of tokio's.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, ExprLit, Lit, Meta, MetaNameValue, Path, Result, ReturnType, Signature,
    Token, Type, Visibility,
};

/// Which of the two attributes it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Main,
    Test,
}

/// A function whose body is left as it stands: what is wrong in it is the compiler's to say.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    inner: Vec<Attribute>,
    body: TokenStream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavor {
    CurrentThread,
    MultiThread,
    Local,
}

/// What the attribute was given.
#[derive(Default)]
struct Options {
    flavor: Option<Flavor>,
    worker_threads: Option<(usize, Span)>,
    start_paused: Option<(bool, Span)>,
    unhandled_panic: Option<(&'static str, Span)>,
    name: Option<String>,
    path: Option<Path>,
}

const KNOWN: &str =
    "`flavor`, `worker_threads`, `start_paused`, `crate`, `unhandled_panic`, `name`";

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature = input.parse()?;
        let content;
        syn::braced!(content in input);
        Ok(Self {
            attributes,
            visibility,
            signature,
            inner: content.call(Attribute::parse_inner)?,
            body: content.parse()?,
        })
    }
}

/// What the attribute makes of a function. Beside an error stands a function that is as near to it as can be, so that
/// there are no further ones.
pub fn expand(entry: Entry, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = match Function::parse.parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => return with_error(item, &error),
    };
    let options = entry
        .check(&function)
        .and_then(|()| Options::parse(entry, &function, arguments));
    match options {
        Ok(options) => function.expand(entry, &options),
        Err(error) => {
            let options = Options {
                flavor: Some(Flavor::CurrentThread),
                ..Options::default()
            };
            with_error(function.expand(entry, &options), &error)
        }
    }
}

fn with_error(mut tokens: TokenStream, error: &Error) -> TokenStream {
    tokens.extend(error.to_compile_error());
    tokens
}

impl Entry {
    fn attribute(self) -> &'static str {
        match self {
            Self::Main => "asyncline::main",
            Self::Test => "asyncline::test",
        }
    }

    fn check(self, function: &Function) -> Result<()> {
        let signature = &function.signature;
        match self {
            Self::Main if signature.ident == "main" && !signature.inputs.is_empty() => {
                let message = "the main function cannot accept arguments";
                Err(Error::new_spanned(&signature.ident, message))
            }
            Self::Main => Ok(()),
            Self::Test => {
                let mut attributes = function.attributes.iter().chain(&function.inner);
                match attributes.find(|attribute| is_test(attribute)) {
                    None => Ok(()),
                    Some(second) => Err(Error::new_spanned(
                        second,
                        "second test attribute is supplied, consider removing or changing the order of your test \
                         attributes",
                    )),
                }
            }
        }
    }
}

/// Whether it is `#[test]`, or that under its full name.
fn is_test(attribute: &Attribute) -> bool {
    let Meta::Path(path) = &attribute.meta else {
        return false;
    };
    let names: Vec<String> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    match &names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => path.leading_colon.is_none(),
        ["core" | "std", "prelude", _, "test"] => true,
        _ => false,
    }
}

impl Options {
    fn parse(entry: Entry, function: &Function, arguments: TokenStream) -> Result<Self> {
        let arguments = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(arguments)?;
        if function.signature.asyncness.is_none() {
            let message = "the `async` keyword is missing from the function declaration";
            return Err(Error::new_spanned(function.signature.fn_token, message));
        }
        let mut options = Self::default();
        for argument in arguments {
            match argument {
                Meta::NameValue(argument) => options.set(&argument)?,
                Meta::Path(path) => return Err(without_value(entry, &path)),
                other @ Meta::List(_) => {
                    let message = "Unknown attribute inside the macro";
                    return Err(Error::new_spanned(other, message));
                }
            }
        }
        options.flavor.get_or_insert(match entry {
            Entry::Main => Flavor::MultiThread,
            Entry::Test => Flavor::CurrentThread,
        });
        options.check(entry)?;
        Ok(options)
    }

    fn set(&mut self, argument: &MetaNameValue) -> Result<()> {
        let name = name(&argument.path)?;
        let Expr::Lit(ExprLit { lit, .. }) = &argument.value else {
            return Err(Error::new_spanned(&argument.value, "Must be a literal"));
        };
        let span = lit.span();
        match name.as_str() {
            "flavor" => once(&mut self.flavor, flavor(lit)?, &name, span),
            "worker_threads" => {
                let workers = (number(lit, &name)?, span);
                if workers.0 == 0 {
                    return Err(Error::new(span, "`worker_threads` may not be 0."));
                }
                once(&mut self.worker_threads, workers, &name, span)
            }
            "start_paused" => once(
                &mut self.start_paused,
                (truth(lit, &name)?, span),
                &name,
                span,
            ),
            "unhandled_panic" => once(
                &mut self.unhandled_panic,
                (unhandled_panic(lit)?, span),
                &name,
                span,
            ),
            "name" => once(&mut self.name, string(lit, &name)?, &name, span),
            "crate" => once(&mut self.path, path(lit)?, &name, span),
            "core_threads" => {
                let message = "Attribute `core_threads` is renamed to `worker_threads`";
                Err(Error::new_spanned(argument, message))
            }
            _ => Err(Error::new_spanned(argument, unknown(&name))),
        }
    }

    /// What goes with which flavor.
    fn check(&self, entry: Entry) -> Result<()> {
        let is_multi_thread = self.flavor == Some(Flavor::MultiThread);
        let needs = |option: &str, flavor: &str, span| {
            let attribute = entry.attribute();
            let message = format!(
                "The `{option}` option requires the `{flavor}` runtime flavor. Use `#[{attribute}(flavor = \
                 \"{flavor}\")]`"
            );
            Err(Error::new(span, message))
        };
        match (self.worker_threads, self.start_paused, self.unhandled_panic) {
            (Some((_, span)), ..) if !is_multi_thread => {
                needs("worker_threads", "multi_thread", span)
            }
            (_, Some((_, span)), _) if is_multi_thread => {
                needs("start_paused", "current_thread", span)
            }
            (.., Some((_, span))) if is_multi_thread => {
                needs("unhandled_panic", "current_thread", span)
            }
            _ => Ok(()),
        }
    }

    /// The calls that tell a builder of them.
    fn builder(&self, krate: &TokenStream) -> TokenStream {
        let mut builder = quote!(#krate::Executor::builder());
        if self.flavor == Some(Flavor::MultiThread) {
            builder.extend(quote!(.multi_thread()));
        }
        if let Some((workers, _)) = self.worker_threads {
            builder.extend(quote!(.worker_threads(#workers)));
        }
        if let Some((paused, span)) = self.start_paused {
            builder.extend(quote_spanned!(span=> .start_paused(#paused)));
        }
        if let Some((behavior, span)) = self.unhandled_panic {
            let behavior = format_ident!("{behavior}");
            let tokio = quote!(#krate::probe::expanded::tokio);
            builder.extend(quote_spanned! {span=>
                .unhandled_panic(#tokio::runtime::UnhandledPanic::#behavior)
            });
        }
        if let Some(name) = &self.name {
            builder.extend(quote!(.name(#name)));
        }
        builder
    }
}

fn once<T>(place: &mut Option<T>, value: T, name: &str, span: Span) -> Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(span, format!("`{name}` set multiple times."))),
    }
}

fn name(path: &Path) -> Result<String> {
    let name = path.get_ident();
    let name = name.ok_or_else(|| Error::new_spanned(path, "Must have specified ident"))?;
    Ok(name.to_string().to_lowercase())
}

fn unknown(name: &str) -> String {
    format!("Unknown attribute {name} is specified; expected one of: {KNOWN}.")
}

fn without_value(entry: Entry, path: &Path) -> Error {
    let name = match name(path) {
        Ok(name) => name,
        Err(error) => return error,
    };
    let attribute = entry.attribute();
    let flavor =
        |flavor| format!("Set the runtime flavor with #[{attribute}(flavor = \"{flavor}\")].");
    let message = match name.as_str() {
        "threaded_scheduler" | "multi_thread" => flavor("multi_thread"),
        "basic_scheduler" | "current_thread" | "single_threaded" => flavor("current_thread"),
        "flavor" | "worker_threads" | "start_paused" | "crate" | "unhandled_panic" | "name" => {
            format!("The `{name}` attribute requires an argument.")
        }
        _ => unknown(&name),
    };
    Error::new_spanned(path, message)
}

fn wrong(lit: &Lit, name: &str, kind: &str) -> Error {
    let message = format!("Failed to parse value of `{name}` as {kind}.");
    Error::new(lit.span(), message)
}

fn string(lit: &Lit, name: &str) -> Result<String> {
    match lit {
        Lit::Str(text) => Ok(text.value()),
        _ => Err(wrong(lit, name, "string")),
    }
}

fn truth(lit: &Lit, name: &str) -> Result<bool> {
    match lit {
        Lit::Bool(truth) => Ok(truth.value),
        _ => Err(wrong(lit, name, "bool")),
    }
}

fn number(lit: &Lit, name: &str) -> Result<usize> {
    let Lit::Int(number) = lit else {
        return Err(wrong(lit, name, "integer"));
    };
    number.base10_parse().map_err(|why| {
        let message = format!("Failed to parse value of `{name}` as integer: {why}");
        Error::new(lit.span(), message)
    })
}

fn path(lit: &Lit) -> Result<Path> {
    let Lit::Str(text) = lit else {
        return Err(wrong(lit, "crate", "path"));
    };
    text.parse().map_err(|_| {
        let message = format!(
            "Failed to parse value of `crate` as path: \"{}\"",
            text.value()
        );
        Error::new(lit.span(), message)
    })
}

fn flavor(lit: &Lit) -> Result<Flavor> {
    let message = match string(lit, "flavor")?.as_str() {
        "current_thread" => return Ok(Flavor::CurrentThread),
        "multi_thread" => return Ok(Flavor::MultiThread),
        "local" => return Ok(Flavor::Local),
        "single_thread" => {
            "The single threaded runtime flavor is called `current_thread`.".to_owned()
        }
        "basic_scheduler" => {
            "The `basic_scheduler` runtime flavor has been renamed to `current_thread`.".to_owned()
        }
        "threaded_scheduler" => {
            "The `threaded_scheduler` runtime flavor has been renamed to `multi_thread`.".to_owned()
        }
        other => format!(
            "No such runtime flavor `{other}`. The runtime flavors are `current_thread`, `local`, and `multi_thread`."
        ),
    };
    Err(Error::new(lit.span(), message))
}

fn unhandled_panic(lit: &Lit) -> Result<&'static str> {
    match string(lit, "unhandled_panic")?.as_str() {
        "ignore" => Ok("Ignore"),
        "shutdown_runtime" => Ok("ShutdownRuntime"),
        other => {
            let message = format!(
                "No such unhandled panic behavior `{other}`. The unhandled panic behaviors are `ignore` and \
                 `shutdown_runtime`."
            );
            Err(Error::new(lit.span(), message))
        }
    }
}

impl Function {
    fn expand(mut self, entry: Entry, options: &Options) -> TokenStream {
        self.signature.asyncness = None;
        for attribute in &mut self.inner {
            attribute.style = syn::AttrStyle::Outer;
        }
        let test = (entry == Entry::Test).then(|| quote!(#[::core::prelude::v1::test]));
        let krate = options.path.as_ref().map(ToTokens::to_token_stream);
        let krate = krate.unwrap_or_else(|| quote!(::asyncline));
        let future = self.future(entry);
        let runs = self.runs(&krate, options);
        let Self {
            attributes,
            visibility,
            signature,
            inner,
            ..
        } = &self;
        quote! {
            #(#attributes)*
            #(#inner)*
            #test
            #visibility #signature {
                #future
                #runs
            }
        }
    }

    /// The body as a future, whose type is checked where it stands, so that what is wrong is said of it.
    fn future(&self, entry: Entry) -> TokenStream {
        let body = &self.body;
        let variable = format_ident!("{}", crate::trace::ENTRY_BODY);
        let output = match &self.signature.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, output) => quote!(#output),
        };
        let is_plain = match &self.signature.output {
            ReturnType::Default => true,
            ReturnType::Type(_, output) => {
                !matches!(**output, Type::Never(_)) && !has_impl(output.to_token_stream())
            }
        };
        match entry {
            // A pointer, so that the library's functions are not compiled for each test.
            Entry::Test => quote! {
                let #variable = async { #body };
                let body: ::core::pin::Pin<
                    &mut dyn ::core::future::Future<Output = #output>
                > = ::core::pin::pin!(#variable);
            },
            Entry::Main => {
                let check = is_plain.then(|| {
                    quote! {
                        if false {
                            let _: &dyn ::core::future::Future<Output = #output> = &#variable;
                        }
                    }
                });
                quote! {
                    let #variable = async { #body };
                    let body = { #check #variable };
                }
            }
        }
    }

    fn runs(&self, krate: &TokenStream, options: &Options) -> TokenStream {
        let builder = options.builder(krate);
        let name = crate::text::of(&self.signature.ident);
        let block_on = if options.flavor == Some(Flavor::Local) {
            quote!(block_on_local)
        } else {
            quote!(block_on)
        };
        // The root task begins where the function stands; a value of the wrong type is said to be at its end.
        let site = Span::call_site().located_at(self.signature.ident.span());
        let call = quote_spanned! {site=> #krate::probe::expanded::#block_on };
        let end = self.body.clone().into_iter().last();
        let end = end.map_or_else(Span::call_site, |token| token.span());
        let call = quote_spanned! {site=> #call(#name, #builder, body) };
        quote_spanned! {end=>
            #[allow(clippy::diverging_sub_expression, clippy::needless_return)]
            {
                return #call;
            }
        }
    }
}

/// Whether there is an `impl Trait` in a type.
fn has_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with an attribute on this function, or nothing.
    fn error(entry: Entry, arguments: &str, function: &str) -> Option<String> {
        let parse = |text: &str| text.parse::<TokenStream>().expect("it is Rust");
        let expanded = expand(entry, parse(arguments), parse(function)).to_string();
        let (_, message) = expanded.split_once("compile_error ! { \"")?;
        let (message, _) = message.rsplit_once("\" }")?;
        Some(message.replace("\\\"", "\""))
    }

    #[test]
    fn wrong_uses_are_told_in_tokios_words() {
        for (arguments, message) in [
            (
                "flavor = \"fast\"",
                "No such runtime flavor `fast`. The runtime flavors are `current_thread`, `local`, and `multi_thread`.",
            ),
            ("flavor = 1", "Failed to parse value of `flavor` as string."),
            ("worker_threads = 0", "`worker_threads` may not be 0."),
            (
                "worker_threads = \"2\"",
                "Failed to parse value of `worker_threads` as integer.",
            ),
            (
                "worker_threads = 2, worker_threads = 3",
                "`worker_threads` set multiple times.",
            ),
            (
                "flavor = \"current_thread\", worker_threads = 2",
                "The `worker_threads` option requires the `multi_thread` runtime flavor. Use `#[asyncline::main(flavor = \"multi_thread\")]`",
            ),
            (
                "start_paused = true",
                "The `start_paused` option requires the `current_thread` runtime flavor. Use `#[asyncline::main(flavor = \"current_thread\")]`",
            ),
            (
                "unhandled_panic = \"ignore\"",
                "The `unhandled_panic` option requires the `current_thread` runtime flavor. Use `#[asyncline::main(flavor = \"current_thread\")]`",
            ),
            (
                "unhandled_panic = \"explode\"",
                "No such unhandled panic behavior `explode`. The unhandled panic behaviors are `ignore` and `shutdown_runtime`.",
            ),
            (
                "core_threads = 2",
                "Attribute `core_threads` is renamed to `worker_threads`",
            ),
            (
                "threads = 2",
                "Unknown attribute threads is specified; expected one of: `flavor`, `worker_threads`, `start_paused`, `crate`, `unhandled_panic`, `name`.",
            ),
            (
                "multi_thread",
                "Set the runtime flavor with #[asyncline::main(flavor = \"multi_thread\")].",
            ),
            ("flavor", "The `flavor` attribute requires an argument."),
            (
                "flavor(current_thread)",
                "Unknown attribute inside the macro",
            ),
            (
                "crate = \"not a path\"",
                "Failed to parse value of `crate` as path: \"not a path\"",
            ),
            ("worker_threads = 1 + 1", "Must be a literal"),
        ] {
            let told = error(Entry::Main, arguments, "async fn main() {}");
            assert_eq!(told.as_deref(), Some(message), "{arguments}");
        }
    }

    #[test]
    fn wrong_functions_are_told_in_tokios_words() {
        for (entry, function, message) in [
            (
                Entry::Main,
                "fn main() {}",
                "the `async` keyword is missing from the function declaration",
            ),
            (
                Entry::Main,
                "async fn main(a: u8) {}",
                "the main function cannot accept arguments",
            ),
            (
                Entry::Test,
                "#[test] async fn a() {}",
                "second test attribute is supplied, consider removing or changing the order of your test attributes",
            ),
        ] {
            assert_eq!(error(entry, "", function).as_deref(), Some(message));
        }
    }

    #[test]
    fn right_uses_are_taken() {
        for arguments in [
            "",
            "flavor = \"local\", start_paused = true",
            "flavor = \"current_thread\", unhandled_panic = \"shutdown_runtime\", name = \"app\"",
            "flavor = \"multi_thread\", worker_threads = 3, crate = \"my::asyncline\"",
            "worker_threads = 3",
        ] {
            let told = error(Entry::Main, arguments, "async fn main() -> u8 { 1 }");
            assert_eq!(told, None, "{arguments}");
        }
        assert_eq!(
            error(Entry::Test, "start_paused = true", "async fn a() {}"),
            None
        );
    }
}
