//! A connection on which bytes come in pieces.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    runtime::{Builder, Runtime},
};

/// Splits an input into how large its pieces are, by its first byte, and the rest.
pub(crate) fn split(input: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = input.split_first()?;
    Some((usize::from(*first) + 1, rest))
}

/// Makes a runtime without threads of its own.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Lets an input arrive at the other end of a stream in pieces of so many bytes, and returns what came of that; what is
/// answered there is heard to its end.
pub(crate) async fn arrives<T>(
    input: &[u8],
    pieces: usize,
    at: impl AsyncFnOnce(DuplexStream) -> T,
) -> T {
    let (near, far) = tokio::io::duplex(pieces);
    let (mut reads, mut writes) = tokio::io::split(near);
    let send = async {
        let _ = writes.write_all(input).await;
        let _ = writes.shutdown().await;
    };
    let hear = async {
        let mut answer = Vec::new();
        let _ = reads.read_to_end(&mut answer).await;
    };
    tokio::join!(send, hear, at(far)).2
}
