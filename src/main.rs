//! asyncline, the program.
fn main() {}
