//! Where ports meet engines: one `match` for each port, and nothing is decided anywhere else.

use std::{path::Path, sync::Arc};

use chinwag_backends::{
    fjall::{Embedded, Options},
    tantivy::{self, TantivySearch},
};
use chinwag_core::{
    Clock, SystemClock,
    memory::{MemoryBus, MemoryPresence},
    ports::{
        Accounts, Bus, Directory, EventQueue, GroupSet, MessageStore, Ownership, Presence,
        QueueGroup, SearchIndex,
    },
};

use crate::{
    config::{Config, Engine},
    error::StartError,
    metrics::{MeasuredStore, Metrics},
};

/// Every port, chosen once.
#[derive(Clone)]
pub struct Ports {
    /// The chats' logs.
    pub store: Arc<dyn MessageStore>,
    /// Chats, members, marks.
    pub directory: Arc<dyn Directory>,
    /// Users, keys, devices.
    pub accounts: Arc<dyn Accounts>,
    /// Who writes which chats.
    pub ownership: Arc<dyn Ownership>,
    /// Events behind the log.
    pub queue: Arc<dyn EventQueue>,
    /// Who is online.
    pub presence: Arc<dyn Presence>,
    /// Live events between nodes.
    pub bus: Arc<dyn Bus>,
    /// Messages by their words.
    pub search: Arc<dyn SearchIndex>,
    /// The embedded engine behind several of them, for exports, backups and metrics.
    pub embedded: Arc<Embedded>,
}

/// Opens the engines that a configuration names.
pub fn open(
    config: &Config,
    opening: &Opening,
    metrics: &Arc<Metrics>,
) -> Result<Ports, StartError> {
    let clock = &opening.clock;
    let embedded = embedded(config, opening, metrics)?;
    let engines = config.engines;
    let store: Arc<dyn MessageStore> = match engines.store {
        Engine::Embedded => embedded.clone(),
    };
    Ok(Ports {
        store: Arc::new(MeasuredStore::new(store, Arc::clone(metrics))),
        directory: match engines.directory {
            Engine::Embedded => embedded.clone(),
        },
        accounts: match engines.directory {
            Engine::Embedded => embedded.clone(),
        },
        ownership: match engines.directory {
            Engine::Embedded => embedded.clone(),
        },
        queue: match engines.queue {
            Engine::Embedded => embedded.clone(),
        },
        presence: match engines.presence {
            Engine::Embedded => Arc::new(MemoryPresence::new(Arc::clone(clock))),
        },
        bus: match engines.bus {
            Engine::Embedded => Arc::new(MemoryBus::new()),
        },
        search: match engines.search {
            Engine::Embedded => Arc::new(search(config, clock)?),
        },
        embedded,
    })
}

fn search(config: &Config, clock: &Arc<dyn Clock>) -> Result<TantivySearch, StartError> {
    let options = tantivy::Options {
        memory_bytes: config.search_memory,
        min_free_bytes: config.storage_min_free,
        clock: Arc::clone(clock),
    };
    let directory = search_dir(&config.data_dir);
    TantivySearch::open(&directory, options).map_err(StartError::file(&directory))
}

/// How a data directory is opened.
#[derive(Clone)]
pub struct Opening {
    /// Whether one that lost acknowledged events is opened nevertheless.
    pub accept_loss: bool,
    /// What tells the time from then on.
    pub clock: Arc<dyn Clock>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            accept_loss: false,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

fn embedded(
    config: &Config,
    opening: &Opening,
    metrics: &Arc<Metrics>,
) -> Result<Arc<Embedded>, StartError> {
    let metrics = Arc::clone(metrics);
    if opening.accept_loss {
        // What is lost may stand in the search index; before the loss is accepted, lest a crash in between hide it.
        let directory = search_dir(&config.data_dir);
        TantivySearch::forget(&directory).map_err(StartError::file(&directory))?;
    }
    let options = Options {
        accept_loss: opening.accept_loss,
        // Nobody reads for devices yet.
        queue_groups: GroupSet::of(&[QueueGroup::Fanout, QueueGroup::Indexer, QueueGroup::Purger]),
        min_free_bytes: config.storage_min_free,
        cache_bytes: config.storage_cache,
        clock: Arc::clone(&opening.clock),
        commit_observer: Arc::new(move |time| metrics.committed(time)),
        ..Options::default()
    };
    Embedded::open(&store_dir(&config.data_dir), options).map_err(StartError::Store)
}

/// Opens the embedded engine alone, for restoring into it.
pub(crate) fn open_store(config: &Config) -> Result<Arc<Embedded>, StartError> {
    let metrics = Arc::new(Metrics::default());
    embedded(config, &Opening::default(), &metrics)
}

/// Returns where the embedded engine keeps its files.
#[must_use]
pub fn store_dir(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join("store")
}

/// Returns where the search index keeps its files.
#[must_use]
pub fn search_dir(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join("search")
}
