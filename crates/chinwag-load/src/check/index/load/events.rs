//! Events, live and in answers: what many saw alike is kept once.

use super::Loader;
use crate::check::history::*;
use crate::check::index::names::NONE;
use crate::check::index::tables::*;

impl Loader {
    pub(super) fn live(&mut self, session: u32, live: &Live) {
        self.index.counts.live_events += 1;
        let chat = self.chat(&live.chat);
        let fact = self.fact(chat, &live.event, 0);
        self.index.seen.push(Seen {
            line: self.line,
            fact,
            session,
            page: NONE,
        });
    }

    pub(super) fn page(&mut self, session: u32, page: &Page) {
        self.index.counts.pages += 1;
        self.index.counts.page_events += page.events.len() as u64;
        let chat = self.chat(&page.chat);
        let dump = if page.via == Via::Dump {
            self.dump(chat, page)
        } else {
            0
        };
        self.epoch_seen(chat, page.epoch);
        let number = self.index.pages.len() as u32;
        let from = self.index.seen.len();
        for event in &page.events {
            let fact = self.fact(chat, event, dump);
            self.index.seen.push(Seen {
                line: self.line,
                fact,
                session,
                page: number,
            });
        }
        self.index.pages.push(PageRow {
            chat,
            session,
            via: page.via,
            line: self.line,
            asked: page.asked,
            epoch: page.epoch,
            after: page.after,
            after_id: page.after_id.map_or(0, |id| id.0),
            before_id: page.before_id.map_or(0, |id| id.0),
            head: page.head,
            newest_first: page.newest_first,
            has_more: page.has_more,
            limited: page.limited,
            from,
            to: self.index.seen.len(),
        });
    }

    /// Finds the dump that a part belongs to: one that goes on, or a new one.
    pub(super) fn dump(&mut self, chat: u32, page: &Page) -> u16 {
        let dumps = &mut self.index.chats[chat as usize].dumps;
        if dumps.last().is_none_or(|dump| dump.end_line != 0) {
            dumps.push(Dump {
                number: u16::try_from(dumps.len() + 1).unwrap_or(u16::MAX),
                asked: page.asked,
                epoch: page.epoch,
                only_messages: page.only_messages,
                line: self.line,
                end_line: 0,
            });
        }
        let Some(dump) = dumps.last_mut() else {
            return 0;
        };
        if !page.has_more {
            dump.end_line = self.line;
            self.index.counts.dumps += 1;
        }
        dump.number
    }

    pub(super) fn epoch_seen(&mut self, chat: u32, epoch: u32) {
        let epochs = &mut self.index.chats[chat as usize].epochs;
        if epochs.last().is_none_or(|last| last.epoch < epoch) {
            epochs.push(EpochSeen {
                epoch,
                at: self.at,
                line: self.line,
            });
        }
    }

    /// Finds the fact that says what this event says, or keeps it as a new one.
    pub(super) fn fact(&mut self, chat: u32, event: &Event, dump: u16) -> u32 {
        let new = self.new_fact(chat, event, dump);
        let change = self.change(event);
        self.epoch_seen(chat, event.epoch);
        let places = &self.index.chats[chat as usize].places;
        let newest = places.get(&new.place).copied().unwrap_or(NONE);
        let mut number = newest;
        while number != NONE {
            let known = &mut self.index.facts[number as usize];
            if says_the_same(known, &new)
                && change_of(&self.index.changes, known) == change.as_ref()
            {
                known.dump = known.dump.max(dump);
                // A clientId may be told to its sender alone.
                if known.request == NONE {
                    known.request = new.request;
                }
                return number;
            }
            number = known.next;
        }
        self.keep(new, change, newest)
    }

    fn keep(&mut self, mut fact: Fact, change: Option<Change>, newest: u32) -> u32 {
        if let Some(change) = change {
            fact.change = self.index.changes.len() as u32;
            self.index.changes.push(change);
        }
        fact.next = newest;
        let number = self.index.facts.len() as u32;
        let chat = &mut self.index.chats[fact.chat as usize];
        chat.places.insert(fact.place, number);
        self.index.facts.push(fact);
        number
    }

    fn new_fact(&mut self, chat: u32, event: &Event, dump: u16) -> Fact {
        let names = &mut self.index.user_names;
        let sender = event
            .sender
            .as_deref()
            .map_or(NONE, |name| names.number(name));
        let request = match &event.client_id {
            Some(client_id) if sender != NONE => self.request(chat, sender, client_id),
            _ => NONE,
        };
        Fact {
            chat,
            place: Place {
                epoch: event.epoch,
                seq: event.seq,
            },
            kind: event.kind,
            deleted: event.deleted,
            has_text: event.digest.is_some(),
            dump,
            id: event.id.map_or(0, |id| id.0),
            sender,
            request,
            target: event.target.map_or(0, |id| id.0),
            change_seq: event.change_seq.unwrap_or(event.seq),
            digest: event.digest.map_or(0, |digest| digest.0),
            change: NONE,
            line: self.line,
            at: self.at,
            next: NONE,
        }
    }

    pub(super) fn change(&mut self, event: &Event) -> Option<Change> {
        if event.membership.is_none() && event.history_visible.is_none() {
            return None;
        }
        let mut change = Change {
            history_visible: event.history_visible,
            ..Change::default()
        };
        if let Some(membership) = &event.membership {
            change.added = self.users(&membership.added);
            change.gone = self.users(&membership.gone);
        }
        Some(change)
    }
}

fn change_of<'a>(changes: &'a [Change], fact: &Fact) -> Option<&'a Change> {
    changes.get(fact.change as usize)
}

fn says_the_same(known: &Fact, new: &Fact) -> bool {
    let request = known.request == new.request || known.request == NONE || new.request == NONE;
    let identity = (known.kind, known.id, known.sender, known.target);
    let content = (
        known.change_seq,
        known.deleted,
        known.has_text,
        known.digest,
    );
    request
        && identity == (new.kind, new.id, new.sender, new.target)
        && content == (new.change_seq, new.deleted, new.has_text, new.digest)
}
