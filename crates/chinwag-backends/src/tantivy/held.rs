//! What the index holds already of messages that are to be written.

use std::collections::{BTreeMap, HashMap};

use ::tantivy::{DocSet, Result, SegmentReader, TERMINATED, schema::IndexRecordOption};
use chinwag_core::ports::SearchDocument;
use chinwag_proto::{EventId, MessageId, Seq};

use super::schema::{CHANGE, Fields, ID};

/// The newest document of each message.
pub(super) type Newest = BTreeMap<MessageId, SearchDocument>;

/// Leaves of each message the document of its last change.
pub(super) fn newest(documents: Vec<SearchDocument>) -> Newest {
    let mut newest = Newest::new();
    for document in documents {
        let is_older = newest
            .get(&document.id)
            .is_some_and(|other| document.change_seq < other.change_seq);
        if !is_older {
            newest.insert(document.id, document);
        }
    }
    newest
}

/// Reads the place of the last change of each message that the index holds, deleted ones included.
///
/// A new message costs nothing: its id is above those of every segment.
pub(super) fn changes(
    segments: &[SegmentReader],
    fields: &Fields,
    documents: &Newest,
) -> Result<HashMap<MessageId, Seq>> {
    let mut changes = HashMap::new();
    for segment in segments {
        add_changes(segment, fields, documents, &mut changes)?;
    }
    Ok(changes)
}

fn add_changes(
    segment: &SegmentReader,
    fields: &Fields,
    documents: &Newest,
    changes: &mut HashMap<MessageId, Seq>,
) -> Result<()> {
    let ids = segment.fast_fields().u64(ID)?;
    let (lowest, highest) = (EventId(ids.min_value()), EventId(ids.max_value()));
    if segment.max_doc() == 0 || lowest > highest {
        return Ok(());
    }
    let mut candidates = documents.range(lowest..=highest).peekable();
    if candidates.peek().is_none() {
        return Ok(());
    }
    let places = segment.fast_fields().u64(CHANGE)?;
    let index = segment.inverted_index(fields.message())?;
    for (id, _) in candidates {
        let term = fields.message_term(*id);
        let Some(mut found) = index.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        let mut document = found.doc();
        while document != TERMINATED {
            if !segment.is_deleted(document) {
                changes.insert(*id, Seq(places.first(document).unwrap_or(0)));
            }
            document = found.advance();
        }
    }
    Ok(())
}
