//! A history in memory, arranged for the rules.
//!
//! Names are numbers, texts are digests, and what many saw alike is kept once: an observation
//! costs 16 bytes, whatever it showed.

pub(crate) mod load;
pub(crate) mod members;
pub(crate) mod names;
pub(crate) mod ranges;
pub(crate) mod tables;
mod tails;

use members::Members;
use names::{NONE, Names};
use tables::*;

use super::history::{Kind, ServerState, Via};
use super::report::Counts;

/// Holds a whole history.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) user_names: Names,
    pub(crate) chat_names: Names,
    pub(crate) sessions: Vec<SessionRow>,
    pub(crate) chats: Vec<Chat>,
    pub(crate) requests: Vec<Request>,
    pub(crate) user_lists: Vec<Box<[u32]>>,
    /// Acknowledgements of a request that gave it another id than the first one did.
    pub(crate) other_acks: Vec<OtherAck>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) changes: Vec<Change>,
    /// Facts by the id of their event, of all events whose id was told.
    pub(crate) by_id: Vec<(u64, u32)>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) pages: Vec<PageRow>,
    /// For each page the chat's last place that was acknowledged before the page was asked for.
    pub(crate) page_tails: Vec<Place>,
    pub(crate) prefixes: Vec<PrefixRow>,
    pub(crate) marks: Vec<MarkRow>,
    pub(crate) unread: Vec<UnreadRow>,
    pub(crate) typing: Vec<TypingRow>,
    pub(crate) steps: Vec<Step>,
    pub(crate) members: Members,
    pub(crate) last_at: u64,
    pub(crate) counts: Counts,
}

/// Holds a second, different acknowledgement of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OtherAck {
    pub(crate) request: u32,
    pub(crate) id: u64,
    pub(crate) line: u32,
}

impl Index {
    /// Gives what was said of a place, newest first.
    pub(crate) fn said_of(&self, newest: u32) -> impl Iterator<Item = &Fact> {
        let first = self.facts.get(newest as usize);
        std::iter::successors(first, |fact| self.facts.get(fact.next as usize))
    }

    /// Gives the event of a place as one who may see it sees it.
    pub(crate) fn event_at(&self, newest: u32) -> Option<&Fact> {
        self.said_of(newest).find(|fact| fact.kind != Kind::Hidden)
    }

    /// Gives all facts of an event's id.
    pub(crate) fn facts_of(&self, id: u64) -> impl Iterator<Item = &Fact> {
        let from = self.by_id.partition_point(|(other, _)| *other < id);
        let same = self.by_id[from..]
            .iter()
            .take_while(move |(other, _)| *other == id);
        same.map(|(_, fact)| &self.facts[*fact as usize])
    }

    /// Gives the place of an event of a chat, if somebody saw it or got it acknowledged.
    pub(crate) fn seq_of(&self, chat: u32, id: u64) -> Option<u64> {
        self.facts_of(id)
            .find(|fact| fact.chat == chat)
            .map(|fact| fact.place.seq)
    }

    /// Gives the events of a chat's places, in order, of one epoch.
    pub(crate) fn log(
        &self,
        chat: u32,
        epoch: u32,
        from: u64,
        to: u64,
    ) -> impl Iterator<Item = &Fact> {
        let from = Place { epoch, seq: from };
        // A range whose ends are crossed would panic.
        let to = Place {
            epoch,
            seq: to.max(from.seq),
        };
        let places = self.chats[chat as usize].places.range(from..=to);
        places.filter_map(|(_, newest)| self.event_at(*newest))
    }

    pub(crate) fn chat_name(&self, chat: u32) -> &str {
        self.chat_names.name(chat)
    }

    pub(crate) fn user_name(&self, user: u32) -> &str {
        self.user_names.name(user)
    }

    /// Gives the user of a session.
    pub(crate) fn user_of(&self, session: u32) -> u32 {
        self.sessions
            .get(session as usize)
            .map_or(NONE, |row| row.user)
    }

    /// Gives the facts that a page showed.
    pub(crate) fn shown_by(&self, page: &PageRow) -> impl DoubleEndedIterator<Item = &Fact> {
        self.seen[page.from..page.to]
            .iter()
            .map(|seen| &self.facts[seen.fact as usize])
    }

    /// Tells whether a page is part of a dump that leaves out what isn't a message.
    pub(crate) fn is_sparse_dump(&self, page: &PageRow) -> bool {
        let dumps = &self.chats[page.chat as usize].dumps;
        let part = dumps.iter().rfind(|dump| dump.line <= page.line);
        page.via == Via::Dump && part.is_some_and(|dump| dump.only_messages)
    }

    /// Tells whether loss was accepted between two lines.
    pub(crate) fn restored_between(&self, from: u32, to: u32) -> bool {
        let mut between = self
            .steps
            .iter()
            .filter(|step| step.line > from && step.line < to);
        between.any(|step| matches!(step.what, StepKind::Server(ServerState::Restored)))
    }
}
