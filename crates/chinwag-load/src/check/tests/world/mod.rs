//! A right server and its clients in one thread: random, seeded, with losses that are allowed.

mod owner;
mod reading;
mod requests;

use std::collections::{BTreeMap, HashMap, VecDeque};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::story::SECOND;
use crate::check::history::*;

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
}
