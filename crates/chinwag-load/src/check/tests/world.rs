//! A right server and its clients in one thread: random, seeded, with losses that are allowed.

use std::collections::{BTreeMap, HashMap, VecDeque};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::story::SECOND;
use crate::check::history::*;
use crate::check::value::{Digest, Id};

const USERS: usize = 6;
const CHATS: usize = 3;

/// What the owner of a chat knows.
struct ChatLog {
    name: String,
    log: Vec<Event>,
    /// Intervals (opened, from, to) of each user.
    members: BTreeMap<usize, Vec<(u64, u64, u64)>>,
    visible: HistoryVisible,
    /// Each message's place and present state.
    messages: HashMap<u64, Event>,
    placed: HashMap<(usize, String), Given>,
    marks: HashMap<usize, u64>,
}

struct Device {
    user: usize,
    name: String,
    session: Option<String>,
    /// Events on their way, by chat.
    coming: VecDeque<(usize, Event)>,
    /// The gap-free prefix of each chat.
    held: Vec<u64>,
    /// What came live above it.
    ahead: Vec<Vec<u64>>,
}

/// A request between its leaving and its answer.
struct Flight {
    device: usize,
    chat: usize,
    key: String,
    op: Op,
    applied: Option<Option<Given>>,
    lost: bool,
}

pub(super) struct World {
    rng: StdRng,
    pub(super) at: u64,
    pub(super) records: Vec<Record>,
    chats: Vec<ChatLog>,
    devices: Vec<Device>,
    flights: Vec<Flight>,
    next: u64,
}

fn user_name(user: usize) -> String {
    format!("user{user}")
}

fn names(users: &[usize]) -> Vec<String> {
    users.iter().map(|user| user_name(*user)).collect()
}

impl World {
    /// Makes a whole history of about so many steps, ending quietly with a dump of every chat.
    pub(super) fn history(seed: u64, steps: usize) -> Vec<Record> {
        let mut world = Self::new(seed);
        for _ in 0..steps {
            world.step();
        }
        world.quiet();
        for chat in 0..CHATS {
            world.dump(chat);
        }
        world.records
    }

    fn new(seed: u64) -> Self {
        let mut devices = Vec::new();
        for user in 0..USERS {
            for number in 0..=user % 2 {
                devices.push(Device {
                    user,
                    name: format!("d{number}"),
                    session: None,
                    coming: VecDeque::new(),
                    held: vec![0; CHATS],
                    ahead: vec![Vec::new(); CHATS],
                });
            }
        }
        let rng = StdRng::seed_from_u64(seed);
        let (chats, records, flights) = (Vec::new(), Vec::new(), Vec::new());
        let mut world = Self {
            rng,
            at: SECOND,
            records,
            chats,
            devices,
            flights,
            next: 1,
        };
        for chat in 0..CHATS {
            world.make_chat(chat);
        }
        world
    }

    fn make_chat(&mut self, chat: usize) {
        let visible = if chat == 1 {
            HistoryVisible::Joined
        } else {
            HistoryVisible::All
        };
        let members: Vec<usize> = (0..USERS)
            .filter(|user| user % CHATS != chat || *user < 2)
            .collect();
        let made = Made {
            chat: format!("c{chat}"),
            members: names(&members),
            history_visible: visible,
        };
        self.chats.push(ChatLog {
            name: format!("c{chat}"),
            log: Vec::new(),
            members: members
                .iter()
                .map(|user| (*user, vec![(0, 0, u64::MAX)]))
                .collect(),
            visible,
            messages: HashMap::new(),
            placed: HashMap::new(),
            marks: HashMap::new(),
        });
        self.note(None, What::Made(made));
    }

    fn note(&mut self, device: Option<usize>, what: What) {
        self.at += self.rng.random_range(0..3_000_000);
        let client = device.map(|device| {
            let device = &self.devices[device];
            let session = device.session.clone().unwrap_or_else(|| "http".to_owned());
            Client {
                user: user_name(device.user),
                device: device.name.clone(),
                session,
            }
        });
        self.records.push(Record {
            at: self.at,
            client,
            what,
        });
    }

    fn step(&mut self) {
        let device = self.rng.random_range(0..self.devices.len());
        let chat = self.rng.random_range(0..CHATS);
        match self.rng.random_range(0..100) {
            0..20 => self.begin(device, chat),
            20..45 => self.fly(),
            45..72 => self.deliver(device),
            72..78 => self.read_history(device, chat),
            78..84 => self.repair(device, chat),
            84..88 => self.see_unread(device, chat),
            88..91 => self.see_mark(device, chat),
            91..93 => self.search(device, chat),
            93..95 => self.type_or_watch(device, chat),
            95..98 => self.open_or_close(device),
            98 => self.claim(device, chat),
            _ if self.rng.random_range(0..8) == 0 => self.quiet(),
            _ if self.rng.random_range(0..8) == 0 => self.kill(),
            _ => self.at += SECOND * self.rng.random_range(0..90),
        }
    }

    fn is_member(&self, chat: usize, user: usize) -> bool {
        let intervals = self.chats[chat]
            .members
            .get(&user)
            .and_then(|intervals| intervals.last());
        intervals.is_some_and(|(.., to)| *to == u64::MAX)
    }

    fn sees(&self, chat: usize, user: usize, seq: u64) -> bool {
        let intervals = self.chats[chat].members.get(&user).into_iter().flatten();
        intervals
            .into_iter()
            .any(|(_, from, to)| *from <= seq && seq <= *to)
    }

    /// Shows an event in its present state as a member sees it.
    fn view(&self, chat: usize, user: usize, event: &Event) -> Event {
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
        if event.sender != Some(user_name(user)) && self.at % 2 == 0 {
            shown.client_id = None;
        }
        shown
    }

    fn any_message(&mut self, chat: usize, user: usize) -> Option<Event> {
        let own = self.chats[chat].messages.values();
        let mut seen: Vec<Event> = own
            .filter(|event| self.sees(chat, user, event.seq))
            .cloned()
            .collect();
        seen.sort_by_key(|event| event.seq);
        let pick = self.rng.random_range(0..seen.len().max(1));
        seen.get(pick).cloned()
    }

    fn begin(&mut self, device: usize, chat: usize) {
        self.next += 1;
        let user = self.devices[device].user;
        let key = format!("k{}", self.next);
        let digest = Digest::of(key.as_bytes());
        let other = self.rng.random_range(0..USERS);
        let message = self.any_message(chat, user);
        let op = match (self.rng.random_range(0..20), message) {
            (10, Some(message)) if message.sender == Some(user_name(user)) => Op::Edit {
                target: message.id.unwrap(),
                digest,
            },
            (11, Some(message)) => Op::Delete {
                target: message.id.unwrap(),
            },
            (12, Some(message)) => Op::React {
                target: message.id.unwrap(),
            },
            (13..15, Some(message)) => Op::Read {
                id: message.id.unwrap(),
                unread: chat == 2 && self.next % 3 == 0,
            },
            (15, _) if self.is_member(chat, user) => Op::Add {
                users: vec![user_name(other)],
            },
            (16, _) if other > 1 => Op::Remove {
                users: vec![user_name(other)],
            },
            _ => Op::Message { digest },
        };
        let intent = Intent {
            chat: format!("c{chat}"),
            client_id: key.clone(),
            op: op.clone(),
        };
        self.note(Some(device), What::Intent(intent));
        let lost = self.rng.random_range(0..8) == 0;
        self.flights.push(Flight {
            device,
            chat,
            key,
            op,
            applied: None,
            lost,
        });
    }

    /// Takes some request one step on: to the owner, or back with its answer.
    fn fly(&mut self) {
        if self.flights.is_empty() {
            return;
        }
        let number = self.rng.random_range(0..self.flights.len());
        let mut flight = self.flights.swap_remove(number);
        match flight.applied {
            None if flight.lost && self.rng.random_range(0..2) == 0 => self.answer_lost(flight),
            None => {
                flight.applied = Some(self.apply(&flight));
                self.flights.push(flight);
            }
            Some(_) if flight.lost => self.answer_lost(flight),
            Some(answer) => self.answer(&flight, answer),
        }
    }

    fn answer(&mut self, flight: &Flight, answer: Option<Given>) {
        let chat = format!("c{}", flight.chat);
        let client_id = flight.key.clone();
        // Answers about members and marks tell no place.
        let placeless = matches!(
            flight.op,
            Op::Read { .. } | Op::Add { .. } | Op::Remove { .. }
        );
        let what = match answer {
            None => What::Refused(Outcome { chat, client_id }),
            Some(_) if placeless => What::Ack(Ack {
                chat,
                client_id,
                event: None,
            }),
            Some(given) => What::Ack(Ack {
                chat,
                client_id,
                event: Some(given),
            }),
        };
        self.note(Some(flight.device), what);
    }

    fn answer_lost(&mut self, mut flight: Flight) {
        let outcome = Outcome {
            chat: format!("c{}", flight.chat),
            client_id: flight.key.clone(),
        };
        if self.rng.random_range(0..2) == 0 {
            self.note(Some(flight.device), What::UnknownOutcome(outcome));
        }
        let message = matches!(flight.op, Op::Message { .. });
        if message && self.rng.random_range(0..2) == 0 {
            let client_id = flight.key.clone();
            let intent = Intent {
                chat: format!("c{}", flight.chat),
                client_id,
                op: flight.op.clone(),
            };
            self.note(Some(flight.device), What::Intent(intent));
            (flight.applied, flight.lost) = (None, false);
            self.flights.push(flight);
        }
    }

    /// Decides a request as the owner: none if it is refused.
    fn apply(&mut self, flight: &Flight) -> Option<Given> {
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

    fn decide(&mut self, flight: &Flight, user: usize, seq: u64) -> Option<Event> {
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

    fn move_in(
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

    fn move_out(&mut self, chat: usize, users: &[String], seq: u64) -> Option<Membership> {
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

    fn publish(&mut self, chat: usize, event: Event) {
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

    fn deliver(&mut self, device: usize) {
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

    fn got(&mut self, device: usize, chat: usize, seq: u64) {
        let device = &mut self.devices[device];
        device.ahead[chat].push(seq);
        while device.ahead[chat].contains(&(device.held[chat] + 1)) {
            device.held[chat] += 1;
        }
        let held = device.held[chat];
        device.ahead[chat].retain(|seq| *seq > held);
    }

    fn page(&self, chat: usize, via: Via, asked: u64, events: Vec<Event>) -> Page {
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
    fn answer_page(&mut self, device: usize, page: Page) {
        for _ in 0..self.rng.random_range(0..3) {
            self.fly();
        }
        self.note(Some(device), What::Page(page));
    }

    fn repair(&mut self, device: usize, chat: usize) {
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

    fn read_history(&mut self, device: usize, chat: usize) {
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

    fn search(&mut self, device: usize, chat: usize) {
        let user = self.devices[device].user;
        let asked = self.at;
        self.at += 1;
        let hit = self
            .any_message(chat, user)
            .filter(|hit| !hit.deleted && self.is_member(chat, user));
        let page = self.page(chat, Via::Search, asked, hit.into_iter().collect());
        self.answer_page(device, page);
    }

    fn see_unread(&mut self, device: usize, chat: usize) {
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

    fn see_mark(&mut self, device: usize, chat: usize) {
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

    fn claim(&mut self, device: usize, chat: usize) {
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

    fn type_or_watch(&mut self, device: usize, chat: usize) {
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

    fn open_or_close(&mut self, device: usize) {
        if self.devices[device].session.is_some() {
            let clean = self.rng.random_range(0..2) == 0;
            self.note(Some(device), What::Close(Close { clean }));
            self.devices[device].session = None;
            self.devices[device].coming.clear();
        } else {
            self.next += 1;
            self.devices[device].session = Some(format!("s{}", self.next));
            self.note(Some(device), What::Open);
        }
    }

    fn kill(&mut self) {
        self.note(
            None,
            What::Server(Server {
                node: "n".into(),
                state: ServerState::Killed,
            }),
        );
        for flight in std::mem::take(&mut self.flights) {
            self.answer_lost(flight);
        }
        for device in 0..self.devices.len() {
            if self.devices[device].session.is_some() {
                self.open_or_close(device);
            }
        }
        self.note(
            None,
            What::Server(Server {
                node: "n".into(),
                state: ServerState::Started,
            }),
        );
    }

    fn quiet(&mut self) {
        while !self.flights.is_empty() {
            self.fly();
        }
        for device in 0..self.devices.len() {
            while !self.devices[device].coming.is_empty() {
                self.deliver(device);
            }
            for chat in (0..CHATS)
                .filter(|_| self.devices[device].session.is_some())
                .collect::<Vec<_>>()
            {
                let user = self.devices[device].user;
                while self.is_member(chat, user)
                    && self.devices[device].held[chat] < self.chats[chat].log.len() as u64
                {
                    self.repair(device, chat);
                }
            }
        }
        self.note(None, What::Quiet);
    }

    fn dump(&mut self, chat: usize) {
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
