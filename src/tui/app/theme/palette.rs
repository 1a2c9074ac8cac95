//! The palette: a row for each role.

use ratatui::style::Color;

use super::Role;

/// Red, green and blue.
type Rgb = (u8, u8, u8);

/// The colours of a role.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colours {
    /// The text's colour; none for the terminal's own. Terminals of 256 colours show the nearest one.
    pub(super) rgb: Option<Rgb>,
    /// The same on a terminal of sixteen colours.
    pub(super) ansi16: Option<Color>,
    /// The ground's colour, and the one of 256 that stands for it.
    pub(super) ground: Option<(Rgb, u8)>,
}

/// The colours of all roles, in the order of [`Role`].
pub(super) struct Palette([(Role, Colours); ROLES]);

const ROLES: usize = Role::TypeName as usize + 1;

/// Its hues differ for every kind of colour blindness (after Okabe and Ito, "Color Universal Design", 2008), and each is
/// readable on dark and on light grounds. Only a selected row and the title have a ground of their own, so that all else
/// suits light terminals too.
#[rustfmt::skip]
pub(super) const PALETTE: &Palette = &Palette([
    (Role::Running, text((63, 191, 143), Color::Green)),
    (Role::Ready, text((226, 160, 26), Color::Yellow)),
    (Role::Waiting, text((74, 112, 176), Color::Blue)),
    (Role::Created, text((116, 128, 145), Color::DarkGray)),
    (Role::Done, text((63, 191, 143), Color::Green)),
    (Role::Cancelled, text((220, 134, 182), Color::Magenta)),
    (Role::Panicked, text((242, 95, 60), Color::Red)),
    (Role::Unknown, text((160, 148, 110), Color::DarkGray)),
    (Role::Text, OWN),
    (Role::Dim, text((116, 128, 145), Color::DarkGray)),
    (Role::Accent, text((94, 168, 242), Color::Cyan)),
    (Role::Selected, grounded((230, 236, 243), ((35, 47, 64), 237))),
    (Role::Border, text((66, 78, 94), Color::DarkGray)),
    (Role::Title, grounded((230, 236, 243), ((28, 38, 54), 236))),
    (Role::Key, text((94, 168, 242), Color::Cyan)),
    (Role::Error, text((242, 95, 60), Color::Red)),
    (Role::Record, text((242, 95, 60), Color::Red)),
    (Role::Cursor, text((94, 168, 242), Color::Cyan)),
    (Role::Keyword, text((220, 134, 182), Color::Magenta)),
    (Role::Literal, text((214, 167, 80), Color::Yellow)),
    (Role::Comment, text((116, 128, 145), Color::DarkGray)),
    (Role::Function, text((94, 168, 242), Color::Blue)),
    (Role::TypeName, text((86, 182, 194), Color::Cyan)),
]);

/// The terminal's own colours.
const OWN: Colours = Colours {
    rgb: None,
    ansi16: None,
    ground: None,
};

const fn text(rgb: Rgb, ansi16: Color) -> Colours {
    Colours {
        rgb: Some(rgb),
        ansi16: Some(ansi16),
        ground: None,
    }
}

const fn grounded(rgb: Rgb, ground: (Rgb, u8)) -> Colours {
    Colours {
        rgb: Some(rgb),
        ansi16: None,
        ground: Some(ground),
    }
}

impl Palette {
    /// Returns the colours of a role.
    pub(super) const fn of(&self, role: Role) -> Colours {
        self.0[role as usize].1
    }
}

// Each row stands where its role looks for it.
const _: () = {
    let mut place = 0;
    while place < ROLES {
        assert!(PALETTE.0[place].0 as usize == place);
        place += 1;
    }
};

/// Returns the nearest of xterm's 256 colours: of its cube, whose steps are 0, 95, 135, … 255, or of its greys.
pub(super) fn nearest((red, green, blue): (u8, u8, u8)) -> u8 {
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
