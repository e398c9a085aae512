//! A segment that is being filled.
//!
//! tantivy's own indexing threads begin each segment with tables for half a million words, which costs more than a
//! commit of a few messages; here they are as large as what comes, and no thread is started.

use ::tantivy::{
    Index, Result, Segment, SegmentMeta, TantivyDocument,
    indexer::{AddOperation, SegmentWriter},
};

/// What the tables take of a message's words, about; they grow where it is more.
const BYTES_A_MESSAGE: usize = 600;
/// The least memory to begin with.
const LEAST_BYTES: usize = 64 << 10;

/// A segment that is being filled; nobody knows of it until it is closed.
pub(super) struct Filling {
    segment: Segment,
    writer: SegmentWriter,
}

impl Filling {
    /// Begins a segment for about so many messages.
    pub(super) fn new(index: &Index, messages: usize, most_bytes: usize) -> Result<Self> {
        let segment = index.new_segment();
        let bytes = messages.saturating_mul(BYTES_A_MESSAGE);
        let bytes = bytes.min(most_bytes).max(LEAST_BYTES);
        let writer = SegmentWriter::for_segment(bytes, segment.clone())?;
        Ok(Self { segment, writer })
    }

    pub(super) fn add(&mut self, document: TantivyDocument) -> Result<()> {
        // The order of documents and deletions is kept by when the segment is handed over, not by this number.
        let opstamp = 0;
        self.writer.add_document(AddOperation { opstamp, document })
    }

    /// Returns the memory in use.
    pub(super) fn bytes(&self) -> usize {
        self.writer.mem_usage()
    }

    /// Writes its files, synced.
    pub(super) fn close(self, index: &Index) -> Result<SegmentMeta> {
        let documents = self.writer.max_doc();
        self.writer.finalize()?;
        Ok(index.new_segment_meta(self.segment.id(), documents))
    }
}
