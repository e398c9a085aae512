//! The one thread that writes the index: what callers want comes to it in order.

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use chinwag_core::ports::{EngineError, EngineResult, SearchDocument};
use chinwag_proto::ChatId;
use tokio::sync::oneshot;

use super::{
    error::{guarded, io},
    generation::Generation,
    home::Home,
    options::Options,
    searchable::Searchable,
    writer::Writer,
};
use crate::disk::Room;

/// What a caller wants. Callers wait for their answers, so no more wait here than there are callers.
pub(super) enum Command {
    Upsert(Vec<SearchDocument>, Reply<()>),
    RemoveChat(ChatId, Reply<()>),
    /// Begins a rebuild and answers its number.
    Begin(Reply<u64>),
    Add(u64, Vec<SearchDocument>, Reply<()>),
    Finish(u64, Reply<()>),
    Abandon(u64),
    /// A generation turned out to be damaged.
    Lose(Arc<Generation>, String),
    Close,
}

pub(super) type Reply<T> = oneshot::Sender<EngineResult<T>>;

/// What the thread works with.
pub(super) struct Scribe {
    home: Home,
    searchable: Arc<Searchable>,
    options: Options,
    room: Room,
    commands: Sender<Command>,
    current: Option<Writer>,
    next: Option<Next>,
    rebuilds: u64,
    /// Whether the files of the current generation are being checked.
    checking: Option<thread::JoinHandle<()>>,
}

/// The generation that a rebuild makes.
struct Next {
    number: u64,
    writer: Writer,
    /// Why it can't be finished.
    failed: Option<EngineError>,
}

impl Scribe {
    pub(super) fn new(
        path: &Path,
        home: Home,
        searchable: Arc<Searchable>,
        current: Option<Writer>,
        options: Options,
        commands: Sender<Command>,
    ) -> Self {
        Self {
            room: Room::new(path, options.min_free_bytes),
            home,
            searchable,
            options,
            commands,
            current,
            next: None,
            rebuilds: 0,
            checking: None,
        }
    }

    /// Works until it is told to close, or nobody is left to tell it anything.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        self.check_current();
        loop {
            let command = match self.wakes_after() {
                Some(after) => commands.recv_timeout(after),
                None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match command {
                Ok(Command::Close) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(command) => self.execute(command),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.tend();
        }
        self.abandon(self.rebuilds);
    }

    fn wakes_after(&self) -> Option<Duration> {
        let next = self.next.as_ref().map(|next| &next.writer);
        let writers = self.current.iter().chain(next);
        writers.filter_map(Writer::wakes_after).min()
    }

    /// Whoever asked may have gone; what was asked for is done all the same.
    fn execute(&mut self, command: Command) {
        match command {
            Command::Upsert(documents, reply) => drop(reply.send(self.upsert(documents))),
            Command::RemoveChat(chat, reply) => drop(reply.send(self.remove_chat(chat))),
            Command::Begin(reply) => drop(reply.send(self.begin())),
            Command::Add(number, documents, reply) => {
                drop(reply.send(self.add(number, documents)));
            }
            Command::Finish(number, reply) => drop(reply.send(self.finish(number))),
            Command::Abandon(number) => self.abandon(number),
            Command::Lose(generation, reason) => self.lose(&generation, &reason),
            Command::Close => {}
        }
    }

    fn upsert(&mut self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        if documents.is_empty() {
            return Ok(());
        }
        self.room.check()?;
        self.change(|writer, documents| writer.add(documents), documents)
    }

    fn remove_chat(&mut self, chat: ChatId) -> EngineResult<()> {
        self.change(Writer::remove_chat, chat)
    }

    /// Changes the generation that is searched and the one that is being built, durably.
    fn change<T: Clone>(
        &mut self,
        change: impl Fn(&mut Writer, T) -> EngineResult<()>,
        what: T,
    ) -> EngineResult<()> {
        let change = |writer: &mut Writer, what| {
            change(writer, what)?;
            writer.commit()
        };
        let mut done = match &self.next {
            None if self.current.is_none() => return self.searchable.get().map(drop),
            _ => Ok(()),
        };
        if let Some(next) = &mut self.next {
            let changed = change(&mut next.writer, what.clone());
            if let Err(error) = &changed {
                next.failed.get_or_insert_with(|| error.clone());
            }
            // With another one to search, only the rebuild has failed.
            if self.current.is_none() {
                done = changed;
            }
        }
        if let Some(current) = &mut self.current {
            done = change(current, what);
        }
        if let (Err(EngineError::Damaged(reason)), Some(current)) = (&done, &self.current) {
            let (generation, reason) = (Arc::clone(current.generation()), reason.clone());
            self.lose(&generation, &reason);
        }
        done
    }

    fn begin(&mut self) -> EngineResult<u64> {
        if self.next.is_some() {
            let already = "the search index is being rebuilt already";
            return Err(EngineError::Unavailable(already.into()));
        }
        self.room.check()?;
        let path = self.home.next().map_err(io("make a new search index"))?;
        let generation = guarded("make a new search index", || Generation::create(&path))?;
        let writer = Writer::new(Arc::new(generation), &self.options)?;
        self.rebuilds += 1;
        self.next = Some(Next {
            number: self.rebuilds,
            writer,
            failed: None,
        });
        Ok(self.rebuilds)
    }

    fn add(&mut self, number: u64, documents: Vec<SearchDocument>) -> EngineResult<()> {
        self.room.check()?;
        let next = self.rebuilding(number)?;
        let added = next.writer.add(documents);
        if let Err(error) = &added {
            next.failed = Some(error.clone());
        }
        added
    }

    /// Returns the rebuild of a number, if it can still be finished.
    fn rebuilding(&mut self, number: u64) -> EngineResult<&mut Next> {
        let next = self.next.as_mut().filter(|next| next.number == number);
        let next = next.ok_or_else(|| EngineError::Unavailable("the rebuild has ended".into()))?;
        if next.writer.take_lost() && next.failed.is_none() {
            let lost = "a part of the new search index couldn't be written";
            next.failed = Some(EngineError::Unavailable(lost.into()));
        }
        match &next.failed {
            Some(error) => Err(error.clone()),
            None => Ok(next),
        }
    }

    fn finish(&mut self, number: u64) -> EngineResult<()> {
        let finished = self
            .rebuilding(number)
            .and_then(|next| next.writer.commit());
        let finished = finished.and_then(|()| {
            let generation = self.rebuilding(number)?.writer.generation().clone();
            self.home
                .set_current(generation.path())
                .map_err(io("name the new search index"))?;
            Ok(generation)
        });
        let generation = match finished {
            Ok(generation) => generation,
            Err(error) => {
                self.abandon(number);
                return Err(error);
            }
        };
        self.searchable.set(Ok(generation));
        let next = self.next.take().map(|next| next.writer);
        if let Some(old) = std::mem::replace(&mut self.current, next) {
            old.remove();
        }
        Ok(())
    }

    fn abandon(&mut self, number: u64) {
        if let Some(next) = self.next.take_if(|next| next.number == number) {
            next.writer.remove();
        }
    }

    /// Gives a generation up: nothing is found until it was rebuilt.
    fn lose(&mut self, generation: &Arc<Generation>, reason: &str) {
        let is_current = |writer: &mut Writer| Arc::ptr_eq(writer.generation(), generation);
        let Some(lost) = self.current.take_if(is_current) else {
            return;
        };
        tracing::error!(reason, "the search index is damaged");
        self.searchable.set(Err(format!("it is damaged: {reason}")));
        if let Err(error) = self.home.forget_current() {
            tracing::warn!(%error, "the damaged search index keeps its name");
        }
        lost.remove();
    }

    fn tend(&mut self) {
        if let Some(next) = &mut self.next
            && let Err(error) = next.writer.tend()
        {
            next.failed.get_or_insert(error);
        }
        let Some(current) = &mut self.current else {
            return;
        };
        let tended = current.tend();
        if current.take_suspect() {
            self.check_current();
        }
        if let (Err(error), Some(current)) = (tended, &self.current) {
            let generation = Arc::clone(current.generation());
            self.lose(&generation, &error.to_string());
        }
    }

    /// Compares the files with their checksums, beside the work.
    fn check_current(&mut self) {
        let Some(current) = &self.current else { return };
        if self
            .checking
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
        {
            return;
        }
        let (generation, commands) = (Arc::clone(current.generation()), self.commands.clone());
        let check = move || {
            let checked = guarded("check the search index", || {
                Generation::check(generation.path())
            });
            if let Err(EngineError::Damaged(reason)) = checked {
                // Where nobody listens any more the next start finds it again.
                let _ = commands.send(Command::Lose(generation, reason));
            }
        };
        let started = thread::Builder::new()
            .name("search-check".into())
            .spawn(check);
        match started {
            Ok(thread) => self.checking = Some(thread),
            Err(error) => tracing::warn!(%error, "the search index can't be checked"),
        }
    }
}
