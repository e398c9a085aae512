//! A message as a server shows one that only says something.

use chinwag_proto::{
    ChatId, EventId, Seq, Timestamp, UserId,
    shapes::{Message, MessageStatus},
};

/// Makes one that nobody changed.
pub(super) fn plain(
    chat: ChatId,
    id: EventId,
    seq: Seq,
    sender: UserId,
    content: String,
) -> Message {
    Message {
        id,
        chat_id: chat,
        seq,
        sender_id: sender,
        client_id: None,
        content,
        timestamp: Timestamp::default(),
        client_timestamp: None,
        status: MessageStatus::Sent,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
        reply_to: None,
        mentions: Vec::new(),
        metadata: Default::default(),
        reactions: Vec::new(),
        change_seq: seq,
    }
}
