//! What the loads have in common: times, counts, and how a send is written.

use std::io::Write as _;

use super::{
    net::{Listener, Net},
    uuid::Uuids,
};
use crate::{
    bench::{
        faults::Faults,
        latency::Latency,
        plan::{Outcome, Start},
        stamp::Stamp,
        timeline::Timeline,
    },
    clock::now,
};

/// What connections do, and what is made of what they are told.
pub(super) trait Load: Listener {
    /// Learns when and where to send.
    fn start(&mut self, start: &Start);

    /// Sends what is due, and returns when the next message is; none once the last was sent.
    fn send_due(&mut self, net: &mut Net, time: u64) -> Option<u64>;

    /// Returns how many messages were sent.
    fn sent(&self) -> u64;

    /// Returns how many messages came to the end of their way.
    fn arrived(&self) -> u64;

    /// Returns whether nothing is on its way any more, where all senders of all processes sent so many.
    fn is_complete(&self, messages: u64) -> bool;

    /// Tells what came of it; what has not arrived by now is lost.
    fn outcome(self, messages: u64) -> Outcome;
}

/// The time that counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    /// When sending begins, before anything counts.
    pub(super) begin: u64,
    pub(super) measure: u64,
    pub(super) until: u64,
}

impl Window {
    /// Returns when a closed loop must be looked at from outside: at its beginning and at its end; none after it.
    pub(super) fn next_edge(self, time: u64) -> Option<u64> {
        [self.begin, self.until]
            .into_iter()
            .find(|edge| time < *edge)
    }

    /// Returns whether it is the time to send.
    pub(super) fn is_open(self, time: u64) -> bool {
        (self.begin..self.until).contains(&time)
    }

    /// Returns whether a moment counts.
    pub(super) fn holds(self, time: u64) -> bool {
        (self.measure..self.until).contains(&time)
    }
}

/// What every load measures.
pub(super) struct Measures {
    pub(super) window: Window,
    pub(super) ack: Latency,
    pub(super) delivery: Latency,
    pub(super) lag: Latency,
    timeline: Timeline,
    pub(super) faults: Faults,
    pub(super) sent: u64,
    pub(super) completed: u64,
}

impl Measures {
    pub(super) fn new() -> Self {
        Self {
            window: Window::default(),
            ack: Latency::new(),
            delivery: Latency::new(),
            lag: Latency::new(),
            timeline: Timeline::default(),
            faults: Faults::default(),
            sent: 0,
            completed: 0,
        }
    }

    pub(super) fn begin(&mut self, start: &Start) {
        self.window = Window {
            begin: start.begin,
            measure: start.measure,
            until: start.until,
        };
        self.timeline = Timeline::new(start.measure, start.until);
    }

    /// Notes a send that was due at a time.
    pub(super) fn note_sent(&mut self, due: u64, at: u64) {
        self.sent += 1;
        if self.window.holds(due) {
            self.lag.record(at.saturating_sub(due));
        }
    }

    /// Notes an acknowledgement of a message that was due at a time.
    pub(super) fn note_ack(&mut self, due: u64, at: u64) {
        if self.window.holds(due) {
            self.ack.record(at.saturating_sub(due));
        }
    }

    /// Notes a delivery of a message that was due at a time.
    pub(super) fn note_delivery(&mut self, due: u64, at: u64) {
        if self.window.holds(due) {
            self.delivery.record(at.saturating_sub(due));
            self.timeline.record(due, at.saturating_sub(due));
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        Outcome {
            sent: self.sent,
            completed: self.completed,
            ack: self.ack.counts(),
            delivery: self.delivery.counts(),
            lag: self.lag.counts(),
            timeline: self.timeline.counts(),
            faults: self.faults,
            ..Outcome::default()
        }
    }
}

/// Writes sends into one chat.
pub(super) struct SendWriter {
    uuids: Uuids,
    content_bytes: usize,
}

impl SendWriter {
    pub(super) fn new(content_bytes: usize) -> Self {
        Self {
            uuids: Uuids::new(),
            content_bytes,
        }
    }

    /// Says a message on a connection; the request's number is the message's. Returns when it was said.
    pub(super) fn say(&mut self, net: &mut Net, connection: usize, chat: u64, stamp: Stamp) -> u64 {
        let (uuids, length) = (&mut self.uuids, self.content_bytes);
        net.say(connection, |text| {
            // Writing to a vector can't fail.
            let _ = write!(
                text,
                r#"{{"type":"send","id":{},"chatId":"{chat}","clientId":""#,
                stamp.number
            );
            uuids.write(text);
            text.extend_from_slice(br#"","content":""#);
            stamp.write(text, length);
            text.extend_from_slice(br#""}"#);
        });
        now()
    }
}
