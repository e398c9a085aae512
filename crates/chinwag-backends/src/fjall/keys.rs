//! Keys of rows: one byte of kind, then numbers big-endian, so that bytes sort as the rows should.
//!
//! A user id in the middle of a key ends with a zero byte: ids hold no control characters, so `ab` never gets
//! between `a` and what belongs to `a`.

use chinwag_core::{
    model::{NodeId, Shard},
    ports::QueueGroup,
};
use chinwag_proto::{ChatId, ClientId, DeviceId, EventId, Seq, Timestamp, UserId};

/// What a row is; the first byte of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Log = b'L',
    Id = b'I',
    Sent = b'S',
    Version = b'V',
    Reaction = b'R',
    Chat = b'C',
    Member = b'M',
    ChatOfUser = b'H',
    Mark = b'K',
    Preferences = b'F',
    Pair = b'P',
    Request = b'Q',
    User = b'U',
    Name = b'N',
    UserChange = b'G',
    ApiKey = b'A',
    Device = b'D',
    Address = b'X',
    Shard = b'T',
    IdBound = b'B',
    Queue = b'E',
    Ack = b'W',
    Secret = b'Y',
    Commit = b'Z',
}

/// A key, or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(Vec<u8>);

impl Key {
    pub(super) fn of(kind: Kind) -> Self {
        // The longest usual key is a `sent` row's: kind, chat, user, client id.
        let mut bytes = Vec::with_capacity(64);
        bytes.push(kind as u8);
        Self(bytes)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn short(mut self, number: u16) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn end(mut self) -> Self {
        self.0.push(0);
        self
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Returns the first key above all that begin so; no kind is 255, so there is one.
    pub(super) fn past(&self) -> Self {
        let mut bytes = self.0.clone();
        while let Some(last) = bytes.last_mut() {
            if *last < u8::MAX {
                *last += 1;
                break;
            }
            bytes.pop();
        }
        Self(bytes)
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The last commit: its number and the counters that go with it.
pub(super) fn commit() -> Key {
    Key::of(Kind::Commit)
}

/// A chat's rows of a kind that is keyed by chat first.
pub(super) fn of_chat(kind: Kind, chat: ChatId) -> Key {
    Key::of(kind).number(chat.0)
}

/// An event.
pub(super) fn log(chat: ChatId, seq: Seq) -> Key {
    of_chat(Kind::Log, chat).number(seq.0)
}

/// Where an event is.
pub(super) fn id(id: EventId) -> Key {
    Key::of(Kind::Id).number(id.0)
}

/// What became of a sender's request.
pub(super) fn sent(chat: ChatId, user: &UserId, client_id: &ClientId) -> Key {
    of_chat(Kind::Sent, chat)
        .text(user.as_str())
        .end()
        .text(client_id.as_str())
}

/// A message's rows of a kind that is keyed by message.
pub(super) fn of_message(kind: Kind, chat: ChatId, message: Seq) -> Key {
    of_chat(kind, chat).number(message.0)
}

/// What a message was before the event at `until`, the `nth` that this event keeps.
pub(super) fn version(chat: ChatId, message: Seq, until: Seq, nth: u16) -> Key {
    let key = of_message(Kind::Version, chat, message).number(until.0);
    // An edit keeps one, so nearly every key ends here.
    if nth == 0 { key } else { key.short(nth) }
}

/// A user's reactions to a message.
pub(super) fn reactions_of(chat: ChatId, message: Seq, user: &UserId) -> Key {
    of_message(Kind::Reaction, chat, message)
        .text(user.as_str())
        .end()
}

/// One reaction.
pub(super) fn reaction(chat: ChatId, message: Seq, user: &UserId, key: &str) -> Key {
    reactions_of(chat, message, user).text(key)
}

/// A row of one user in one chat.
pub(super) fn in_chat(kind: Kind, chat: ChatId, user: &UserId) -> Key {
    of_chat(kind, chat).text(user.as_str())
}

/// A user's rows of a kind that is keyed by user first.
pub(super) fn of_user(kind: Kind, user: &UserId) -> Key {
    Key::of(kind).text(user.as_str()).end()
}

/// That a user is, or was, in a chat.
pub(super) fn chat_of_user(user: &UserId, chat: ChatId) -> Key {
    of_user(Kind::ChatOfUser, user).number(chat.0)
}

/// The direct chat of a pair, in either order.
pub(super) fn pair(one: &UserId, other: &UserId) -> Key {
    let (low, high) = if one <= other {
        (one, other)
    } else {
        (other, one)
    };
    of_user(Kind::Pair, low).text(high.as_str())
}

/// The chat that a user's request made.
pub(super) fn request(user: &UserId, request: &ClientId) -> Key {
    of_user(Kind::Request, user).text(request.as_str())
}

/// A user.
pub(super) fn user(user: &UserId) -> Key {
    Key::of(Kind::User).text(user.as_str())
}

/// A user by folded name.
pub(super) fn name(folded: &str, user: &UserId) -> Key {
    // A name may hold zero bytes; what follows the last one is the user's id, since ids hold none.
    Key::of(Kind::Name).text(folded).end().text(user.as_str())
}

/// When a user last changed.
pub(super) fn user_change(at: Timestamp, user: &UserId) -> Key {
    user_changes_from(at).text(user.as_str())
}

/// Where changes of users at or after a time begin.
pub(super) fn user_changes_from(at: Timestamp) -> Key {
    // With the sign bit turned, times before 1970 sort before those after.
    Key::of(Kind::UserChange).number(at.unix_millis().cast_unsigned() ^ (1 << 63))
}

/// An API key.
pub(super) fn api_key(id: &str) -> Key {
    Key::of(Kind::ApiKey).text(id)
}

/// A device.
pub(super) fn device(user: &UserId, device: &DeviceId) -> Key {
    of_user(Kind::Device, user).text(device.as_str())
}

/// Whose a provider's address is; by digest, since a browser's subscription has no bound that keys have.
pub(super) fn address(address: &str) -> Key {
    let digest = xxhash_rust::xxh3::xxh3_128(address.as_bytes());
    let mut key = Key::of(Kind::Address);
    key.0.extend_from_slice(&digest.to_be_bytes());
    key
}

/// A shard's owner and term.
pub(super) fn shard(shard: Shard) -> Key {
    Key::of(Kind::Shard).short(shard.0)
}

/// The bound of a node's ids.
pub(super) fn id_bound(node: NodeId) -> Key {
    Key::of(Kind::IdBound).short(node.0)
}

/// A secret of the server.
pub(super) fn secret(name: &str) -> Key {
    Key::of(Kind::Secret).text(name)
}

/// A record of the queue.
pub(super) fn queue(position: u64) -> Key {
    Key::of(Kind::Queue).number(position)
}

/// What a group has acknowledged.
pub(super) fn ack(group: QueueGroup) -> Key {
    Key::of(Kind::Ack).text(group.name())
}

/// Reads who asked, and what, from a request's key.
pub(super) fn read_request(key: &[u8]) -> Option<(UserId, ClientId)> {
    let (user, request) = text_from(key, 1)?.split_once('\0')?;
    Some((UserId::new(user).ok()?, ClientId::new(request).ok()?))
}

/// Reads the number at an offset of a key; the kind is at offset 0.
pub(super) fn number_at(key: &[u8], offset: usize) -> Option<u64> {
    let bytes = key.get(offset..offset + 8)?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

/// Reads the text from an offset of a key to its end.
pub(super) fn text_from(key: &[u8], offset: usize) -> Option<&str> {
    std::str::from_utf8(key.get(offset..)?).ok()
}

/// Reads the user id from an offset of a key to its end.
pub(super) fn user_from(key: &[u8], offset: usize) -> Option<UserId> {
    UserId::new(text_from(key, offset)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_id(text: &str) -> UserId {
        UserId::new(text).unwrap()
    }

    #[test]
    fn places_sort_as_numbers() {
        assert!(log(ChatId(1), Seq(255)).as_slice() < log(ChatId(1), Seq(256)).as_slice());
        assert!(log(ChatId(1), Seq(u64::MAX)).as_slice() < log(ChatId(2), Seq(0)).as_slice());
    }

    #[test]
    fn what_belongs_to_a_user_is_not_mixed_with_a_longer_id() {
        let of_a = of_user(Kind::ChatOfUser, &user_id("a"));
        let inside = chat_of_user(&user_id("a"), ChatId(u64::MAX));
        let beside = chat_of_user(&user_id("a!"), ChatId(0));
        assert!(inside.as_slice() < of_a.past().as_slice());
        assert!(beside.as_slice() >= of_a.past().as_slice());
    }

    #[test]
    fn a_pair_has_one_key() {
        let (ana, bo) = (user_id("ana"), user_id("bo"));
        assert_eq!(pair(&ana, &bo), pair(&bo, &ana));
    }

    #[test]
    fn a_request_is_read_from_its_key() {
        let made = (user_id("ana"), ClientId::new("a-request-01").unwrap());
        let key = request(&made.0, &made.1);
        assert_eq!(read_request(key.as_slice()), Some(made));
    }

    #[test]
    fn times_sort_across_1970() {
        let at = |millis| user_changes_from(Timestamp::from_unix_millis(millis));
        assert!(at(-1).as_slice() < at(0).as_slice());
        assert!(at(i64::MIN).as_slice() < at(i64::MAX).as_slice());
    }

    #[test]
    fn the_end_of_a_prefix_lies_past_all_that_begin_so() {
        let chat = of_chat(Kind::Log, ChatId(u64::MAX));
        assert_eq!(chat.past().as_slice(), [b'L' + 1]);
    }
}
