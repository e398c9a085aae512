//! What a later change of a message takes the place of.

use ::tantivy::{
    DocId, DocSet as _, Result, Score, SegmentReader, TERMINATED, TantivyError, Term,
    query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::IndexRecordOption,
};
use chinwag_proto::Seq;

use super::{found::Found, schema::CHANGE};

/// A message's document, if it is of an earlier change.
///
/// A deletion reaches every segment that is handed to tantivy before its commit, also the one that holds what takes the
/// place: so it says by itself what it is for.
#[derive(Debug, Clone)]
pub(super) struct Older {
    message: Term,
    than: Seq,
}

impl Older {
    pub(super) fn new(message: Term, than: Seq) -> Self {
        Self { message, than }
    }
}

impl Query for Older {
    fn weight(&self, _: EnableScoring<'_>) -> Result<Box<dyn Weight>> {
        Ok(Box::new(OlderWeight(self.clone())))
    }
}

struct OlderWeight(Older);

impl Weight for OlderWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> Result<Box<dyn Scorer>> {
        let Older { message, than } = &self.0;
        let index = segment.inverted_index(message.field())?;
        let Some(mut postings) = index.read_postings(message, IndexRecordOption::Basic)? else {
            return Ok(Box::new(EmptyScorer));
        };
        let changes = segment.fast_fields().u64(CHANGE)?;
        let mut older = Vec::new();
        while postings.doc() != TERMINATED {
            let change = changes.first(postings.doc());
            if change.is_some_and(|change| Seq(change) < *than) {
                older.push(postings.doc());
            }
            postings.advance();
        }
        Ok(Box::new(ConstScorer::new(Found::new(older), boost)))
    }

    fn explain(&self, _: &SegmentReader, document: DocId) -> Result<Explanation> {
        Err(unscored(document))
    }
}

/// Says that no document has a score.
pub(super) fn unscored(document: DocId) -> TantivyError {
    let comment = format!("scores are not used, not even of document {document}");
    TantivyError::InvalidArgument(comment)
}
