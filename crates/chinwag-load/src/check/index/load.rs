//! Takes records in and arranges them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::members::Members;
use super::names::{NONE, Names};
use super::tables::*;
use super::tails::page_tails;
use super::{Index, OtherAck};
use crate::check::history::*;

/// Says why a record makes no sense where it stands.
type Refusal = &'static str;

/// Takes one record after the other.
#[derive(Default)]
pub(crate) struct Loader {
    index: Index,
    line: u32,
    at: u64,
    session_numbers: HashMap<Client, u32>,
    device_numbers: Names,
    /// Requests by a hash of chat, user and clientId: of ten million, two share one of 64 bits
    /// with a chance of 1 : 300,000.
    request_numbers: HashMap<u64, u32>,
}

impl Loader {
    /// Takes the next line's record, or counts a line that had none.
    pub(crate) fn push(&mut self, record: Option<Record>) -> Result<(), Refusal> {
        self.line = self
            .line
            .checked_add(1)
            .filter(|line| *line != NONE)
            .ok_or("too many lines")?;
        let Some(record) = record else { return Ok(()) };
        if record.at < self.at {
            return Err("time falls from one line to the next");
        }
        self.at = record.at;
        let session = record.client.map_or(NONE, |client| self.session(client));
        self.take(session, record.what)
    }

    /// Ends the history.
    pub(crate) fn finish(mut self) -> Index {
        self.request_numbers = HashMap::new();
        self.session_numbers = HashMap::new();
        let mut index = self.index;
        let ids = index
            .facts
            .iter()
            .enumerate()
            .filter(|(_, fact)| fact.id != 0);
        index.by_id = ids.map(|(number, fact)| (fact.id, number as u32)).collect();
        index.by_id.sort_unstable();
        link_by_acknowledgement(&mut index);
        index.last_at = self.at;
        index.page_tails = page_tails(&index);
        index.counts.chats = index.chats.len() as u64;
        index.counts.sessions = index.sessions.len() as u64;
        index.members = Members::of(&index);
        index
    }

    fn take(&mut self, session: u32, what: What) -> Result<(), Refusal> {
        let nobody_acts = matches!(what, What::Server(_) | What::Quiet | What::Made(_));
        if session == NONE && !nobody_acts {
            return Err("this kind of record names its client");
        }
        match what {
            What::Intent(intent) => self.intent(session, intent),
            What::Ack(ack) => return self.ack(session, ack),
            What::UnknownOutcome(outcome) => self.tried(session, &outcome).map(|_| ())?,
            What::Refused(outcome) => self.tried(session, &outcome)?.refused += 1,
            What::Live(live) => self.live(session, &live),
            What::Page(page) => self.page(session, &page),
            What::Prefix(prefix) => self.prefix(session, &prefix),
            What::Mark(mark) => self.mark(session, &mark),
            What::Unread(unread) => self.unread(session, &unread),
            What::Made(made) => self.made(&made),
            What::Open => self.step(session, StepKind::Open),
            What::Close(close) => self.step(session, StepKind::Close { clean: close.clean }),
            What::Resync => {}
            What::Watch(watch) => {
                for user in &watch.users {
                    let user = self.index.user_names.number(user);
                    self.step(session, StepKind::Watch { user, on: watch.on });
                }
            }
            What::Presence(seen) => {
                self.index.counts.presence += 1;
                let user = self.index.user_names.number(&seen.user);
                let Presence { online, asked, .. } = seen;
                self.step(
                    session,
                    StepKind::Presence {
                        user,
                        online,
                        asked,
                    },
                );
            }
            What::Typing(typing) => self.typing(session, &typing),
            What::Server(server) => {
                self.index.counts.kills += u64::from(server.state == ServerState::Killed);
                self.step(session, StepKind::Server(server.state));
            }
            What::Quiet => {
                self.index.counts.quiets += 1;
                self.step(session, StepKind::Quiet);
            }
        }
        Ok(())
    }

    fn session(&mut self, client: Client) -> u32 {
        if let Some(number) = self.session_numbers.get(&client) {
            return *number;
        }
        let user = self.index.user_names.number(&client.user);
        let device = self
            .device_numbers
            .number(&format!("{user} {}", client.device));
        let number = self.index.sessions.len() as u32;
        self.index.sessions.push(SessionRow { user, device });
        self.session_numbers.insert(client, number);
        number
    }

    fn chat(&mut self, name: &str) -> u32 {
        let number = self.index.chat_names.number(name);
        if number as usize == self.index.chats.len() {
            self.index.chats.push(Chat::default());
        }
        number
    }

    fn users(&mut self, names: &[String]) -> Box<[u32]> {
        names
            .iter()
            .map(|name| self.index.user_names.number(name))
            .collect()
    }

    fn step(&mut self, session: u32, what: StepKind) {
        self.index.steps.push(Step {
            at: self.at,
            line: self.line,
            session,
            what,
        });
    }

    /// Gives a request's row, a new one for a request of which nobody heard.
    fn request(&mut self, chat: u32, user: u32, client_id: &str) -> u32 {
        let mut hasher = DefaultHasher::new();
        (chat, user, client_id).hash(&mut hasher);
        let next = self.index.requests.len() as u32;
        let number = *self.request_numbers.entry(hasher.finish()).or_insert(next);
        if number == next {
            self.index.requests.push(Request {
                chat,
                user,
                asked: Asked::Other,
                varies: false,
                tries: 0,
                refused: 0,
                digest: 0,
                target: 0,
                users: NONE,
                line: 0,
                ack_line: 0,
                acked_at: 0,
                id: 0,
                place: Place { epoch: 0, seq: 0 },
            });
        }
        number
    }

    fn intent(&mut self, session: u32, intent: Intent) {
        let chat = self.chat(&intent.chat);
        let user = self.index.user_of(session);
        let number = self.request(chat, user, &intent.client_id);
        let mut users = NONE;
        let (asked, target, digest) = match intent.op {
            Op::Message { digest } => (Asked::Message, 0, digest.0),
            Op::Edit { target, digest } => (Asked::Edit, target.0, digest.0),
            Op::Delete { target } => (Asked::Delete, target.0, 0),
            Op::React { target } => (Asked::React, target.0, 0),
            Op::Read { id, unread: false } => (Asked::Read, id.0, 0),
            Op::Read { id, unread: true } => (Asked::ReadUnread, id.0, 0),
            Op::Other => (Asked::Other, 0, 0),
            Op::Add { users: names } => {
                users = self.user_list(&names);
                (Asked::Add, 0, 0)
            }
            Op::Remove { users: names } => {
                users = self.user_list(&names);
                (Asked::Remove, 0, 0)
            }
        };
        let line = self.line;
        let request = &mut self.index.requests[number as usize];
        request.tries = request.tries.saturating_add(1);
        if request.tries > 1 {
            request.varies |=
                (request.asked, request.target, request.digest) != (asked, target, digest);
            return;
        }
        self.index.counts.intents += 1;
        request.line = line;
        (request.asked, request.target, request.digest, request.users) =
            (asked, target, digest, users);
    }

    fn user_list(&mut self, names: &[String]) -> u32 {
        let users = self.users(names);
        self.index.user_lists.push(users);
        self.index.user_lists.len() as u32 - 1
    }

    fn tried(&mut self, session: u32, outcome: &Outcome) -> Result<&mut Request, Refusal> {
        let chat = self.chat(&outcome.chat);
        let user = self.index.user_of(session);
        let number = self.request(chat, user, &outcome.client_id);
        let request = &mut self.index.requests[number as usize];
        if request.tries == 0 {
            Err("an outcome without an intent before it")
        } else {
            Ok(request)
        }
    }

    fn ack(&mut self, session: u32, ack: Ack) -> Result<(), Refusal> {
        let (line, at) = (self.line, self.at);
        if let Some(event) = &ack.event {
            let chat = self.chat(&ack.chat);
            self.epoch_seen(chat, event.epoch);
        }
        let outcome = Outcome {
            chat: ack.chat,
            client_id: ack.client_id,
        };
        let request = self.tried(session, &outcome)?;
        if request.asked == Asked::Message && ack.event.is_none() {
            return Err("the acknowledgement of a message names its event");
        }
        let first = !request.acked();
        if first {
            (request.ack_line, request.acked_at) = (line, at);
        }
        if let Some(Given { id, epoch, seq }) = ack.event {
            // After accepted loss a request may be placed anew; the newer answer is what counts.
            let newer = request.id == 0 || request.place.epoch < epoch;
            let other = !newer && request.id != id.0;
            if newer {
                (request.id, request.place) = (id.0, Place { epoch, seq });
                (request.ack_line, request.acked_at) = (line, at);
            }
            if other {
                let user = self.index.user_of(session);
                let chat = self.chat(&outcome.chat);
                let request = self.request(chat, user, &outcome.client_id);
                self.index.other_acks.push(OtherAck {
                    request,
                    id: id.0,
                    line,
                });
            }
        }
        self.index.counts.acks += u64::from(first);
        Ok(())
    }

    fn live(&mut self, session: u32, live: &Live) {
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

    fn page(&mut self, session: u32, page: &Page) {
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
    fn dump(&mut self, chat: u32, page: &Page) -> u16 {
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

    fn epoch_seen(&mut self, chat: u32, epoch: u32) {
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
    fn fact(&mut self, chat: u32, event: &Event, dump: u16) -> u32 {
        let place = Place {
            epoch: event.epoch,
            seq: event.seq,
        };
        self.epoch_seen(chat, event.epoch);
        let sender = event
            .sender
            .as_deref()
            .map_or(NONE, |name| self.index.user_names.number(name));
        let request = match &event.client_id {
            Some(client_id) if sender != NONE => self.request(chat, sender, client_id),
            _ => NONE,
        };
        let mut fact = Fact {
            chat,
            place,
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
        };
        let change = self.change(event);
        let newest = self.index.chats[chat as usize]
            .places
            .get(&place)
            .copied()
            .unwrap_or(NONE);
        let mut number = newest;
        while number != NONE {
            let other = &mut self.index.facts[number as usize];
            if says_the_same(other, &fact)
                && change_of(&self.index.changes, other) == change.as_ref()
            {
                other.dump = other.dump.max(dump);
                // A clientId may be told to its sender alone.
                if other.request == NONE {
                    other.request = request;
                }
                return number;
            }
            number = other.next;
        }
        if let Some(change) = change {
            fact.change = self.index.changes.len() as u32;
            self.index.changes.push(change);
        }
        fact.next = newest;
        let number = self.index.facts.len() as u32;
        self.index.facts.push(fact);
        self.index.chats[chat as usize].places.insert(place, number);
        number
    }

    fn change(&mut self, event: &Event) -> Option<Change> {
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

    fn prefix(&mut self, session: u32, prefix: &Prefix) {
        let chat = self.chat(&prefix.chat);
        let place = Place {
            epoch: prefix.epoch,
            seq: prefix.seq,
        };
        self.index.prefixes.push(PrefixRow {
            chat,
            session,
            place,
            line: self.line,
        });
    }

    fn mark(&mut self, session: u32, mark: &Mark) {
        self.index.counts.marks += 1;
        let chat = self.chat(&mark.chat);
        let user = self.index.user_names.number(&mark.user);
        let (at, line, asked) = (self.at, self.line, mark.asked);
        self.index.marks.push(MarkRow {
            chat,
            user,
            id: mark.id.0,
            session,
            at,
            asked,
            line,
        });
    }

    fn unread(&mut self, session: u32, unread: &Unread) {
        self.index.counts.unread += 1;
        let chat = self.chat(&unread.chat);
        self.index.unread.push(UnreadRow {
            chat,
            user: self.index.user_of(session),
            place: Place {
                epoch: unread.epoch,
                seq: unread.seq,
            },
            mark: unread.mark.map(|id| id.0),
            count: unread.count,
            capped: unread.capped,
            line: self.line,
        });
    }

    fn made(&mut self, made: &Made) {
        let chat = self.chat(&made.chat);
        let members = self.users(&made.members);
        let chat = &mut self.index.chats[chat as usize];
        chat.members = members.into_vec();
        chat.history_visible = Some(made.history_visible);
    }

    fn typing(&mut self, session: u32, typing: &Typing) {
        self.index.counts.typing += 1;
        let chat = self.chat(&typing.chat);
        let user = self.index.user_names.number(&typing.user);
        let (at, line) = (self.at, self.line);
        self.index.typing.push(TypingRow {
            chat,
            user,
            session,
            at,
            line,
        });
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

/// Ties facts to the requests that were acknowledged with their id.
fn link_by_acknowledgement(index: &mut Index) {
    for (number, request) in index.requests.iter().enumerate() {
        if request.id == 0 {
            continue;
        }
        let from = index.by_id.partition_point(|(id, _)| *id < request.id);
        for (_, fact) in index.by_id[from..]
            .iter()
            .take_while(|(id, _)| *id == request.id)
        {
            let fact = &mut index.facts[*fact as usize];
            if fact.request == NONE && fact.chat == request.chat {
                fact.request = number as u32;
            }
        }
    }
}
