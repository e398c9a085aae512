//! Collects what a search found: counts all of it, keeps the newest page.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use ::tantivy::{
    DocId, Result, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::Column,
};
use chinwag_core::ports::{SearchHit, SearchPage, SearchRequest};
use chinwag_proto::{ChatId, EventId, Seq};

use super::{
    schema::{CHAT, ID, SEQ, TIME},
    times::Times,
};
use crate::reach::Reach;

/// A hit, by id first.
type Hit = (u64, u64, u64);

/// What is wanted of all that has the words.
pub(super) struct Hits {
    reach: Arc<Reach>,
    times: Option<Times>,
    /// Only ids below this one are wanted on the page.
    before: u64,
    limit: usize,
}

impl Hits {
    pub(super) fn new(reach: Arc<Reach>, request: &SearchRequest) -> Self {
        Self {
            reach,
            times: Times::of(request),
            before: request.before.map_or(u64::MAX, |id| id.0),
            limit: request.limit,
        }
    }
}

impl Collector for Hits {
    type Fruit = SearchPage;
    type Child = SegmentHits;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> Result<SegmentHits> {
        let columns = segment.fast_fields();
        let times = match self.times {
            Some(times) => Some((times, columns.i64(TIME)?)),
            None => None,
        };
        Ok(SegmentHits {
            id: columns.u64(ID)?,
            chat: columns.u64(CHAT)?,
            seq: columns.u64(SEQ)?,
            times,
            reach: Arc::clone(&self.reach),
            page: Page::new(self.before, self.limit),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, pages: Vec<Page>) -> Result<SearchPage> {
        let mut all = Page::new(self.before, self.limit);
        for page in pages {
            all.total += page.total;
            page.newest
                .into_iter()
                .for_each(|Reverse(hit)| all.keep(hit));
        }
        Ok(all.finish())
    }
}

/// What is found in one segment.
pub(super) struct SegmentHits {
    id: Column<u64>,
    chat: Column<u64>,
    seq: Column<u64>,
    times: Option<(Times, Column<i64>)>,
    reach: Arc<Reach>,
    page: Page,
}

impl SegmentHits {
    /// Returns whether no document of the segment can be wanted.
    fn is_beside(&self) -> bool {
        self.times
            .as_ref()
            .is_some_and(|(times, column)| !times.meet(column.min_value(), column.max_value()))
    }
}

impl SegmentCollector for SegmentHits {
    type Fruit = Page;

    fn collect(&mut self, document: DocId, _: Score) {
        // Every document has every column.
        let chat = self.chat.values.get_val(document);
        let Some(places) = self.reach.of_chat(chat) else {
            return;
        };
        let seq = || self.seq.values.get_val(document);
        if !places.contain(seq) {
            return;
        }
        if let Some((times, column)) = &self.times
            && !times.contain(column.values.get_val(document))
        {
            return;
        }
        self.page.total += 1;
        self.page
            .keep((self.id.values.get_val(document), chat, seq()));
    }

    fn collect_block(&mut self, documents: &[DocId]) {
        if self.is_beside() {
            return;
        }
        for document in documents {
            self.collect(*document, 0.0);
        }
    }

    fn harvest(self) -> Page {
        self.page
    }
}

/// The newest hits below an id, one more than the page has, and how many there are in all.
pub(super) struct Page {
    total: u64,
    before: u64,
    limit: usize,
    newest: BinaryHeap<Reverse<Hit>>,
}

impl Page {
    fn new(before: u64, limit: usize) -> Self {
        Self {
            total: 0,
            before,
            limit,
            newest: BinaryHeap::new(),
        }
    }

    fn keep(&mut self, hit: Hit) {
        if hit.0 >= self.before {
            return;
        }
        if self.newest.len() <= self.limit {
            self.newest.push(Reverse(hit));
        } else if let Some(mut oldest) = self.newest.peek_mut()
            && oldest.0 < hit
        {
            *oldest = Reverse(hit);
        }
    }

    fn finish(self) -> SearchPage {
        let has_more = self.newest.len() > self.limit;
        // Sorted by what is reversed: the newest first.
        let newest = self.newest.into_sorted_vec();
        let hits = newest.into_iter().take(self.limit);
        let hits = hits.map(|Reverse((id, chat, seq))| SearchHit {
            chat: ChatId(chat),
            seq: Seq(seq),
            id: EventId(id),
        });
        SearchPage {
            hits: hits.collect(),
            total: self.total,
            has_more,
        }
    }
}
