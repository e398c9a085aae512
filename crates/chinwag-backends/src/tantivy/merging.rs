//! Which segments become one, and when: few segments keep searches quick, and deleted text leaves the files by it.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use ::tantivy::{
    FutureResult, IndexWriter, Result, SegmentMeta,
    index::SegmentId,
    merge_policy::{LogMergePolicy, MergePolicy as _},
};
use chinwag_proto::Timestamp;

/// How long deleted text may stay in the files.
pub(super) const DELETED_AT_MOST: Duration = Duration::from_secs(24 * 60 * 60);
/// From which part of deleted documents on a segment is written anew without waiting.
const DELETED_PART: f32 = 0.2;
/// So many segments of about one size become one.
const SEGMENTS: usize = 8;
/// Segments below this many documents count as of one size.
const SMALL: u32 = 4_000;

/// At most one merge at a time, in a thread of tantivy's.
pub(super) struct Merging {
    policy: LogMergePolicy,
    running: Option<FutureResult<Option<SegmentMeta>>>,
    /// Since when the files may hold deleted text.
    deleted_since: Option<Timestamp>,
}

impl Merging {
    /// Begins where the last commit left off.
    pub(super) fn new(deleted_since: Option<Timestamp>) -> Self {
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(SEGMENTS);
        policy.set_min_layer_size(SMALL);
        policy.set_del_docs_ratio_before_merge(DELETED_PART);
        Self {
            policy,
            running: None,
            deleted_since,
        }
    }

    /// Notes that documents were deleted, or written anew.
    pub(super) fn note_deletion(&mut self, now: Timestamp) {
        self.deleted_since.get_or_insert(now);
    }

    /// Notes that the files hold no deleted text.
    pub(super) fn note_clean(&mut self) {
        self.deleted_since = None;
    }

    pub(super) fn deleted_since(&self) -> Option<Timestamp> {
        self.deleted_since
    }

    /// Returns how long deleted text may still stay; none where there is none.
    pub(super) fn time_left(&self, now: Timestamp) -> Option<Duration> {
        let since = self.deleted_since?;
        let passed = now.unix_millis().saturating_sub(since.unix_millis());
        let passed = Duration::from_millis(u64::try_from(passed).unwrap_or(0));
        Some(DELETED_AT_MOST.saturating_sub(passed))
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Begins to merge segments.
    pub(super) fn start(&mut self, writer: &mut IndexWriter, segments: &[SegmentId]) {
        self.running = Some(writer.merge(segments));
    }

    /// Forgets the merge that runs: its writer is gone, and what it made is never used.
    pub(super) fn forget(&mut self) {
        self.running = None;
    }

    /// Returns how a merge ended, once.
    pub(super) fn ended(&mut self) -> Option<Result<()>> {
        let running = self.running.as_mut()?;
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(running).poll(&mut context) {
            Poll::Pending => None,
            Poll::Ready(merged) => {
                self.running = None;
                Some(merged.map(drop))
            }
        }
    }

    /// Chooses segments to merge for their sizes; none where all is well.
    pub(super) fn by_size(&self, segments: &[SegmentMeta]) -> Option<Vec<SegmentId>> {
        let candidates = self.policy.compute_merge_candidates(segments);
        candidates.into_iter().next().map(|candidate| candidate.0)
    }
}
