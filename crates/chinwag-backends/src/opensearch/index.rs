//! The search index itself: [`SearchIndex`] on OpenSearch.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    ports::{
        EngineError, EngineResult, IndexState, Rebuild, SearchDocument, SearchIndex, SearchPage,
        SearchRequest,
    },
    search::Query,
};
use chinwag_proto::ChatId;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use parking_lot::Mutex;
use serde_json::Value;

use super::{
    ConnectError, Options,
    begin::{self, Watched},
    bulk::{self, Target, Written},
    call::Call,
    connecting, found,
    found::Found,
    gate::Gate,
    indices::Indices,
    lease::Desk,
    link::{Away, Link},
    names::Names,
    query,
    rebuild::Rebuilds,
    remove, scope,
};
use crate::reach::Reach;

/// Parts of a scope that are searched at a time.
const PARTS_AT_ONCE: usize = 4;
/// So often a write is begun anew because a rebuild was finished in the middle of it.
const WRITES_ANEW: usize = 3;
/// Before a search is begun anew because a rebuild was finished in the middle of it.
const SEARCHES_ANEW: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(200)];

/// The search index on OpenSearch.
pub struct OpenSearch {
    core: Arc<Core>,
    gate: Gate,
    rebuilds: Rebuilds,
}

/// What all that is done to the index needs.
pub(super) struct Core {
    pub(super) link: Link,
    pub(super) names: Names,
    pub(super) options: Options,
    pub(super) desk: Desk,
    pub(super) watched: Mutex<Watched>,
}

impl Core {
    /// Asks which indices there are.
    pub(super) async fn indices(&self) -> EngineResult<Indices> {
        Indices::ask(&self.link, &self.names, &self.options).await
    }
}

impl OpenSearch {
    /// Connects, and makes there what nodes need to agree. An index that isn't there, or is of another version, is no
    /// error: it must be rebuilt, as [`SearchIndex::state`] says.
    pub async fn connect(options: Options) -> Result<Self, ConnectError> {
        connecting::check(&options)?;
        let core = Core {
            link: Link::new(&options)?,
            names: Names::new(&options.index),
            desk: Desk::new(&Names::new(&options.index), &options),
            options,
            watched: Mutex::default(),
        };
        connecting::prepare(&core.link, &core.names, &core.options).await?;
        Ok(Self {
            core: Arc::new(core),
            gate: Gate::default(),
            rebuilds: Rebuilds::default(),
        })
    }

    async fn search_part(
        &self,
        words: &Query,
        request: &SearchRequest,
        scope: Value,
        limit: usize,
    ) -> EngineResult<SearchPage> {
        let Core {
            link,
            names,
            options,
            ..
        } = &*self.core;
        // Of a search that takes too long the engine says so itself: that it answers is seen by that.
        let within = options.timeout * 3 / 4;
        let body = query::body(words, request, scope, limit, within);
        let path = format!(
            "{}/_search?allow_partial_search_results=false&filter_path={}",
            names.live(),
            found::FILTER
        );
        let call = Call::post(path, &body, options.timeout);
        let mut pauses = SEARCHES_ANEW.into_iter();
        loop {
            let asking = self.gate.pass(link.try_send(&call)).await;
            let answer = asking.map_err(Away::unavailable)?;
            let is_exchanged = answer
                .refusal()
                .is_some_and(|refusal| refusal.may_be_exchanged());
            match pauses.next() {
                Some(pause) if is_exchanged => tokio::time::sleep(pause).await,
                _ => {
                    let found: Found = answer.done("search")?.json("search")?;
                    return found.page(limit);
                }
            }
        }
    }
}

/// Returns where messages are written to.
fn targets(indices: &Indices, names: &Names) -> EngineResult<Vec<Target>> {
    let live = indices.live.iter().map(|_| names.live());
    let next = indices.next.iter().filter(|next| next.is_own);
    let aliases = live.chain(next.map(|next| next.alias.clone()));
    let targets: Vec<Target> = aliases
        .map(|alias| Target {
            alias,
            awaits_refresh: true,
        })
        .collect();
    if targets.is_empty() {
        let why = "opensearch: there is no search index: it must be rebuilt";
        return Err(EngineError::Unavailable(why.into()));
    }
    Ok(targets)
}

#[async_trait]
impl SearchIndex for OpenSearch {
    async fn upsert(&self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        let Core {
            link,
            names,
            options,
            ..
        } = &*self.core;
        for _ in 0..WRITES_ANEW {
            let indices = self.core.indices().await?.for_writing()?;
            let targets = targets(&indices, names)?;
            if bulk::write(link, options, &targets, &documents).await? == Written::All {
                return Ok(());
            }
        }
        let why = "opensearch: its indices are exchanged faster than messages are written";
        Err(EngineError::Unavailable(why.into()))
    }

    async fn remove_chat(&self, chat: ChatId) -> EngineResult<()> {
        let Core { link, options, .. } = &*self.core;
        let mut indices = self.core.indices().await?.for_writing()?;
        for _ in 0..WRITES_ANEW {
            remove::chat(link, options, &indices, chat).await?;
            let now = self.core.indices().await?.for_writing()?;
            if now == indices {
                return Ok(());
            }
            indices = now;
        }
        let why = "opensearch: its indices are exchanged faster than a chat is removed";
        Err(EngineError::Unavailable(why.into()))
    }

    async fn search(&self, request: SearchRequest) -> EngineResult<SearchPage> {
        let words = Query::parse(&request.query).unwrap_or_default();
        let scopes = scope::filters(&Reach::of(&request.scope));
        if words.is_empty() {
            return Ok(SearchPage::default());
        }
        let limit = request.limit.min(query::MAX_PAGE);
        let parts = stream::iter(scopes);
        let searching = parts.map(|scope| self.search_part(&words, &request, scope, limit));
        let found = searching.buffer_unordered(PARTS_AT_ONCE);
        let nothing = SearchPage::default();
        found
            .try_fold(nothing, async |page, part| {
                Ok(found::join(page, part, limit))
            })
            .await
    }

    async fn state(&self) -> EngineResult<IndexState> {
        let indices = self.core.indices().await?;
        let is_left = !indices.next.is_empty() || !indices.given_up.is_empty();
        if is_left && let Err(error) = begin::clear_abandoned(&self.core, &indices).await {
            tracing::warn!(%error, "what a rebuild left can't be cleared away");
        }
        if indices.live.is_some() {
            return Ok(IndexState::Whole);
        }
        let indices = indices.for_writing()?;
        Ok(IndexState::Missing(if indices.earlier.is_empty() {
            "there is none yet".into()
        } else {
            "it was made by an earlier version".into()
        }))
    }

    async fn rebuild(&self) -> EngineResult<Box<dyn Rebuild>> {
        Ok(Box::new(self.rebuilds.begin(&self.core).await?))
    }
}
