//! Turns the settings into the typed configuration.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use chinwag_backends::{cassandra, kafka, opensearch, redis, tantivy::MIN_MEMORY_BYTES};
use chinwag_proto::Limits;

use super::{
    Algorithm, AuthConfig, Config, ConfigError, Engines, LiveEngine, QueueEngine, Rates,
    SearchEngine, Settings, StoreEngine, TlsFiles, TokenKeys, kind::Value, node, push,
};

/// A shared secret below this many bytes can be guessed (RFC 7518, 3.2).
const MIN_SECRET_BYTES: usize = 32;
/// Below, the index would be many small files; above, more memory makes no difference.
const SEARCH_MEMORY: RangeInclusive<u64> = MIN_MEMORY_BYTES..=(2 << 30);
/// Below, a large batch would be thousands of requests; above, the engine's own default refuses them (100 MB).
const BULK_BYTES: RangeInclusive<u64> = (64 << 10)..=(64 << 20);
/// Below, a busy network would count as an outage; above, nobody waits.
const PATIENCE: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(3_600);

pub(super) fn config(settings: Settings) -> Result<Config, ConfigError> {
    let reader = Reader(&settings);
    Ok(Config {
        listen: reader.text("listen"),
        data_dir: reader.text("data_dir").into(),
        node: node::node(&reader)?,
        direct_max_members: reader.count("direct_max_members"),
        delivery_threads: reader.count("delivery_threads"),
        origins: reader.list("public.origins"),
        proxies: proxies(&reader)?,
        web_client: reader.flag("public.web_client"),
        tls: tls(&reader)?,
        metrics_listen: reader.optional("metrics.listen"),
        log_format: reader.text("log.format"),
        log_level: reader.text("log.level"),
        auth: auth(&reader)?,
        limits: limits(&reader),
        rates: rates(&reader),
        storage_min_free: reader.number("storage.min_free"),
        storage_cache: reader.number("storage.cache"),
        search_memory: search_memory(&reader)?,
        push: push::push(&reader)?,
        shutdown_timeout: reader.time("shutdown.timeout"),
        cassandra: cassandra(&reader)?,
        redis: redis(&reader)?,
        kafka: kafka(&reader)?,
        opensearch: opensearch(&reader)?,
        engines: engines(&reader)?,
        settings,
    })
}

fn engines(reader: &Reader<'_>) -> Result<Engines, ConfigError> {
    let engines = Engines {
        store: reader.store_engine("engines.store"),
        directory: reader.store_engine("engines.directory"),
        presence: reader.live_engine("engines.presence"),
        bus: reader.live_engine("engines.bus"),
        queue: reader.queue_engine("engines.queue"),
        search: reader.search_engine("engines.search"),
    };
    let contradiction = |detail: &str| Err(ConfigError::Contradiction(detail.into()));
    if engines.store != engines.directory {
        return contradiction(
            "engines.store and engines.directory are one engine: an event is written with the members that follow from it",
        );
    }
    if (engines.search, engines.store) == (SearchEngine::OpenSearch, StoreEngine::Embedded) {
        // A restored data directory, or one whose loss was accepted, would be searched by an index that knows nothing of it.
        return contradiction(
            "engines.search = \"opensearch\" needs engines.store = \"cassandra\": the embedded store has an index beside it",
        );
    }
    match (engines.queue, engines.store) {
        // After a crash nothing would say what was stored and not yet queued.
        (QueueEngine::Kafka, StoreEngine::Embedded) => contradiction(
            "engines.queue = \"kafka\" doesn't go with engines.store = \"embedded\", whose log is the queue",
        ),
        (QueueEngine::Embedded, StoreEngine::Cassandra) => contradiction(
            "engines.store = \"cassandra\" needs engines.queue = \"kafka\": the embedded queue is the embedded store's log",
        ),
        (QueueEngine::Embedded, StoreEngine::Embedded)
        | (QueueEngine::Kafka, StoreEngine::Cassandra) => Ok(engines),
    }
}

fn cassandra(reader: &Reader<'_>) -> Result<cassandra::Options, ConfigError> {
    let user = reader.optional("cassandra.user");
    let credentials = match (user, reader.optional("cassandra.password")) {
        (None, None) => None,
        (Some(user), Some(password)) => Some((user, password)),
        _ => {
            let detail = "cassandra.user and cassandra.password go together; one is missing";
            return Err(ConfigError::Contradiction(detail.into()));
        }
    };
    let authorities = reader.optional("cassandra.tls_ca");
    Ok(cassandra::Options {
        contact_points: reader.some("cassandra.contact_points")?,
        keyspace: reader.text("cassandra.keyspace"),
        local_data_center: reader.optional("cassandra.local_data_center"),
        replication: u8::try_from(reader.count("cassandra.replication"))
            .expect("the table bounds it below 2^8"),
        credentials,
        tls: authorities.map(|path| cassandra::Tls {
            authorities: path.into(),
        }),
        timeout: reader.patience("cassandra.timeout")?,
        in_flight: reader.count("cassandra.in_flight") as usize,
    })
}

fn redis(reader: &Reader<'_>) -> Result<redis::Options, ConfigError> {
    let waiting_bytes = reader.number("redis.waiting_bytes");
    Ok(redis::Options {
        urls: reader.some("redis.urls")?,
        authorities: reader.optional("redis.tls_ca").map(PathBuf::from),
        is_cluster: reader.flag("redis.cluster"),
        prefix: reader.text("redis.prefix"),
        timeout: reader.patience("redis.timeout")?,
        last_seen: reader.time("redis.last_seen"),
        waiting_messages: reader.count("redis.waiting_messages") as usize,
        waiting_bytes: usize::try_from(waiting_bytes).unwrap_or(usize::MAX),
    })
}

fn kafka(reader: &Reader<'_>) -> Result<kafka::Options, ConfigError> {
    let small = |name| u16::try_from(reader.count(name)).expect("the table bounds it below 2^16");
    Ok(kafka::Options {
        brokers: reader.some("kafka.brokers")?,
        prefix: reader.text("kafka.prefix"),
        partitions: small("kafka.partitions"),
        replication: small("kafka.replication"),
        retention: reader.time("kafka.retention"),
        timeout: reader.patience("kafka.timeout")?,
        session_timeout: reader.patience("kafka.session_timeout")?,
        max_poll_interval: reader.patience("kafka.max_poll_interval")?,
    })
}

fn opensearch(reader: &Reader<'_>) -> Result<opensearch::Options, ConfigError> {
    let bulk_bytes = reader.number("opensearch.bulk_bytes");
    if !BULK_BYTES.contains(&bulk_bytes) {
        let (least, most) = (BULK_BYTES.start() >> 10, BULK_BYTES.end() >> 20);
        let detail = format!("opensearch.bulk_bytes takes from {least}KiB to {most}MiB");
        return Err(ConfigError::Contradiction(detail));
    }
    let write_timeout = reader.patience("opensearch.write_timeout")?;
    let refresh = reader.patience("opensearch.refresh")?;
    if refresh * 2 > write_timeout {
        let detail = "opensearch.write_timeout needs twice opensearch.refresh at least: a write waits until it is found";
        return Err(ConfigError::Contradiction(detail.into()));
    }
    let urls = reader.some("opensearch.urls")?;
    Ok(opensearch::Options {
        index: reader.text("opensearch.index"),
        credentials: opensearch_credentials(reader)?,
        authorities: reader.optional("opensearch.tls_ca").map(PathBuf::from),
        timeout: reader.patience("opensearch.timeout")?,
        write_timeout,
        bulk_bytes: usize::try_from(bulk_bytes).unwrap_or(usize::MAX),
        bulk_documents: reader.count("opensearch.bulk_documents") as usize,
        shards: u16::try_from(reader.count("opensearch.shards"))
            .expect("the table bounds it below 2^16"),
        replicas: u8::try_from(reader.count("opensearch.replicas"))
            .expect("the table bounds it below 2^8"),
        refresh,
        ..opensearch::Options::at(urls)
    })
}

fn opensearch_credentials(
    reader: &Reader<'_>,
) -> Result<Option<opensearch::Credentials>, ConfigError> {
    let user = reader.optional("opensearch.user");
    let password = reader.optional("opensearch.password");
    match (user, password, reader.optional("opensearch.api_key")) {
        (None, None, None) => Ok(None),
        (Some(user), Some(password), None) => {
            Ok(Some(opensearch::Credentials::Password(user, password)))
        }
        (None, None, Some(key)) => Ok(Some(opensearch::Credentials::ApiKey(key))),
        (_, _, Some(_)) => Err(ConfigError::Contradiction(
            "only one of opensearch.user with its password and opensearch.api_key can hold".into(),
        )),
        (_, _, None) => Err(ConfigError::Contradiction(
            "opensearch.user and opensearch.password go together; one is missing".into(),
        )),
    }
}

fn search_memory(reader: &Reader<'_>) -> Result<u64, ConfigError> {
    let bytes = reader.number("search.memory");
    if !SEARCH_MEMORY.contains(&bytes) {
        let (least, most) = (SEARCH_MEMORY.start() >> 20, SEARCH_MEMORY.end() >> 20);
        let detail = format!("search.memory: {bytes} bytes; it takes from {least}MiB to {most}MiB");
        return Err(ConfigError::Contradiction(detail));
    }
    Ok(bytes)
}

fn proxies(reader: &Reader<'_>) -> Result<Vec<std::net::IpAddr>, ConfigError> {
    let parsed = reader.list("public.proxies").into_iter().map(|text| {
        let wrong = |_| {
            ConfigError::Contradiction(format!("public.proxies: {text:?} is not an IP address"))
        };
        text.parse().map_err(wrong)
    });
    parsed.collect()
}

fn tls(reader: &Reader<'_>) -> Result<Option<TlsFiles>, ConfigError> {
    match (reader.optional("tls.cert"), reader.optional("tls.key")) {
        (None, None) => Ok(None),
        (Some(cert), Some(key)) => Ok(Some(TlsFiles {
            cert: cert.into(),
            key: key.into(),
        })),
        _ => Err(ConfigError::Contradiction(
            "tls.cert and tls.key go together; one is missing".into(),
        )),
    }
}

fn auth(reader: &Reader<'_>) -> Result<AuthConfig, ConfigError> {
    let algorithm = match reader.text("auth.algorithm").as_str() {
        "ES256" => Algorithm::Es256,
        "EdDSA" => Algorithm::EdDsa,
        _ => Algorithm::Rs256,
    };
    let secret = reader.optional("auth.jwt_secret");
    let file = reader.optional("auth.jwks_file");
    let url = reader.optional("auth.jwks_url");
    let keys = match (secret, file, url) {
        (None, None, None) => TokenKeys::Own,
        (Some(secret), None, None) => {
            if secret.len() < MIN_SECRET_BYTES {
                let detail = format!(
                    "auth.jwt_secret needs at least {MIN_SECRET_BYTES} bytes, or it can be guessed"
                );
                return Err(ConfigError::Contradiction(detail));
            }
            TokenKeys::Secret(secret)
        }
        (None, Some(file), None) => TokenKeys::File(PathBuf::from(file), algorithm),
        (None, None, Some(url)) => TokenKeys::Url {
            url,
            algorithm,
            interval: reader.time("auth.jwks_interval"),
            private: reader.flag("auth.jwks_private"),
        },
        _ => {
            let detail = "only one of auth.jwt_secret, auth.jwks_file and auth.jwks_url can hold";
            return Err(ConfigError::Contradiction(detail.into()));
        }
    };
    let token_ttl = reader.time("auth.token_ttl");
    if token_ttl < Duration::from_secs(1) {
        return Err(ConfigError::Contradiction(
            "auth.token_ttl needs at least 1s".into(),
        ));
    }
    Ok(AuthConfig {
        keys,
        issuer: reader.optional("auth.issuer"),
        audience: reader.optional("auth.audience"),
        token_ttl,
    })
}

fn limits(reader: &Reader<'_>) -> Limits {
    Limits {
        content_bytes: reader.count("limits.content_bytes"),
        metadata_bytes: reader.count("limits.metadata_bytes"),
        body_bytes: reader.count("limits.body_bytes"),
        members_body_bytes: reader.count("limits.members_body_bytes"),
        answer_bytes: reader.count("limits.answer_bytes"),
        sessions_per_user: reader.count("limits.sessions_per_user"),
        reaction_keys: reader.count("limits.reaction_keys"),
        reaction_key_bytes: reader.count("limits.reaction_key_bytes"),
        members_per_request: reader.count("limits.members_per_request"),
        mentions: reader.count("limits.mentions"),
        name_bytes: reader.count("limits.name_bytes"),
        page: reader.count("limits.page"),
        sync_chats: reader.count("limits.sync_chats"),
        sync_events: reader.count("limits.sync_events"),
        watched_users: reader.count("limits.watched_users"),
        frames_in_10_s: rates_hold(reader).then(|| reader.count("limits.frames_per_10s")),
    }
}

fn rates_hold(reader: &Reader<'_>) -> bool {
    reader.text("limits.rates") == "on"
}

fn rates(reader: &Reader<'_>) -> Rates {
    Rates {
        on: rates_hold(reader),
        sends_per_second: reader.count("limits.sends_per_second"),
        sends_burst: reader.count("limits.sends_burst"),
        logins_per_minute: reader.count("limits.logins_per_minute"),
        hashes_at_once: reader.count("limits.hashes_at_once"),
        hashes_waiting: reader.count("limits.hashes_waiting"),
    }
}

/// Reads values whose kinds the table guarantees.
pub(super) struct Reader<'a>(&'a Settings);

impl Reader<'_> {
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|(value, _)| value)
    }

    pub(super) fn optional(&self, name: &str) -> Option<String> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            None => None,
            Some(_) => unreachable!("{name} is a text in the table"),
        }
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.optional(name).expect("the table gives a default")
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Some(Value::List(items)) => items.clone(),
            _ => unreachable!("{name} is a list with a default in the table"),
        }
    }

    fn number(&self, name: &str) -> u64 {
        match self.value(name) {
            Some(Value::Number(number)) => *number,
            _ => unreachable!("{name} is a number with a default in the table"),
        }
    }

    pub(super) fn optional_count(&self, name: &str) -> Option<u32> {
        let count = |_: &Value| self.count(name);
        self.value(name).map(count)
    }

    pub(super) fn count(&self, name: &str) -> u32 {
        u32::try_from(self.number(name)).expect("the table bounds counts below 2^32")
    }

    pub(super) fn time(&self, name: &str) -> Duration {
        match self.value(name) {
            Some(Value::Time(time)) => *time,
            _ => unreachable!("{name} is a time with a default in the table"),
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        match self.value(name) {
            Some(Value::Flag(flag)) => *flag,
            _ => unreachable!("{name} is a flag with a default in the table"),
        }
    }

    /// Reads a list that can't be empty.
    fn some(&self, name: &str) -> Result<Vec<String>, ConfigError> {
        let items = self.list(name);
        if items.is_empty() {
            let detail = format!("{name} needs at least one address");
            return Err(ConfigError::Contradiction(detail));
        }
        Ok(items)
    }

    /// Reads how long something may take.
    fn patience(&self, name: &str) -> Result<Duration, ConfigError> {
        let time = self.time(name);
        if !PATIENCE.contains(&time) {
            let detail = format!("{name} takes from 10ms to 1h");
            return Err(ConfigError::Contradiction(detail));
        }
        Ok(time)
    }

    pub(super) fn live_engine(&self, name: &str) -> LiveEngine {
        match self.text(name).as_str() {
            "embedded" => LiveEngine::Embedded,
            "redis" => LiveEngine::Redis,
            _ => unreachable!("{name} is a word of the table"),
        }
    }

    fn queue_engine(&self, name: &str) -> QueueEngine {
        match self.text(name).as_str() {
            "embedded" => QueueEngine::Embedded,
            "kafka" => QueueEngine::Kafka,
            _ => unreachable!("{name} is a word of the table"),
        }
    }

    pub(super) fn store_engine(&self, name: &str) -> StoreEngine {
        match self.text(name).as_str() {
            "embedded" => StoreEngine::Embedded,
            "cassandra" => StoreEngine::Cassandra,
            _ => unreachable!("{name} is a word of the table"),
        }
    }

    fn search_engine(&self, name: &str) -> SearchEngine {
        match self.text(name).as_str() {
            "embedded" => SearchEngine::Embedded,
            "opensearch" => SearchEngine::OpenSearch,
            _ => unreachable!("{name} is a word of the table"),
        }
    }
}
