//! Takes records in and arranges them.

mod events;
mod people;
mod requests;

use std::collections::HashMap;

use super::Index;
use super::members::Members;
use super::names::{NONE, Names};
use super::tables::*;
use super::tails::page_tails;
use crate::check::history::*;
use requests::link_by_acknowledgement;

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
}
