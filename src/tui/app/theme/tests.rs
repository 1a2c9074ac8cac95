use super::palette::{PALETTE, nearest};
use super::*;

const STATES: [Role; 6] = [
    Role::Running,
    Role::Ready,
    Role::Waiting,
    Role::Cancelled,
    Role::Panicked,
    Role::Unknown,
];

fn detected(variables: &[(&str, &str)]) -> ColourDepth {
    let env = |name: &str| {
        let found = variables.iter().find(|variable| variable.0 == name);
        found.map(|variable| variable.1.to_owned())
    };
    Theme::detect(env, false).depth
}

#[test]
fn the_environment_says_how_many_colours_there_are() {
    assert_eq!(detected(&[]), ColourDepth::Ansi16);
    assert_eq!(
        detected(&[("TERM", "xterm-256color")]),
        ColourDepth::Ansi256
    );
    let truecolor = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];
    assert_eq!(detected(&truecolor), ColourDepth::True);
    assert_eq!(
        detected(&[("TERM", "dumb"), ("COLORTERM", "24bit")]),
        ColourDepth::None
    );
    assert_eq!(
        detected(&[("NO_COLOR", "1"), truecolor[1]]),
        ColourDepth::None
    );
    assert_eq!(
        detected(&[("NO_COLOR", ""), truecolor[1]]),
        ColourDepth::True
    );
}

#[test]
fn without_colours_there_are_none() {
    let theme = Theme {
        depth: ColourDepth::None,
        ascii: true,
    };
    for role in STATES
        .into_iter()
        .chain([Role::Selected, Role::Title, Role::Accent, Role::Keyword])
    {
        let style = theme.style(role);
        assert_eq!((style.fg, style.bg), (None, None));
    }
}

#[test]
fn states_differ_at_every_depth() {
    for depth in [ColourDepth::Ansi16, ColourDepth::Ansi256, ColourDepth::True] {
        let theme = Theme {
            depth,
            ascii: false,
        };
        let colors: std::collections::HashSet<_> = STATES.map(|role| theme.style(role).fg).into();
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
    let (red, green, blue) = PALETTE.of(role).rgb.expect("a state has a colour");
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
