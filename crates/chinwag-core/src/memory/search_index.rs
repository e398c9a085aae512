//! The search index in memory: every text is looked at, so what it answers is what others must answer.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_proto::{ChatId, MessageId};
use parking_lot::RwLock;

use crate::{
    ports::{
        EngineResult, Scope, SearchDocument, SearchHit, SearchIndex, SearchPage, SearchRequest,
    },
    search::{Query, matches},
};

/// Keeps every document by its id; one without content stays, so that an older one can't bring it back.
#[derive(Debug, Default)]
pub struct MemorySearch {
    documents: RwLock<BTreeMap<MessageId, SearchDocument>>,
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
        let mut kept = self.documents.write();
        for document in documents {
            let is_older = kept
                .get(&document.id)
                .is_some_and(|held| document.change_seq < held.change_seq);
            if !is_older {
                kept.insert(document.id, document);
            }
        }
        Ok(())
    }

    async fn remove_chat(&self, chat: ChatId) -> EngineResult<()> {
        self.documents
            .write()
            .retain(|_, document| document.chat != chat);
        Ok(())
    }

    async fn search(&self, request: SearchRequest) -> EngineResult<SearchPage> {
        let Ok(query) = Query::parse(&request.query) else {
            return Ok(SearchPage::default());
        };
        let documents = self.documents.read();
        let mut page = SearchPage::default();
        for document in documents.values().rev() {
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

    async fn reset(&self) -> EngineResult<()> {
        self.documents.write().clear();
        Ok(())
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
