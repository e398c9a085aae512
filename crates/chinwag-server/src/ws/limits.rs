//! What one connection may cost.

use std::time::Duration;

/// The bounds of a WebSocket connection, shared by all connections of a listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest message accepted, in bytes; above it the connection closes with 1009.
    pub message_bytes: usize,
    /// The most fragments one message may come in; each costs the sender as much as a
    /// message, so that thousands of one-byte fragments are never in good faith.
    pub fragments: u32,
    /// What may wait for a socket that doesn't take it, in bytes, bookkeeping included.
    pub pending_bytes: usize,
    /// The kernel's send buffer a socket gets after the upgrade, in bytes (the kernel
    /// doubles it); `None` keeps the kernel's own, which lets a client that doesn't read
    /// cost megabytes.
    pub send_buffer_bytes: Option<usize>,
    /// How long the closing handshake may take before the socket is cut.
    pub close_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 64 * 1024,
            fragments: 1024,
            pending_bytes: 1024 * 1024,
            send_buffer_bytes: Some(16 * 1024),
            close_timeout: Duration::from_secs(5),
        }
    }
}
