//! A record: the chat is its key, the event as the log holds it its value.

use chinwag_core::{model::LogRow, ports::EngineError};
use chinwag_proto::ChatId;

/// Writes the key: records of one chat lie in one partition, in order.
pub(super) fn key(chat: ChatId) -> [u8; 8] {
    chat.0.to_be_bytes()
}

/// Reads a record.
pub(super) fn read(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
) -> Result<(ChatId, LogRow), EngineError> {
    let parts = || {
        let chat = u64::from_be_bytes(key?.try_into().ok()?);
        let row = LogRow::from_bytes(value?).ok()?;
        Some((ChatId(chat), row))
    };
    parts().ok_or_else(|| {
        let detail = "kafka: a record isn't one of ours; does another program use this topic?";
        EngineError::Damaged(detail.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_record_of_ours_is_damaged() {
        let chat = key(ChatId(7));
        for (key, value) in [
            (None, None),
            (Some(&chat[..]), None),
            (Some(&chat[..]), Some(&b"x"[..])),
            (Some(&chat[..3]), Some(&b""[..])),
        ] {
            assert!(matches!(read(key, value), Err(EngineError::Damaged(_))));
        }
    }
}
