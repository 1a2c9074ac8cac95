//! Colours and signs, for every kind of terminal.

use ratatui::style::{Color, Modifier, Style};

pub use crate::timeline::glyph::Glyph;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: bold, dim, underlined and reversed are all there is.
    None,
    /// The sixteen that the user chose.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// All.
    True,
}

/// What something drawn means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A lane that is polled.
    Running,
    /// A lane that was woken and is not polled yet.
    Ready,
    /// A lane that waits.
    Waiting,
    /// A coroutine of which nothing has run.
    Created,
    /// A lane that completed.
    Done,
    /// A lane that was cancelled.
    Cancelled,
    /// A lane that panicked.
    Panicked,
    /// Lost events.
    Unknown,
    /// Ordinary text.
    Text,
    /// Text that matters less.
    Dim,
    /// What the eye is to be drawn to.
    Accent,
    /// The selected row's ground.
    Selected,
    /// Lines round things.
    Border,
    /// The title line's ground.
    Title,
    /// A key to press.
    Key,
    /// A mistake or a failure.
    Error,
    /// That a session is recorded.
    Record,
    /// The present.
    Cursor,
    /// A keyword in code.
    Keyword,
    /// A number or string in code.
    Literal,
    /// A comment in code.
    Comment,
    /// A function in code.
    Function,
    /// A type in code.
    TypeName,
}

/// How things look on this terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// How many colours there are.
    pub depth: Depth,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
}

impl Theme {
    /// What suits the terminal that the environment's variables speak of.
    pub fn detect(env: impl Fn(&str) -> Option<String>, ascii: bool) -> Self {
        Self {
            depth: depth(env),
            ascii,
        }
    }

    /// The sign for something.
    pub fn glyph(&self, glyph: Glyph) -> &'static str {
        glyph.text(self.ascii)
    }

    /// The style for something.
    pub fn style(&self, role: Role) -> Style {
        let style = Style::new().add_modifier(modifier(role, self.depth));
        let foreground = match self.depth {
            Depth::None => return style,
            Depth::Ansi16 => ansi16(role),
            Depth::Ansi256 => rgb(role).map(|color| Color::Indexed(nearest(color))),
            Depth::True => rgb(role).map(|(red, green, blue)| Color::Rgb(red, green, blue)),
        };
        let style = foreground.map_or(style, |color| style.fg(color));
        ground(role, self.depth).map_or(style, |color| style.bg(color))
    }
}

fn depth(env: impl Fn(&str) -> Option<String>) -> Depth {
    let set = |name| env(name).filter(|value| !value.is_empty());
    let term = set("TERM").unwrap_or_default();
    if set("NO_COLOR").is_some() || term == "dumb" {
        return Depth::None;
    }
    let color = set("COLORTERM").unwrap_or_default();
    if color == "truecolor"
        || color == "24bit"
        || term.ends_with("-direct")
        || set("WT_SESSION").is_some()
    {
        Depth::True
    } else if term.contains("256") {
        Depth::Ansi256
    } else {
        Depth::Ansi16
    }
}

/// The palette. Its hues keep apart for every kind of colour blindness (after Okabe and Ito, "Color Universal Design",
/// 2008), and each is readable on dark and on light grounds. None is the terminal's own colour of text.
fn rgb(role: Role) -> Option<(u8, u8, u8)> {
    Some(match role {
        Role::Text => return None,
        Role::Running | Role::Done => (63, 191, 143),
        Role::Ready => (226, 160, 26),
        Role::Waiting => (74, 112, 176),
        Role::Cancelled | Role::Keyword => (220, 134, 182),
        Role::Panicked | Role::Error | Role::Record => (242, 95, 60),
        Role::Unknown => (160, 148, 110),
        Role::Created | Role::Dim | Role::Comment => (116, 128, 145),
        Role::Accent | Role::Key | Role::Cursor | Role::Function => (94, 168, 242),
        Role::Border => (66, 78, 94),
        Role::Selected | Role::Title => (230, 236, 243),
        Role::Literal => (214, 167, 80),
        Role::TypeName => (86, 182, 194),
    })
}

fn ansi16(role: Role) -> Option<Color> {
    Some(match role {
        Role::Text | Role::Selected | Role::Title => return None,
        Role::Running | Role::Done => Color::Green,
        Role::Ready | Role::Literal => Color::Yellow,
        Role::Waiting | Role::Function => Color::Blue,
        Role::Cancelled | Role::Keyword => Color::Magenta,
        Role::Panicked | Role::Error | Role::Record => Color::Red,
        Role::Unknown | Role::Created | Role::Dim | Role::Comment | Role::Border => Color::DarkGray,
        Role::Accent | Role::Key | Role::Cursor | Role::TypeName => Color::Cyan,
    })
}

/// Only a selected row and the title have a ground of their own, so that all else suits light terminals too.
fn ground(role: Role, depth: Depth) -> Option<Color> {
    let ((red, green, blue), indexed) = match role {
        Role::Selected => ((35, 47, 64), 237),
        Role::Title => ((28, 38, 54), 236),
        _ => return None,
    };
    match depth {
        Depth::None | Depth::Ansi16 => None,
        Depth::Ansi256 => Some(Color::Indexed(indexed)),
        Depth::True => Some(Color::Rgb(red, green, blue)),
    }
}

fn modifier(role: Role, depth: Depth) -> Modifier {
    let colorless = depth == Depth::None;
    match role {
        Role::Accent | Role::Key | Role::Panicked | Role::Error | Role::Record => Modifier::BOLD,
        // No ground of sixteen colours would keep all of them readable.
        Role::Title | Role::Selected if depth <= Depth::Ansi16 => Modifier::REVERSED,
        Role::Dim | Role::Created | Role::Border | Role::Comment if colorless => Modifier::DIM,
        _ => Modifier::empty(),
    }
}

/// The nearest of xterm's 256 colours: of its cube, whose steps are 0, 95, 135, … 255, or of its greys.
fn nearest((red, green, blue): (u8, u8, u8)) -> u8 {
    let step = |value: u8| {
        if value < 48 {
            0
        } else {
            (u16::from(value).max(75) - 35) / 40
        }
    };
    let level = |step: u16| if step == 0 { 0 } else { 55 + 40 * step };
    let cube = [step(red), step(green), step(blue)];
    let mean = (u16::from(red) + u16::from(green) + u16::from(blue)) / 3;
    let grey = (mean.max(8) - 8).div_ceil(10).min(23);
    let far = |levels: [u16; 3]| -> u32 {
        let apart = levels.iter().zip([red, green, blue]);
        apart
            .map(|(&level, value)| u32::from(level.abs_diff(value.into())).pow(2))
            .sum()
    };
    let index = if far([8 + 10 * grey; 3]) < far(cube.map(level)) {
        232 + grey
    } else {
        16 + 36 * cube[0] + 6 * cube[1] + cube[2]
    };
    u8::try_from(index).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [Role; 6] = [
        Role::Running,
        Role::Ready,
        Role::Waiting,
        Role::Cancelled,
        Role::Panicked,
        Role::Unknown,
    ];

    fn detected(variables: &[(&str, &str)]) -> Depth {
        let env = |name: &str| {
            let found = variables.iter().find(|variable| variable.0 == name);
            found.map(|variable| variable.1.to_owned())
        };
        Theme::detect(env, false).depth
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(detected(&[]), Depth::Ansi16);
        assert_eq!(detected(&[("TERM", "xterm-256color")]), Depth::Ansi256);
        let truecolor = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];
        assert_eq!(detected(&truecolor), Depth::True);
        assert_eq!(
            detected(&[("TERM", "dumb"), ("COLORTERM", "24bit")]),
            Depth::None
        );
        assert_eq!(detected(&[("NO_COLOR", "1"), truecolor[1]]), Depth::None);
        assert_eq!(detected(&[("NO_COLOR", ""), truecolor[1]]), Depth::True);
    }

    #[test]
    fn without_colours_there_are_none() {
        let theme = Theme {
            depth: Depth::None,
            ascii: true,
        };
        for role in
            STATES
                .into_iter()
                .chain([Role::Selected, Role::Title, Role::Accent, Role::Keyword])
        {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn states_differ_at_every_depth() {
        for depth in [Depth::Ansi16, Depth::Ansi256, Depth::True] {
            let theme = Theme {
                depth,
                ascii: false,
            };
            let colors: std::collections::HashSet<_> =
                STATES.map(|role| theme.style(role).fg).into();
            assert_eq!(colors.len(), STATES.len(), "{depth:?}");
        }
    }

    #[test]
    fn the_nearest_of_256_is_near() {
        assert_eq!(nearest((0, 0, 0)), 16);
        assert_eq!(nearest((255, 255, 255)), 231);
        assert_eq!(nearest((95, 135, 175)), 67);
        assert_eq!(nearest((118, 118, 118)), 243);
    }

    /// How people without red or green cones see a colour, in linear light, after Viénot, Brettel and Mollon, "Digital
    /// video colourmaps for checking the legibility of displays by dichromats", 1999.
    fn seen([red, green, blue]: [f64; 3], deficiency: [f64; 2]) -> [f64; 3] {
        let [mix, rest] = deficiency;
        let yellow = mix * red + (1.0 - mix) * green;
        [yellow, yellow, rest * (red - green) + blue]
    }

    fn linear(role: Role) -> [f64; 3] {
        let (red, green, blue) = rgb(role).expect("a state has a colour");
        [red, green, blue].map(|value| (f64::from(value) / 255.0).powf(2.2))
    }

    #[test]
    fn states_differ_for_colour_blind_people() {
        let deficiencies = [[0.112_38, 0.004_01], [0.292_75, -0.022_34]];
        for deficiency in deficiencies {
            for (index, one) in STATES.into_iter().enumerate() {
                for other in STATES.into_iter().skip(index + 1) {
                    let [a, b] = [one, other].map(|role| seen(linear(role), deficiency));
                    let apart = a.iter().zip(b).map(|(a, b)| {
                        let step = a.max(0.0).powf(1.0 / 2.2) - b.max(0.0).powf(1.0 / 2.2);
                        step * step
                    });
                    let apart = apart.sum::<f64>().sqrt();
                    assert!(apart > 0.1, "{one:?} and {other:?} are {apart:.3} apart");
                }
            }
        }
    }
}
