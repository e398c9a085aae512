//! The search index itself: its start, its end, and `SearchIndex`.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
};

use async_trait::async_trait;
use chinwag_core::ports::{
    EngineError, EngineResult, IndexState, Rebuild, SearchDocument, SearchIndex, SearchPage,
    SearchRequest,
};
use chinwag_proto::ChatId;

use super::{
    error::guarded,
    generation::Generation,
    home::{self, Found, Home},
    options::Options,
    rebuild::TantivyRebuild,
    scribe::{Command, Reply, Scribe},
    searchable::{self, Searchable},
    writer::Writer,
};

/// The search index, open on a directory until it is dropped.
pub struct TantivySearch {
    searchable: Arc<Searchable>,
    commands: Sender<Command>,
    /// Joined at the end.
    thread: Option<JoinHandle<()>>,
}

impl TantivySearch {
    /// Opens a directory, making it where there is none. An index that is damaged, or of another version, is no
    /// error: it must be rebuilt, as [`SearchIndex::state`] says. One process has a directory open at a time; the
    /// caller sees to that.
    pub fn open(directory: &Path, options: Options) -> io::Result<Self> {
        let (home, found) = Home::open(directory)?;
        let opened = match found {
            Found::Nothing(reason) => Err(reason),
            Found::Generation(path) => open(&path, &options),
        };
        let (current, found) = match opened {
            Ok(writer) => {
                let generation = Arc::clone(writer.generation());
                (Some(writer), Ok(generation))
            }
            Err(reason) => (None, Err(reason)),
        };
        let searchable = Arc::new(Searchable::new(found));
        let (commands, waiting) = mpsc::channel();
        let scribe = Scribe::new(
            directory,
            home,
            Arc::clone(&searchable),
            current,
            options,
            commands.clone(),
        );
        let thread = std::thread::Builder::new()
            .name("search-scribe".into())
            .spawn(move || scribe.run(&waiting))?;
        Ok(Self {
            searchable,
            commands,
            thread: Some(thread),
        })
    }

    /// Lets no index hold in a directory from the next opening on: it must be built from the log then. Harmless while
    /// it is open.
    pub fn forget(directory: &Path) -> io::Result<()> {
        home::forget_current(directory)
    }
}

fn open(path: &Path, options: &Options) -> Result<Writer, String> {
    let opened = guarded("open it", || Generation::open(path));
    let opened = opened.and_then(|generation| Writer::new(Arc::new(generation), options));
    opened.map_err(|error| format!("it is damaged: {error}"))
}

/// Asks the writing thread and waits for its answer.
pub(super) async fn ask<T>(
    commands: &Sender<Command>,
    command: impl FnOnce(Reply<T>) -> Command,
) -> EngineResult<T> {
    let (reply, answer) = tokio::sync::oneshot::channel();
    let closed = || EngineError::Unavailable("the search index was closed".into());
    commands.send(command(reply)).map_err(|_| closed())?;
    answer.await.map_err(|_| closed())?
}

#[async_trait]
impl SearchIndex for TantivySearch {
    async fn upsert(&self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        ask(&self.commands, |reply| Command::Upsert(documents, reply)).await
    }

    async fn remove_chat(&self, chat: ChatId) -> EngineResult<()> {
        ask(&self.commands, |reply| Command::RemoveChat(chat, reply)).await
    }

    async fn search(&self, request: SearchRequest) -> EngineResult<SearchPage> {
        let generation = self.searchable.get()?;
        let searched = Arc::clone(&generation);
        let search = move || searchable::search(&searched, &request);
        let found = tokio::task::spawn_blocking(search).await;
        let found = found.unwrap_or_else(|error| Err(EngineError::Unavailable(error.to_string())));
        if let Err(EngineError::Damaged(reason)) = &found {
            let _ = self
                .commands
                .send(Command::Lose(generation, reason.clone()));
        }
        found
    }

    async fn state(&self) -> EngineResult<IndexState> {
        Ok(self.searchable.state())
    }

    async fn rebuild(&self) -> EngineResult<Box<dyn Rebuild>> {
        let number = ask(&self.commands, Command::Begin).await?;
        Ok(Box::new(TantivyRebuild {
            number,
            commands: self.commands.clone(),
        }))
    }
}

impl Drop for TantivySearch {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Close);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the search index had panicked");
        }
    }
}
