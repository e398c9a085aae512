//! Writes one generation.

use std::{collections::HashSet, fs, sync::Arc, time::Duration};

use ::tantivy::{
    IndexWriter, Result, TantivyDocument, index::SegmentId, indexer::IndexWriterOptions,
    merge_policy::NoMergePolicy,
};
use chinwag_core::{
    Clock,
    ports::{EngineError, EngineResult, SearchDocument},
};
use chinwag_proto::{ChatId, MessageId, Timestamp};

use super::{
    error::guarded,
    filling::Filling,
    generation::Generation,
    held::{self, Newest},
    merging::Merging,
    older::Older,
    options::Options,
};

/// How long a writer stays open without work: its threads and buffers are worth more than opening it again.
const RESTS_AFTER: Duration = Duration::from_secs(10);
/// How often a merge is asked whether it has ended.
const MERGE_ASKED_EVERY: Duration = Duration::from_millis(50);
/// How long no merge is begun after one failed.
const MERGES_AGAIN_AFTER: Duration = Duration::from_secs(60);
/// What tantivy's own indexing threads want at least: they get no document, and take nothing of it.
const UNUSED_BYTES: usize = 15_000_000;
/// How many messages wait for a commit at most.
const PENDING: usize = 20_000;

/// Writes one generation; nothing of it is open while there is nothing to write.
pub(super) struct Writer {
    generation: Arc<Generation>,
    memory_bytes: usize,
    clock: Arc<dyn Clock>,
    open: Option<IndexWriter>,
    filling: Option<Filling>,
    /// Whether something was done since the last commit, and which messages were written.
    dirty: bool,
    /// Whether the writer has a deletion that may reach what comes after the commit.
    opens_anew: bool,
    pending: HashSet<MessageId>,
    merging: Merging,
    worked_at: Duration,
    /// No merge is begun before: one failed.
    merges_from: Duration,
    /// What a failure lost of what was not committed, or hints at damage; told once.
    lost: bool,
    suspect: bool,
}

impl Writer {
    pub(super) fn new(generation: Arc<Generation>, options: &Options) -> EngineResult<Self> {
        let payload = guarded("read the list of segments", || {
            Ok(generation.index().load_metas()?.payload)
        })?;
        let deleted_since = payload.and_then(|millis| millis.parse().ok());
        Ok(Self {
            memory_bytes: usize::try_from(options.memory_bytes).unwrap_or(usize::MAX),
            clock: Arc::clone(&options.clock),
            open: None,
            filling: None,
            dirty: false,
            opens_anew: false,
            pending: HashSet::new(),
            merging: Merging::new(deleted_since.map(Timestamp::from_unix_millis)),
            worked_at: options.clock.elapsed(),
            merges_from: Duration::ZERO,
            lost: false,
            suspect: false,
            generation,
        })
    }

    pub(super) fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// Tells, once, whether a failure lost what was not committed.
    pub(super) fn take_lost(&mut self) -> bool {
        std::mem::take(&mut self.lost)
    }

    /// Tells, once, whether something failed as it does when files are damaged.
    pub(super) fn take_suspect(&mut self) -> bool {
        std::mem::take(&mut self.suspect)
    }

    /// Writes messages, apart from those of which the index holds a later change; they are found after a commit.
    pub(super) fn add(&mut self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        let documents = held::newest(documents);
        // What waits for a commit isn't found, so nobody could tell which change is the later one.
        let meets = documents.keys().any(|id| self.pending.contains(id));
        if meets || self.pending.len() + documents.len() > PENDING {
            self.commit()?;
        }
        self.work("write to the search index", |writer| {
            writer.add_newest(documents)
        })
    }

    /// Removes all of a chat, what waits for a commit too.
    pub(super) fn remove_chat(&mut self, chat: ChatId) -> EngineResult<()> {
        self.work("remove a chat from the search index", |writer| {
            let term = writer.generation.fields().chat_term(chat);
            // A deletion reaches the segments that are there when it is committed, and perhaps later ones.
            writer.close_segment()?;
            writer.opened()?.delete_term(term);
            writer.opens_anew = true;
            writer.note_deletion();
            writer.dirty = true;
            Ok(())
        })
    }

    /// Makes what was written durable and found.
    pub(super) fn commit(&mut self) -> EngineResult<()> {
        if !self.dirty {
            return Ok(());
        }
        self.work("commit to the search index", Self::commit_all)?;
        self.tend()
    }

    /// Looks after merges, and closes what has rested long enough. Fails only where the index is damaged.
    pub(super) fn tend(&mut self) -> EngineResult<()> {
        if let Some(ended) = self.merging.ended() {
            let what = "merge segments of the search index";
            let merged = guarded(what, || ended.and_then(|()| self.generation.reload()));
            self.judge(merged)?;
        }
        let now = self.clock.elapsed();
        if !self.merging.is_running() && now >= self.merges_from {
            let due = self.merging.time_left(self.clock.now()) == Some(Duration::ZERO);
            let begun = self.work("begin a merge in the search index", |writer| {
                writer.merge(due)
            });
            self.judge(begun)?;
        }
        let rested = now.saturating_sub(self.worked_at) >= RESTS_AFTER;
        if rested && !self.dirty && !self.merging.is_running() {
            self.open = None;
        }
        Ok(())
    }

    /// Takes how a merge went: searches don't need it, so it may fail, and is begun again later.
    fn judge(&mut self, merged: EngineResult<()>) -> EngineResult<()> {
        match merged {
            Err(EngineError::Damaged(what)) => return Err(EngineError::Damaged(what)),
            Err(error) => {
                tracing::warn!(%error, "segments of the search index are not merged for now");
                self.merges_from = self.clock.elapsed() + MERGES_AGAIN_AFTER;
                self.suspect = true;
            }
            Ok(()) => {}
        }
        Ok(())
    }

    /// Returns after how long there is something to tend; none where there is nothing.
    pub(super) fn wakes_after(&self) -> Option<Duration> {
        if self.merging.is_running() {
            return Some(MERGE_ASKED_EVERY);
        }
        let now = self.clock.elapsed();
        let rests = RESTS_AFTER.saturating_sub(now.saturating_sub(self.worked_at));
        let rests = (self.open.is_some() && !self.dirty).then_some(rests);
        let merges = self.merging.time_left(self.clock.now());
        let merges = merges.map(|left| left.max(self.merges_from.saturating_sub(now)));
        [rests, merges].into_iter().flatten().min()
    }

    /// Closes it and removes its files.
    pub(super) fn remove(mut self) {
        self.open = None;
        let path = self.generation.path();
        if let Err(error) = fs::remove_dir_all(path) {
            tracing::warn!(path = %path.display(), %error, "an old search index can't be removed");
        }
    }

    /// Does something; after a failure nothing is left of what was not committed, and the writer is opened anew.
    fn work(&mut self, what: &str, work: impl FnOnce(&mut Self) -> Result<()>) -> EngineResult<()> {
        let done = guarded(what, || work(self));
        if done.is_err() {
            self.lost |= self.dirty;
            self.suspect |= !matches!(done, Err(EngineError::Full(_)));
            self.close();
            self.pending.clear();
            self.dirty = false;
            self.opens_anew = false;
        }
        done
    }

    fn add_newest(&mut self, documents: Newest) -> Result<()> {
        let generation = Arc::clone(&self.generation);
        let fields = generation.fields();
        let changes = held::changes(&generation.segments(), fields, &documents)?;
        for (id, document) in &documents {
            match changes.get(id) {
                Some(change) if document.change_seq <= *change => continue,
                Some(_) => {
                    let older = Older::new(fields.message_term(*id), document.change_seq);
                    self.opened()?.delete_query(Box::new(older))?;
                    self.note_deletion();
                }
                None => {}
            }
            self.fill(fields.document(document), documents.len())?;
            self.pending.insert(*id);
            self.dirty = true;
        }
        Ok(())
    }

    /// Adds a document, one of about so many, to the segment that is being filled.
    fn fill(&mut self, document: TantivyDocument, count: usize) -> Result<()> {
        let filling = match self.filling.take() {
            Some(filling) => filling,
            None => Filling::new(self.generation.index(), count, self.memory_bytes)?,
        };
        let filling = self.filling.insert(filling);
        filling.add(document)?;
        if filling.bytes() >= self.memory_bytes {
            self.close_segment()?;
        }
        Ok(())
    }

    /// Hands the segment that was filled to tantivy.
    fn close_segment(&mut self) -> Result<()> {
        let Some(filling) = self.filling.take() else {
            return Ok(());
        };
        let filled = filling.close(self.generation.index())?;
        self.opened()?.add_segment(filled)
    }

    fn commit_all(&mut self) -> Result<()> {
        self.close_segment()?;
        let deleted_since = self.merging.deleted_since();
        let mut commit = self.opened()?.prepare_commit()?;
        if let Some(since) = deleted_since {
            commit.set_payload(&since.unix_millis().to_string());
        }
        commit.commit()?;
        // tantivy renames its list of segments into place and leaves it to the system when that is durable.
        crate::disk::sync_directory(self.generation.path())?;
        self.dirty = false;
        self.pending.clear();
        if std::mem::take(&mut self.opens_anew) {
            self.close();
        }
        self.generation.reload()
    }

    fn close(&mut self) {
        self.open = None;
        self.filling = None;
        self.merging.forget();
    }

    /// Starts a merge where one is due.
    fn merge(&mut self, deletions_due: bool) -> Result<()> {
        let segments = match self.open {
            Some(_) => {
                let segments = self.generation.index().searchable_segment_metas()?;
                self.merging.by_size(&segments)
            }
            None => None,
        };
        let segments = match segments {
            Some(segments) => segments,
            None if deletions_due => match self.with_deletions() {
                Some(segment) => vec![segment],
                None => {
                    self.merging.note_clean();
                    return self.commit_all();
                }
            },
            None => return Ok(()),
        };
        self.opened()?;
        if let Some(writer) = &mut self.open {
            self.merging.start(writer, &segments);
        }
        Ok(())
    }

    /// Returns a segment that still holds documents which are found no more.
    fn with_deletions(&self) -> Option<SegmentId> {
        let segments = self.generation.segments();
        let segment = segments.iter().find(|segment| segment.has_deletes())?;
        Some(segment.segment_id())
    }

    fn note_deletion(&mut self) {
        self.merging.note_deletion(self.clock.now());
    }

    fn opened(&mut self) -> Result<&mut IndexWriter> {
        self.worked_at = self.clock.elapsed();
        let writer = match self.open.take() {
            Some(writer) => writer,
            None => {
                let options = IndexWriterOptions::builder()
                    .num_worker_threads(1)
                    .num_merge_threads(1)
                    .memory_budget_per_thread(UNUSED_BYTES)
                    .build();
                let writer = self.generation.index().writer_with_options(options)?;
                writer.set_merge_policy(Box::new(NoMergePolicy));
                writer
            }
        };
        Ok(self.open.insert(writer))
    }
}
