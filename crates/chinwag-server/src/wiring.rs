//! Where ports meet engines: one `match` for each port, and nothing is decided anywhere else.

use std::{path::Path, sync::Arc};

use chinwag_backends::{
    cassandra::Cassandra,
    fjall::{Embedded, Options},
    kafka::KafkaQueue,
    opensearch::OpenSearch,
    redis::{Redis, RedisBus, RedisPresence},
    tantivy::{self, TantivySearch},
};
use chinwag_core::{
    Clock, SystemClock,
    memory::{Memory, MemoryBus, MemoryPresence},
    ports::{
        Accounts, Bus, Directory, EventQueue, GroupSet, MessageStore, Ownership, Presence,
        QueueGroup, QueueMarks, SearchIndex,
    },
};

use crate::{
    config::{Config, LiveEngine, QueueEngine, SearchEngine, StoreEngine},
    error::StartError,
    metrics::{MeasuredStore, Metrics},
    push::Senders,
    shared_keys, tls,
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
    /// What the queue may lack of the log; none where the log is the queue.
    pub marks: Option<Arc<dyn QueueMarks>>,
    /// Who is online.
    pub presence: Arc<dyn Presence>,
    /// Live events between nodes.
    pub bus: Arc<dyn Bus>,
    /// Messages by their words.
    pub search: Arc<dyn SearchIndex>,
    /// Notes to devices.
    pub senders: Senders,
    /// Whether messages are queued for devices from the start, not from the first device on.
    pub feeds_devices: bool,
    /// The embedded engine behind several of them, for exports and backups; none in a cluster.
    pub embedded: Option<Arc<Embedded>>,
}

impl Ports {
    /// Keeps everything in memory: for tests, and for measuring what the server itself takes.
    #[must_use]
    pub fn in_memory(memory: &Memory) -> Self {
        let store = Arc::new(memory.store.clone());
        Self {
            store: store.clone(),
            directory: store.clone(),
            accounts: store.clone(),
            ownership: store.clone(),
            queue: store,
            marks: None,
            presence: memory.presence(),
            bus: memory.bus(),
            search: memory.search(),
            senders: Senders::default(),
            feeds_devices: false,
            embedded: None,
        }
    }
}

/// Opens the engines that a configuration names; all must answer, so that what is misconfigured is told at the start.
pub async fn open(
    config: &Config,
    opening: &Opening,
    metrics: &Arc<Metrics>,
) -> Result<Ports, StartError> {
    tls::choose_provider();
    let clock = &opening.clock;
    let engines = config.engines;
    let mut redis = SharedRedis(None);
    let stored = match engines.store {
        StoreEngine::Embedded => Stored::embedded(embedded(config, opening, metrics)?),
        StoreEngine::Cassandra => Stored::cassandra(&Cassandra::open(&config.cassandra).await?),
    };
    if stored.embedded.is_none() {
        shared_keys::share(config, &*stored.ownership).await?;
    }
    Ok(Ports {
        store: Arc::new(MeasuredStore::new(stored.store, Arc::clone(metrics))),
        directory: stored.directory,
        accounts: stored.accounts,
        ownership: stored.ownership,
        queue: match engines.queue {
            QueueEngine::Embedded => stored.queue.ok_or_else(no_queue)?,
            QueueEngine::Kafka => Arc::new(KafkaQueue::connect(config.kafka.clone()).await?),
        },
        marks: stored.marks,
        presence: match engines.presence {
            LiveEngine::Embedded => Arc::new(MemoryPresence::new(Arc::clone(clock))),
            LiveEngine::Redis => Arc::new(RedisPresence::new(redis.connect(config).await?)),
        },
        bus: match engines.bus {
            LiveEngine::Embedded => Arc::new(MemoryBus::new()),
            LiveEngine::Redis => Arc::new(RedisBus::new(redis.connect(config).await?)),
        },
        search: match engines.search {
            SearchEngine::Embedded => Arc::new(search(config, clock)?),
            SearchEngine::OpenSearch => {
                Arc::new(OpenSearch::connect(config.opensearch.clone()).await?)
            }
        },
        senders: Senders::open(&config.push, &config.data_dir, clock)?,
        feeds_devices: config.push.is_on() && may_have_devices(stored.embedded.as_deref()),
        embedded: stored.embedded,
    })
}

/// What one engine is all of: logs, directory, accounts and ownership.
struct Stored {
    store: Arc<dyn MessageStore>,
    directory: Arc<dyn Directory>,
    accounts: Arc<dyn Accounts>,
    ownership: Arc<dyn Ownership>,
    /// Where the log is the queue.
    queue: Option<Arc<dyn EventQueue>>,
    /// Where it isn't.
    marks: Option<Arc<dyn QueueMarks>>,
    embedded: Option<Arc<Embedded>>,
}

impl Stored {
    fn embedded(embedded: Arc<Embedded>) -> Self {
        Self {
            store: embedded.clone(),
            directory: embedded.clone(),
            accounts: embedded.clone(),
            ownership: embedded.clone(),
            queue: Some(embedded.clone()),
            marks: None,
            embedded: Some(embedded),
        }
    }

    fn cassandra(cassandra: &Arc<Cassandra>) -> Self {
        Self {
            store: cassandra.clone(),
            directory: cassandra.clone(),
            accounts: cassandra.clone(),
            ownership: cassandra.clone(),
            queue: None,
            marks: Some(cassandra.clone()),
            embedded: None,
        }
    }
}

/// Says that no queue is there; the configuration refuses it before.
fn no_queue() -> StartError {
    StartError::Config("this store has no queue of its own: set engines.queue".into())
}

/// Returns whether somebody may have a device: in a cluster other nodes register them, too.
fn may_have_devices(embedded: Option<&Embedded>) -> bool {
    embedded.is_none_or(|embedded| embedded.has_devices().unwrap_or(true))
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
    /// Whether nothing is written into it: who asks for a change is told so, and nobody works behind the log.
    pub read_only: bool,
    /// What tells the time from then on.
    pub clock: Arc<dyn Clock>,
}

impl Default for Opening {
    fn default() -> Self {
        Self {
            accept_loss: false,
            read_only: false,
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
        read_only: opening.read_only,
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
