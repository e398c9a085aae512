//! Frames as bytes.

use bytes::Bytes;
use chinwag_proto::frames::{LogFrame, ServerFrame};

use crate::ws;

/// Encodes a frame once, for however many sessions.
pub(super) fn frame(frame: &ServerFrame) -> Bytes {
    text(serde_json::to_string(frame))
}

/// Encodes an event of a log once, for however many sessions.
pub(super) fn log(frame: &LogFrame) -> Bytes {
    text(serde_json::to_string(frame))
}

fn text(json: serde_json::Result<String>) -> Bytes {
    // Every frame is made of maps with text keys, so writing can't fail.
    ws::encode_text(&json.unwrap_or_default())
}
