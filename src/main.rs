//! asyncline, the program.
fn main() {
    let name = std::env::args().nth(1).unwrap();
    for e in asyncline::source::Live::run_to_end(asyncline::scenario::find(&name).unwrap()).unwrap()
    {
        println!("{:>12} {} {:?}", e.at.0, e.thread.0, e.kind);
    }
}
