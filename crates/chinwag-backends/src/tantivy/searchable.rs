//! What can be searched right now.

use std::sync::Arc;

use ::tantivy::{
    collector::Collector as _,
    query::{EnableScoring, Query as _},
};
use chinwag_core::{
    ports::{EngineError, EngineResult, IndexState, SearchPage, SearchRequest},
    search::Query,
};
use parking_lot::RwLock;

use super::{error::guarded, generation::Generation, hits::Hits, query};
use crate::reach::Reach;

/// The generation that is searched; none while the index must be built from the log.
pub(super) struct Searchable(RwLock<Result<Arc<Generation>, String>>);

impl Searchable {
    pub(super) fn new(found: Result<Arc<Generation>, String>) -> Self {
        Self(RwLock::new(found))
    }

    /// Lets later searches go to another generation.
    pub(super) fn set(&self, found: Result<Arc<Generation>, String>) {
        *self.0.write() = found;
    }

    pub(super) fn state(&self) -> IndexState {
        match &*self.0.read() {
            Ok(_) => IndexState::Whole,
            Err(reason) => IndexState::Missing(reason.clone()),
        }
    }

    /// Returns the generation; `Unavailable` where there is none.
    pub(super) fn get(&self) -> EngineResult<Arc<Generation>> {
        let found = self.0.read().clone();
        found.map_err(|reason| {
            EngineError::Unavailable(format!("the search index must be built first: {reason}"))
        })
    }
}

/// Searches one generation. May take long where a word stands in millions of messages.
pub(super) fn search(generation: &Generation, request: &SearchRequest) -> EngineResult<SearchPage> {
    let Ok(words) = Query::parse(&request.query) else {
        return Ok(SearchPage::default());
    };
    let reach = Arc::new(Reach::of(&request.scope));
    if words.is_empty() || reach.is_empty() {
        return Ok(SearchPage::default());
    }
    let query = query::of(generation.fields(), &words, request, &reach);
    let hits = Hits::new(reach, request);
    guarded("search", || {
        let schema = generation.index().schema();
        let weight = query.weight(EnableScoring::disabled_from_schema(&schema))?;
        let segments = generation.segments();
        let pages = (0..)
            .zip(segments.iter())
            .map(|(number, segment)| hits.collect_segment(&*weight, number, segment));
        hits.merge_fruits(pages.collect::<::tantivy::Result<_>>()?)
    })
}
