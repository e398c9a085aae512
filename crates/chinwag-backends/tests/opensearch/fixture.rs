//! OpenSearch as `scripts/engines` starts it, with indices of its own for each case.

use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_backends::opensearch::{OpenSearch, Options};
use chinwag_conformance::{Engine, SearchIndexEngine};
use chinwag_core::ports::{IndexState, SearchIndex};
use serde_json::{Value, json};

use crate::engine_process::address;

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

/// Returns options for random steps.
pub(crate) fn random_options() -> Options {
    shared()
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

/// Connects to the index of a directory's name, and makes one of no messages where there is none.
pub(crate) async fn open_whole(directory: &Path, options: Options) -> OpenSearch {
    let name = directory.file_name().unwrap().to_string_lossy();
    let name = name
        .to_lowercase()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let options = Options {
        index: format!("test-{name}"),
        ..options
    };
    let index = OpenSearch::connect(options).await.unwrap();
    if index.state().await.unwrap() != IndexState::Whole {
        index.rebuild().await.unwrap().finish().await.unwrap();
    }
    index
}

/// Counts the indices of messages that are there.
pub(crate) async fn indices(options: &Options) -> usize {
    let url = format!("{}/{}-messages-*/_alias", options.urls[0], options.index);
    let told: Value = http().get(url).send().await.unwrap().json().await.unwrap();
    told.as_object().unwrap().len()
}

/// Changes a setting of all indices of messages.
pub(crate) async fn set_index(options: &Options, setting: &str, value: &str) {
    let url = format!("{}/{}-messages-*/_settings", options.urls[0], options.index);
    let body = json!({ "index": { setting: value } });
    let answer = http().put(url).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
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
