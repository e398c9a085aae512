//! What a device was told over its whole life.

use std::collections::{BTreeMap, HashMap};

use super::Finder;
use crate::check::history::Via;
use crate::check::index::Index;
use crate::check::index::ranges::Ranges;
use crate::check::index::tables::{PageRow, Place, PrefixRow, Request, StepKind};

/// Names a chat in one epoch on one device: another epoch starts anew.
type Held = (u32, u32, u32);

/// Holds what a device was told of a chat.
struct Told {
    /// The place from which on it must hold everything.
    base: u64,
    places: Ranges,
    user: u32,
    line: u32,
}

enum Moment<'a> {
    Ack(u32),
    Page(&'a PageRow),
    Prefix(&'a PrefixRow),
    Open(u32),
    Close(u32),
    Quiet,
}

struct Walk<'a, 'f> {
    index: &'a Index,
    finder: &'f mut Finder<'a>,
    told: HashMap<Held, Told>,
    /// Open sessions of each device, and the line of the first one's opening.
    open: BTreeMap<u32, (u32, u32)>,
    /// The request with the last acknowledged place of each chat.
    tails: HashMap<u32, u32>,
    chats_by_user: HashMap<u32, Vec<u32>>,
    /// The user of each device.
    users: HashMap<u32, u32>,
}

pub(super) fn check<'a>(index: &'a Index, finder: &mut Finder<'a>) {
    let mut walk = Walk {
        index,
        finder,
        told: HashMap::new(),
        open: BTreeMap::new(),
        tails: HashMap::new(),
        chats_by_user: index.members.chats_by_user(),
        users: index
            .sessions
            .iter()
            .map(|row| (row.device, row.user))
            .collect(),
    };
    let mut live = index.seen.iter().filter(|seen| seen.live()).peekable();
    for (line, moment) in moments(index) {
        while let Some(seen) = live.next_if(|seen| seen.line < line) {
            let fact = &index.facts[seen.fact as usize];
            walk.tell(
                seen.session,
                fact.chat,
                fact.place,
                fact.place.seq.saturating_sub(1),
                seen.line,
            );
        }
        walk.take(line, moment);
    }
}

/// Puts everything but live events into the order of lines; live events are too many to copy.
fn moments(index: &Index) -> Vec<(u32, Moment<'_>)> {
    let mut moments: Vec<(u32, Moment<'_>)> = Vec::new();
    let quiet = index
        .steps
        .iter()
        .any(|step| matches!(step.what, StepKind::Quiet));
    for (number, request) in index.requests.iter().enumerate() {
        if quiet && request.acked() && request.id != 0 {
            moments.push((request.ack_line, Moment::Ack(number as u32)));
        }
    }
    let pages = index
        .pages
        .iter()
        .filter(|page| matches!(page.via, Via::Events | Via::Sync));
    moments.extend(pages.map(|page| (page.line, Moment::Page(page))));
    moments.extend(
        index
            .prefixes
            .iter()
            .map(|prefix| (prefix.line, Moment::Prefix(prefix))),
    );
    for step in &index.steps {
        let moment = match step.what {
            StepKind::Open => Moment::Open(step.session),
            StepKind::Close { .. } => Moment::Close(step.session),
            StepKind::Quiet => Moment::Quiet,
            _ => continue,
        };
        moments.push((step.line, moment));
    }
    moments.sort_by_key(|(line, _)| *line);
    moments
}

impl<'a> Walk<'a, '_> {
    fn take(&mut self, line: u32, moment: Moment<'a>) {
        match moment {
            Moment::Ack(number) => {
                let place_of = |number: u32| self.index.requests[number as usize].place;
                let tail = self
                    .tails
                    .entry(self.index.requests[number as usize].chat)
                    .or_insert(number);
                if place_of(number) > place_of(*tail) {
                    *tail = number;
                }
            }
            Moment::Page(page) => self.page(page),
            Moment::Prefix(prefix) => self.prefix(prefix),
            Moment::Open(session) => {
                let device = self.index.sessions[session as usize].device;
                self.open.entry(device).or_insert((0, line)).0 += 1;
            }
            Moment::Close(session) => {
                let device = self.index.sessions[session as usize].device;
                if let Some((sessions, _)) = self.open.get_mut(&device) {
                    *sessions = sessions.saturating_sub(1);
                }
                self.open.retain(|_, (sessions, _)| *sessions > 0);
            }
            Moment::Quiet => self.quiet(line),
        }
    }

    fn held(&mut self, session: u32, chat: u32, epoch: u32, base: u64, line: u32) -> &mut Told {
        let row = self.index.sessions[session as usize];
        let new = Told {
            base,
            places: Ranges::default(),
            user: row.user,
            line,
        };
        self.told.entry((row.device, chat, epoch)).or_insert(new)
    }

    fn tell(&mut self, session: u32, chat: u32, place: Place, base: u64, line: u32) {
        self.held(session, chat, place.epoch, base, line)
            .places
            .insert(place.seq);
    }

    fn page(&mut self, page: &PageRow) {
        let index = self.index;
        let first = index.shown_by(page).next().map(|fact| fact.place.seq);
        let before_first = first.map_or(page.head.unwrap_or(0), |first| first.saturating_sub(1));
        let base = match page.after {
            Some(after) if !page.limited => after,
            _ => before_first,
        };
        let told = self.held(page.session, page.chat, page.epoch, base, page.line);
        if page.limited {
            // The client takes the chat anew from here; what lies before is history's.
            told.base = told.base.max(before_first);
        }
        for fact in index.shown_by(page) {
            told.places.insert(fact.place.seq);
        }
    }

    fn prefix(&mut self, prefix: &PrefixRow) {
        self.finder.checked();
        let Place { epoch, seq } = prefix.place;
        let device = self.index.sessions[prefix.session as usize].device;
        // The first claim of a device may rest on what it held before the recording began.
        self.held(prefix.session, prefix.chat, epoch, seq, prefix.line);
        self.judge(
            (device, prefix.chat, epoch),
            seq,
            prefix.line,
            "says that it holds",
        );
    }

    fn quiet(&mut self, line: u32) {
        let open = self
            .told
            .keys()
            .filter(|held| self.open.contains_key(&held.0));
        let mut held: Vec<Held> = open.copied().collect();
        held.sort_unstable();
        for key in held {
            let (_, chat, epoch) = key;
            let told = &self.told[&key];
            let to = told.places.last().max(self.tail(chat, epoch)).unwrap_or(0);
            let current = self.index.chats[chat as usize].epoch() == epoch;
            if !current || !self.index.members.stays(chat, told.user, to) {
                self.finder.unchecked();
                continue;
            }
            self.finder.checked();
            self.judge(key, to, line, "should hold by this quiet moment");
        }
        self.never_told(line);
    }

    fn tail(&self, chat: u32, epoch: u32) -> Option<u64> {
        let request = &self.index.requests[*self.tails.get(&chat)? as usize];
        (request.place.epoch == epoch).then_some(request.place.seq)
    }

    fn judge(&mut self, key: Held, to: u64, line: u32, says: &str) {
        let index = self.index;
        let Some(told) = self.told.get_mut(&key) else {
            return;
        };
        let holes = told.places.holes(told.base.saturating_add(1), to);
        let owed = |hole: &(u64, u64)| index.members.first_owed(key.1, told.user, *hole, to);
        if let Some(missing) = holes.iter().find_map(owed) {
            let user = index.user_name(told.user);
            self.finder.found(Some(key.1), &[told.line, line], || {
                format!(
                    "a device of {user} {says} everything up to place {to}, and never got {missing}"
                )
            });
        }
        told.base = told.base.max(to);
    }

    /// Finds devices that were open when a chat's last event was sent, and heard nothing of it.
    fn never_told(&mut self, line: u32) {
        let index = self.index;
        for (device, (_, opened)) in &self.open {
            let user = self.users[device];
            for chat in self.chats_by_user.get(&user).into_iter().flatten() {
                let Some(tail) = self.tails.get(chat) else {
                    continue;
                };
                let Request {
                    place,
                    line: sent,
                    ack_line,
                    ..
                } = index.requests[*tail as usize];
                let told = self.told.contains_key(&(*device, *chat, place.epoch));
                let current = index.chats[*chat as usize].epoch() == place.epoch;
                if told || !current || sent < *opened {
                    continue;
                }
                self.finder.checked();
                let seq = place.seq;
                let owed = index.members.sees(*chat, user, seq, seq);
                if owed && index.members.stays(*chat, user, seq) {
                    self.finder
                        .found(Some(*chat), &[*opened, ack_line, line], || {
                            let user = index.user_name(user);
                            format!("a device of {user} was open and never heard of place {seq}")
                        });
                }
            }
        }
    }
}
