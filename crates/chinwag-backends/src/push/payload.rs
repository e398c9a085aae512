//! What an app is told beside what its system shows.

use chinwag_core::ports::PushNote;

/// A note about a message.
const KIND_MESSAGE: &str = "message";
/// The chat was read elsewhere: its note goes.
const KIND_CLEAR: &str = "clear";

/// Returns the fields that every provider's payload carries for the app; ids as decimal texts, as in the protocol.
pub(crate) fn fields(note: &PushNote) -> Vec<(&'static str, String)> {
    let kind = match note.message {
        Some(_) => KIND_MESSAGE,
        None => KIND_CLEAR,
    };
    let mut fields = vec![
        ("type", kind.to_owned()),
        ("chatId", note.chat.to_string()),
        ("badge", note.badge.to_string()),
        ("userId", note.device.user.to_string()),
    ];
    if let Some(message) = note.message {
        fields.push(("messageId", message.to_string()));
    }
    fields
}
