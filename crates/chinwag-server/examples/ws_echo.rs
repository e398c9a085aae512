//! An echo server on Chinwag's WebSocket layer, for protocol conformance suites.
//!
//! `cargo run --release -p chinwag-server --example ws_echo -- 127.0.0.1:9001`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chinwag_server::ws::{
    Accepted, Acceptor, Class, Closed, Connection, HeadRules, Incoming, Limits, Opcode, Reader,
    encode, encode_text, evaluate, read_head,
};
use tokio::net::{TcpListener, TcpStream};

const RULES: HeadRules = HeadRules {
    path: "/",
    max_bytes: 8 * 1024,
    deadline: Duration::from_secs(10),
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:9001")).await?;
    let mut acceptor = Acceptor::new(listener);
    println!("listening on ws://{}/", acceptor.local_address()?);
    let limits = Arc::new(Limits {
        message_bytes: 16 * 1024 * 1024,
        pending_bytes: 32 * 1024 * 1024,
        ..Limits::default()
    });
    loop {
        let (socket, _) = acceptor.accept().await;
        tokio::spawn(serve(socket, limits.clone()));
    }
}

async fn serve(socket: TcpStream, limits: Arc<Limits>) {
    let opened = Box::pin(open(socket, limits)).await;
    if let Some((connection, mut reader)) = opened {
        let _ = echo(&connection, &mut reader).await;
        reader.finish(&connection).await;
    }
}

async fn open(socket: TcpStream, limits: Arc<Limits>) -> Option<(Connection, Reader)> {
    let Ok(Accepted::Upgrade(upgrade)) = read_head(socket, &RULES).await else {
        return None;
    };
    match evaluate(&upgrade.request) {
        Ok(agreed) => upgrade.accept(&agreed, limits).await.ok(),
        Err(refusal) => {
            let _ = upgrade.refuse(&refusal).await;
            None
        }
    }
}

async fn echo(connection: &Connection, reader: &mut Reader) -> Result<(), Closed> {
    loop {
        let frame = match reader.read_message(connection).await? {
            Incoming::Text(text) => encode_text(&text),
            Incoming::Binary(bytes) => encode(Opcode::Binary, &bytes),
            Incoming::Ping | Incoming::Pong => continue,
        };
        connection.send(frame, Class::Event);
    }
}
