//! When to leave.

use tokio::signal::unix::{SignalKind, signal};

/// Waits until somebody asks the process to leave (SIGTERM or SIGINT); a second time ends it at once.
pub async fn asked_to_leave() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::warn!("asked twice: leaving at once");
        std::process::exit(1);
    });
    Ok(())
}
