//! OpenSearch as `scripts/engines` starts it, with indices of its own for each case.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_backends::opensearch::{OpenSearch, Options};
use chinwag_conformance::{Engine, SearchIndexEngine};
use chinwag_core::ports::SearchIndex;

/// Returns where the engines are.
pub(crate) fn address() -> String {
    std::env::var("ENGINES_ADDRESS").unwrap_or_else(|_| "127.0.0.1".into())
}

/// Returns options with indices that nobody else has, on the engine at a port.
pub(crate) fn options(port: u16) -> Options {
    Options {
        index: format!("test{:x}", rand::random::<u64>()),
        shards: 1,
        replicas: 0,
        refresh: Duration::from_millis(20),
        ..Options::at(vec![format!("http://{}:{port}", address())])
    }
}

/// Returns options on the engine that all share, patient: how fast a busy machine is, is no case's concern.
pub(crate) fn shared() -> Options {
    Options {
        timeout: Duration::from_secs(30),
        write_timeout: Duration::from_secs(60),
        ..options(19_200)
    }
}

pub(crate) async fn connect(options: &Options) -> Arc<OpenSearch> {
    match OpenSearch::connect(options.clone()).await {
        Ok(index) => Arc::new(index),
        Err(error) => panic!("{error} (make engines-up)"),
    }
}

/// Connects, and makes an index of no messages, as a new server does.
pub(crate) async fn connect_whole(options: &Options) -> Arc<OpenSearch> {
    let index = connect(options).await;
    index.rebuild().await.unwrap().finish().await.unwrap();
    index
}

/// An index on OpenSearch.
pub(crate) struct OnOpenSearch {
    options: Options,
    index: Arc<OpenSearch>,
}

#[async_trait]
impl Engine for OnOpenSearch {
    async fn fresh() -> Self {
        let options = shared();
        let index = connect_whole(&options).await;
        Self { options, index }
    }

    async fn reopen(self) -> Self {
        let Self { options, index } = self;
        drop(index);
        let index = connect(&options).await;
        Self { options, index }
    }
}

impl SearchIndexEngine for OnOpenSearch {
    fn search_index(&self) -> Arc<dyn SearchIndex> {
        self.index.clone()
    }
}
