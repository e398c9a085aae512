//! The head of a connection's first request.

use std::time::Duration;

use chinwag_server::ws::{Accepted, Agreed, HeadRules, Refusal, evaluate, read_head};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    pieces::{arrives, runtime, split},
    stage,
};

/// The most that is heard of an answer.
const ANSWER: u64 = 1 << 20;

/// What a head comes to.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Upgrade(Result<Agreed, Refusal>),
    Plain,
    Ended,
}

/// Plays an input that is what a client sends after it has connected. It means the same in whatever pieces it comes, what
/// is for the HTTP server reaches it whole, and a server answers it with HTTP or not at all.
pub fn upgrade(input: &[u8]) {
    let Some((pieces, input)) = split(input) else {
        return;
    };
    runtime().block_on(async {
        let whole = outcome(input, 1 << 16).await;
        let cut = outcome(input, pieces).await;
        // What is wrong in a line without an end is looked at only where it came together with a line that has one.
        let unlooked = |outcome| matches!(outcome, &(Outcome::Plain | Outcome::Ended));
        assert!(
            whole == cut || (unlooked(&whole) && unlooked(&cut)),
            "{whole:?}, but in pieces of {} {cut:?}",
            pieces
        );
    });
    stage::play(async |stage| {
        let mut stream = stage.stream();
        let _ = stream.write_all(input).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.take(ANSWER).read_to_end(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."));
    });
}

async fn outcome(input: &[u8], pieces: usize) -> Outcome {
    let rules = HeadRules {
        path: "/v1/ws",
        max_bytes: 2_048,
        deadline: Duration::from_secs(10),
    };
    arrives(input, pieces, async |far| {
        match read_head(far, &rules).await {
            Ok(Accepted::Upgrade(upgrade)) => Outcome::Upgrade(evaluate(&upgrade.request)),
            Ok(Accepted::Plain(mut plain)) => {
                let mut all = Vec::new();
                plain.read_to_end(&mut all).await.unwrap();
                assert_eq!(all, input, "it reaches the HTTP server whole");
                Outcome::Plain
            }
            Err(_) => Outcome::Ended,
        }
    })
    .await
}
