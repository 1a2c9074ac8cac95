//! Colours for code. Loading the grammar takes some time: this runs on a thread of its own.

use std::sync::OnceLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::tui::app::code::{CodeLine, Source};
use crate::tui::app::theme::Role;

/// The roles of the grammars' scopes. The first that fits counts.
const ROLES: &[(&str, Role)] = &[
    ("comment", Role::Comment),
    ("string", Role::Literal),
    ("constant", Role::Literal),
    ("entity.name.function", Role::Function),
    ("support.function", Role::Function),
    ("support.macro", Role::Function),
    ("variable.function", Role::Function),
    ("entity.name.macro", Role::Function),
    ("entity.name", Role::TypeName),
    ("support.type", Role::TypeName),
    ("keyword.operator", Role::Text),
    ("keyword", Role::Keyword),
    ("storage.modifier", Role::Keyword),
    ("storage", Role::Keyword),
    ("variable.language", Role::Keyword),
];

/// Words that the grammar is too old to know as keywords.
const KEYWORDS: &[&str] = &["async", "await", "dyn"];

fn grammars() -> &'static SyntaxSet {
    static GRAMMARS: OnceLock<SyntaxSet> = OnceLock::new();
    GRAMMARS.get_or_init(SyntaxSet::load_defaults_newlines)
}

/// Returns the source in colours; unchanged if its language is not known.
pub fn coloured(source: &Source) -> Source {
    let extension = source.file.rsplit('.').next().unwrap_or_default();
    let Some(syntax) = grammars().find_syntax_by_extension(extension) else {
        return source.clone();
    };
    Source {
        file: source.file.clone(),
        lines: lines(syntax, &source.lines),
    }
}

fn lines(syntax: &SyntaxReference, lines: &[CodeLine]) -> Vec<CodeLine> {
    let roles = roles();
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut colour = |line: &CodeLine| {
        let text = line.text();
        let number = line.number;
        let pieces = pieces(&mut state, &mut stack, &roles, &text);
        pieces.map_or_else(
            || CodeLine::plain(number, &text),
            |pieces| CodeLine { number, pieces },
        )
    };
    lines.iter().map(&mut colour).collect()
}

fn roles() -> Vec<(Scope, Role)> {
    let scope = |(name, role): &(&str, Role)| Some((Scope::new(name).ok()?, *role));
    ROLES.iter().filter_map(scope).collect()
}

/// One line in pieces of one colour each; none where the grammar fails.
fn pieces(
    state: &mut ParseState,
    stack: &mut ScopeStack,
    roles: &[(Scope, Role)],
    text: &str,
) -> Option<Vec<(Role, String)>> {
    let line = format!("{text}\n");
    let changes = state.parse_line(&line, grammars()).ok()?;
    let mut pieces = Vec::new();
    let mut from = 0;
    for (to, change) in &changes {
        push(
            &mut pieces,
            role(stack, roles),
            text.get(from..(*to).min(text.len())),
        );
        stack.apply(change).ok()?;
        from = (*to).min(text.len());
    }
    push(&mut pieces, role(stack, roles), text.get(from..));
    Some(pieces)
}

fn push(pieces: &mut Vec<(Role, String)>, role: Role, text: Option<&str>) {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return;
    };
    if role != Role::Text {
        pieces.push((role, text.to_owned()));
        return;
    }
    for word in text.split_inclusive(|character: char| !is_word(character)) {
        let bare = word.trim_end_matches(|character: char| !is_word(character));
        let role = if KEYWORDS.contains(&bare) {
            Role::Keyword
        } else {
            Role::Text
        };
        pieces.push((role, bare.to_owned()));
        pieces.push((Role::Text, word[bare.len()..].to_owned()));
    }
    pieces.retain(|piece| !piece.1.is_empty());
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The role of the innermost scope that has one.
fn role(stack: &ScopeStack, roles: &[(Scope, Role)]) -> Role {
    let of = |scope: &Scope| {
        let found = roles.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope));
        found.map(|(_, role)| *role)
    };
    let innermost = stack.as_slice().iter().rev().find_map(of);
    innermost.unwrap_or(Role::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role_of(source: &str, word: &str) -> Vec<Role> {
        let source = coloured(&Source::file("a.rs", source));
        let pieces = source.lines.iter().flat_map(|line| &line.pieces);
        pieces
            .filter(|piece| piece.1 == word)
            .map(|piece| piece.0)
            .collect()
    }

    #[test]
    fn rust_is_coloured_as_people_expect() {
        let source = "/* a\n b */ async fn say(delay: u64) {\n    sleep(1).await; // zz\n}\n";
        assert_eq!(role_of(source, "async"), [Role::Keyword]);
        assert_eq!(role_of(source, "await"), [Role::Keyword]);
        assert_eq!(role_of(source, "fn"), [Role::Keyword]);
        assert_eq!(role_of(source, "say"), [Role::Function]);
        assert_eq!(role_of(source, "sleep"), [Role::Function]);
        assert_eq!(role_of(source, "1"), [Role::Literal]);
    }

    #[test]
    fn no_character_is_lost() {
        let source = "fn f() { let s = \"한글 👩‍👩‍👧\"; }\n\n// é\n#[trace]\tx!{1_000u64}";
        let plain = Source::file("a.rs", source);
        let texts =
            |source: &Source| -> Vec<String> { source.lines.iter().map(CodeLine::text).collect() };
        assert_eq!(texts(&coloured(&plain)), texts(&plain));
        let unknown = Source::file("a.unknown", source);
        assert_eq!(coloured(&unknown), unknown);
    }
}
