//! Read and delivered marks, and typing (rule A5).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chinwag_proto::{ChatId, EventId, MessageId, Problem, Seq, snowflake};

use super::{
    Caller, Outcome, Owner, chat::Chat, load::not_owner, no_such_message, receipts::Moved,
    untold::TellLater,
};
use crate::{
    model::{LogRow, MarkRow, Place, SHARDS, Shard},
    ports::{BusMessage, Stamp, Topic},
};

/// Where the stamps of marks begin: 2026-01-01, so that milliseconds fit 40 bits until 2060.
const MARK_CLOCK_MILLIS: u64 = 820_540_800_000;

/// A user's marks.
struct Known {
    marks: MarkRow,
    /// Whether this owner told of them, which where they were just read from the store it can't know.
    told: bool,
}

/// What follows from a request for a mark.
enum Decision {
    Nothing,
    /// It is there; it is told once more.
    Tell(Moved),
    Write(Moved, Stamp),
}

/// The last stamp of a mark in each shard: many of one millisecond, or while the clock stands still, must rise too,
/// though their chat is loaded anew in between.
pub(super) struct MarkTimes(Box<[AtomicU64]>);

impl Default for MarkTimes {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl MarkTimes {
    fn next(&self, shard: Shard, millis: u64) -> u64 {
        let last = &self.0[usize::from(shard.0)];
        let after = |last: u64| millis.max(last + 1);
        let before =
            last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(after(last)));
        after(before.unwrap_or_else(|last| last))
    }
}

impl Owner {
    pub(super) async fn read(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        message: MessageId,
        unread: bool,
    ) -> Result<Outcome, Problem> {
        self.move_mark(caller, id, chat, message, |marks, place| {
            let moves = if unread {
                marks.read != Some(place)
            } else {
                marks.read < Some(place)
            };
            if moves {
                marks.read = Some(place);
                // What was read has arrived.
                marks.delivered = marks.delivered.max(Some(place));
            }
            moves
        })
        .await
    }

    pub(super) async fn delivered(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        message: MessageId,
    ) -> Result<Outcome, Problem> {
        self.move_mark(caller, id, chat, message, |marks, place| {
            let moves = marks.delivered < Some(place);
            if moves {
                marks.delivered = Some(place);
            }
            moves
        })
        .await
    }

    async fn move_mark(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        message: MessageId,
        change: impl FnOnce(&mut MarkRow, Place) -> bool,
    ) -> Result<Outcome, Problem> {
        chat.state().members.of_caller(caller)?;
        let row = self.message_row(id, message).await?;
        let _one_at_a_time = chat.marking.lock().await;
        // Whoever has the chat next began above what is written under this term.
        if !self.is_current(id, chat) {
            return Err(not_owner());
        }
        let known = self.marks_of(caller, id, chat).await?;
        match self.decide_mark(caller, id, chat, row, known, change)? {
            Decision::Nothing => {}
            Decision::Tell(moved) => self.marked(id, chat, moved).await,
            Decision::Write(moved, stamp) => {
                let write = vec![(id, moved.user.clone(), moved.marks.clone(), stamp)];
                let unless_told = TellLater::new(self, id, chat, moved.clone(), stamp);
                self.ports.directory.put_marks(write).await?;
                self.marked(id, chat, moved).await;
                unless_told.end();
            }
        }
        Ok(Outcome::Done)
    }

    /// Decides whether a mark moves to a message, which the caller sees.
    fn decide_mark(
        &self,
        caller: &Caller,
        id_of_chat: ChatId,
        chat: &Chat,
        row: Option<LogRow>,
        known: Known,
        change: impl FnOnce(&mut MarkRow, Place) -> bool,
    ) -> Result<Decision, Problem> {
        let state = chat.state();
        let member = state.members.of_caller(caller)?;
        let visible =
            row.filter(|row| member.intervals.contains(row.seq) && row.seq <= state.confirmed);
        let row = visible.ok_or_else(no_such_message)?;
        let (seq, id) = (row.seq, row.id);
        let mut moved = Moved {
            user: caller.user.clone(),
            marks: known.marks,
            author: row.user,
            at: Place { seq, id },
            except: caller.session,
        };
        if !change(&mut moved.marks, moved.at) {
            // An owner before, who may have died, stored it and may have told nobody.
            let once_more = !known.told && moved.marks.are_at(moved.at);
            return Ok(match once_more {
                true => Decision::Tell(moved),
                false => Decision::Nothing,
            });
        }
        moved.marks.changed_at = self.ports.clock.now();
        let stamp = Stamp {
            term: chat.term,
            seq: Seq(self.mark_time(id_of_chat)?),
        };
        Ok(Decision::Write(moved, stamp))
    }

    /// Takes a mark that is stored as the user's, and tells of it.
    pub(super) async fn marked(self: &Arc<Self>, id: ChatId, chat: &Arc<Chat>, moved: Moved) {
        {
            let mut state = chat.state();
            let (user, marks) = (moved.user.clone(), moved.marks.clone());
            state.untold.forget(&user);
            state.marks.insert(user, marks);
        }
        self.tell_mark(id, chat, moved).await;
    }

    /// Returns a rising stamp for a mark: the ids' own time, which no step of the clock and no restart sets back.
    fn mark_time(&self, chat: ChatId) -> Result<u64, Problem> {
        let id = self.ids.next(self.ports.clock.now(), EventId(0));
        let id = id.ok_or_else(|| self.no_id())?;
        let millis = snowflake::millis(id.0).saturating_sub(MARK_CLOCK_MILLIS);
        Ok(self.mark_times.next(Shard::of(chat), millis))
    }

    async fn marks_of(&self, caller: &Caller, id: ChatId, chat: &Chat) -> Result<Known, Problem> {
        if let Some(marks) = chat.state().marks.get(&caller.user) {
            let marks = marks.clone();
            return Ok(Known { marks, told: true });
        }
        let users = std::slice::from_ref(&caller.user);
        let stored = self.ports.directory.memberships(id, users).await?;
        let membership = stored.into_iter().flatten().next();
        let marks = membership.map(|membership| membership.marks);
        let marks = marks.unwrap_or_default();
        Ok(Known { marks, told: false })
    }

    pub(super) async fn typing(
        &self,
        caller: &Caller,
        id: ChatId,
        chat: &Chat,
    ) -> Result<Outcome, Problem> {
        let (audience, large, members) = {
            let mut state = chat.state();
            state.members.of_caller(caller)?;
            (
                state.members.audience(),
                state.row.large,
                state.member_count(),
            )
        };
        let users = if large {
            [].into()
        } else {
            Arc::clone(&audience.users)
        };
        let typing = BusMessage::Typing {
            chat: id,
            user: caller.user.clone(),
            users: Arc::clone(&users),
            members,
        };
        if large {
            self.ports.delivery.to_topic(Topic::Chat(id), typing).await;
        } else {
            self.ports.delivery.to_users(&users, typing).await;
        }
        Ok(Outcome::Done)
    }
}
