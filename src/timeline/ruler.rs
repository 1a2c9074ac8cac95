//! The ticks of a ruler over the lanes.

use super::cells::Window;
use crate::event::Timestamp;
use crate::text::units::{HOUR, MINUTE, SECOND, decimals, hours, unit};

const DAY: u64 = 24 * HOUR;

/// A tick of a ruler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Its column.
    pub column: u16,
    /// The time that it stands for, empty where there is no room to write it.
    pub label: String,
}

/// The ticks of a ruler over a window: at round times, and as close as their labels allow. A label stands to the right of its tick, and at least four columns stay free after it.
pub fn ticks(window: &Window) -> Vec<Tick> {
    let ticks_at = |step: u64| -> Option<Vec<Tick>> {
        let apart = u128::from(step) * u128::from(window.width) / u128::from(window.span.max(1));
        if apart < 4 {
            return None;
        }
        let ticks = labelled(window, step);
        let widest = ticks.iter().map(|tick| tick.label.chars().count()).max();
        (apart >= widest.unwrap_or(0) as u128 + 5).then_some(ticks)
    };
    let mut ticks = steps().find_map(ticks_at).unwrap_or_default();
    if let Some(last) = ticks.last_mut()
        && usize::from(last.column) + 1 + last.label.chars().count() > window.width.into()
    {
        last.label.clear();
    }
    ticks
}

/// Round durations, ascending: 1, 2, 5, 10 … and 15 and 30, 60 … where people count in sixties.
fn steps() -> impl Iterator<Item = u64> {
    let rounds = |unit: u64| {
        let powers = (0..20).map_while(move |power| 10_u64.checked_pow(power)?.checked_mul(unit));
        powers.flat_map(|power| [1, 2, 5].map(|factor| power.saturating_mul(factor)))
    };
    let sixties = [1, 2, 5, 10, 15, 30];
    rounds(1)
        .take_while(|&step| step < SECOND)
        .chain(sixties.map(|step| step * SECOND))
        .chain(sixties.map(|step| step * MINUTE))
        .chain([1, 2, 3, 6, 12].map(|step| step * HOUR))
        .chain(rounds(DAY))
}

fn labelled(window: &Window, step: u64) -> Vec<Tick> {
    let end = window.start.0.saturating_add(window.span);
    let first = window.start.0.div_ceil(step);
    let times = (first..).map_while(|tick| tick.checked_mul(step));
    let seen = times.map_while(|time| {
        let column = window.column_of(Timestamp(time))?;
        let label = label(time, step, end);
        Some(Tick { column, label })
    });
    seen.collect()
}

/// A tick's label, with the decimals that its step needs, in the unit that suits the ruler's end.
fn label(time: u64, step: u64, end: u64) -> String {
    if time == 0 {
        return "0".to_owned();
    }
    if end >= 2 * MINUTE {
        return minutes_label(time, step);
    }
    let (unit, name) = unit(end);
    format!("{} {name}", decimals(time, unit, places(step, unit)))
}

/// How many decimals a multiple of `step` has in this unit.
fn places(step: u64, unit: u64) -> usize {
    let mut places = 0;
    let mut part = unit;
    while part > 1 && !step.is_multiple_of(part) {
        part /= 10;
        places += 1;
    }
    places
}

fn minutes_label(time: u64, step: u64) -> String {
    let (minutes, rest) = (time / MINUTE, time % MINUTE);
    let start = match minutes {
        0 => String::new(),
        60.. => hours(time),
        _ => format!("{minutes} min"),
    };
    if rest == 0 && step >= SECOND {
        return start.trim_end_matches(" 00 min").to_owned();
    }
    let places = places(step, SECOND);
    let rest = decimals(rest, SECOND, places);
    let digits = if places == 0 { 2 } else { 3 + places };
    if minutes == 0 {
        format!("{rest} s")
    } else {
        format!("{start} {rest:0>digits$} s")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::units::{MICRO, MILLI};

    fn window(start: u64, span: u64, width: u16) -> Window {
        let (start, now) = (Timestamp(start), Timestamp::ZERO);
        Window {
            start,
            span,
            width,
            now,
        }
    }

    fn ruler(start: u64, span: u64, width: u16) -> String {
        let mut line = vec![' '; width.into()];
        for tick in ticks(&window(start, span, width)) {
            let label = "╷".chars().chain(tick.label.chars());
            for (index, char) in label.enumerate() {
                line[usize::from(tick.column) + index] = char;
            }
        }
        line.into_iter().collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn rulers() {
        let rulers = [
            ruler(0, 2_400 * MILLI, 80),
            ruler(0, 100, 60),
            ruler(0, 4_000, 60),
            ruler(1_204 * MILLI, 90 * MICRO, 60),
            ruler(0, 90 * SECOND, 60),
            ruler(0, 200 * SECOND, 60),
            ruler(100 * SECOND, 60 * SECOND, 60),
            ruler(200 * SECOND, SECOND, 60),
            ruler(0, 3 * HOUR, 60),
            ruler(0, 400 * DAY, 60),
            ruler(0, 2 * SECOND, 12),
            ruler(0, 2 * SECOND, 3),
        ];
        insta::assert_snapshot!(rulers.join("\n"), @r#"
        ╷0              ╷0.5 s           ╷1.0 s           ╷1.5 s          ╷2.0 s
        ╷0          ╷20 ns      ╷40 ns      ╷60 ns      ╷80 ns
        ╷0             ╷1 µs          ╷2 µs          ╷3 µs
        ╷1.20400 s                       ╷1.20405 s
        ╷0        ╷15 s     ╷30 s     ╷45 s     ╷60 s     ╷75 s
        ╷0                ╷1 min            ╷2 min            ╷3 min
             ╷1 min 45 s    ╷2 min         ╷2 min 15 s    ╷
        ╷3 min 20.0 s                 ╷3 min 20.5 s
        ╷0                  ╷1 h                ╷2 h
        ╷0             ╷2400 h        ╷4800 h        ╷7200 h
        ╷0
        ╷0
        "#);
    }

    proptest! {
        #[test]
        fn labels_never_overlap(start: u64, span in 1_u64.., width in 0_u16..300) {
            let ticks = ticks(&window(start, span, width));
            for pair in ticks.windows(2) {
                let end = usize::from(pair[0].column) + 1 + pair[0].label.chars().count();
                prop_assert!(end < usize::from(pair[1].column), "{ticks:?}");
            }
            if let Some(last) = ticks.last() {
                prop_assert!(usize::from(last.column) + last.label.chars().count() < usize::from(width));
            }
            prop_assert!(ticks.len() <= usize::from(width) / 4 + 1);
        }
    }
}
