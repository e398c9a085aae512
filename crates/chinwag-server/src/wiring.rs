//! Where ports meet engines: one `match` for each port, and nothing is decided anywhere else.

use std::{path::Path, sync::Arc};

use chinwag_backends::{
    fjall::{Embedded, Options},
    kafka::KafkaQueue,
    redis::{Redis, RedisBus, RedisPresence},
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
    config::{Config, Engine, LiveEngine, QueueEngine},
    error::StartError,
    metrics::{MeasuredStore, Metrics},
    push::Senders,
    tls,
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
    /// Notes to devices.
    pub senders: Senders,
    /// The embedded engine behind several of them, for exports, backups and metrics.
    pub embedded: Arc<Embedded>,
}

/// Opens the engines that a configuration names; all must answer, so that what is misconfigured is told at the start.
pub async fn open(
    config: &Config,
    opening: &Opening,
    metrics: &Arc<Metrics>,
) -> Result<Ports, StartError> {
    tls::choose_provider();
    let clock = &opening.clock;
    let embedded = embedded(config, opening, metrics)?;
    let engines = config.engines;
    let mut redis = SharedRedis(None);
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
            QueueEngine::Embedded => embedded.clone(),
            QueueEngine::Kafka => Arc::new(KafkaQueue::connect(config.kafka.clone()).await?),
        },
        presence: match engines.presence {
            LiveEngine::Embedded => Arc::new(MemoryPresence::new(Arc::clone(clock))),
            LiveEngine::Redis => Arc::new(RedisPresence::new(redis.connect(config).await?)),
        },
        bus: match engines.bus {
            LiveEngine::Embedded => Arc::new(MemoryBus::new()),
            LiveEngine::Redis => Arc::new(RedisBus::new(redis.connect(config).await?)),
        },
        search: match engines.search {
            Engine::Embedded => Arc::new(search(config, clock)?),
        },
        senders: Senders::open(&config.push, &config.data_dir, clock)?,
        embedded,
    })
}

/// The one Redis of all ports that it implements.
struct SharedRedis(Option<Arc<Redis>>);

impl SharedRedis {
    async fn connect(&mut self, config: &Config) -> Result<Arc<Redis>, StartError> {
        if let Some(redis) = &self.0 {
            return Ok(Arc::clone(redis));
        }
        let redis = Redis::connect(config.redis.clone()).await?;
        Ok(Arc::clone(self.0.insert(redis)))
    }
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
        queue_groups: queue_groups(config),
        min_free_bytes: config.storage_min_free,
        cache_bytes: config.storage_cache,
        clock: Arc::clone(&opening.clock),
        commit_observer: Arc::new(move |time| metrics.committed(time)),
        ..Options::default()
    };
    Embedded::open(&store_dir(&config.data_dir), options).map_err(StartError::Store)
}

/// Returns who reads the log as the queue; nobody where Kafka is.
fn queue_groups(config: &Config) -> GroupSet {
    match config.engines.queue {
        QueueEngine::Embedded => {}
        QueueEngine::Kafka => return GroupSet::NONE,
    }
    let mut groups = vec![QueueGroup::Fanout, QueueGroup::Indexer, QueueGroup::Purger];
    if config.push.is_on() {
        groups.push(QueueGroup::Push);
    }
    GroupSet::of(&groups)
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
