//! One group: its first members send, and all get each message once, in one order.

use anyhow::Result;

use super::{
    load::{Load, SendWriter},
    net::{Listener, Net},
    scan::Seen,
};
use crate::bench::{
    measures::Measures,
    pacer::Pacer,
    plan::{Outcome, Pace, Plan, SeenPlace, Start},
    stamp::Stamp,
};
use crate::clock::now;

/// A member who only listens.
#[derive(Default, Clone, Copy)]
struct Member {
    /// The last place without a gap before it.
    place: u64,
}

/// A member who sends.
#[derive(Default)]
struct Sender {
    sent: u32,
    acked: u32,
    /// When each message was due.
    due: Vec<u64>,
    /// Places that came, by acknowledgement or as others' messages: both ways at once, so not in order.
    came: Vec<bool>,
}

/// The load.
pub(super) struct Group {
    first: u32,
    pace: Pace,
    pacer: Option<Pacer>,
    writer: SendWriter,
    chat: u64,
    base: u64,
    senders: Vec<Sender>,
    /// All connections; those of senders are not looked at.
    members: Vec<Member>,
    seen: Vec<SeenPlace>,
    measures: Measures,
    /// Deliveries, acknowledgements included.
    came: u64,
}

impl Group {
    pub(super) fn new(plan: &Plan, senders: usize, pace: Pace) -> Self {
        Self {
            first: plan.first,
            pace,
            pacer: None,
            writer: SendWriter::new(plan.content_bytes),
            chat: 0,
            base: 0,
            senders: (0..senders).map(|_| Sender::default()).collect(),
            members: vec![Member::default(); plan.count],
            seen: Vec::new(),
            measures: Measures::new(),
            came: 0,
        }
    }

    fn send(&mut self, net: &mut Net, index: usize, due: u64) {
        let sender = &mut self.senders[index];
        sender.sent += 1;
        sender.due.push(due);
        let stamp = Stamp {
            sender: self.first + index as u32,
            number: sender.sent,
            due,
        };
        let at = self.writer.say(net, index, self.chat, stamp);
        self.measures.note_sent(due, at);
    }

    fn acknowledged(&mut self, index: usize, request: u64, place: u64, at: u64) {
        let Some(sender) = self.senders.get_mut(index) else {
            return;
        };
        let number = sender.acked + 1;
        if request != u64::from(number) {
            let faults = &mut self.measures.faults;
            return faults.note(|| {
                format!("request {number} of {index} is next, {request} was acknowledged")
            });
        }
        sender.acked += 1;
        let due = sender.due[sender.acked as usize - 1];
        self.measures.note_ack(due, at);
        let stamp = Stamp {
            sender: self.first + index as u32,
            number,
            due,
        };
        self.take(index, place, stamp, None);
    }

    fn is_own(&self, index: usize, stamp: Stamp) -> bool {
        index < self.senders.len() && stamp.sender == self.first + index as u32
    }

    /// Takes a place that a connection was told; where it was delivered, and not acknowledged, with the time.
    fn take(&mut self, index: usize, place: u64, stamp: Stamp, delivered_at: Option<u64>) {
        let Some(nth) = place.checked_sub(self.base + 1) else {
            let faults = &mut self.measures.faults;
            return faults.note(|| format!("place {place} came to {index} again: {stamp:?}"));
        };
        let nth = usize::try_from(nth).unwrap_or(usize::MAX);
        if let Err(what) = self.next_of(index, place, nth) {
            return self
                .measures
                .faults
                .note(|| format!("{what}: {stamp:?} at {place} for {index}"));
        }
        self.came += 1;
        if self.seen.len() <= nth {
            self.seen.resize(nth + 1, SeenPlace::default());
        }
        let seen = &mut self.seen[nth];
        if seen.count == 0 {
            (seen.sender, seen.number, seen.due) = (stamp.sender, stamp.number, stamp.due);
        } else if (seen.sender, seen.number) != (stamp.sender, stamp.number) {
            let faults = &mut self.measures.faults;
            faults.note(|| format!("members see different messages at place {place}"));
        }
        seen.count += 1;
        seen.last = seen.last.max(delivered_at.unwrap_or_default());
    }

    /// Returns what is wrong with a place that came to a connection, where something is.
    fn next_of(&mut self, index: usize, place: u64, nth: usize) -> Result<(), &'static str> {
        if let Some(sender) = self.senders.get_mut(index) {
            if sender.came.len() <= nth {
                sender.came.resize(nth + 1, false);
            }
            let again = std::mem::replace(&mut sender.came[nth], true);
            return if again { Err("came twice") } else { Ok(()) };
        }
        let member = &mut self.members[index];
        let next = self.base + member.place + 1;
        if place == next {
            member.place += 1;
            return Ok(());
        }
        if place < next {
            return Err("came twice, or late");
        }
        // So that one loss isn't told at every place after it.
        member.place = place - self.base;
        Err("came before its turn: a place before it is lost, or late")
    }

    /// Sends again where few of a sender's messages are on their way, in a closed loop.
    fn fill(&mut self, net: &mut Net, at: u64) {
        let Pace::InFlight(most) = self.pace else {
            return;
        };
        for index in 0..self.senders.len() {
            while self.measures.window.is_open(at) && self.on_the_way(index) < u64::from(most) {
                self.send(net, index, now());
            }
        }
    }

    /// Returns how many messages of a sender are not acknowledged, or not with all members of this process.
    fn on_the_way(&self, index: usize) -> u64 {
        let unacked = u64::from(self.senders[index].sent - self.senders[index].acked);
        let members = self.members.len() as u32;
        let open = self
            .seen
            .iter()
            .rev()
            .take_while(|seen| seen.count < members);
        let sender = self.first + index as u32;
        unacked
            + open
                .filter(|seen| seen.count > 0 && seen.sender == sender)
                .count() as u64
    }

    fn check(&mut self, messages: u64) {
        let wanted = messages * self.members.len() as u64;
        if self.came != wanted {
            let came = self.came;
            let faults = &mut self.measures.faults;
            faults.note(|| {
                format!("{came} deliveries came of {wanted}: {messages} messages to each member")
            });
        }
        for (index, sender) in self
            .senders
            .iter()
            .enumerate()
            .filter(|(_, it)| it.acked != it.sent)
        {
            let (sent, acked) = (sender.sent, sender.acked);
            let faults = &mut self.measures.faults;
            faults.note(|| format!("of {sent} messages of {index}, {acked} were acknowledged"));
        }
    }
}

impl Listener for Group {
    fn hear(&mut self, net: &mut Net, connection: usize, seen: Seen<'_>, at: u64) -> Result<()> {
        match seen {
            Seen::Ack { request, place } => self.acknowledged(connection, request, place, at),
            // A large group's sender gets its own message too, by the topic that all get it by.
            Seen::Message { stamp, .. } if self.is_own(connection, stamp) => return Ok(()),
            Seen::Message { place, stamp } => {
                self.measures.note_delivery(stamp.due, at);
                self.measures.completed += u64::from(self.measures.window.holds(stamp.due));
                self.take(connection, place, stamp, Some(at));
            }
            Seen::Ready | Seen::Refused(_) | Seen::Other => return Ok(()),
        }
        self.fill(net, at);
        Ok(())
    }
}

impl Load for Group {
    fn start(&mut self, start: &Start) {
        self.measures.begin(start);
        if let Some((chat, base)) = start.chats.first() {
            (self.chat, self.base) = (chat.0, base.0);
        }
        if let Pace::PerSecond(rate) = self.pace {
            self.pacer = Some(Pacer::new(start.begin, start.until, rate));
        }
    }

    fn send_due(&mut self, net: &mut Net, time: u64) -> Option<u64> {
        if self.senders.is_empty() {
            return None;
        }
        let Some(mut pacer) = self.pacer else {
            self.fill(net, time);
            return self.measures.window.next_edge(time);
        };
        while let Some((number, due)) = pacer.take(time) {
            let turn = number % self.senders.len() as u64;
            self.send(net, usize::try_from(turn).unwrap_or_default(), due);
        }
        self.pacer = Some(pacer);
        pacer.due()
    }

    fn sent(&self) -> u64 {
        self.measures.sent
    }

    fn arrived(&self) -> u64 {
        self.came / self.members.len().max(1) as u64
    }

    fn is_complete(&self, messages: u64) -> bool {
        self.came == messages * self.members.len() as u64
    }

    fn outcome(mut self, messages: u64) -> Outcome {
        self.check(messages);
        Outcome {
            seen: self.seen,
            ..self.measures.outcome()
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{ChatId, Seq};

    use super::*;
    use crate::bench::plan::Traffic;

    const AT: u64 = 1_000;

    /// Lets something happen that must not.
    type Fault = fn(&mut Group);

    /// Three members of a group whose last place is 4, the first of whom sent two messages.
    fn group() -> Group {
        let pace = Pace::InFlight(2);
        let plan = Plan {
            nodes: Vec::new(),
            tokens: Vec::new(),
            count: 3,
            first: 10,
            traffic: Traffic::Group { senders: 1, pace },
            content_bytes: 128,
            patience_ns: 0,
        };
        let mut group = Group::new(&plan, 1, pace);
        group.start(&Start {
            begin: 0,
            measure: 0,
            until: 2 * AT,
            chats: vec![(ChatId(1), Seq(4))],
        });
        (group.senders[0].sent, group.senders[0].due) = (2, vec![1, 2]);
        group
    }

    fn deliver(group: &mut Group, member: usize, number: u32, place: u64) {
        let stamp = Stamp {
            sender: 10,
            number,
            due: 1,
        };
        group.take(member, place, stamp, Some(AT));
    }

    fn all_but_the_last(group: &mut Group) {
        for (request, place) in [(1, 5), (2, 6)] {
            group.acknowledged(0, request, place, AT);
            deliver(group, 1, request as u32, place);
        }
        deliver(group, 2, 1, 5);
    }

    #[test]
    fn what_came_to_each_member_once_and_in_order_is_no_fault() {
        let mut group = group();
        all_but_the_last(&mut group);
        assert!(!group.is_complete(2));
        assert_eq!(group.on_the_way(0), 1);
        deliver(&mut group, 2, 2, 6);
        assert!(group.is_complete(2));
        let outcome = group.outcome(2);
        assert_eq!(outcome.faults.count, 0);
        let counts: Vec<u32> = outcome.seen.iter().map(|seen| seen.count).collect();
        assert_eq!(counts, [3, 3]);
    }

    #[test]
    fn each_thing_that_must_not_happen_is_a_fault() {
        let faults: [(&str, Fault); 5] = [
            ("lost", |_| {}),
            ("twice", |group| deliver(group, 2, 1, 5)),
            ("too early", |group| deliver(group, 2, 3, 7)),
            ("another message at the place", |group| {
                deliver(group, 2, 1, 6)
            }),
            ("twice to the sender", |group| deliver(group, 0, 1, 5)),
        ];
        for (what, happens) in faults {
            let mut group = group();
            all_but_the_last(&mut group);
            happens(&mut group);
            assert!(group.outcome(2).faults.count > 0, "{what}");
        }
    }
}
