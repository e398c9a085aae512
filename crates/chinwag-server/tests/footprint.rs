//! How much memory an idle connection takes; alone in its process, whose allocations it counts.
#![expect(unsafe_code, reason = "that is how an allocator is made")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../examples/send_path/stage.rs"]
mod stage;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::atomic::{AtomicIsize, Ordering},
};

use chinwag_proto::UserId;
use serde_json::json;
use tokio::net::TcpListener;

use stage::{Stage, UPGRADE, text_frame};

/// Connections of the same kind that are there before: what grows by leaps has grown.
const BEFORE: usize = 500;
/// Connections that are counted.
const COUNTED: usize = 1_000;
/// What each may take, in bytes: its session, its task, its socket's registration, and its lease of presence in memory.
const AT_MOST: f64 = 1_024.0;

static HELD: AtomicIsize = AtomicIsize::new(0);

/// The system's allocator, with a count of the bytes that are held.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: the system's allocator keeps the promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size().cast_signed(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size().cast_signed(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[tokio::test]
async fn an_idle_connection_of_a_user_takes_at_most_a_kibibyte() {
    let stage = Stage::set().await;
    let names = (0..BEFORE + COUNTED).map(|n| format!("user-{n:06}"));
    let users: Vec<UserId> = names.map(|name| UserId::new(&name).unwrap()).collect();
    let tokens = stage.people(&users).await;
    let auths: Vec<Vec<u8>> = tokens.iter().map(|token| auth(token)).collect();
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    let mut clients = Vec::with_capacity(auths.len());
    let mut before = 0;
    for (nth, auth) in auths.into_iter().enumerate() {
        if nth == BEFORE {
            before = held().await;
        }
        let client = tokio::task::spawn_blocking(move || connect(address, &auth));
        let (stream, _) = socket.accept().await.unwrap();
        tokio::spawn(stage.running.serve(stream));
        clients.push(client.await.unwrap());
    }
    let each = (held().await - before) as f64 / COUNTED as f64;
    println!("{each:.0} bytes a connection");
    assert!(each <= AT_MOST, "{each} bytes a connection");
    drop(clients);
}

fn auth(token: &str) -> Vec<u8> {
    let auth = json!({"type": "auth", "id": 1, "token": token});
    text_frame(&auth.to_string())
}

/// Opens a session by a socket that takes no memory of this process beside.
fn connect(address: SocketAddr, auth: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(UPGRADE).unwrap();
    stream.write_all(auth).unwrap();
    let mut answer = Vec::new();
    while !answer.windows(7).any(|word| word == b"\"ready\"") {
        let mut piece = [0; 1_024];
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend(&piece[..read]);
    }
    stream
}

/// Counts what is held once what sign-ins left to do is done.
async fn held() -> isize {
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    HELD.load(Ordering::Relaxed)
}
