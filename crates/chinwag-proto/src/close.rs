//! The codes that a WebSocket closes with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why the server closes a session; below 4500 a client reconnects, from 4500 on it doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[repr(u16)]
pub enum CloseCode {
    /// The token expired: reconnect with a new one.
    TokenExpired = 4001,
    /// Nothing was heard from the client for too long, or its token came too late: reconnect.
    HeartbeatMissed = 4002,
    /// The client didn't read what was sent to it.
    SlowConsumer = 4008,
    /// The node is leaving: reconnect, to another one.
    Draining = 4009,
    /// More frames than the rate allows.
    TooManyFrames = 4029,
    /// The client broke the protocol.
    ProtocolError = 4500,
    /// The token is not valid, or something else came first.
    BadToken = 4501,
    /// The user was disabled, the token revoked, or the session ended by its owner.
    Revoked = 4503,
    /// The client speaks a version that this server doesn't.
    WrongVersion = 4505,
}

impl CloseCode {
    /// Returns the number on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// Returns whether a client that was closed with this number should come back.
    #[must_use]
    pub const fn reconnects(code: u16) -> bool {
        !(code >= 4500 && code < 5000)
    }

    /// Returns the reason text that goes with the number.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TokenExpired => "token expired",
            Self::HeartbeatMissed => "heartbeat missed",
            Self::SlowConsumer => "slow consumer",
            Self::Draining => "draining",
            Self::TooManyFrames => "too many frames",
            Self::ProtocolError => "protocol error",
            Self::BadToken => "bad token",
            Self::Revoked => "revoked",
            Self::WrongVersion => "wrong version",
        }
    }
}
