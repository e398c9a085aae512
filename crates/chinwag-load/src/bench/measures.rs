//! What is measured of a load: times, counts, and what should not have happened. A question is sent as a message is,
//! and its answer is its delivery.

use super::{
    faults::Faults,
    latency::Latency,
    plan::{Outcome, Start},
    timeline::Timeline,
};

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

    /// Notes the answer to a question that was due at a time.
    pub(super) fn note_answer(&mut self, due: u64, at: u64) {
        self.note_delivery(due, at);
        self.completed += u64::from(self.window.holds(at));
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
