//! The text of a piece of source, as it was written.

use proc_macro2::{LineColumn, TokenStream, TokenTree};
use quote::ToTokens;

/// The text of these tokens, each gap between two of them being one space where there is one in the source.
pub fn of(tokens: &impl ToTokens) -> String {
    let mut writer = Writer::default();
    writer.stream(tokens.to_token_stream());
    writer.text
}

#[derive(Default)]
struct Writer {
    text: String,
    end: Option<LineColumn>,
}

impl Writer {
    fn stream(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                        proc_macro2::Delimiter::Brace => ("{", "}"),
                        proc_macro2::Delimiter::Bracket => ("[", "]"),
                        proc_macro2::Delimiter::None => ("", ""),
                    };
                    // A group that has been parsed knows its whole span only; its delimiters are one column wide.
                    let (start, end) = (group.span().start(), group.span().end());
                    self.token(open, start, after(start, open.len()));
                    self.stream(group.stream());
                    self.token(close, before(end, close.len()), end);
                }
                token => {
                    let span = token.span();
                    self.token(&token.to_string(), span.start(), span.end());
                }
            }
        }
    }

    fn token(&mut self, text: &str, start: LineColumn, end: LineColumn) {
        if self.end.is_some_and(|end| end != start) && !text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.end = Some(end);
    }
}

fn after(place: LineColumn, columns: usize) -> LineColumn {
    LineColumn {
        column: place.column + columns,
        ..place
    }
}

fn before(place: LineColumn, columns: usize) -> LineColumn {
    LineColumn {
        column: place.column.saturating_sub(columns),
        ..place
    }
}
