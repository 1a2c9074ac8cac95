//! Colours and signs, for every kind of terminal.

mod palette;
mod role;

use ratatui::style::{Color, Modifier, Style};

use self::palette::{PALETTE, nearest};
pub use self::role::Role;
pub use crate::timeline::glyph::Glyph;

/// The number of colours of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColourDepth {
    /// None: bold, dim, underlined and reversed are all there is.
    None,
    /// The sixteen that the user chose.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// All.
    True,
}

/// The look of things on this terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The number of colours.
    pub depth: ColourDepth,
    /// `true` if only ASCII may be drawn.
    pub ascii: bool,
}

impl Theme {
    /// Returns the theme for the terminal that the environment's variables describe.
    pub fn detect(env: impl Fn(&str) -> Option<String>, ascii: bool) -> Self {
        Self {
            depth: depth(env),
            ascii,
        }
    }

    /// Returns the sign for something.
    pub fn glyph(&self, glyph: Glyph) -> &'static str {
        glyph.text(self.ascii)
    }

    /// Returns the style for something.
    pub fn style(&self, role: Role) -> Style {
        let style = Style::new().add_modifier(modifier(role, self.depth));
        let colours = PALETTE.of(role);
        let rgb = |(red, green, blue)| Color::Rgb(red, green, blue);
        let (foreground, ground) = match self.depth {
            ColourDepth::None => return style,
            ColourDepth::Ansi16 => (colours.ansi16, None),
            ColourDepth::Ansi256 => (
                colours.rgb.map(|color| Color::Indexed(nearest(color))),
                colours.ground.map(|(_, index)| Color::Indexed(index)),
            ),
            ColourDepth::True => (
                colours.rgb.map(rgb),
                colours.ground.map(|(color, _)| rgb(color)),
            ),
        };
        let style = foreground.map_or(style, |color| style.fg(color));
        ground.map_or(style, |color| style.bg(color))
    }
}

fn depth(env: impl Fn(&str) -> Option<String>) -> ColourDepth {
    let set = |name| env(name).filter(|value| !value.is_empty());
    let term = set("TERM").unwrap_or_default();
    if set("NO_COLOR").is_some() || term == "dumb" {
        return ColourDepth::None;
    }
    let color = set("COLORTERM").unwrap_or_default();
    if color == "truecolor"
        || color == "24bit"
        || term.ends_with("-direct")
        || set("WT_SESSION").is_some()
    {
        ColourDepth::True
    } else if term.contains("256") {
        ColourDepth::Ansi256
    } else {
        ColourDepth::Ansi16
    }
}

fn modifier(role: Role, depth: ColourDepth) -> Modifier {
    let colorless = depth == ColourDepth::None;
    match role {
        Role::Accent | Role::Key | Role::Panicked | Role::Error | Role::Record => Modifier::BOLD,
        // No ground of sixteen colours would keep all of them readable.
        Role::Title | Role::Selected if depth <= ColourDepth::Ansi16 => Modifier::REVERSED,
        Role::Dim | Role::Created | Role::Border | Role::Comment if colorless => Modifier::DIM,
        _ => Modifier::empty(),
    }
}

#[cfg(test)]
mod tests;
