//! Measures what an idle WebSocket connection costs the server's user space.
//!
//! `cargo run --release -p chinwag-server --example ws_idle -- 10000`
//!
//! The server (jemalloc, as the binary has it) counts its resident memory before and after
//! a child process opened the connections and exchanged a text and a ping on each.

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chinwag_server::ws::{
    Accepted, Acceptor, Class, Connection, HeadRules, Incoming, Limits, Reader, encode_text,
    evaluate, read_head,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const RULES: HeadRules = HeadRules {
    path: "/v1/ws",
    max_bytes: 8 * 1024,
    deadline: Duration::from_secs(10),
};

const REQUEST: &[u8] = b"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    match &arguments[..] {
        [count, address] => runtime.block_on(connect(count.parse()?, address.parse()?)),
        [count] => runtime.block_on(measure(count.parse()?)),
        [] => runtime.block_on(measure(10_000)),
        _ => Err("usage: ws_idle [CONNECTIONS]".into()),
    }
}

async fn measure(count: usize) -> Outcome {
    let mut acceptor = Acceptor::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?);
    let address = acceptor.local_address()?;
    let limits = Arc::new(Limits::default());
    tokio::spawn(async move {
        loop {
            let (socket, _) = acceptor.accept().await;
            tokio::spawn(serve(socket, limits.clone()));
        }
    });
    // A first round, so that one-time costs (buffers of threads, arenas) aren't counted.
    let warm = run_child(100, address).await?;
    drop(warm);
    let before = resident_bytes()?;
    let held = run_child(count, address).await?;
    let after = resident_bytes()?;
    drop(held);
    let each = after.saturating_sub(before) / count;
    println!("{count} idle connections: {each} bytes each ({before} to {after} resident)");
    Ok(())
}

/// Ends the child, and its connections with it, when it is dropped.
struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a child that opens connections, and waits until all are open and quiet.
async fn run_child(count: usize, address: SocketAddr) -> Result<Child, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([count.to_string(), address.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("the child has no output")?;
    let child = Child(child);
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map(|_| line)
    });
    if line.await?? != "open\n" {
        return Err("the child couldn't open its connections".into());
    }
    Ok(child)
}

fn resident_bytes() -> Result<usize, Box<dyn Error>> {
    let statistics = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = statistics
        .lines()
        .find_map(|line| line.strip_prefix("Rss:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.ok_or("no resident size")?.parse::<usize>()? * 1024)
}

/// Goes on in a task of its own after the handshake, which needs more room than what follows.
async fn serve(socket: TcpStream, limits: Arc<Limits>) {
    if let Some((connection, reader)) = open(socket, limits).await {
        tokio::spawn(hold(connection, reader));
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "an async fn keeps its arguments twice"
)]
fn hold(connection: Arc<Connection>, mut reader: Reader) -> impl Future<Output = ()> {
    async move {
        while let Ok(incoming) = reader.read_message(&connection).await {
            if let Incoming::Text(text) = incoming {
                connection.send(encode_text(&text), Class::Event);
            }
        }
        reader.finish(&connection).await;
    }
}

async fn open(socket: TcpStream, limits: Arc<Limits>) -> Option<(Arc<Connection>, Reader)> {
    let Ok(Accepted::Upgrade(upgrade)) = read_head(socket, &RULES).await else {
        return None;
    };
    let agreed = evaluate(&upgrade.request).ok()?;
    let (connection, reader) = upgrade.accept(&agreed, limits).await.ok()?;
    Some((Arc::new(connection), reader))
}

/// The child: opens the connections, a text and a ping on each, and then holds them.
async fn connect(count: usize, server: SocketAddr) -> Outcome {
    let mut open = Vec::with_capacity(count);
    for number in 0..count {
        let socket = TcpSocket::new_v4()?;
        // From many addresses: one has too few free ports, and `connect` slows down before.
        let source = Ipv4Addr::new(127, 0, 0, 1 + (number % 8) as u8);
        socket.bind((source, 0).into())?;
        let mut stream = socket.connect(server).await?;
        stream.write_all(REQUEST).await?;
        read_past(&mut stream, b"\r\n\r\n").await?;
        // "hi" and an empty ping, with a mask of zeros.
        stream
            .write_all(b"\x81\x82\0\0\0\0hi\x89\x80\0\0\0\0")
            .await?;
        read_past(&mut stream, b"\x81\x02hi\x8A\0").await?;
        open.push(stream);
    }
    println!("open");
    std::future::pending().await
}

async fn read_past(stream: &mut TcpStream, end: &[u8]) -> Outcome {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(stream.read_u8().await?);
    }
    Ok(())
}
