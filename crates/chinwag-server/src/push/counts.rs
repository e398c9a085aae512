//! What the push role counts, as Prometheus reads it.

use std::sync::atomic::{AtomicI64, Ordering};

use chinwag_proto::http::DeviceKind;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// What became of notes, and how many wait.
#[derive(Debug, Default)]
pub struct PushCounts {
    notes: Family<NoteLabels, Counter>,
    waiting: Gauge<i64, AtomicI64>,
    dropped: Counter,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct NoteLabels {
    kind: &'static str,
    outcome: &'static str,
}

impl PushCounts {
    /// Adds the counts to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "push_notes",
            "Notes to devices, by what became of them",
            self.notes.clone(),
        );
        registry.register(
            "push_waiting",
            "Notes that wait for a provider",
            self.waiting.clone(),
        );
        registry.register(
            "push_dropped",
            "Notes dropped because too many waited",
            self.dropped.clone(),
        );
    }

    pub(super) fn note(&self, kind: DeviceKind, outcome: &'static str) {
        let kind = match kind {
            DeviceKind::Fcm => "fcm",
            DeviceKind::Apns => "apns",
            DeviceKind::Webpush => "webpush",
        };
        self.notes
            .get_or_create(&NoteLabels { kind, outcome })
            .inc();
    }

    pub(super) fn set_waiting(&self, waiting: usize) {
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        self.waiting.inner().store(waiting, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) {
        self.dropped.inc();
    }
}
