//! The tables, by version. A version that was released never changes: what comes later is a version of its own.

/// One step from a version to the next.
pub(super) struct Migration {
    /// The version that it leads to.
    pub(super) version: i32,
    /// The tables that it makes: name, columns and key, clustering order.
    pub(super) tables: &'static [(&'static str, &'static str, &'static str)],
    /// The columns that it adds: table, name, type.
    pub(super) columns: &'static [(&'static str, &'static str, &'static str)],
}

/// All steps, rising.
pub(super) const MIGRATIONS: &[Migration] = &[FIRST, SEVERAL_NODES, CLOCKS, IMPORTS];

const FIRST: Migration = Migration {
    version: 1,
    tables: &[
        // The log and what follows from its events: written under stamps (rules S1 to S3).
        (
            "log",
            "chat_id bigint, part bigint, place bigint, event blob, PRIMARY KEY ((chat_id, part), place)",
            "",
        ),
        (
            "parts",
            "chat_id bigint, part bigint, PRIMARY KEY (chat_id, part)",
            "part DESC",
        ),
        (
            "ids",
            "id bigint, chat_id bigint, place bigint, PRIMARY KEY (id)",
            "",
        ),
        (
            "sent",
            "chat_id bigint, user_id text, client_id text, place bigint, id bigint, \
             PRIMARY KEY ((chat_id, user_id, client_id))",
            "",
        ),
        (
            "versions",
            "chat_id bigint, part bigint, message bigint, until bigint, nth smallint, version blob, \
             PRIMARY KEY ((chat_id, part), message, until, nth)",
            "",
        ),
        (
            "reactions",
            "chat_id bigint, part bigint, message bigint, user_id text, key text, is_on boolean, \
             PRIMARY KEY ((chat_id, part), message, user_id, key)",
            "",
        ),
        // A row a change, so that one whose event came to nothing hides nothing.
        (
            "chats",
            "chat_id bigint, stamp bigint, event bigint, chat blob, purged boolean static, \
             PRIMARY KEY (chat_id, stamp)",
            "stamp DESC",
        ),
        (
            "members",
            "chat_id bigint, user_id text, stamp bigint, event bigint, member blob, purged boolean static, \
             PRIMARY KEY (chat_id, user_id, stamp)",
            "user_id ASC, stamp DESC",
        ),
        (
            "chats_of",
            "user_id text, chat_id bigint, PRIMARY KEY (user_id, chat_id)",
            "",
        ),
        (
            "chat_list",
            "bucket bigint, chat_id bigint, PRIMARY KEY (bucket, chat_id)",
            "",
        ),
        (
            "chat_buckets",
            "era int, bucket bigint, PRIMARY KEY (era, bucket)",
            "",
        ),
        (
            "marks",
            "chat_id bigint, user_id text, marks blob, PRIMARY KEY (chat_id, user_id)",
            "",
        ),
        // Agreed upon: lightweight transactions alone.
        (
            "preferences",
            "user_id text, chat_id bigint, preferences blob, PRIMARY KEY ((user_id, chat_id))",
            "",
        ),
        (
            "pairs",
            "low text, high text, chat_id bigint, PRIMARY KEY ((low, high))",
            "",
        ),
        (
            "requests",
            "user_id text, client_id text, chat_id bigint, PRIMARY KEY ((user_id, client_id))",
            "",
        ),
        (
            "users",
            "user_id text, account blob, version bigint, PRIMARY KEY (user_id)",
            "",
        ),
        (
            "api_keys",
            "bucket int, id text, key blob, PRIMARY KEY (bucket, id)",
            "",
        ),
        (
            "devices",
            "user_id text, device_id text, device blob, PRIMARY KEY (user_id, device_id)",
            "",
        ),
        (
            "addresses",
            "address text, user_id text, device_id text, PRIMARY KEY (address)",
            "",
        ),
        (
            "nodes",
            "node int, process bigint, beat bigint, ids_up_to bigint, closed boolean, PRIMARY KEY (node)",
            "",
        ),
        (
            "shards",
            "shard int, owner int, term bigint, PRIMARY KEY (shard)",
            "",
        ),
        // What the queue may lack of the log (rule T3): under stamps too.
        (
            "queue_marks",
            "shard int, minute bigint, chat_id bigint, place bigint, \
             PRIMARY KEY (shard, minute, chat_id, place)",
            "",
        ),
        (
            "queue_checkpoints",
            "shard int, minute bigint, PRIMARY KEY (shard)",
            "",
        ),
        // Hints where to look; what they lead to says whether they hold.
        (
            "user_ids",
            "bucket int, user_id text, PRIMARY KEY (bucket, user_id)",
            "",
        ),
        (
            "user_names",
            "bucket int, folded text, user_id text, version bigint, \
             PRIMARY KEY (bucket, folded, user_id, version)",
            "",
        ),
        (
            "user_changes",
            "day bigint, at bigint, user_id text, version bigint, PRIMARY KEY (day, at, user_id, version)",
            "",
        ),
        (
            "change_days",
            "all_days int, day bigint, PRIMARY KEY (all_days, day)",
            "",
        ),
    ],
    columns: &[],
};

const SEVERAL_NODES: Migration = Migration {
    version: 2,
    tables: &[
        // What a process says of itself, once, before it takes its number: a row a start.
        (
            "node_profiles",
            "node int, process bigint, address text, owns_chats boolean, indexes_alone boolean, \
             PRIMARY KEY (node, process)",
            "",
        ),
        ("secrets", "name text, secret blob, PRIMARY KEY (name)", ""),
    ],
    columns: &[],
};

const CLOCKS: Migration = Migration {
    version: 3,
    tables: &[],
    // What a node's clock showed when it renewed its lease.
    columns: &[("nodes", "clock", "bigint")],
};

const IMPORTS: Migration = Migration {
    version: 4,
    // Agreed upon: which chat's import has an id (rule I3); each row ends after a day.
    tables: &[(
        "import_ids",
        "id bigint, chat_id bigint, PRIMARY KEY (id)",
        "",
    )],
    columns: &[],
};

/// The version that this program writes and reads.
pub(super) const VERSION: i32 = MIGRATIONS[MIGRATIONS.len() - 1].version;
