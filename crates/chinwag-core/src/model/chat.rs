//! A chat and its members as the directory keeps them.

use chinwag_proto::{
    ChatId, Epoch, EventId, Seq, Timestamp, UserId,
    shapes::{ChatType, HistoryVisible, PushPreference, Role},
};
use minicbor::{Decode, Encode};

use super::Intervals;

/// A chat, apart from its log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ChatRow {
    /// The chat.
    #[n(0)]
    pub id: ChatId,
    /// Its kind.
    #[cbor(n(1), with = "cbor_shape")]
    pub kind: ChatType,
    /// A group's name.
    #[n(2)]
    pub name: Option<String>,
    /// From where members who come read.
    #[cbor(n(3), with = "cbor_shape")]
    pub history_visible: HistoryVisible,
    /// The epoch of its places.
    #[n(4)]
    pub epoch: Epoch,
    /// When it was made.
    #[n(5)]
    pub created_at: Timestamp,
    /// Who made it.
    #[n(6)]
    pub created_by: UserId,
    /// Whether it is gone.
    #[n(7)]
    pub deleted: bool,
    /// Whether it is delivered through the queue and a topic.
    #[n(8)]
    pub large: bool,
    /// When its name, rule or existence last changed, by the owner's clock: what sync's token compares.
    #[n(9)]
    pub changed_at: Timestamp,
    /// Whether an import made it: the only chats that an import fills.
    #[n(10)]
    pub imported: bool,
    /// How many active members there are: the owner writes this row with every event that changes it, so that a
    /// list of chats never counts members.
    #[n(11)]
    #[cbor(default)]
    pub members: u32,
    /// The last place that an import filled: nothing at or below it is unread for anyone. At most 64 behind while an
    /// import runs.
    #[n(12)]
    #[cbor(default)]
    pub imported_through: Seq,
}

/// One user's membership of one chat, kept after leaving too (`active` says which).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct MemberRow {
    /// The chat.
    #[n(0)]
    pub chat: ChatId,
    /// The user.
    #[n(1)]
    pub user: UserId,
    /// The role; the last one, after leaving.
    #[cbor(n(2), with = "cbor_shape")]
    pub role: Role,
    /// Whether the user is in.
    #[n(3)]
    pub active: bool,
    /// When they joined, the last time.
    #[n(4)]
    pub joined_at: Timestamp,
    /// The place where they joined, the last time: where the read mark starts.
    #[n(5)]
    pub joined_seq: Seq,
    /// What they may see while they are in.
    #[n(6)]
    pub intervals: Intervals,
    /// When they last joined, left or changed roles, by the owner's clock: what sync's token compares.
    #[n(7)]
    pub changed_at: Timestamp,
}

/// A place together with the id at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Place {
    /// The place.
    #[n(0)]
    pub seq: Seq,
    /// The id at it.
    #[n(1)]
    pub id: EventId,
}

/// One user's marks in one chat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct MarkRow {
    /// The last message that arrived.
    #[n(0)]
    pub delivered: Option<Place>,
    /// The last message read.
    #[n(1)]
    pub read: Option<Place>,
    /// When a mark last moved, by the owner's clock: what sync's token compares.
    #[n(2)]
    pub changed_at: Timestamp,
}

impl MarkRow {
    /// Returns whether one of them is exactly there.
    pub(crate) fn are_at(&self, place: Place) -> bool {
        self.read == Some(place) || self.delivered == Some(place)
    }
}

/// One user's own settings of one chat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct PreferencesRow {
    /// Until when no push is wanted.
    #[n(0)]
    pub muted_until: Option<Timestamp>,
    /// Which messages are pushed.
    #[cbor(n(1), with = "cbor_shape")]
    pub push: PushPreference,
    /// When they last changed: what sync's token compares.
    #[n(2)]
    pub changed_at: Timestamp,
}

/// All that the directory knows of one user in one chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The membership itself.
    pub member: MemberRow,
    /// The user's marks.
    pub marks: MarkRow,
    /// The user's settings.
    pub preferences: PreferencesRow,
}

impl MemberRow {
    /// Returns the place after which messages are unread: the read mark, which starts where they joined or where an
    /// import ends.
    #[must_use]
    pub fn unread_after(&self, marks: &MarkRow, chat: &ChatRow) -> Seq {
        let start = self.joined_seq.max(chat.imported_through);
        marks.read.map_or(start, |read| read.seq.max(start))
    }
}

/// Writes the protocol's small enums by their wire names, so that store and wire can't drift apart.
pub(crate) mod cbor_shape {
    use minicbor::{
        Decoder, Encoder,
        decode::Error as DecodeError,
        encode::{Error as EncodeError, Write},
    };
    use serde::{Serialize, de::DeserializeOwned};

    pub(crate) fn encode<T: Serialize, C, W: Write>(
        value: &T,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        match serde_json::to_value(value) {
            Ok(serde_json::Value::String(name)) => encoder.str(&name)?.ok(),
            Ok(serde_json::Value::Null) => encoder.null()?.ok(),
            _ => Err(EncodeError::message("not a plain enum")),
        }
    }

    pub(crate) fn decode<T: DeserializeOwned, C>(
        decoder: &mut Decoder<'_>,
        _: &mut C,
    ) -> Result<T, DecodeError> {
        let value = if decoder.datatype()? == minicbor::data::Type::Null {
            decoder.null()?;
            serde_json::Value::Null
        } else {
            serde_json::Value::from(decoder.str()?)
        };
        serde_json::from_value(value).map_err(DecodeError::custom)
    }

    pub(crate) fn nil<T: DeserializeOwned>() -> Option<T> {
        serde_json::from_value(serde_json::Value::Null).ok()
    }

    pub(crate) fn is_nil<T: Serialize>(value: &T) -> bool {
        matches!(serde_json::to_value(value), Ok(serde_json::Value::Null))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let member = MemberRow {
            chat: ChatId(7),
            user: UserId::new("ana").unwrap(),
            role: Role::Admin,
            active: true,
            joined_at: Timestamp::from_unix_millis(5),
            joined_seq: Seq(3),
            intervals: Intervals::from(Seq(1)),
            changed_at: Timestamp::from_unix_millis(6),
        };
        let bytes = minicbor::to_vec(&member).unwrap();
        assert_eq!(minicbor::decode::<MemberRow>(&bytes).unwrap(), member);
        let preferences = PreferencesRow {
            push: PushPreference::Mentions,
            ..PreferencesRow::default()
        };
        let bytes = minicbor::to_vec(&preferences).unwrap();
        assert_eq!(
            minicbor::decode::<PreferencesRow>(&bytes).unwrap(),
            preferences
        );
    }

    #[test]
    fn unread_starts_where_they_joined_the_last_time_or_where_an_import_ends() {
        let member = MemberRow {
            chat: ChatId(7),
            user: UserId::new("ana").unwrap(),
            role: Role::Member,
            active: true,
            joined_at: Timestamp::default(),
            joined_seq: Seq(30),
            intervals: Intervals::from(Seq(1)),
            changed_at: Timestamp::default(),
        };
        let read = |seq| MarkRow {
            read: Some(Place {
                seq: Seq(seq),
                id: EventId(seq),
            }),
            ..MarkRow::default()
        };
        let chat = |imported_through| ChatRow {
            imported_through: Seq(imported_through),
            id: ChatId(7),
            kind: ChatType::Group,
            name: None,
            history_visible: HistoryVisible::All,
            epoch: Epoch::default(),
            created_at: Timestamp::default(),
            created_by: member.user.clone(),
            deleted: false,
            large: false,
            changed_at: Timestamp::default(),
            imported: true,
            members: 1,
        };
        assert_eq!(member.unread_after(&MarkRow::default(), &chat(0)), Seq(30));
        assert_eq!(member.unread_after(&read(20), &chat(0)), Seq(30));
        assert_eq!(member.unread_after(&read(40), &chat(35)), Seq(40));
        assert_eq!(member.unread_after(&read(40), &chat(50)), Seq(50));
    }
}
