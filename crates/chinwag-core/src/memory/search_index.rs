//! The search index in memory: every text is looked at, so what it answers is what others must answer.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chinwag_proto::{ChatId, MessageId};
use parking_lot::RwLock;

use crate::{
    ports::{
        EngineError, EngineResult, IndexState, Rebuild, Scope, SearchDocument, SearchHit,
        SearchIndex, SearchPage, SearchRequest,
    },
    search::{Query, matches},
};

/// Keeps every document by its id; one without content stays, so that an older one can't bring it back.
#[derive(Debug, Default)]
pub struct MemorySearch {
    kept: Arc<RwLock<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    current: Documents,
    /// What is being built.
    next: Option<Documents>,
}

#[derive(Debug, Default)]
struct Documents(BTreeMap<MessageId, SearchDocument>);

impl Documents {
    fn upsert(&mut self, documents: &[SearchDocument]) {
        for document in documents {
            let is_older = self
                .0
                .get(&document.id)
                .is_some_and(|held| document.change_seq < held.change_seq);
            if !is_older {
                self.0.insert(document.id, document.clone());
            }
        }
    }

    fn remove_chat(&mut self, chat: ChatId) {
        self.0.retain(|_, document| document.chat != chat);
    }
}

impl Kept {
    fn each(&mut self) -> impl Iterator<Item = &mut Documents> {
        std::iter::once(&mut self.current).chain(&mut self.next)
    }
}

impl MemorySearch {
    /// Makes an empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl SearchIndex for MemorySearch {
    async fn upsert(&self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        let mut kept = self.kept.write();
        kept.each().for_each(|index| index.upsert(&documents));
        Ok(())
    }

    async fn remove_chat(&self, chat: ChatId) -> EngineResult<()> {
        let mut kept = self.kept.write();
        kept.each().for_each(|index| index.remove_chat(chat));
        Ok(())
    }

    async fn search(&self, request: SearchRequest) -> EngineResult<SearchPage> {
        let Ok(query) = Query::parse(&request.query) else {
            return Ok(SearchPage::default());
        };
        let kept = self.kept.read();
        let mut page = SearchPage::default();
        for document in kept.current.0.values().rev() {
            if !is_found(document, &request, &query) {
                continue;
            }
            page.total += 1;
            if request.before.is_some_and(|before| document.id >= before) {
                continue;
            }
            if page.hits.len() == request.limit {
                page.has_more = true;
                continue;
            }
            page.hits.push(SearchHit {
                chat: document.chat,
                seq: document.seq,
                id: document.id,
            });
        }
        Ok(page)
    }

    async fn state(&self) -> EngineResult<IndexState> {
        Ok(IndexState::Whole)
    }

    async fn rebuild(&self) -> EngineResult<Box<dyn Rebuild>> {
        let mut kept = self.kept.write();
        if kept.next.is_some() {
            let already = "the search index is being rebuilt already";
            return Err(EngineError::Unavailable(already.into()));
        }
        kept.next = Some(Documents::default());
        Ok(Box::new(MemoryRebuild(Arc::clone(&self.kept))))
    }
}

/// A rebuild that goes on until this is dropped.
struct MemoryRebuild(Arc<RwLock<Kept>>);

#[async_trait]
impl Rebuild for MemoryRebuild {
    async fn add(&mut self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        if let Some(next) = &mut self.0.write().next {
            next.upsert(&documents);
        }
        Ok(())
    }

    async fn finish(self: Box<Self>) -> EngineResult<()> {
        let mut kept = self.0.write();
        if let Some(next) = kept.next.take() {
            kept.current = next;
        }
        Ok(())
    }
}

impl Drop for MemoryRebuild {
    fn drop(&mut self) {
        self.0.write().next = None;
    }
}

/// Returns whether a document is found on some page.
fn is_found(document: &SearchDocument, request: &SearchRequest, query: &Query) -> bool {
    let Some(content) = &document.content else {
        return false;
    };
    let sender_fits = request
        .sender
        .as_ref()
        .is_none_or(|sender| *sender == document.sender);
    sender_fits
        && request.from.is_none_or(|from| document.timestamp >= from)
        && request.to.is_none_or(|to| document.timestamp < to)
        && holds(&request.scope, document)
        && matches(query, content)
}

/// Returns whether a document lies in a scope; a chat may stand there more than once.
fn holds(scope: &Scope, document: &SearchDocument) -> bool {
    scope
        .0
        .iter()
        .any(|(chat, intervals)| *chat == document.chat && intervals.contains(document.seq))
}
