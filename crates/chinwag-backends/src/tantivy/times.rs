//! From when until when a message may be.

use chinwag_core::ports::SearchRequest;

/// From when until when, in milliseconds: inclusive, exclusive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    from: i64,
    to: i64,
}

impl Times {
    /// Makes it of a request; none where any time will do.
    pub(super) fn of(request: &SearchRequest) -> Option<Self> {
        if request.from.is_none() && request.to.is_none() {
            return None;
        }
        let millis = |time: chinwag_proto::Timestamp| time.unix_millis();
        Some(Self {
            from: request.from.map_or(i64::MIN, millis),
            to: request.to.map_or(i64::MAX, millis),
        })
    }

    pub(super) fn contain(self, time: i64) -> bool {
        self.from <= time && time < self.to
    }

    /// Returns whether any time between two, both included, lies in it.
    pub(super) fn meet(self, earliest: i64, latest: i64) -> bool {
        self.from <= latest && earliest < self.to
    }
}
