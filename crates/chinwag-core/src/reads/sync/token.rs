//! Where a sync goes on: the time that the last one began, and how far one that isn't complete has come.

use chinwag_proto::{ChatId, Problem, Timestamp};
use minicbor::{Decode, Encode};

use super::REACH_BACK_MS;
use crate::reads::opaque::{self, Kind};

/// A sync under way. What a client has in hand is this, written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(super) struct SyncToken {
    /// When the sync before this one began; none where everything is asked for.
    #[n(0)]
    since: Option<Timestamp>,
    /// When this one began; none in the token of a complete one.
    #[n(1)]
    began: Option<Timestamp>,
    /// The last chat that this one has dealt with.
    #[n(2)]
    pub(super) after: Option<ChatId>,
}

impl SyncToken {
    /// Reads a client's token, or begins anew where there is none; `badRequest` for any other text.
    pub(super) fn read(text: Option<&str>, now: Timestamp) -> Result<Self, Problem> {
        let token = match text {
            None => Self {
                since: None,
                began: None,
                after: None,
            },
            Some(text) => opaque::read(Kind::Sync, text).ok_or_else(|| {
                Problem::field("/since", "is neither null nor the token of an earlier sync")
            })?,
        };
        Ok(Self {
            began: token.began.or(Some(now)),
            ..token
        })
    }

    /// Returns the time since which changes are told; none: everything is.
    pub(super) fn cut(&self) -> Option<Timestamp> {
        self.since.map(|since| since.plus_millis(-REACH_BACK_MS))
    }

    /// Makes the token of a complete sync.
    pub(super) fn completed(self) -> Self {
        Self {
            since: self.began,
            began: None,
            after: None,
        }
    }

    /// Makes the token with which this sync goes on after a chat.
    pub(super) fn going_on(self, after: Option<ChatId>) -> Self {
        Self { after, ..self }
    }

    /// Writes the token.
    pub(super) fn write(&self) -> String {
        opaque::write(Kind::Sync, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_sync_begins_where_the_first_page_began() {
        let at = Timestamp::from_unix_millis;
        let first = SyncToken::read(None, at(10_000)).unwrap();
        assert_eq!(first.cut(), None);
        let going_on = first.going_on(Some(ChatId(7))).write();
        let second = SyncToken::read(Some(&going_on), at(20_000)).unwrap();
        assert_eq!((second.cut(), second.after), (None, Some(ChatId(7))));
        let next = SyncToken::read(Some(&second.completed().write()), at(30_000)).unwrap();
        let reached_back = at(10_000).plus_millis(-REACH_BACK_MS);
        assert_eq!((next.cut(), next.after), (Some(reached_back), None));
    }

    #[test]
    fn any_other_text_is_refused() {
        for wrong in ["", "0", "2026-01-31T12:00:00Z", "BQ", "BYP29g"] {
            let read = SyncToken::read(Some(wrong), Timestamp::default());
            assert_eq!(read.unwrap_err().status, 400, "{wrong:?}");
        }
    }
}
