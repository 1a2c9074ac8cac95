//! A TCP server that sends back what it is sent, and clients that use it.
//!
//! ```sh
//! cargo run --release -- exec -- target/debug/examples/echo      # after cargo build --examples
//! ASYNCLINE=file:echo.aline cargo run --example echo             # or record it,
//! cargo run --release -- replay echo.aline                       # and look at it later
//! cargo run --example echo -- --clients 400 --rounds 100         # with more to do
//! ```
//!
//! # What to look for
//!
//! - `server` waits, and is woken by the runtime's driver (a timer or I/O) when clients connect; one poll accepts as many as there
//!   are. Each `connection` stands under it, with the client's address as its label: `enter` shows that.
//! - A `client` and its `connection` take turns: one is woken by the driver when the other has written. On two threads both may be
//!   running at once. A client that is *ready* for long while others run says that there are more of them than threads.
//! - A connection ends when its client closes it. The server ends by being aborted: its lane ends as cancelled, and says by whom.
//! - With `--clients 400`, `d` draws many lanes in a row: whole rows are *ready* while few run. `s` puts those first that waited
//!   longest.
//!
//! `cargo run --release -- replay echo.aline --text` prints the lanes, and what each of them did. On two threads, eight clients and their
//! connections are *ready* for longer than they run:
//!
//! ```text
//! │ ├ connection       ▒▎▎▎▎▕▎▎▕▕▕▕▕▎▕▎▕▕▎▎▕▎▎▎▕▎▎▕▕▎▕▕▕▎▎▕▕▕▎▎▎▎✓ Ok(3200)
//! ├ client          ▒▌─▎▎▎▎▎▒▎▕▎▎▎▎▎─▎▎▕▎─▎▕▕▎▕▎▎▎▎▎▎▕▎▎▎▕▎▎▕▕▎▎✓ Ok(50)
//!
//! task           running      ready   waiting  polls  ended
//! server      206.556 µs   244.5 µs   8.16 ms      2  cancelled
//! client      763.162 µs   2.157 ms  5.369 ms     52  completed  client=1
//! connection  473.906 µs   2.015 ms  5.425 ms     51  completed  peer=127.0.0.1:38530
//! ```

mod arguments;

use std::io;
use std::time::Instant;

use asyncline::task;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SIZE: usize = 64;

#[asyncline::trace]
async fn connection(mut stream: TcpStream) -> io::Result<u64> {
    let (mut from, mut to) = stream.split();
    tokio::io::copy(&mut from, &mut to).await
}

#[asyncline::trace]
async fn server(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connections = task::Builder::new().name("connection");
        connections.label("peer", peer).spawn(connection(stream))?;
    }
}

#[asyncline::trace]
async fn client(at: std::net::SocketAddr, rounds: usize) -> io::Result<usize> {
    let mut stream = TcpStream::connect(at).await?;
    stream.set_nodelay(true)?;
    let mut answer = [0; SIZE];
    for round in 0..rounds {
        let message = [round.to_le_bytes()[0]; SIZE];
        stream.write_all(&message).await?;
        stream.read_exact(&mut answer).await?;
        assert_eq!(answer, message);
    }
    Ok(rounds)
}

#[asyncline::main(worker_threads = 2)]
async fn main() -> io::Result<()> {
    let [clients, rounds] = arguments::numbers([("--clients", 8), ("--rounds", 50)]);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    let server = task::spawn(server(listener));
    let begun = Instant::now();
    let mut load = task::JoinSet::new();
    for number in 1..=clients {
        let client = client(at, rounds);
        load.build_task().label("client", number).spawn(client)?;
    }
    let mut echoes = 0;
    while let Some(client) = load.join_next().await {
        echoes += client.expect("it does not panic")?;
    }
    println!("{echoes} echoes in {} ms", begun.elapsed().as_millis());
    server.abort();
    // It was aborted, and cannot have failed since.
    let _ = server.await;
    Ok(())
}
