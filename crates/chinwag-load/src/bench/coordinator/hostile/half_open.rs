//! Handshakes that are begun and never ended.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{super::Run, attack::Attack};
use crate::bench::plan::Node;

const HALF_A_HEAD: &[u8] = b"GET /v1/ws HTTP/1.1\r\nHost: chinwag\r\nUpgrade: websocket\r\n";

/// Holds so many; whose handshake is given up begins another one.
pub(super) fn begin(run: &Run<'_>, count: u32) -> Attack {
    let mut attack = Attack::default();
    for nth in 0..count as usize {
        let socket = Node::of_nth(&run.server.nodes, nth).socket;
        attack.add(move |hold| async move {
            let mut stream = TcpStream::connect(socket).await?;
            stream.write_all(HALF_A_HEAD).await?;
            hold.taken();
            let mut rest = [0; 256];
            while stream.read(&mut rest).await? > 0 {}
            Ok(())
        });
    }
    attack
}
