//! The rows that a history is kept as. Times are nanoseconds; `line` counts from 1, 0 is none.

use std::collections::BTreeMap;

use super::names::NONE;
use crate::check::history::{HistoryVisible, Kind, ServerState, Via};

/// Names a place of a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) epoch: u32,
    pub(crate) seq: u64,
}

/// Names what a request asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Message,
    Edit,
    Delete,
    React,
    Add,
    Remove,
    Read,
    ReadUnread,
    Other,
}

/// Holds one request with all its tries.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) chat: u32,
    pub(crate) user: u32,
    pub(crate) asked: Asked,
    /// Two tries asked for different things, so nothing is said about what landed.
    pub(crate) varies: bool,
    /// Tries that began; 0 for a request of somebody whom nobody recorded.
    pub(crate) tries: u16,
    pub(crate) refused: u16,
    pub(crate) digest: u64,
    /// The message aimed at, or read.
    pub(crate) target: u64,
    /// The users added or removed, a number of `Index::user_lists`.
    pub(crate) users: u32,
    /// The line of the first try.
    pub(crate) line: u32,
    /// The line of the acknowledgement, or 0.
    pub(crate) ack_line: u32,
    pub(crate) acked_at: u64,
    /// What was given to it, 0 while unknown.
    pub(crate) id: u64,
    pub(crate) place: Place,
}

impl Request {
    pub(crate) fn acked(&self) -> bool {
        self.ack_line != 0
    }

    /// Tells whether every try was refused, so that nothing of it may show.
    pub(crate) fn refused(&self) -> bool {
        self.tries > 0 && self.refused >= self.tries && !self.acked()
    }
}

/// Holds one thing that was said of a place; sayings that differ are different facts.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) chat: u32,
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    pub(crate) deleted: bool,
    pub(crate) has_text: bool,
    /// The chat's last dump that showed it, from 1.
    pub(crate) dump: u16,
    /// The event's id, 0 where it wasn't told.
    pub(crate) id: u64,
    pub(crate) sender: u32,
    pub(crate) request: u32,
    pub(crate) target: u64,
    pub(crate) change_seq: u64,
    pub(crate) digest: u64,
    /// A number of `Index::changes`.
    pub(crate) change: u32,
    /// Where and when it was seen first.
    pub(crate) line: u32,
    pub(crate) at: u64,
    /// The fact said of the same place before, or `NONE`.
    pub(crate) next: u32,
}

impl Fact {
    /// The message that it shows or changes, or 0.
    pub(crate) fn message(&self) -> u64 {
        match self.kind {
            Kind::Message => self.id,
            _ => self.target,
        }
    }
}

/// Holds who came and went at a place, and what who joins from there on may see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Change {
    pub(crate) added: Box<[u32]>,
    pub(crate) gone: Box<[u32]>,
    pub(crate) history_visible: Option<HistoryVisible>,
}

/// Holds what is known of a chat.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    /// The newest fact of each place.
    pub(crate) places: BTreeMap<Place, u32>,
    pub(crate) members: Vec<u32>,
    pub(crate) history_visible: Option<HistoryVisible>,
    pub(crate) dumps: Vec<Dump>,
    /// When each higher epoch was seen first.
    pub(crate) epochs: Vec<EpochSeen>,
}

impl Chat {
    /// The last dump that ended.
    pub(crate) fn last_dump(&self) -> Option<&Dump> {
        self.dumps.iter().rfind(|dump| dump.end_line != 0)
    }

    /// The epoch that is judged: the last one seen.
    pub(crate) fn epoch(&self) -> u32 {
        self.epochs.last().map_or(0, |seen| seen.epoch)
    }
}

/// Holds one reading of a whole chat.
#[derive(Debug, Clone)]
pub(crate) struct Dump {
    pub(crate) number: u16,
    pub(crate) asked: u64,
    pub(crate) epoch: u32,
    pub(crate) only_messages: bool,
    pub(crate) line: u32,
    /// The line of its last part, 0 while it goes on.
    pub(crate) end_line: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct EpochSeen {
    pub(crate) epoch: u32,
    pub(crate) at: u64,
    pub(crate) line: u32,
}

/// Holds that a session saw a fact: 16 bytes, since there are more of these than of all else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) line: u32,
    pub(crate) fact: u32,
    pub(crate) session: u32,
    /// A number of `Index::pages`, or `NONE` if it came live.
    pub(crate) page: u32,
}

impl Seen {
    pub(crate) fn live(&self) -> bool {
        self.page == NONE
    }
}

/// Holds an answer with events; those are `seen[from..to]` of the index.
#[derive(Debug, Clone)]
pub(crate) struct PageRow {
    pub(crate) chat: u32,
    pub(crate) session: u32,
    pub(crate) via: Via,
    pub(crate) line: u32,
    pub(crate) asked: u64,
    pub(crate) epoch: u32,
    pub(crate) after: Option<u64>,
    pub(crate) after_id: u64,
    pub(crate) before_id: u64,
    pub(crate) head: Option<u64>,
    pub(crate) newest_first: bool,
    pub(crate) has_more: bool,
    pub(crate) limited: bool,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionRow {
    pub(crate) user: u32,
    pub(crate) device: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct PrefixRow {
    pub(crate) chat: u32,
    pub(crate) session: u32,
    pub(crate) place: Place,
    pub(crate) line: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct MarkRow {
    pub(crate) chat: u32,
    pub(crate) user: u32,
    pub(crate) id: u64,
    pub(crate) session: u32,
    pub(crate) at: u64,
    pub(crate) asked: Option<u64>,
    pub(crate) line: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct UnreadRow {
    pub(crate) chat: u32,
    pub(crate) user: u32,
    pub(crate) place: Place,
    pub(crate) mark: Option<u64>,
    pub(crate) count: u64,
    pub(crate) capped: bool,
    pub(crate) line: u32,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct TypingRow {
    pub(crate) chat: u32,
    pub(crate) user: u32,
    pub(crate) session: u32,
    pub(crate) at: u64,
    pub(crate) line: u32,
}

/// Holds a step of what presence depends on, in the order of lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) at: u64,
    pub(crate) line: u32,
    pub(crate) session: u32,
    pub(crate) what: StepKind,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum StepKind {
    Open,
    Close {
        clean: bool,
    },
    Watch {
        user: u32,
        on: bool,
    },
    Presence {
        user: u32,
        online: bool,
        asked: Option<u64>,
    },
    Server(ServerState),
    Quiet,
}
