//! The table of keys: the single source of names, defaults, kinds and words about them.

use super::kind::Kind::{self, Address, Bytes, Count, Flag, List, Path, Text, Time, Word};

/// A key of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name, with a dot between a table and a key of it.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// The default as text; none where the key is unset unless somebody sets it.
    pub default: Option<&'static str>,
    /// What it is for, for a person.
    pub doc: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
}

impl Key {
    /// Returns the name of the environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("CHINWAG_{}", self.name.replace('.', "_").to_uppercase())
    }
}

const fn key(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        default: Some(default),
        doc,
        secret: false,
    }
}

const fn unset(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        default: None,
        doc,
        secret: false,
    }
}

const EMBEDDED_OR_CASSANDRA: Kind = Word(&["embedded", "cassandra"]);
const EMBEDDED_OR_REDIS: Kind = Word(&["embedded", "redis"]);
const EMBEDDED_OR_KAFKA: Kind = Word(&["embedded", "kafka"]);
const EMBEDDED_OR_OPENSEARCH: Kind = Word(&["embedded", "opensearch"]);
/// Most sizes in bytes of single things; an answer must fit into memory many times.
const SMALL: Kind = Count(1, 16 * 1024 * 1024);
const MANY: Kind = Count(1, 1_000_000);

/// Every key, in the order of the example file.
pub const KEYS: &[Key] = &[
    key(
        "listen",
        Address,
        "127.0.0.1:8080",
        "Where clients connect: HTTP and WebSocket on one port. Not opened without the roles gateway and api.",
    ),
    key("data_dir", Path, "./data", "Where everything is kept."),
    key(
        "direct_max_members",
        Count(2, 100_000),
        "1000",
        "Chats with more members are delivered through the queue and a topic.",
    ),
    key(
        "delivery_threads",
        Count(0, 64),
        "0",
        "Threads that send an event to the members of a large chat side by side. 0: as many as there are processors, up to 8.",
    ),
    key(
        "node.roles",
        List,
        "gateway,api,chat,fanout,indexer,push",
        "What this node does; all, unless several nodes share the work. gateway: WebSockets. api: HTTP. chat: owns chats. fanout: delivers in large chats. indexer: fills the search index, and removes deleted chats' rows. push: tells devices.",
    ),
    unset(
        "node.number",
        Count(0, 1_022),
        "This node's number, another one for each; unset: a free one, or 0 where node.listen is unset.",
    ),
    unset(
        "node.listen",
        Address,
        "Where other nodes call this one; unset: it is the only node. Keep it from strangers: calls aren't encrypted.",
    ),
    unset(
        "node.advertise",
        Address,
        "Where they find it, if that isn't where it listens.",
    ),
    Key {
        secret: true,
        ..unset(
            "node.key",
            Text,
            "The key by which nodes know each other, at least 32 bytes, the same on every node.",
        )
    },
    key(
        "public.origins",
        List,
        "",
        "Origins whose pages may use the API, such as \"https://chat.example\". Empty: only pages from this server itself. \"*\": all.",
    ),
    key(
        "public.proxies",
        List,
        "",
        "Addresses of reverse proxies whose X-Forwarded-For is believed, such as \"127.0.0.1\".",
    ),
    key(
        "public.web_client",
        Flag,
        "true",
        "Whether the web client is served at /. Where origins are named above, name this server's own among them too.",
    ),
    unset(
        "tls.cert",
        Path,
        "The certificate chain, PEM. With it the port speaks TLS and nothing else.",
    ),
    unset("tls.key", Path, "The certificate's private key, PEM."),
    unset(
        "metrics.listen",
        Address,
        "Where Prometheus reads /metrics; /healthz and /readyz are there too, and only there on a node without the roles gateway and api. Unset: nowhere. Keep it from strangers.",
    ),
    key(
        "log.format",
        Word(&["auto", "text", "json"]),
        "auto",
        "How to log, to stderr; auto: text on a terminal, else JSON.",
    ),
    key(
        "log.level",
        Text,
        "info",
        "How much to log: error, warn, info, debug, trace, or by module as in \"info,chinwag_server=debug\".",
    ),
    Key {
        secret: true,
        ..unset(
            "auth.jwt_secret",
            Text,
            "The secret that the app signs its users' tokens with (HS256), at least 32 bytes. Turns registering here off.",
        )
    },
    unset(
        "auth.jwks_file",
        Path,
        "A file with the app's public keys (JWKS). Turns registering here off.",
    ),
    unset(
        "auth.jwks_url",
        Text,
        "Where to fetch the app's public keys (JWKS). Turns registering here off.",
    ),
    key(
        "auth.jwks_interval",
        Time,
        "30s",
        "How long at least between two fetches of the keys, whatever tokens come.",
    ),
    key(
        "auth.jwks_private",
        Flag,
        "false",
        "Whether auth.jwks_url may lead to a private or local address.",
    ),
    key(
        "auth.algorithm",
        Word(&["RS256", "ES256", "EdDSA"]),
        "RS256",
        "The one algorithm that tokens may be signed with where the keys are a JWKS. With auth.jwt_secret it is HS256.",
    ),
    unset(
        "auth.issuer",
        Text,
        "The only `iss` that a token may have; unset: any.",
    ),
    unset(
        "auth.audience",
        Text,
        "The `aud` that a token must have; unset: any.",
    ),
    key(
        "auth.token_ttl",
        Time,
        "24h",
        "How long a token lives that this server gives.",
    ),
    key(
        "limits.content_bytes",
        SMALL,
        "16384",
        "A message's content, bytes of UTF-8.",
    ),
    key(
        "limits.metadata_bytes",
        SMALL,
        "4096",
        "A message's metadata, bytes of its text.",
    ),
    key(
        "limits.body_bytes",
        SMALL,
        "65536",
        "A request's body, and a client's frame.",
    ),
    key(
        "limits.members_body_bytes",
        SMALL,
        "262144",
        "A request's body where members are listed.",
    ),
    key(
        "limits.answer_bytes",
        Count(4096, 16 * 1024 * 1024),
        "262144",
        "An answer; a page may be shorter than asked for to stay below it.",
    ),
    key(
        "limits.sessions_per_user",
        MANY,
        "20",
        "A user's sessions at a time.",
    ),
    key(
        "limits.reaction_keys",
        Count(1, 1000),
        "20",
        "Different reactions on a message.",
    ),
    key(
        "limits.reaction_key_bytes",
        Count(1, 1024),
        "64",
        "A reaction's bytes.",
    ),
    key(
        "limits.members_per_request",
        Count(1, 100_000),
        "1000",
        "Users that one request may add to a chat.",
    ),
    key(
        "limits.mentions",
        Count(0, 10_000),
        "100",
        "Users that one message may mention.",
    ),
    key(
        "limits.name_bytes",
        Count(1, 4096),
        "256",
        "A chat's or a user's name, bytes.",
    ),
    key(
        "limits.page",
        Count(1, 10_000),
        "200",
        "Items of a page, at most.",
    ),
    key(
        "limits.sync_chats",
        MANY,
        "1000",
        "Chats that one sync may name.",
    ),
    key(
        "limits.sync_events",
        Count(1, 10_000),
        "50",
        "Events that sync sends of one chat before it says `limited`.",
    ),
    key(
        "limits.watched_users",
        MANY,
        "1000",
        "Users that one session may watch, and one request may name.",
    ),
    key(
        "limits.rates",
        Word(&["on", "off"]),
        "on",
        "Whether the rates below hold at all.",
    ),
    key(
        "limits.sends_per_second",
        MANY,
        "50",
        "A user's sends a second.",
    ),
    key(
        "limits.sends_burst",
        MANY,
        "300",
        "A user's sends at once, after a pause.",
    ),
    key(
        "limits.frames_per_10s",
        MANY,
        "120",
        "A session's frames in 10 s, apart from heartbeats; each 20 users that one adds to those it watches count as one more.",
    ),
    key(
        "limits.logins_per_minute",
        MANY,
        "10",
        "Registrations and logins of an address in a minute.",
    ),
    key(
        "limits.hashes_at_once",
        Count(1, 64),
        "2",
        "Passwords checked at once; each takes 19 MiB.",
    ),
    key(
        "limits.hashes_waiting",
        Count(0, 10_000),
        "64",
        "Passwords that may wait to be checked.",
    ),
    key(
        "storage.min_free",
        Bytes,
        "256MiB",
        "Below this much free disk space sends are refused with `storageFull`.",
    ),
    key(
        "storage.cache",
        Bytes,
        "32MiB",
        "Memory that keeps what was read from disk.",
    ),
    key(
        "search.memory",
        Bytes,
        "16MiB",
        "Memory that collects what goes into the search index, while something does; at least 1MiB.",
    ),
    key(
        "push.content",
        Word(&["full", "sender", "none"]),
        "full",
        "What a note on a device says: sender and text, the sender alone, or only that there is a message.",
    ),
    key(
        "push.delay",
        Time,
        "3s",
        "How long a session may take to acknowledge a message before the user's devices are told. Without a session they are told at once.",
    ),
    key(
        "push.unread_delay",
        Time,
        "30s",
        "How long a message that a session acknowledged may stay unread before they are told; 0s: for ever.",
    ),
    key(
        "push.ttl",
        Time,
        "24h",
        "How old a message may be that devices are still told of.",
    ),
    key(
        "push.mentions_override_mute",
        Flag,
        "true",
        "Whether those whom a message mentions are told though they muted the chat.",
    ),
    key(
        "push.all_members_max",
        Count(0, 100_000),
        "1000",
        "Members up to which all are told of a message; in larger chats those whom it mentions.",
    ),
    key(
        "push.concurrency",
        Count(1, 10_000),
        "64",
        "Requests under way to each provider; for Web Push to each host.",
    ),
    key(
        "push.timeout",
        Time,
        "10s",
        "How long a provider may take to answer.",
    ),
    key(
        "push.webpush.enabled",
        Flag,
        "true",
        "Whether browsers are told, by Web Push. The key that they know this server by is made at the first start: vapid.key in data_dir.",
    ),
    unset(
        "push.webpush.contact",
        Text,
        "Whom a push service may ask about this server, such as \"mailto:ops@chat.example\". Apple's refuses a server without.",
    ),
    key(
        "push.webpush.private",
        Flag,
        "false",
        "Whether a browser's push service may be at a private or local address, and without TLS.",
    ),
    unset(
        "push.fcm.service_account",
        Path,
        "The key file of the service account that may send through Firebase Cloud Messaging (JSON).",
    ),
    key(
        "push.fcm.url",
        Text,
        chinwag_backends::fcm::URL,
        "Where Firebase Cloud Messaging is.",
    ),
    unset(
        "push.apns.key_file",
        Path,
        "The team's signing key for Apple's push service, a .p8 file.",
    ),
    unset("push.apns.key_id", Text, "The signing key's id."),
    unset("push.apns.team_id", Text, "The team's id."),
    unset("push.apns.topic", Text, "The app's bundle id."),
    key(
        "push.apns.url",
        Text,
        chinwag_backends::apns::URL,
        "Where Apple's push service is; for apps in development https://api.sandbox.push.apple.com.",
    ),
    key(
        "shutdown.timeout",
        Time,
        "10s",
        "How long leaving may take before what is left is cut.",
    ),
    key(
        "engines.store",
        EMBEDDED_OR_CASSANDRA,
        "embedded",
        "Who keeps the chats' logs. With \"cassandra\" the directory is there too, and the queue is \"kafka\".",
    ),
    key(
        "engines.directory",
        EMBEDDED_OR_CASSANDRA,
        "embedded",
        "Who keeps users, chats and members: the same as the logs.",
    ),
    key(
        "engines.presence",
        EMBEDDED_OR_REDIS,
        "embedded",
        "Who knows who is online.",
    ),
    key(
        "engines.bus",
        EMBEDDED_OR_REDIS,
        "embedded",
        "What carries live events between nodes.",
    ),
    key(
        "engines.queue",
        EMBEDDED_OR_KAFKA,
        "embedded",
        "What carries events to those who work behind the log.",
    ),
    key(
        "engines.search",
        EMBEDDED_OR_OPENSEARCH,
        "embedded",
        "Who finds messages by their words. \"opensearch\" goes with the store \"cassandra\".",
    ),
    key(
        "cassandra.contact_points",
        List,
        "127.0.0.1:9042",
        "Some of the nodes of Cassandra, host:port each; the others are found.",
    ),
    key(
        "cassandra.keyspace",
        Text,
        "chinwag",
        "The keyspace, made where it isn't there: a-z, 0-9 and _.",
    ),
    unset(
        "cassandra.local_data_center",
        Text,
        "The data centre whose replicas count, the same on every node; unset: the only one there is.",
    ),
    key(
        "cassandra.replication",
        Count(1, 9),
        "3",
        "Copies of each row, where the keyspace is made. With fewer than 3, a node that is away stops writing.",
    ),
    unset("cassandra.user", Text, "Who signs in there; unset: nobody."),
    Key {
        secret: true,
        ..unset("cassandra.password", Text, "The user's password.")
    },
    unset(
        "cassandra.tls_ca",
        Path,
        "Certificates of the authorities that are trusted, PEM. With it connections are encrypted.",
    ),
    key(
        "cassandra.timeout",
        Time,
        "2s",
        "How long one statement may take; what it wrote may have happened nevertheless.",
    ),
    key(
        "cassandra.in_flight",
        Count(1, 100_000),
        "2048",
        "Statements on their way at a time; further ones wait.",
    ),
    Key {
        secret: true,
        ..key(
            "redis.urls",
            List,
            "redis://127.0.0.1:6379",
            "Where Redis is: redis://[user:password@]host:port[/database], rediss:// for TLS; of a cluster some of its nodes.",
        )
    },
    unset(
        "redis.tls_ca",
        Path,
        "Certificates of the authorities that are trusted instead of those that browsers trust, PEM.",
    ),
    key(
        "redis.cluster",
        Flag,
        "false",
        "Whether it is a Redis Cluster.",
    ),
    key(
        "redis.prefix",
        Text,
        "",
        "What all its keys and channels begin with, where others use the same Redis; the same on every node.",
    ),
    key(
        "redis.timeout",
        Time,
        "1s",
        "How long a connection or an answer may take before a Redis counts as away.",
    ),
    key(
        "redis.last_seen",
        Time,
        "7d",
        "How long it is remembered when a user was last online; some 150 bytes a user.",
    ),
    key(
        "redis.waiting_messages",
        MANY,
        "16384",
        "Messages from other nodes that may wait for this one; more are dropped, and clients fetch what they miss.",
    ),
    key("redis.waiting_bytes", Bytes, "64MiB", "Bytes of them."),
    key(
        "kafka.brokers",
        List,
        "127.0.0.1:9092",
        "Some of the brokers of Kafka, host:port each.",
    ),
    key(
        "kafka.prefix",
        Text,
        "chinwag",
        "What the names of its topics and groups begin with; the same on every node.",
    ),
    key(
        "kafka.partitions",
        Count(1, 1_000),
        "24",
        "Partitions of a topic that is made: as many nodes can share the work of a group.",
    ),
    key(
        "kafka.replication",
        Count(1, 9),
        "3",
        "Copies of a topic that is made, on as many brokers. With one copy what is queued is lost with its broker's disk.",
    ),
    key(
        "kafka.retention",
        Time,
        "7d",
        "How long a topic that is made keeps events: longer than search or push are ever behind.",
    ),
    key(
        "kafka.timeout",
        Time,
        "3s",
        "How long queueing may take before Kafka counts as away.",
    ),
    key(
        "kafka.session_timeout",
        Time,
        "10s",
        "How long a node may be unheard of before others do its work; at least what the brokers allow, 6s by default.",
    ),
    key(
        "kafka.max_poll_interval",
        Time,
        "5m",
        "How long a node may be busy with what it took before others do its work.",
    ),
    key(
        "opensearch.urls",
        List,
        "http://127.0.0.1:9200",
        "Some of the nodes of OpenSearch, or of Elasticsearch 8: http://host:port or https://host:port each.",
    ),
    key(
        "opensearch.index",
        Text,
        "chinwag",
        "What the names of its indices and aliases begin with; the same on every node: a-z, 0-9, - and _.",
    ),
    unset(
        "opensearch.user",
        Text,
        "Who signs in there; unset: nobody, or whoever has the API key.",
    ),
    Key {
        secret: true,
        ..unset("opensearch.password", Text, "The user's password.")
    },
    Key {
        secret: true,
        ..unset(
            "opensearch.api_key",
            Text,
            "An API key instead of a user, encoded as the engine gave it.",
        )
    },
    unset(
        "opensearch.tls_ca",
        Path,
        "Certificates of the authorities that are trusted instead of those that browsers trust, PEM.",
    ),
    key(
        "opensearch.timeout",
        Time,
        "2s",
        "How long a search may take before OpenSearch counts as away.",
    ),
    key(
        "opensearch.write_timeout",
        Time,
        "30s",
        "How long writing some messages may take, or making an index.",
    ),
    key(
        "opensearch.bulk_bytes",
        Bytes,
        "4MiB",
        "The size of a request that writes messages; below what the engine takes (http.max_content_length).",
    ),
    key(
        "opensearch.bulk_documents",
        Count(1, 100_000),
        "5000",
        "Messages in a request that writes.",
    ),
    key(
        "opensearch.shards",
        Count(1, 1_000),
        "3",
        "Shards of an index that is made. Another number holds from the next `chinwag reindex` on.",
    ),
    key(
        "opensearch.replicas",
        Count(0, 9),
        "1",
        "Further copies of each shard of an index that is made, on as many further nodes.",
    ),
    key(
        "opensearch.refresh",
        Time,
        "500ms",
        "How long what was written to an index that is made waits until it is found.",
    ),
];

/// Finds a key by name.
#[must_use]
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Returns the known name nearest to an unknown one, if any is near.
pub(super) fn nearest(wrong: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let scored = known.map(|name| (strsim::jaro_winkler(wrong, &name), name));
    let best = scored.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (best.0 > 0.75).then_some(best.1)
}
