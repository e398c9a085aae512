//! One chat in the owner's memory, and how an event takes its place.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chinwag_proto::{ClientId, EventId, Problem, Seq, SessionId, Timestamp, UserId, snowflake};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};

use super::{
    arrivals::Generation,
    members::{Audience, Members},
    receipts::ReceiptsDue,
    untold::Untold,
    window::Window,
};
use crate::{
    model::{ChatRow, LogRow, MarkRow, RowBody, Term},
    ports::Append,
};

/// The end of a log as the owner has given it out, confirmed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Head {
    pub(super) seq: Seq,
    pub(super) id: EventId,
    pub(super) count: u64,
    pub(super) last_message: Seq,
}

impl Head {
    /// Reads the head off the last row.
    pub(super) fn of(row: &LogRow) -> Self {
        let last_message = if row.message().is_some() {
            row.seq
        } else {
            row.previous_message
        };
        Self {
            seq: row.seq,
            id: row.id,
            count: row.count,
            last_message,
        }
    }
}

/// An event that takes the next place.
pub(super) struct NextEvent {
    pub(super) id: EventId,
    pub(super) user: UserId,
    pub(super) timestamp: Timestamp,
    pub(super) client_id: Option<ClientId>,
    pub(super) digest: Option<u64>,
    pub(super) body: RowBody,
}

/// A message that was changed by an event that is not confirmed yet.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// The message's row with the change in it.
    pub(super) row: LogRow,
    /// Reactions put on or taken off meanwhile.
    pub(super) reactions: HashMap<(UserId, String), bool>,
}

/// An event that waits for the store.
pub(super) struct Waiting {
    pub(super) append: Append,
    pub(super) outgoing: Outgoing,
    pub(super) done: Option<oneshot::Sender<Result<(), Problem>>>,
}

/// What goes out once an event is confirmed.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) audience: Arc<Audience>,
    /// The changed message as it is from here on.
    pub(super) target: Option<LogRow>,
    pub(super) except: Option<SessionId>,
    /// Whether the owner itself delivers it.
    pub(super) direct: bool,
    pub(super) topics: TopicChange,
    /// The minute of the mark that covers it, where there are marks.
    pub(super) minute: Option<u64>,
}

impl Outgoing {
    /// Returns how many users the owner itself delivers to.
    pub(super) fn recipients(&self) -> usize {
        if self.direct {
            self.audience.users.len()
        } else {
            0
        }
    }
}

/// Who must begin or end to listen to a large chat's topic.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum TopicChange {
    #[default]
    None,
    Joined(Vec<crate::model::MemberRow>),
    Parted(Vec<UserId>),
}

/// A chat in memory. It belongs to one term; a chat that failed is retired and loaded anew.
pub(super) struct Chat {
    pub(super) term: Term,
    /// Where this owner made it in this term: the newest generation of arrivals then.
    pub(super) born: Option<Generation>,
    /// The time of the last id that was given before it was loaded, by the clock of whoever gave it: no request that was
    /// stored before is more than two minutes younger, whatever this node's clock says.
    pub(super) loaded_behind: Timestamp,
    state: Mutex<State>,
    /// Held from reading a message to stamping its change, so that changes of one message don't cross.
    pub(super) amending: tokio::sync::Mutex<()>,
    /// Held from reading a user's marks to writing them.
    pub(super) marking: tokio::sync::Mutex<()>,
    /// Told whenever the confirmed place moves, the writer rests, or the chat is retired.
    pub(super) moved: Notify,
    used: AtomicU64,
}

/// What changes in a chat.
pub(super) struct State {
    pub(super) row: ChatRow,
    pub(super) members: Members,
    pub(super) head: Head,
    pub(super) confirmed: Seq,
    pub(super) window: Window,
    pub(super) pending: HashMap<Seq, Pending>,
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) writing: bool,
    pub(super) outgoing: VecDeque<(Append, Outgoing)>,
    pub(super) publishing: bool,
    pub(super) retired: bool,
    /// Whether a `term` event must come before the next one (rule T2).
    pub(super) term_due: bool,
    /// Until when a chat that changed its path is delivered on both, by the clock that never steps.
    pub(super) both_paths_until: Duration,
    pub(super) marks: HashMap<UserId, MarkRow>,
    pub(super) receipts: ReceiptsDue,
    pub(super) untold: Untold,
}

impl Chat {
    pub(super) fn new(term: Term, row: ChatRow, members: Members, last: Option<&LogRow>) -> Self {
        let head = last.map(Head::of).unwrap_or_default();
        let state = State {
            row,
            members,
            head,
            confirmed: head.seq,
            window: Window::default(),
            pending: HashMap::new(),
            waiting: VecDeque::new(),
            writing: false,
            outgoing: VecDeque::new(),
            publishing: false,
            retired: false,
            term_due: last.is_some_and(|last| last.term < term),
            both_paths_until: Duration::ZERO,
            marks: HashMap::new(),
            receipts: ReceiptsDue::default(),
            untold: Untold::default(),
        };
        Self {
            term,
            born: None,
            loaded_behind: snowflake::time(head.id.0),
            state: Mutex::new(state),
            amending: tokio::sync::Mutex::new(()),
            marking: tokio::sync::Mutex::new(()),
            moved: Notify::new(),
            used: AtomicU64::new(0),
        }
    }

    /// Makes it one that this owner made itself.
    pub(super) fn born(self, generation: Generation) -> Self {
        Self {
            born: Some(generation),
            ..self
        }
    }

    /// Locks what changes; never held across a wait.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Waits until nothing stamped is on its way to the store.
    pub(super) async fn rested(&self) {
        loop {
            let moved = self.moved.notified();
            let rests = {
                let state = self.state();
                state.waiting.is_empty() && !state.writing
            };
            if rests {
                return;
            }
            moved.await;
        }
    }

    pub(super) fn touch(&self, tick: u64) {
        self.used.store(tick, Ordering::Relaxed);
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

impl State {
    /// Returns the place that the next event takes.
    pub(super) fn next_seq(&self) -> Seq {
        if self.term_due {
            self.head.seq.next().next()
        } else {
            self.head.seq.next()
        }
    }

    /// Gives an event the next place, and returns its row.
    pub(super) fn take_place(&mut self, term: Term, event: NextEvent) -> LogRow {
        let seq = self.head.seq.next();
        let mut body = event.body;
        let is_message = if let RowBody::Message(message) = &mut body {
            Arc::make_mut(message).change_seq = seq;
            true
        } else {
            false
        };
        let row = LogRow {
            term,
            confirmed: self.confirmed,
            seq,
            id: event.id,
            user: event.user,
            timestamp: event.timestamp,
            count: self.head.count + u64::from(is_message),
            previous_message: self.head.last_message,
            client_id: event.client_id,
            digest: event.digest,
            body,
        };
        self.head = Head::of(&row);
        row
    }

    /// Returns how many active members there are.
    pub(super) fn member_count(&self) -> u32 {
        u32::try_from(self.members.count()).unwrap_or(u32::MAX)
    }

    /// Returns whether nothing of this chat is on its way: only then may it leave the cache (rule T1).
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
            && !self.writing
            && self.outgoing.is_empty()
            && !self.publishing
            && self.receipts.is_idle()
            && self.untold.is_idle()
    }

    /// Finds a request that is on its way or came lately.
    pub(super) fn arrived(
        &self,
        user: &UserId,
        client_id: Option<&ClientId>,
    ) -> Option<super::window::Arrived> {
        self.window.find(user, client_id?)
    }

    /// Forgets the changes of messages that are confirmed now: the store has them.
    pub(super) fn forget_confirmed(&mut self) {
        let confirmed = self.confirmed;
        self.pending.retain(|_, pending| {
            pending
                .row
                .message()
                .is_some_and(|message| message.change_seq > confirmed)
        });
    }
}
