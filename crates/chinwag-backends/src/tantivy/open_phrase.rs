//! A phrase whose last word is a beginning, such as `don't` while it is typed: `don` and whatever begins with `t`.
//!
//! tantivy has one too, which expands the beginning to a fixed number of words and holds a reader of each. Here all
//! words count, one after the other, and what is in memory is the places of the words before.

use ::tantivy::{
    DocId, InvertedIndexReader, Result, Score, SegmentReader, TERMINATED, Term,
    postings::Postings,
    query::{ConstScorer, EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight},
    schema::IndexRecordOption,
};

use super::{found::Found, older::unscored};

const POSITIONS: IndexRecordOption = IndexRecordOption::WithFreqsAndPositions;
/// From which part of the documents on that were found the rest is moved: one of so many.
const MOVED_PART: usize = 4;

/// Words that stand side by side, of which the last may go on.
#[derive(Debug, Clone)]
pub(super) struct OpenPhrase {
    /// At least one.
    words: Vec<Term>,
    beginning: Term,
}

impl OpenPhrase {
    pub(super) fn new(words: Vec<Term>, beginning: Term) -> Self {
        debug_assert!(!words.is_empty(), "one word alone is no phrase");
        Self { words, beginning }
    }
}

impl Query for OpenPhrase {
    fn weight(&self, _: EnableScoring<'_>) -> Result<Box<dyn Weight>> {
        Ok(Box::new(OpenPhraseWeight(self.clone())))
    }

    fn query_terms<'a>(&'a self, visit: &mut dyn FnMut(&'a Term, bool)) {
        self.words.iter().for_each(|word| visit(word, true));
    }
}

struct OpenPhraseWeight(OpenPhrase);

impl Weight for OpenPhraseWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> Result<Box<dyn Scorer>> {
        let index = segment.inverted_index(self.0.beginning.field())?;
        let Some(ends) = phrase_ends(&index, &self.0.words)? else {
            return Ok(Box::new(EmptyScorer));
        };
        let found = ends.followed_by(&index, &self.0.beginning)?;
        Ok(Box::new(ConstScorer::new(Found::new(found), boost)))
    }

    fn explain(&self, _: &SegmentReader, document: DocId) -> Result<Explanation> {
        Err(unscored(document))
    }
}

/// Where a phrase ends in the documents that have it.
#[derive(Default)]
struct Ends {
    /// Rising.
    documents: Vec<DocId>,
    /// Where each document's positions end in `positions`.
    bounds: Vec<usize>,
    /// The position after each occurrence, rising in each document.
    positions: Vec<u32>,
}

fn phrase_ends(index: &InvertedIndexReader, words: &[Term]) -> Result<Option<Ends>> {
    let mut ends: Option<Ends> = None;
    for word in words {
        let Some(mut postings) = index.read_postings(word, POSITIONS)? else {
            return Ok(None);
        };
        ends = Some(match ends {
            None => Ends::of(&mut postings),
            Some(before) => before.then(&mut postings),
        });
    }
    Ok(ends.filter(|ends| !ends.documents.is_empty()))
}

impl Ends {
    fn of(postings: &mut impl Postings) -> Self {
        let mut ends = Self::default();
        while postings.doc() != TERMINATED {
            ends.documents.push(postings.doc());
            postings.append_positions_with_offset(1, &mut ends.positions);
            ends.bounds.push(ends.positions.len());
            postings.advance();
        }
        ends
    }

    /// Returns where the phrase ends that goes on with one more word.
    fn then(self, postings: &mut impl Postings) -> Self {
        let mut ends = Self::default();
        let mut positions = Vec::new();
        for (index, document) in self.documents.iter().enumerate() {
            if postings.doc() < *document {
                postings.seek(*document);
            }
            if postings.doc() != *document {
                continue;
            }
            postings.positions(&mut positions);
            let next = common(self.positions_of(index), &positions).map(|position| position + 1);
            let before = ends.positions.len();
            ends.positions.extend(next);
            if ends.positions.len() > before {
                ends.documents.push(*document);
                ends.bounds.push(ends.positions.len());
            }
        }
        ends
    }

    /// Returns the documents in which a word follows that begins so, rising.
    fn followed_by(mut self, index: &InvertedIndexReader, beginning: &Term) -> Result<Vec<DocId>> {
        let mut found = Vec::new();
        let mut is_found = vec![false; self.documents.len()];
        let mut new = 0;
        let start = beginning.serialized_value_bytes();
        let mut words = index.terms().range().ge(start).into_stream()?;
        while words.advance() && words.key().starts_with(start) && !self.documents.is_empty() {
            let mut postings = index.read_postings_from_terminfo(words.value(), POSITIONS)?;
            new += self.mark_followed(&mut postings, &mut is_found);
            // What is found needs no second word, but moving the rest costs as much as reading some words.
            if new >= self.documents.len().div_ceil(MOVED_PART) {
                self.take_found(&mut is_found, &mut found);
                new = 0;
            }
        }
        self.take_found(&mut is_found, &mut found);
        found.sort_unstable();
        Ok(found)
    }

    /// Marks the documents in which one word follows, and returns how many were not marked before.
    fn mark_followed(&self, postings: &mut impl Postings, is_found: &mut [bool]) -> usize {
        let mut new = 0;
        let mut positions = Vec::new();
        let mut at = 0;
        while postings.doc() != TERMINATED {
            let document = postings.doc();
            at += first_from(&self.documents[at..], document);
            let Some(next) = self.documents.get(at) else {
                break;
            };
            if *next > document {
                postings.seek(*next);
                continue;
            }
            if !is_found[at] {
                postings.positions(&mut positions);
                if common(self.positions_of(at), &positions).next().is_some() {
                    is_found[at] = true;
                    new += 1;
                }
            }
            postings.advance();
        }
        new
    }

    /// Moves the documents that are marked; the rest begins unmarked.
    fn take_found(&mut self, is_found: &mut Vec<bool>, found: &mut Vec<DocId>) {
        let mut rest = Self::default();
        for (index, document) in self.documents.iter().enumerate() {
            if is_found[index] {
                found.push(*document);
                continue;
            }
            rest.documents.push(*document);
            rest.positions.extend_from_slice(self.positions_of(index));
            rest.bounds.push(rest.positions.len());
        }
        *is_found = vec![false; rest.documents.len()];
        *self = rest;
    }

    fn positions_of(&self, index: usize) -> &[u32] {
        let start = match index {
            0 => 0,
            _ => self.bounds[index - 1],
        };
        &self.positions[start..self.bounds[index]]
    }
}

/// Returns the index of the first document that is not below another; looks near the start first, since the next one is
/// usually close.
fn first_from(documents: &[DocId], from: DocId) -> usize {
    let mut bound = 1;
    while documents
        .get(bound)
        .is_some_and(|document| *document < from)
    {
        bound *= 2;
    }
    let (low, high) = (bound / 2, documents.len().min(bound + 1));
    low + documents[low..high].partition_point(|document| *document < from)
}

/// Returns what is in both of two rising lists.
fn common<'a>(one: &'a [u32], other: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    one.iter()
        .copied()
        .filter(|position| other.binary_search(position).is_ok())
}
