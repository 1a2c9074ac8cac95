//! The arguments of the examples: numbers with names, each with what it is when it is not given.

use std::process::exit;

/// The numbers in the order of `known`. What is not understood ends the program with one line and exit code 2.
pub fn numbers<const N: usize>(known: [(&str, usize); N]) -> [usize; N] {
    let mut numbers = known.map(|(_, otherwise)| otherwise);
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let place = known.iter().position(|(known, _)| *known == name);
        let number = given.next().and_then(|number| number.parse().ok());
        match (place, number) {
            (Some(place), Some(number)) if number > 0 => numbers[place] = number,
            _ => {
                let known = known.map(|(name, otherwise)| format!("{name} {otherwise}"));
                eprintln!(
                    "`{name}` is not understood, or no number above 0 follows it; what there is, and what it is without: {}",
                    known.join(" ")
                );
                exit(2);
            }
        }
    }
    numbers
}
