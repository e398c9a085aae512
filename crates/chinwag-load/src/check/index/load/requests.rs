//! Requests: their tries and what became of them.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Loader, Refusal};
use crate::check::history::*;
use crate::check::index::names::NONE;
use crate::check::index::tables::*;
use crate::check::index::{Index, OtherAck};

impl Loader {
    /// Gives a request's row, a new one for a request of which nobody heard.
    pub(super) fn request(&mut self, chat: u32, user: u32, client_id: &str) -> u32 {
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

    pub(super) fn intent(&mut self, session: u32, intent: Intent) {
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

    pub(super) fn user_list(&mut self, names: &[String]) -> u32 {
        let users = self.users(names);
        self.index.user_lists.push(users);
        self.index.user_lists.len() as u32 - 1
    }

    pub(super) fn tried(
        &mut self,
        session: u32,
        outcome: &Outcome,
    ) -> Result<&mut Request, Refusal> {
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

    pub(super) fn ack(&mut self, session: u32, ack: Ack) -> Result<(), Refusal> {
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
}

/// Ties facts to the requests that were acknowledged with their id.
pub(super) fn link_by_acknowledgement(index: &mut Index) {
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
