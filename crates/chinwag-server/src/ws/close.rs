//! Close codes, and what a close frame may say (RFC 6455, 5.5.1 and 7.4).

use std::str;

/// The purpose of the connection is fulfilled.
pub const NORMAL: u16 = 1000;
/// The server goes down, or the page is left.
pub const GOING_AWAY: u16 = 1001;
/// The peer broke the framing rules.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A kind of message that isn't accepted here, such as a binary one.
pub const UNSUPPORTED: u16 = 1003;
/// A text that isn't UTF-8.
pub const NOT_UTF8: u16 = 1007;
/// A message above the limit.
pub const TOO_BIG: u16 = 1009;
/// The client reads slower than it is sent to; it may reconnect and catch up.
pub const SLOW_CONSUMER: u16 = 4008;

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedBy {
    /// The client, by a close frame.
    Peer,
    /// This server, by a close frame.
    Server,
    /// Neither: the stream ended or failed without a close frame.
    Network,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Who ended it.
    pub by: ClosedBy,
    /// The code of the close frame, where one was sent and had one.
    pub code: Option<u16>,
}

impl Closed {
    pub(super) const LOST: Self = Self {
        by: ClosedBy::Network,
        code: None,
    };

    pub(super) fn by_server(code: u16) -> Self {
        Self {
            by: ClosedBy::Server,
            code: Some(code),
        }
    }

    pub(super) fn by_peer(code: Option<u16>) -> Self {
        Self {
            by: ClosedBy::Peer,
            code,
        }
    }
}

/// A breach of the protocol by the peer: the code and the reason it is closed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

impl Violation {
    pub(super) fn protocol(reason: &'static str) -> Self {
        Self {
            code: PROTOCOL_ERROR,
            reason,
        }
    }

    pub(super) fn not_utf8() -> Self {
        Self {
            code: NOT_UTF8,
            reason: "text is not UTF-8",
        }
    }

    pub(super) fn too_big(reason: &'static str) -> Self {
        Self {
            code: TOO_BIG,
            reason,
        }
    }
}

/// Reads the (unmasked) payload of a close frame: its code, if it has one.
pub(super) fn decode_close(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload {
            [] => Ok(None),
            _ => Err(Violation::protocol("close frame with half a code")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(Violation::protocol("close code not allowed"));
    }
    match str::from_utf8(reason) {
        Ok(_) => Ok(Some(code)),
        Err(_) => Err(Violation::not_utf8()),
    }
}

/// Tells whether a code may stand in a close frame: those defined for the wire, those
/// registered since (1012 to 1014), and the ranges for libraries and applications.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(code: u16, reason: &[u8]) -> Vec<u8> {
        [&code.to_be_bytes()[..], reason].concat()
    }

    #[test]
    fn an_empty_close_has_no_code() {
        assert_eq!(decode_close(&[]), Ok(None));
    }

    #[test]
    fn half_a_code_is_a_protocol_error() {
        assert_eq!(decode_close(&[3]).unwrap_err().code, PROTOCOL_ERROR);
    }

    #[test]
    fn codes_that_may_be_sent_are_accepted() {
        for code in [
            1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4008, 4999,
        ] {
            assert_eq!(decode_close(&payload(code, b"bye")), Ok(Some(code)));
        }
    }

    #[test]
    fn codes_that_must_not_be_sent_are_a_protocol_error() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            let violation = decode_close(&payload(code, b"")).unwrap_err();
            assert_eq!(violation.code, PROTOCOL_ERROR, "{code}");
        }
    }

    #[test]
    fn a_reason_that_is_not_utf8_is_refused_with_1007() {
        let violation = decode_close(&payload(1000, &[0xC3])).unwrap_err();
        assert_eq!(violation.code, NOT_UTF8);
    }
}
