//! Direct chats: each two connections send to each other; those after the last chat are just there.

use std::collections::VecDeque;

use anyhow::Result;

use super::{
    load::{Load, SendWriter},
    net::{Listener, Net},
    scan::Seen,
};
use crate::bench::{
    measures::Measures,
    pacer::Pacer,
    plan::{Outcome, Pace, Plan, Start},
    stamp::Stamp,
};
use crate::clock::now;

/// One connection of a chat of two.
#[derive(Default)]
struct End {
    chat: u64,
    /// The chat's last place before the first message.
    base: u64,
    sent: u32,
    acked: u32,
    delivered: u32,
    /// When the messages were due that are not acknowledged, or not delivered, yet.
    due: VecDeque<u64>,
    /// The place of each message, as the first who learnt it was told.
    places: Vec<u64>,
}

impl End {
    /// Returns how many messages are acknowledged and delivered.
    fn completed(&self) -> u32 {
        self.acked.min(self.delivered)
    }

    fn is_complete(&self) -> bool {
        self.completed() == self.sent
    }

    fn due_of(&self, number: u32) -> Option<u64> {
        let index = number.checked_sub(self.completed() + 1)?;
        self.due.get(index as usize).copied()
    }
}

/// The load.
pub(super) struct Direct {
    first: u32,
    pace: Pace,
    pacer: Option<Pacer>,
    writer: SendWriter,
    ends: Vec<End>,
    measures: Measures,
    arrived: u64,
}

impl Direct {
    pub(super) fn new(plan: &Plan, pace: Pace) -> Self {
        Self {
            first: plan.first,
            pace,
            pacer: None,
            writer: SendWriter::new(plan.content_bytes),
            ends: Vec::new(),
            measures: Measures::new(),
            arrived: 0,
        }
    }

    fn send(&mut self, net: &mut Net, index: usize, due: u64) {
        let end = &mut self.ends[index];
        end.sent += 1;
        end.due.push_back(due);
        let stamp = Stamp {
            sender: self.first + index as u32,
            number: end.sent,
            due,
        };
        let at = self.writer.say(net, index, end.chat, stamp);
        self.measures.note_sent(due, at);
    }

    fn acknowledged(&mut self, index: usize, request: u64, place: u64, at: u64) {
        let end = &mut self.ends[index];
        let number = end.acked + 1;
        if request != u64::from(number) {
            let faults = &mut self.measures.faults;
            return faults.note(|| {
                format!("request {number} of {index} is next, {request} was acknowledged")
            });
        }
        if let Some(due) = end.due_of(number) {
            self.measures.note_ack(due, at);
        }
        let before = end.completed();
        end.acked += 1;
        self.placed(index, number, place);
        self.went_on(index, before, at);
    }

    fn delivered(&mut self, index: usize, stamp: Stamp, place: u64, at: u64) {
        // Both ends of a chat are in one process, so the other one is the sender.
        let sender = index ^ 1;
        let end = &mut self.ends[sender];
        let number = end.delivered + 1;
        if (stamp.sender, stamp.number) != (self.first + sender as u32, number) {
            let faults = &mut self.measures.faults;
            return faults.note(|| format!("message {number} of {sender} is next, {stamp:?} came"));
        }
        self.measures.note_delivery(stamp.due, at);
        let before = end.completed();
        end.delivered += 1;
        self.placed(sender, number, place);
        self.went_on(sender, before, at);
    }

    /// Holds what the sender and the receiver were told of a place against each other.
    fn placed(&mut self, sender: usize, number: u32, place: u64) {
        let places = &mut self.ends[sender].places;
        match places.get(number as usize - 1) {
            None => places.push(place),
            Some(told) if *told == place => {}
            Some(told) => {
                let told = *told;
                let faults = &mut self.measures.faults;
                faults.note(|| {
                    format!("message {number} of {sender} is at places {told} and {place}")
                });
            }
        }
    }

    fn went_on(&mut self, sender: usize, before: u32, at: u64) {
        let end = &mut self.ends[sender];
        for _ in before..end.completed() {
            end.due.pop_front();
            self.arrived += 1;
            self.measures.completed += u64::from(self.measures.window.holds(at));
        }
    }

    /// Sends again wherever a message came to its end, in a closed loop.
    fn fill(&mut self, net: &mut Net, index: usize, at: u64) {
        let Pace::InFlight(most) = self.pace else {
            return;
        };
        while self.measures.window.is_open(at)
            && self.ends[index].sent - self.ends[index].completed() < most
        {
            self.send(net, index, now());
        }
    }

    /// Returns which connection sends the n-th message: both ends of all chats in turn.
    fn turn(&self, number: u64) -> usize {
        let ends = self.ends.len();
        let turn = usize::try_from(number % ends as u64).unwrap_or_default();
        let chats = ends / 2;
        2 * (turn % chats) + turn / chats
    }

    /// Notes what never came, and places that are missing or taken twice.
    fn check(&mut self) {
        for (index, end) in self
            .ends
            .iter()
            .enumerate()
            .filter(|(_, end)| !end.is_complete())
        {
            let (sent, acked, delivered) = (end.sent, end.acked, end.delivered);
            self.measures.faults.note(|| {
                format!("of {sent} messages of {index}, {acked} were acknowledged and {delivered} delivered")
            });
        }
        for (chat, ends) in self.ends.chunks(2).enumerate() {
            let mut places: Vec<u64> = ends
                .iter()
                .flat_map(|end| end.places.iter().copied())
                .collect();
            places.sort_unstable();
            let base = ends.first().map_or(0, |end| end.base);
            let dense = (base + 1..)
                .zip(&places)
                .all(|(wanted, place)| wanted == *place);
            if !dense {
                let faults = &mut self.measures.faults;
                faults.note(|| format!("places of chat {chat} are missing or taken twice"));
            }
        }
    }
}

impl Listener for Direct {
    fn hear(&mut self, net: &mut Net, connection: usize, seen: Seen<'_>, at: u64) -> Result<()> {
        match seen {
            _ if self.ends.is_empty() => {}
            Seen::Message { .. } if connection >= self.ends.len() => {
                let faults = &mut self.measures.faults;
                faults.note(|| format!("a message came to {connection}, who is in no chat"));
            }
            Seen::Ack { request, place } => {
                self.acknowledged(connection, request, place, at);
                self.fill(net, connection, at);
            }
            Seen::Message { place, stamp } => {
                self.delivered(connection, stamp, place, at);
                self.fill(net, connection ^ 1, at);
            }
            Seen::Ready | Seen::Refused(_) | Seen::Other => {}
        }
        Ok(())
    }
}

impl Load for Direct {
    fn start(&mut self, start: &Start) {
        self.measures.begin(start);
        let both = |&(chat, base): &(chinwag_proto::ChatId, chinwag_proto::Seq)| {
            let end = || End {
                chat: chat.0,
                base: base.0,
                ..End::default()
            };
            [end(), end()]
        };
        self.ends = start.chats.iter().flat_map(both).collect();
        if let Pace::PerSecond(rate) = self.pace {
            self.pacer = Some(Pacer::new(start.begin, start.until, rate));
        }
    }

    fn send_due(&mut self, net: &mut Net, time: u64) -> Option<u64> {
        let Some(mut pacer) = self.pacer else {
            (0..self.ends.len()).for_each(|index| self.fill(net, index, time));
            return self.measures.window.next_edge(time);
        };
        while let Some((number, due)) = pacer.take(time) {
            self.send(net, self.turn(number), due);
        }
        self.pacer = Some(pacer);
        pacer.due()
    }

    fn sent(&self) -> u64 {
        self.measures.sent
    }

    fn arrived(&self) -> u64 {
        self.arrived
    }

    fn is_complete(&self, _: u64) -> bool {
        self.ends.iter().all(End::is_complete)
    }

    fn outcome(mut self, _: u64) -> Outcome {
        self.check();
        self.measures.outcome()
    }
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{ChatId, Seq};

    use super::*;
    use crate::bench::plan::Traffic;

    const AT: u64 = 1_000;

    /// Lets something happen that must not.
    type Fault = fn(&mut Direct);

    /// Two ends of a chat whose last place is 4, each of which sent two messages.
    fn direct() -> Direct {
        let pace = Pace::InFlight(2);
        let plan = Plan {
            nodes: Vec::new(),
            tokens: Vec::new(),
            count: 2,
            first: 10,
            traffic: Traffic::Direct(pace),
            content_bytes: 128,
            patience_ns: 0,
        };
        let mut direct = Direct::new(&plan, pace);
        direct.start(&Start {
            begin: 0,
            measure: 0,
            until: 2 * AT,
            chats: vec![(ChatId(1), Seq(4))],
        });
        for end in &mut direct.ends {
            end.sent = 2;
            end.due = [1, 2].into();
        }
        direct
    }

    fn deliver(direct: &mut Direct, sender: usize, number: u32, place: u64) {
        let stamp = Stamp {
            sender: 10 + sender as u32,
            number,
            due: 1,
        };
        direct.delivered(sender ^ 1, stamp, place, AT);
    }

    fn all_but_the_last(direct: &mut Direct) {
        for (sender, number, place) in [(0, 1, 5), (0, 2, 6), (1, 1, 7)] {
            deliver(direct, sender, number, place);
            direct.acknowledged(sender, number.into(), place, AT);
        }
    }

    fn faults_of(direct: Direct) -> (u64, u64) {
        let outcome = direct.outcome(0);
        (outcome.faults.count, outcome.completed)
    }

    #[test]
    fn what_came_once_and_in_order_is_no_fault() {
        let mut direct = direct();
        all_but_the_last(&mut direct);
        direct.acknowledged(1, 2, 8, AT);
        assert!(!direct.is_complete(0));
        deliver(&mut direct, 1, 2, 8);
        assert!(direct.is_complete(0));
        assert_eq!(faults_of(direct), (0, 4));
    }

    #[test]
    fn each_thing_that_must_not_happen_is_a_fault() {
        let faults: [(&str, Fault); 6] = [
            ("lost", |_| {}),
            ("not delivered", |direct| direct.acknowledged(1, 2, 8, AT)),
            ("delivered twice", |direct| deliver(direct, 1, 1, 7)),
            ("out of order", |direct| deliver(direct, 1, 3, 9)),
            ("two places", |direct| {
                deliver(direct, 1, 2, 8);
                direct.acknowledged(1, 2, 9, AT);
            }),
            ("a place left out", |direct| {
                deliver(direct, 1, 2, 9);
                direct.acknowledged(1, 2, 9, AT);
            }),
        ];
        for (what, happens) in faults {
            let mut direct = direct();
            all_but_the_last(&mut direct);
            happens(&mut direct);
            assert!(faults_of(direct).0 > 0, "{what}");
        }
    }
}
