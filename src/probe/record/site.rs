//! Where things stand in the program, and what they are called there.

use crate::event::Site;

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

/// The name of the async function that a future runs whose type has this name, as far as the compiler tells.
///
/// It is the last name before the first closure of a path: such a type is `path::name::{{closure}}`.
pub(crate) fn function_name(type_name: &'static str) -> Option<&'static str> {
    let (path, _) = type_name.split_once("::{{closure}}")?;
    let name = path.rsplit(['<', ':', ' ']).next()?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_future_is_called_as_its_function() {
        assert_eq!(function_name("app::fetch::{{closure}}"), Some("fetch"));
        assert_eq!(
            function_name("a::Wrap<app::run::{{closure}}::{{closure}}>"),
            Some("run")
        );
        assert_eq!(function_name("core::future::Ready<()>"), None);
    }
}
