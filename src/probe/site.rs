//! Where things stand in the program, and what they are called there.

use std::panic::Location;

use crate::event::{Site, Text};

/// The place that the macros found a piece of source at.
#[derive(Clone, Copy, Debug)]
pub struct StaticSite {
    /// The file, as the compiler names it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl From<StaticSite> for Site {
    fn from(site: StaticSite) -> Self {
        Self {
            file: site.file.into(),
            line: site.line,
            column: site.column,
        }
    }
}

/// The place from which the function that calls this was called.
#[track_caller]
pub(crate) fn caller() -> Site {
    Location::caller().into()
}

/// The name of the async function that a future of this type runs, as far as the compiler tells.
pub(crate) fn function_name<F>() -> Option<Text> {
    name_in(std::any::type_name::<F>()).map(Text::Static)
}

/// The last name before the first closure of a path: an async function's or block's type is `path::name::{{closure}}`.
fn name_in(type_name: &'static str) -> Option<&'static str> {
    let (path, _) = type_name.split_once("::{{closure}}")?;
    let name = path.rsplit(['<', ':', ' ']).next()?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_is_called_as_its_function() {
        assert_eq!(name_in("app::fetch::{{closure}}"), Some("fetch"));
        assert_eq!(
            name_in("a::Wrap<app::run::{{closure}}::{{closure}}>"),
            Some("run")
        );
        assert_eq!(name_in("core::future::Ready<()>"), None);
    }
}
