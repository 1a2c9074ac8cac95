//! A TCP server that sends back what it is sent, and clients that use it.
//!
//! ```sh
//! cargo run --release -- exec -- target/debug/examples/echo      # after cargo build --examples
//! ASYNCLINE=file:echo.aline cargo run --example echo             # or record it,
//! cargo run --release -- replay echo.aline                       # and look at it later
//! cargo run --example echo -- --clients 100 --rounds 1000        # with more to do
//! ```
//!
//! # What to look for
//!
//! - `server` waits, and is woken by the runtime's driver (a timer or I/O) whenever a client connects. Each `connection` stands under
//!   it, with the client's address as its label: `enter` shows that.
//! - A `client` and its `connection` take turns: one is woken by the driver when the other has written. On two threads both may be
//!   running at once. A client that is *ready* for long while others run says that there are more of them than threads.
//! - A connection ends when its client closes it. The server ends by being aborted: its lane ends as cancelled, and says by whom.
//! - With `--clients 1000`, `d` draws many lanes in a row, and `s` puts those first that waited longest.

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
    let clients = number("--clients").unwrap_or(8);
    let rounds = number("--rounds").unwrap_or(50);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    let server = task::spawn(server(listener));
    let begun = Instant::now();
    let clients: Vec<_> = (0..clients)
        .map(|_| task::spawn(client(at, rounds)))
        .collect();
    let mut echoes = 0;
    for client in clients {
        echoes += client.await.expect("it does not panic")?;
    }
    println!("{echoes} echoes in {} ms", begun.elapsed().as_millis());
    server.abort();
    // It was aborted, and cannot have failed since.
    let _ = server.await;
    Ok(())
}

/// The number that follows an argument of this name.
fn number(name: &str) -> Option<usize> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)?.parse().ok()
}
