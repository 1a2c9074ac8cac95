//! What was measured on.

use std::fs;

/// The processor, how many threads it runs at once, and the operating system.
pub fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|rest| rest.split_once(':'));
    let model = model.map_or("an unknown CPU", |(_, model)| model.trim());
    format!("{cpus} × {model}, {}", std::env::consts::OS)
}
