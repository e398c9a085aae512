//! A whole server over engines in memory, in the caller's thread, and people who have tokens for it.

use std::sync::Arc;

use chinwag_core::{SystemClock, memory::Memory, model::UserRow};
use chinwag_proto::{Timestamp, UserId};
use chinwag_server::{config::Config, running::Running, wiring::Ports};
use tempfile::TempDir;

/// What a client asks to speak WebSocket by.
pub(crate) const UPGRADE: &[u8] =
    b"GET /v1/ws HTTP/1.1\r\nHost: chinwag\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
      Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A server.
pub(crate) struct Stage {
    pub(crate) running: Running,
    _directory: TempDir,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let data_dir = directory.path().to_str().expect("a path in UTF-8");
        let config = Config::of(&[
            ("data_dir", data_dir),
            ("limits.rates", "off"),
            ("storage.min_free", "0"),
        ]);
        let config = config.expect("a configuration");
        let memory = Memory::new(Arc::new(SystemClock::default()));
        let running = Running::over(&config, Ports::in_memory(&memory)).await;
        Self {
            running: running.expect("a node"),
            _directory: directory,
        }
    }

    /// Makes users, and answers with a token of each.
    pub(crate) async fn people(&self, users: &[UserId]) -> Vec<String> {
        let accounts = self.running.node().user_accounts();
        let row = |user: &UserId| UserRow::new(user.clone(), Timestamp::default());
        let rows = users.iter().map(row).collect();
        let made = &self.running.node().ports().accounts;
        made.create_users(rows).await.expect("users");
        let mut tokens = Vec::with_capacity(users.len());
        for user in users {
            let token = accounts.token_for(user).await.expect("a token").token;
            tokens.push(token);
        }
        tokens
    }
}

/// Writes a text frame as a client does, under a mask that changes nothing.
pub(crate) fn text_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(length @ 0..126) => frame.push(0x80 | length as u8),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => unreachable!("nothing here is that long"),
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}
