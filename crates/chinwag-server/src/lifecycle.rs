//! When to leave.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens from now on for somebody who asks the process to leave (SIGTERM or SIGINT), and waits for that; a second
/// time ends it at once.
pub fn asked_to_leave() -> io::Result<impl Future<Output = ()>> {
    let mut asked = Asked {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    Ok(async move {
        asked.again().await;
        tokio::spawn(async move {
            asked.again().await;
            tracing::warn!("asked twice: leaving at once");
            std::process::exit(1);
        });
    })
}

struct Asked {
    terminate: Signal,
    interrupt: Signal,
}

impl Asked {
    async fn again(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
