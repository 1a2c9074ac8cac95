//! Times as people write them, and where a ruler's ticks stand.

use std::str::FromStr;

use crate::event::Timestamp;

pub(crate) const MICRO: u64 = 1_000;
pub(crate) const MILLI: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;

/// A moment as people name it: a time since the session began, or a part of the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// So long after the beginning.
    At(Timestamp),
    /// After such a part of the whole, from 0 to 1.
    Part(f64),
}

impl Moment {
    /// The moment in a session that ends at `end`.
    pub fn of(self, end: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Part(part) => Timestamp((end.0 as f64 * part) as u64),
        }
    }
}

/// The digits with which a text begins, with a point perhaps, and what follows them.
pub(crate) fn number_and_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let is_unit = |character: char| !character.is_ascii_digit() && character != '.';
    let (number, unit) = text.split_at(text.find(is_unit).unwrap_or(text.len()));
    (number, unit.trim())
}

impl FromStr for Moment {
    type Err = String;

    /// Reads `1.5 s`, `20ms`, `3 min`, `40%`; a number alone is seconds.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("'{text}' is no time: say it as 1.5s, 20ms, 300us or 40%");
        let (number, unit) = number_and_unit(text);
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let nanos = match unit {
            "%" if number <= 100.0 => return Ok(Self::Part(number / 100.0)),
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "" | "s" => 1e9,
            "min" | "m" => 60e9,
            "h" => 3600e9,
            _ => return Err(wrong()),
        };
        Ok(Self::At(Timestamp((number * nanos).round() as u64)))
    }
}

/// A large number in four digits at most: 1 M is a million.
pub fn count_text(count: u64) -> String {
    let units = [(1_000_000_000, "G"), (1_000_000, "M"), (10_000, "k")];
    match units.into_iter().find(|(unit, _)| count >= *unit) {
        Some((10_000, unit)) => format!("{} {unit}", count / 1000),
        Some((size, unit)) if count >= 100 * size => format!("{} {unit}", count / size),
        Some((size, unit)) => format!("{:.1} {unit}", count as f64 / size as f64),
        None => count.to_string(),
    }
}

/// Returns a number of lost events as text. A file may claim any number; one that no program can have reached is
/// unknown.
pub fn lost_text(events: u64) -> String {
    if events > BELIEVED {
        return "an unknown number".to_owned();
    }
    events.to_string()
}

/// Maximum credible number of lost events: a million a second for twelve days.
pub const BELIEVED: u64 = 1 << 40;

/// So many bytes, in the unit in which people read them: 1 kB is 1000 bytes.
pub fn bytes_text(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{bytes} bytes"),
    }
}

/// A duration, to at most three decimals, which are cut and not rounded: `350 µs`, `1.204 s`, `2 min 05 s`.
pub fn duration_text(ns: u64) -> String {
    match ns {
        HOUR.. => format!("{}{}", hours(ns), seconds(ns % MINUTE / SECOND * SECOND)),
        MINUTE.. => format!("{} min{}", ns / MINUTE, seconds(ns % MINUTE)),
        _ => {
            let (unit, name) = unit(ns);
            format!("{} {name}", trimmed(&decimals(ns, unit, 3)))
        }
    }
}

/// A duration for a sentence, rounded to three digits: `80 ms`, `281 ms`, `1.20 s`. One that needs no more digits is
/// told exactly, without zeros at its end; above a minute there are whole seconds.
pub fn rounded_text(ns: u64) -> String {
    if ns >= MINUTE {
        return duration_text(ns / SECOND * SECOND);
    }
    let digits = ns.checked_ilog10().map_or(1, |log| log + 1);
    let step = 10_u64.pow(digits.saturating_sub(3));
    let rounded = (ns + step / 2) / step * step;
    if rounded == ns || rounded >= MINUTE {
        return duration_text(rounded);
    }
    let (unit, name) = unit(rounded);
    let places = 2_usize.saturating_sub((rounded / unit).ilog10() as usize);
    format!("{} {name}", decimals(rounded, unit, places))
}

/// A moment of a session of which `span` is seen, for a clock that runs: in seconds as [`time_text`], also between whole
/// milliseconds, unless so little is seen that these would all be the same.
pub fn clock_text(time: Timestamp, span: u64) -> String {
    if span < SECOND / 10 {
        return time_text(time);
    }
    time_text(Timestamp(time.0 / MILLI * MILLI))
}

/// A moment, with as many decimals as its neighbours: `0.000 s`, `1.204 s`, `2 min 05.250 s`; below a second and between
/// whole milliseconds, `12.345 ms`, `350.000 µs` or `20 ns`.
pub fn time_text(time: Timestamp) -> String {
    let ns = time.0;
    match ns {
        HOUR.. => format!("{} {:0>6} s", hours(ns), decimals(ns % MINUTE, SECOND, 3)),
        MINUTE.. => format!(
            "{} min {:0>6} s",
            ns / MINUTE,
            decimals(ns % MINUTE, SECOND, 3)
        ),
        SECOND.. => format!("{} s", decimals(ns, SECOND, 3)),
        _ if ns.is_multiple_of(MILLI) => format!("{} s", decimals(ns, SECOND, 3)),
        _ => {
            let (unit, name) = unit(ns);
            format!("{} {name}", decimals(ns, unit, 3))
        }
    }
}

/// The largest decimal unit of which there is one in so much time.
pub(crate) fn unit(ns: u64) -> (u64, &'static str) {
    match ns {
        SECOND.. => (SECOND, "s"),
        MILLI.. => (MILLI, "ms"),
        MICRO.. => (MICRO, "µs"),
        _ => (1, "ns"),
    }
}

/// So much time in a unit, with so many decimals.
pub(crate) fn decimals(ns: u64, unit: u64, places: usize) -> String {
    let whole = ns / unit;
    let digits = unit.ilog10() as usize;
    let places = places.min(digits);
    if places == 0 {
        return whole.to_string();
    }
    let part = format!("{:0>digits$}", ns % unit);
    format!("{whole}.{}", &part[..places])
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

pub(crate) fn hours(ns: u64) -> String {
    format!("{} h {:02} min", ns / HOUR, ns % HOUR / MINUTE)
}

/// ` 05.25 s`, or nothing where there are none.
fn seconds(ns: u64) -> String {
    let text = decimals(ns, SECOND, 3);
    let text = trimmed(&text);
    let digits = if text.contains('.') {
        text.len().max(2) + usize::from(ns < 10 * SECOND)
    } else {
        2
    };
    if text == "0" {
        String::new()
    } else {
        format!(" {text:0>digits$} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let texts = [
            (0, "0 ns"),
            (20, "20 ns"),
            (350_000, "350 µs"),
            (1_500, "1.5 µs"),
            (12_345_678, "12.345 ms"),
            (SECOND, "1 s"),
            (1_204 * MILLI, "1.204 s"),
            (MINUTE, "1 min"),
            (125 * SECOND, "2 min 05 s"),
            (125 * SECOND + 250 * MILLI, "2 min 05.25 s"),
            (135 * SECOND + 250 * MILLI, "2 min 15.25 s"),
            (HOUR, "1 h 00 min"),
            (HOUR + 125 * SECOND + MILLI, "1 h 02 min 05 s"),
        ];
        for (ns, text) in texts {
            assert_eq!(duration_text(ns), text);
        }
    }

    #[test]
    fn sentences_have_round_durations() {
        let texts = [
            (0, "0 ns"),
            (281_141_234, "281 ms"),
            (999_999_999, "1.00 s"),
            (1_204 * MILLI, "1.20 s"),
            (1_250 * MILLI, "1.25 s"),
            (80 * MILLI, "80 ms"),
            (12_345, "12.3 µs"),
            (59_999 * MILLI, "1 min"),
            (125_250 * MILLI, "2 min 05 s"),
        ];
        for (ns, text) in texts {
            assert_eq!(rounded_text(ns), text);
        }
    }

    #[test]
    fn a_clock_keeps_its_width() {
        let widths = [1, 281_141_234, 1_000_000_001, 9_999_999_999];
        let widths = widths.map(|ns| clock_text(Timestamp(ns), 2 * SECOND).len());
        assert_eq!(widths, [7; 4]);
        assert_eq!(clock_text(Timestamp(281_141_234), MILLI), "281.141 ms");
    }

    #[test]
    fn moments_line_up() {
        let texts = [
            (0, "0.000 s"),
            (SECOND, "1.000 s"),
            (204 * MILLI, "0.204 s"),
            (12_345_678, "12.345 ms"),
            (125 * SECOND + 250 * MILLI, "2 min 05.250 s"),
            (HOUR + 62 * SECOND, "1 h 01 min 02.000 s"),
        ];
        for (ns, text) in texts {
            assert_eq!(time_text(Timestamp(ns)), text);
        }
    }

    proptest! {
        #[test]
        fn texts_never_panic(ns: u64) {
            prop_assert!(!duration_text(ns).is_empty());
            prop_assert!(!time_text(Timestamp(ns)).is_empty());
        }
    }
}
