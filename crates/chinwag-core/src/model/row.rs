//! A chat's log as it is stored: one row a place, one cell a row (rule S2).

use std::sync::Arc;

use chinwag_proto::{
    ClientId, EventId, MessageId, Metadata, Seq, Timestamp, UserId,
    shapes::{HistoryVisible, MembershipChange, Role},
    snowflake,
};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::{Term, chat::cbor_shape};

/// What is at a place. The chat and the place are its key; the place stands here too, to be checked.
///
/// Encoded by [`LogRow::to_bytes`]; fields are numbered, so that later versions can add some.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct LogRow {
    /// The term that placed it.
    #[n(0)]
    pub term: Term,
    /// The confirmed place that the owner knew when it wrote this.
    #[n(1)]
    pub confirmed: Seq,
    /// The place.
    #[n(2)]
    pub seq: Seq,
    /// The event's id; above the id at every lower place.
    #[n(3)]
    pub id: EventId,
    /// Who did it.
    #[n(4)]
    pub user: UserId,
    /// The wall-clock time that people see.
    #[n(5)]
    pub timestamp: Timestamp,
    /// Messages up to this place, it included.
    #[n(6)]
    pub count: u64,
    /// The place of the message before this place; 0 where there is none.
    #[n(7)]
    pub previous_message: Seq,
    /// The sender's own id of the request.
    #[n(8)]
    pub client_id: Option<ClientId>,
    /// A digest of the request, to tell a retry from a conflict; where there is a `client_id`.
    #[n(9)]
    pub digest: Option<u64>,
    /// What happened.
    #[n(10)]
    pub body: RowBody,
}

/// What happened at a place.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub enum RowBody {
    /// A message, as it is now; shared by all who tell of it.
    #[n(0)]
    Message(#[cbor(n(0), with = "cbor_shared")] Arc<StoredMessage>),
    /// A message got another content.
    #[n(1)]
    Edit(#[n(0)] Target),
    /// A message was deleted.
    #[n(2)]
    Deletion(#[n(0)] Target),
    /// A reaction was put on a message or taken off.
    #[n(3)]
    Reaction {
        /// The message.
        #[n(0)]
        target: Target,
        /// The reaction.
        #[n(1)]
        key: String,
        /// Put on, or taken off.
        #[n(2)]
        on: bool,
        /// How many have it now.
        #[n(3)]
        count: u32,
    },
    /// Members came, went or changed roles.
    #[n(4)]
    Membership {
        /// What changed.
        #[cbor(n(0), with = "cbor_shape")]
        change: MembershipChange,
        /// Whose membership.
        #[n(1)]
        users: Vec<UserId>,
        /// The new role.
        #[cbor(n(2), with = "cbor_shape", has_nil)]
        role: Option<Role>,
        /// Who became owner because the last one left.
        #[n(3)]
        heir: Option<UserId>,
    },
    /// The chat itself changed.
    #[n(5)]
    Chat {
        /// The new name.
        #[n(0)]
        name: Option<String>,
        /// The new rule for members who come.
        #[cbor(n(1), with = "cbor_shape", has_nil)]
        history_visible: Option<HistoryVisible>,
        /// Whether the chat is gone.
        #[n(2)]
        deleted: bool,
    },
    /// An owner took over (rule T2); says nothing to a client.
    #[n(6)]
    Term,
    /// The chat's delivery changed to (or from) the queue and a topic; says nothing to a client.
    #[n(7)]
    Path {
        /// Whether the chat is large from here on.
        #[n(0)]
        large: bool,
    },
}

/// Encodes what is shared as what it holds.
mod cbor_shared {
    use std::sync::Arc;

    use minicbor::{
        Decode, Encode,
        decode::{self, Decoder},
        encode::{self, Encoder, Write},
    };

    pub(super) fn encode<C, T: Encode<C>, W: Write>(
        shared: &Arc<T>,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        shared.as_ref().encode(encoder, context)
    }

    pub(super) fn decode<'b, C, T: Decode<'b, C>>(
        decoder: &mut Decoder<'b>,
        context: &mut C,
    ) -> Result<Arc<T>, decode::Error> {
        T::decode(decoder, context).map(Arc::new)
    }
}

/// The message that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Target {
    /// Its place.
    #[n(0)]
    pub seq: Seq,
    /// Its id.
    #[n(1)]
    pub id: MessageId,
}

/// A message as it is now.
#[derive(Debug, Clone, PartialEq, Default, Encode, Decode)]
pub struct StoredMessage {
    /// The text; empty once deleted.
    #[n(0)]
    pub content: String,
    /// When the client says it was written.
    #[n(1)]
    pub client_timestamp: Option<Timestamp>,
    /// The message that it answers.
    #[n(2)]
    pub reply_to: Option<MessageId>,
    /// Whom it mentions.
    #[n(3)]
    pub mentions: Vec<UserId>,
    /// What the app attached.
    #[n(4)]
    pub metadata: Metadata,
    /// When it was last edited.
    #[n(5)]
    pub edited_at: Option<Timestamp>,
    /// When and by whom it was deleted.
    #[n(6)]
    pub deleted: Option<Deletion>,
    /// Reaction keys in the order in which they first came, each with its count above zero.
    #[n(7)]
    pub reactions: Vec<(String, u32)>,
    /// The place of the last change in it.
    #[n(8)]
    pub change_seq: Seq,
}

/// When and by whom a message was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Deletion {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// By whom.
    #[n(1)]
    pub by: UserId,
}

impl LogRow {
    /// Writes the cell.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("writing to memory can't fail")
    }

    /// Reads the cell.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, minicbor::decode::Error> {
        minicbor::decode(bytes)
    }

    /// Returns the message at this place, if one is.
    #[must_use]
    pub fn message(&self) -> Option<&StoredMessage> {
        match &self.body {
            RowBody::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Returns the place of the message that this event is about.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match &self.body {
            RowBody::Edit(target)
            | RowBody::Deletion(target)
            | RowBody::Reaction { target, .. } => Some(*target),
            _ => None,
        }
    }

    /// Returns who came or went by it; nobody where a role changed.
    pub(crate) fn moved_users(&self) -> &[UserId] {
        match &self.body {
            RowBody::Membership { change, users, .. } if *change != MembershipChange::Role => users,
            _ => &[],
        }
    }

    /// Returns whether an import brought it: nobody hears of it live, and it is unread for nobody.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        snowflake::node(self.id.0) == snowflake::IMPORT_NODE
    }

    /// Returns whether this is the event that deleted the chat: its last one.
    #[must_use]
    pub fn ends_chat(&self) -> bool {
        matches!(self.body, RowBody::Chat { deleted: true, .. })
    }

    /// Returns whether the place says nothing to any client.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        matches!(self.body, RowBody::Term | RowBody::Path { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_as_it_was() {
        let row = LogRow {
            term: Term(3),
            confirmed: Seq(41),
            seq: Seq(42),
            id: EventId(u64::MAX),
            user: UserId::new("ana").unwrap(),
            timestamp: Timestamp::from_unix_millis(-1),
            count: 40,
            previous_message: Seq(41),
            client_id: Some(ClientId::new("x").unwrap()),
            digest: Some(7),
            body: RowBody::Message(Arc::new(StoredMessage {
                content: "今日は".into(),
                metadata: r#"{"a":1}"#.parse().unwrap(),
                reactions: vec![("👍".into(), 2)],
                ..StoredMessage::default()
            })),
        };
        assert_eq!(LogRow::from_bytes(&row.to_bytes()).unwrap(), row);
        let membership = RowBody::Membership {
            change: MembershipChange::Added,
            users: vec![row.user.clone()],
            role: None,
            heir: None,
        };
        let row = LogRow {
            body: membership,
            ..row
        };
        assert_eq!(LogRow::from_bytes(&row.to_bytes()).unwrap(), row);
    }
}
