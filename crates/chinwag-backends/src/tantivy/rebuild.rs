//! A rebuild as its caller sees it.

use std::sync::mpsc::Sender;

use async_trait::async_trait;
use chinwag_core::ports::{EngineResult, Rebuild, SearchDocument};

use super::{index::ask, scribe::Command};

/// A rebuild that goes on until this is dropped.
pub(super) struct TantivyRebuild {
    pub(super) number: u64,
    pub(super) commands: Sender<Command>,
}

#[async_trait]
impl Rebuild for TantivyRebuild {
    async fn add(&mut self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        let number = self.number;
        ask(&self.commands, |reply| {
            Command::Add(number, documents, reply)
        })
        .await
    }

    async fn finish(self: Box<Self>) -> EngineResult<()> {
        let number = self.number;
        ask(&self.commands, |reply| Command::Finish(number, reply)).await
    }
}

impl Drop for TantivyRebuild {
    fn drop(&mut self) {
        // Of one that was finished there is nothing left to abandon.
        let _ = self.commands.send(Command::Abandon(self.number));
    }
}
