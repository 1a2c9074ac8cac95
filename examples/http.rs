//! An HTTP service made with axum: each request asks another service, with a pool of connections and a timeout. It is its own
//! load, too.
//!
//! ```sh
//! cargo run --release -- exec -- target/debug/examples/http      # after cargo build --examples
//! ASYNCLINE=file:http.aline cargo run --example http             # or record it,
//! cargo run --release -- replay http.aline                       # and look at it later
//! cargo run --example http -- --pool 8 --requests 10             # with a larger pool, and more to do
//! ```
//!
//! # What to look for
//!
//! - axum spawns a task for each connection by itself, past the probe: while they are alive, the first line says how many of all tasks
//!   are seen, as in `10 of 21 tasks seen`. What is handled within them is seen all the same, since both services give each request a
//!   lane, `GET /quote` and `GET /price`, with the number of the request as its label.
//! - The pool has room for three. With eight clients, most requests *wait* at `pool.acquire()`, although the service behind it could
//!   take more: the lanes stand like stairs. A larger pool is what would help, as `--pool 8` shows; the wait is not where one
//!   looks first.
//! - One price in ten takes too long to find, and the timeout cancels the call: the lane `fetch` under the request ends with *timed
//!   out* after 200 ms, the request with `Err(504)`. Until then it keeps its place in the pool.
//! - That cancels what the other service does, too: it notices that the connection is closed, and drops the `GET /price`, which
//!   would have gone on for 800 ms more. Had it been writing to a disk, it would have stopped in the middle.
//! - The findings say what the clients would save if they did not await one quote after the other.
//! - Clients, requests and the calls behind them wake each other through sockets: nearly all wakes are by the driver, and the code
//!   panel says at which line each of them waits.
//!
//! ```text
//! GET /quote         ▕───▎──▕✓ Ok("it costs 108")
//! └ fetch                ▖╌╌▗✓ Ok((200, "108"))
//! GET /quote         ▕──────▕── asyncline:… ─▎✓ Err(504)
//! └ fetch                   ▗╌╌ stream.rea… ╌▖✗ timed out
//! GET /price                ▕─────────────────✗ dropped
//!
//!   1. client awaits 5 calls one after another on line … (in 8 tasks; this one takes longest): 912.348 ms; together 291.401 ms,
//!      if none needs an earlier one's result
//! ```

mod arguments;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use asyncline::{TaskExt, task};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

const PATIENCE: Duration = Duration::from_millis(200);

/// What the service stands on.
struct Service {
    pool: Semaphore,
    prices: SocketAddr,
}

/// Every tenth price takes long to find.
async fn price(State(asked): State<Arc<AtomicU64>>) -> String {
    let number = asked.fetch_add(1, Ordering::Relaxed);
    let takes = if number % 10 == 9 { 1000 } else { 40 };
    tokio::time::sleep(Duration::from_millis(takes)).await;
    format!("{}", 100 + number)
}

#[asyncline::trace]
async fn quote(service: Arc<Service>) -> Result<String, StatusCode> {
    let pool = &service.pool;
    let _connection = pool
        .acquire()
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let asked = asyncline::timeout(PATIENCE, fetch(service.prices, "/price")).await;
    match asked {
        Ok(Ok((_, price))) => Ok(format!("it costs {price}")),
        Ok(Err(_)) => Err(StatusCode::BAD_GATEWAY),
        Err(_) => Err(StatusCode::GATEWAY_TIMEOUT),
    }
}

/// Gives each request a lane.
async fn seen(request: Request, next: Next) -> Response {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let name = format!("{} {}", request.method(), request.uri().path());
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    next.run(request).lane(name).label("request", number).await
}

/// Asks for a path: the status, and what it says. No more of HTTP than this program needs.
#[asyncline::trace]
async fn fetch(at: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(at).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or(0), body.to_owned()))
}

/// Asks for quotes; how many it got, and how many were too late.
#[asyncline::trace]
async fn client(at: SocketAddr, requests: usize) -> io::Result<(usize, usize)> {
    let (mut good, mut late) = (0, 0);
    for _ in 0..requests {
        match fetch(at, "/quote").await? {
            (200, _) => good += 1,
            (504, _) => late += 1,
            (status, body) => panic!("{status}: {body}"),
        }
    }
    Ok((good, late))
}

/// Serves on a port of its own.
async fn serve(name: &str, router: Router) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let at = listener.local_addr()?;
    let server = task::Builder::new().name(name);
    server.spawn(async move { axum::serve(listener, router).await })?;
    Ok(at)
}

#[asyncline::main(worker_threads = 2)]
async fn main() -> io::Result<()> {
    let known = [("--clients", 8), ("--requests", 5), ("--pool", 3)];
    let [clients, requests, pool] = arguments::numbers(known);
    let prices = Router::new()
        .route("/price", get(price))
        .layer(from_fn(seen))
        .with_state(Arc::default());
    let service = Arc::new(Service {
        pool: Semaphore::new(pool),
        prices: serve("prices", prices).await?,
    });
    let quotes = Router::new()
        .route("/quote", get(move || quote(service)))
        .layer(from_fn(seen));
    let at = serve("quotes", quotes).await?;
    let mut load = task::JoinSet::new();
    for number in 1..=clients {
        let client = client(at, requests);
        load.build_task().label("client", number).spawn(client)?;
    }
    let (mut good, mut late) = (0, 0);
    while let Some(client) = load.join_next().await {
        let answers = client.expect("it does not panic")?;
        good += answers.0;
        late += answers.1;
    }
    println!("{good} quotes, {late} too late");
    Ok(())
}
