//! Cursors and tokens that mean something to the server only: a kind, then CBOR, as base64url.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chinwag_proto::{ErrorCode, Problem};
use minicbor::{Decode, Encode};

/// No cursor or token is longer; a user id of 128 bytes fits.
const MOST_CHARACTERS: usize = 512;

/// What a cursor or token belongs to, so that one is never taken for another. The numbers are on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A page of chats.
    Chats = 1,
    /// A page of members.
    Members = 2,
    /// A page of receipts.
    Receipts = 3,
    /// A page of messages found.
    Search = 4,
    /// Where a sync goes on.
    Sync = 5,
    /// A page of users.
    Users = 6,
}

/// Writes a cursor or token.
pub(super) fn write<T: Encode<()>>(kind: Kind, value: &T) -> String {
    let mut bytes = vec![kind as u8];
    minicbor::encode(value, &mut bytes).expect("writing to memory can't fail");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor or token of this kind; nothing for any other text.
pub(super) fn read<T: for<'b> Decode<'b, ()>>(kind: Kind, text: &str) -> Option<T> {
    if text.len() > MOST_CHARACTERS {
        return None;
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (first, rest) = bytes.split_first()?;
    if *first != kind as u8 {
        return None;
    }
    let mut decoder = minicbor::Decoder::new(rest);
    let value = decoder.decode().ok()?;
    (decoder.position() == rest.len()).then_some(value)
}

/// Reads an optional page cursor; `badCursor` for what no page of this kind has answered.
pub(super) fn cursor<T: for<'b> Decode<'b, ()>>(
    kind: Kind,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    match text {
        None => Ok(None),
        Some(text) => match read(kind, text) {
            Some(value) => Ok(Some(value)),
            None => Err(Problem::new(
                ErrorCode::BadCursor,
                "cursor is not the nextCursor of an earlier page of this list",
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_only_as_its_own_kind() {
        let text = write(Kind::Members, &"ana");
        assert_eq!(read::<String>(Kind::Members, &text).as_deref(), Some("ana"));
        assert_eq!(read::<String>(Kind::Receipts, &text), None);
        assert_eq!(read::<u64>(Kind::Members, &text), None);
    }

    #[test]
    fn any_other_text_is_refused() {
        let long = "A".repeat(100_000);
        for wrong in ["", "!", "AQ", "AQEB", "null", "0", &long] {
            let read = cursor::<u64>(Kind::Chats, Some(wrong));
            let answer = read.map(|value| value.is_some());
            assert!(
                matches!(&answer, Err(problem) if problem.code == ErrorCode::BadCursor),
                "{wrong:.20} gave {answer:?}"
            );
        }
    }
}
