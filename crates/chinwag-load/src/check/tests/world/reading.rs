//! What clients are told live, and what they ask for.

use rand::Rng as _;

use super::{USERS, World, user_name};
use crate::check::history::*;
use crate::check::value::Id;

impl World {
    pub(super) fn deliver(&mut self, device: usize) {
        let Some((chat, event)) = self.devices[device].coming.pop_front() else {
            return;
        };
        let name = self.chats[chat].name.clone();
        self.got(device, chat, event.seq);
        self.note(
            Some(device),
            What::Live(Live {
                chat: name,
                event: event.clone(),
            }),
        );
        if self.rng.random_range(0..10) == 0 {
            let name = self.chats[chat].name.clone();
            self.note(Some(device), What::Live(Live { chat: name, event }));
        }
    }

    pub(super) fn got(&mut self, device: usize, chat: usize, seq: u64) {
        let device = &mut self.devices[device];
        device.ahead[chat].push(seq);
        while device.ahead[chat].contains(&(device.held[chat] + 1)) {
            device.held[chat] += 1;
        }
        let held = device.held[chat];
        device.ahead[chat].retain(|seq| *seq > held);
    }

    pub(super) fn page(&self, chat: usize, via: Via, asked: u64, events: Vec<Event>) -> Page {
        Page {
            chat: format!("c{chat}"),
            via,
            asked,
            epoch: 1,
            after: None,
            after_id: None,
            before_id: None,
            newest_first: false,
            has_more: false,
            limited: false,
            head: None,
            only_messages: false,
            events,
        }
    }

    /// Records an answer some steps after it was read, so that others come between.
    pub(super) fn answer_page(&mut self, device: usize, page: Page) {
        for _ in 0..self.rng.random_range(0..3) {
            self.fly();
        }
        self.note(Some(device), What::Page(page));
    }

    pub(super) fn repair(&mut self, device: usize, chat: usize) {
        let user = self.devices[device].user;
        if !self.is_member(chat, user) {
            return;
        }
        let asked = self.at;
        self.at += 1;
        let after = self.devices[device].held[chat];
        let limit = self.rng.random_range(1..30);
        let log = self.chats[chat].log.iter().skip(after as usize);
        let events: Vec<Event> = log
            .take(limit)
            .map(|event| self.view(chat, user, event))
            .collect();
        let end = after + events.len() as u64;
        let via = if self.rng.random_range(0..2) == 0 {
            Via::Events
        } else {
            Via::Sync
        };
        let mut page = self.page(chat, via, asked, events);
        page.after = Some(after);
        page.has_more = end < self.chats[chat].log.len() as u64;
        for event in &page.events.clone() {
            self.got(device, chat, event.seq);
        }
        self.answer_page(device, page);
    }

    pub(super) fn read_history(&mut self, device: usize, chat: usize) {
        let user = self.devices[device].user;
        if !self.is_member(chat, user) {
            return;
        }
        let asked = self.at;
        self.at += 1;
        let cursor = self.any_message(chat, user);
        let newest_first = self.rng.random_range(0..2) == 0;
        let limit = self.rng.random_range(1..10);
        let log = self.chats[chat]
            .log
            .iter()
            .filter(|event| event.kind == Kind::Message);
        let mut events: Vec<Event> = log.map(|event| self.view(chat, user, event)).collect();
        events.retain(|event| event.kind == Kind::Message);
        if newest_first {
            events.reverse();
        }
        let mut page = self.page(chat, Via::History, asked, Vec::new());
        if let Some(cursor) = cursor.filter(|_| self.rng.random_range(0..3) > 0) {
            if newest_first {
                events.retain(|event| event.seq < cursor.seq);
                page.before_id = cursor.id;
            } else {
                events.retain(|event| event.seq > cursor.seq);
                page.after_id = cursor.id;
            }
        }
        page.has_more = events.len() > limit;
        events.truncate(limit);
        (page.newest_first, page.events) = (newest_first, events);
        self.answer_page(device, page);
    }

    pub(super) fn search(&mut self, device: usize, chat: usize) {
        let user = self.devices[device].user;
        let asked = self.at;
        self.at += 1;
        let hit = self
            .any_message(chat, user)
            .filter(|hit| !hit.deleted && self.is_member(chat, user));
        let page = self.page(chat, Via::Search, asked, hit.into_iter().collect());
        self.answer_page(device, page);
    }

    pub(super) fn see_unread(&mut self, device: usize, chat: usize) {
        let user = self.devices[device].user;
        let log = &self.chats[chat];
        let Some((joined, ..)) = log
            .members
            .get(&user)
            .and_then(|intervals| intervals.last())
        else {
            return;
        };
        if !self.is_member(chat, user) {
            return;
        }
        let mark = log.marks.get(&user).copied();
        let start = mark.map_or(*joined, |id| log.messages[&id].seq);
        let counted = log.messages.values().filter(|message| {
            let others = message.sender != Some(user_name(user)) && !message.deleted;
            others && message.seq > start && self.sees(chat, user, message.seq)
        });
        let unread = Unread {
            chat: log.name.clone(),
            epoch: 1,
            seq: log.log.len() as u64,
            mark: mark.map(Id),
            count: counted.count() as u64,
            capped: false,
        };
        self.note(Some(device), What::Unread(unread));
    }

    pub(super) fn see_mark(&mut self, device: usize, chat: usize) {
        let marked: Vec<usize> = self.chats[chat].marks.keys().copied().collect();
        let Some(user) = marked.into_iter().min() else {
            return;
        };
        let asked = Some(self.at);
        self.at += 1;
        let id = Id(self.chats[chat].marks[&user]);
        let mark = Mark {
            chat: format!("c{chat}"),
            user: user_name(user),
            id,
            asked,
        };
        self.fly();
        self.note(Some(device), What::Mark(mark));
    }

    pub(super) fn claim(&mut self, device: usize, chat: usize) {
        let seq = self.devices[device].held[chat];
        if seq > 0 {
            self.note(
                Some(device),
                What::Prefix(Prefix {
                    chat: format!("c{chat}"),
                    epoch: 1,
                    seq,
                }),
            );
        }
    }

    pub(super) fn type_or_watch(&mut self, device: usize, chat: usize) {
        let typist = self.rng.random_range(0..USERS);
        let user = self.devices[device].user;
        if self.devices[device].session.is_none() {
            return;
        }
        if self.is_member(chat, typist) && self.is_member(chat, user) {
            self.note(
                Some(device),
                What::Typing(Typing {
                    chat: format!("c{chat}"),
                    user: user_name(typist),
                }),
            );
        }
        let online = self
            .devices
            .iter()
            .any(|device| device.user == typist && device.session.is_some());
        let asked = Some(self.at);
        let ever = self.records.iter().any(|record| {
            let named = record
                .client
                .as_ref()
                .is_some_and(|client| client.user == user_name(typist));
            named && matches!(record.what, What::Open)
        });
        if ever {
            self.note(
                Some(device),
                What::Presence(Presence {
                    user: user_name(typist),
                    online,
                    asked,
                }),
            );
        }
    }

    pub(super) fn dump(&mut self, chat: usize) {
        let log = self.chats[chat].log.clone();
        let now = |event: &Event| {
            let state = event
                .target
                .or(event.id)
                .and_then(|id| self.chats[chat].messages.get(&id.0));
            match (event.kind, state) {
                (Kind::Message, Some(message)) => message.clone(),
                (Kind::Edit, Some(message)) => Event {
                    digest: message.digest,
                    change_seq: message.change_seq,
                    deleted: message.deleted,
                    ..event.clone()
                },
                _ => event.clone(),
            }
        };
        let events: Vec<Event> = log.iter().map(now).collect();
        let asked = self.at + 1;
        self.at += 2;
        let parts = events.chunks(50).collect::<Vec<_>>();
        for (number, part) in parts.iter().enumerate() {
            let mut page = self.page(chat, Via::Dump, asked, part.to_vec());
            page.after = Some(number as u64 * 50);
            page.has_more = number + 1 < parts.len();
            let client = Client {
                user: "auditor".into(),
                device: "d".into(),
                session: "s".into(),
            };
            self.at += 1;
            self.records.push(Record {
                at: self.at,
                client: Some(client),
                what: What::Page(page),
            });
        }
    }
}
