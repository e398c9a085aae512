//! The acceptor without file descriptors; alone in its process, whose limit it lowers.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use chinwag_server::ws::Acceptor;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Opens a client's socket, whose descriptor is needed before the server's side of it.
fn client(address: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.connect(&address.into()).unwrap();
    socket
}

#[tokio::test]
async fn without_descriptors_it_waits_and_then_accepts_again() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut acceptor = Acceptor::new(listener);
    let address = acceptor.local_address().unwrap();
    let first = client(address);
    let (mut open, _) = acceptor.accept().await;

    // The client's end takes the lowest free descriptor: leave room for it alone.
    let waiting = client(address);
    let before = getrlimit(Resource::Nofile);
    let used = std::os::fd::AsRawFd::as_raw_fd(&waiting) as u64 + 1;
    let lowered = Rlimit {
        current: Some(used),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, lowered).unwrap();
    let pause = Duration::from_millis(300);
    let accepted = timeout(pause, acceptor.accept()).await;
    assert!(accepted.is_err(), "there was no descriptor for it");

    // What is open goes on meanwhile.
    open.write_all(b"still here").await.unwrap();
    let mut first = first;
    let mut read = [0; 10];
    std::io::Read::read_exact(&mut first, &mut read).unwrap();
    assert_eq!(&read, b"still here");

    setrlimit(Resource::Nofile, before).unwrap();
    let (mut accepted, _) = acceptor.accept().await;
    let mut waiting = waiting;
    std::io::Write::write_all(&mut waiting, b"at last").unwrap();
    let mut read = [0; 7];
    accepted.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"at last");
}
