//! The right server: what the owner of a chat decides, and what members are shown of it.

use rand::Rng as _;

use super::{Flight, World, user_name};
use crate::check::history::*;
use crate::check::value::Id;

impl World {
    pub(super) fn is_member(&self, chat: usize, user: usize) -> bool {
        let intervals = self.chats[chat]
            .members
            .get(&user)
            .and_then(|intervals| intervals.last());
        intervals.is_some_and(|(.., to)| *to == u64::MAX)
    }

    pub(super) fn sees(&self, chat: usize, user: usize, seq: u64) -> bool {
        let intervals = self.chats[chat].members.get(&user).into_iter().flatten();
        intervals
            .into_iter()
            .any(|(_, from, to)| *from <= seq && seq <= *to)
    }

    /// Shows an event in its present state as a member sees it.
    pub(super) fn view(&self, chat: usize, user: usize, event: &Event) -> Event {
        let target = event.target.map(|id| self.chats[chat].messages[&id.0].seq);
        let all = target.is_none_or(|target| self.sees(chat, user, target));
        if event.kind == Kind::Hidden || !all || !self.sees(chat, user, event.seq) {
            return Event {
                epoch: 1,
                seq: event.seq,
                ..Event::default()
            };
        }
        let mut shown = event.clone();
        if let Some(now) = event.id.and_then(|id| self.chats[chat].messages.get(&id.0)) {
            shown = now.clone();
        }
        if event.kind == Kind::Edit {
            let now = &self.chats[chat].messages[&event.target.unwrap().0];
            (shown.digest, shown.change_seq, shown.deleted) =
                (now.digest, now.change_seq, now.deleted);
        }
        if event.sender != Some(user_name(user)) && self.at.is_multiple_of(2) {
            shown.client_id = None;
        }
        shown
    }

    /// Decides a request as the owner: none if it is refused.
    pub(super) fn apply(&mut self, flight: &Flight) -> Option<Given> {
        let user = self.devices[flight.device].user;
        if let Some(given) = self.chats[flight.chat]
            .placed
            .get(&(user, flight.key.clone()))
        {
            return Some(*given);
        }
        if !self.is_member(flight.chat, user) {
            return None;
        }
        let seq = self.chats[flight.chat].log.len() as u64 + 1;
        let event = match self.decide(flight, user, seq) {
            Some(event) => event,
            None => {
                // A mark, or nothing to do: success without a place.
                let refused = matches!(flight.op, Op::Edit { .. } | Op::Delete { .. });
                return (!refused).then_some(Given {
                    id: Id(1),
                    epoch: 1,
                    seq: 0,
                });
            }
        };
        let given = Given {
            id: event.id.unwrap(),
            epoch: 1,
            seq,
        };
        self.chats[flight.chat]
            .placed
            .insert((user, flight.key.clone()), given);
        self.publish(flight.chat, event);
        Some(given)
    }

    pub(super) fn decide(&mut self, flight: &Flight, user: usize, seq: u64) -> Option<Event> {
        self.next += 7;
        let id = Id(self.next * 1000);
        let visible = self.chats[flight.chat].visible;
        let chat = &mut self.chats[flight.chat];
        let mut event = Event {
            epoch: 1,
            seq,
            id: Some(id),
            sender: Some(user_name(user)),
            ..Event::default()
        };
        match &flight.op {
            Op::Message { digest } => {
                (event.kind, event.digest) = (Kind::Message, Some(*digest));
                event.client_id = Some(flight.key.clone());
                chat.messages.insert(id.0, event.clone());
            }
            Op::Edit { target, digest } => {
                let message = chat
                    .messages
                    .get_mut(&target.0)
                    .filter(|message| !message.deleted)?;
                (message.digest, message.change_seq) = (Some(*digest), Some(seq));
                (event.kind, event.digest) = (Kind::Edit, Some(*digest));
                (event.target, event.change_seq) = (Some(*target), Some(seq));
            }
            Op::Delete { target } => {
                let message = chat
                    .messages
                    .get_mut(&target.0)
                    .filter(|message| !message.deleted)?;
                (message.digest, message.change_seq, message.deleted) = (None, Some(seq), true);
                (event.kind, event.target, event.deleted) = (Kind::Deletion, Some(*target), true);
            }
            Op::React { target } => {
                let message = chat.messages.get_mut(&target.0)?;
                message.change_seq = Some(seq);
                (event.kind, event.target) = (Kind::Reaction, Some(*target));
            }
            Op::Read { id, unread } => {
                let mark = chat.marks.entry(user).or_insert(0);
                *mark = if *unread { id.0 } else { id.0.max(*mark) };
                return None;
            }
            Op::Add { users } => {
                let added = self.move_in(flight.chat, users, seq, visible)?;
                (event.kind, event.membership) = (Kind::Membership, Some(added));
            }
            Op::Remove { users } => {
                let gone = self.move_out(flight.chat, users, seq)?;
                (event.kind, event.membership) = (Kind::Membership, Some(gone));
            }
            Op::Other => return None,
        }
        Some(event)
    }

    pub(super) fn move_in(
        &mut self,
        chat: usize,
        users: &[String],
        seq: u64,
        visible: HistoryVisible,
    ) -> Option<Membership> {
        let user: usize = users[0].strip_prefix("user")?.parse().ok()?;
        if self.is_member(chat, user) {
            return None;
        }
        let from = if visible == HistoryVisible::All {
            0
        } else {
            seq
        };
        self.chats[chat]
            .members
            .entry(user)
            .or_default()
            .push((seq, from, u64::MAX));
        Some(Membership {
            added: users.to_vec(),
            gone: Vec::new(),
        })
    }

    pub(super) fn move_out(
        &mut self,
        chat: usize,
        users: &[String],
        seq: u64,
    ) -> Option<Membership> {
        let user: usize = users[0].strip_prefix("user")?.parse().ok()?;
        if !self.is_member(chat, user) {
            return None;
        }
        self.chats[chat].members.get_mut(&user)?.last_mut()?.2 = seq;
        Some(Membership {
            added: Vec::new(),
            gone: users.to_vec(),
        })
    }

    pub(super) fn publish(&mut self, chat: usize, event: Event) {
        self.chats[chat].log.push(event.clone());
        for device in 0..self.devices.len() {
            let user = self.devices[device].user;
            let intervals = self.chats[chat]
                .members
                .get(&user)
                .and_then(|intervals| intervals.last());
            let inside =
                intervals.is_some_and(|(opened, _, to)| *opened <= event.seq && event.seq <= *to);
            // The bus may lose.
            if inside && self.devices[device].session.is_some() && self.rng.random_range(0..20) != 0
            {
                let shown = self.view(chat, user, &event);
                self.devices[device].coming.push_back((chat, shown));
            }
        }
    }
}
