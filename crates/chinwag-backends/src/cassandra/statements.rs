//! Every statement, prepared once.

use scylla::{
    client::session::Session,
    errors::PrepareError,
    statement::{Consistency, prepared::PreparedStatement, unprepared::Statement},
};

/// How a statement is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Reads or writes at LOCAL_QUORUM. Running it twice is as running it once: the stamps say who wins.
    Plain,
    /// A lightweight transaction.
    Once,
    /// Reads what transactions wrote, those on their way included.
    Agreed,
}

/// Names statements, says how each is run, and prepares them all.
macro_rules! statements {
    ($($name:ident: $kind:ident $text:expr;)+) => {
        /// Every statement.
        pub(super) struct Statements {
            $(pub(super) $name: PreparedStatement,)+
        }

        impl Statements {
            /// Prepares them; the session uses the keyspace.
            pub(super) async fn prepare(session: &Session) -> Result<Self, PrepareError> {
                Ok(Self {
                    $($name: prepare(session, Kind::$kind, $text).await?,)+
                })
            }
        }
    };
}

statements! {
    put_log: Plain "INSERT INTO log (chat_id, part, place, event) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
    log_row: Plain "SELECT event FROM log WHERE chat_id = ? AND part = ? AND place = ?";
    log_rising: Plain "SELECT event FROM log WHERE chat_id = ? AND part = ? AND place >= ? AND place <= ? LIMIT ?";
    log_falling: Plain "SELECT event FROM log WHERE chat_id = ? AND part = ? AND place >= ? AND place <= ? \
        ORDER BY place DESC LIMIT ?";
    log_stamped: Plain "SELECT event, WRITETIME(event) FROM log WHERE chat_id = ? AND part = ? AND place > ? LIMIT ?";
    remove_log: Plain "DELETE FROM log USING TIMESTAMP ? WHERE chat_id = ? AND part = ? AND place > ? AND place <= ?";
    put_part: Plain "INSERT INTO parts (chat_id, part) VALUES (?, ?) USING TIMESTAMP ?";
    last_part: Plain "SELECT part FROM parts WHERE chat_id = ? LIMIT 1";
    put_id: Plain "INSERT INTO ids (id, chat_id, place) VALUES (?, ?, ?) USING TIMESTAMP ?";
    find_id: Plain "SELECT chat_id, place FROM ids WHERE id = ?";
    reserve_id: Once "INSERT INTO import_ids (id, chat_id) VALUES (?, ?) IF NOT EXISTS USING TTL 86400";
    reserved_id: Agreed "SELECT chat_id FROM import_ids WHERE id = ?";
    remove_id: Plain "DELETE FROM ids USING TIMESTAMP ? WHERE id = ?";
    put_sent: Plain "INSERT INTO sent (chat_id, user_id, client_id, place, id) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?";
    find_sent: Plain "SELECT place, id FROM sent WHERE chat_id = ? AND user_id = ? AND client_id = ?";
    remove_sent: Plain "DELETE FROM sent USING TIMESTAMP ? WHERE chat_id = ? AND user_id = ? AND client_id = ?";

    put_version: Plain "INSERT INTO versions (chat_id, part, message, until, nth, version) VALUES (?, ?, ?, ?, ?, ?) \
        USING TIMESTAMP ?";
    whole_versions: Plain "SELECT until, nth, version FROM versions WHERE chat_id = ? AND part = ? AND message = ?";
    versions: Plain "SELECT version FROM versions WHERE chat_id = ? AND part = ? AND message = ?";
    forget_versions: Plain "DELETE FROM versions USING TIMESTAMP ? WHERE chat_id = ? AND part = ? AND message = ?";
    remove_versions: Plain "DELETE FROM versions USING TIMESTAMP ? WHERE chat_id = ? AND part = ?";
    put_reaction: Plain "INSERT INTO reactions (chat_id, part, message, user_id, key, is_on) VALUES (?, ?, ?, ?, ?, ?) \
        USING TIMESTAMP ?";
    reactions: Plain "SELECT user_id, key, is_on FROM reactions WHERE chat_id = ? AND part = ? AND message = ?";
    reactions_of: Plain "SELECT key, is_on FROM reactions WHERE chat_id = ? AND part = ? AND message = ? AND user_id = ?";
    forget_reactions: Plain "DELETE FROM reactions USING TIMESTAMP ? WHERE chat_id = ? AND part = ? AND message = ?";
    remove_reactions: Plain "DELETE FROM reactions USING TIMESTAMP ? WHERE chat_id = ? AND part = ?";

    put_chat: Plain "INSERT INTO chats (chat_id, stamp, event, chat) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
    chat: Plain "SELECT stamp, event, chat, purged FROM chats WHERE chat_id = ? LIMIT ?";
    purge_chat: Plain "INSERT INTO chats (chat_id, purged) VALUES (?, true) USING TIMESTAMP ?";
    put_chat_in_list: Plain "INSERT INTO chat_list (bucket, chat_id) VALUES (?, ?) USING TIMESTAMP ?";
    chat_list: Plain "SELECT chat_id FROM chat_list WHERE bucket = ? AND chat_id > ? LIMIT ?";
    put_chat_bucket: Plain "INSERT INTO chat_buckets (era, bucket) VALUES (?, ?) USING TIMESTAMP ?";
    chat_buckets: Plain "SELECT bucket FROM chat_buckets WHERE era = ? AND bucket >= ?";

    put_member: Plain "INSERT INTO members (chat_id, user_id, stamp, event, member) VALUES (?, ?, ?, ?, ?) \
        USING TIMESTAMP ?";
    members: Plain "SELECT user_id, stamp, event, member, purged FROM members WHERE chat_id = ? AND user_id > ? LIMIT ?";
    member: Plain "SELECT stamp, event, member, purged FROM members WHERE chat_id = ? AND user_id = ?";
    purge_members: Plain "INSERT INTO members (chat_id, purged) VALUES (?, true) USING TIMESTAMP ?";
    put_chat_of: Plain "INSERT INTO chats_of (user_id, chat_id) VALUES (?, ?) USING TIMESTAMP ?";
    chats_of: Plain "SELECT chat_id FROM chats_of WHERE user_id = ? AND chat_id > ? LIMIT ?";
    put_marks: Plain "INSERT INTO marks (chat_id, user_id, marks) VALUES (?, ?, ?) USING TIMESTAMP ?";
    marks: Plain "SELECT user_id, marks FROM marks WHERE chat_id = ? AND user_id > ? LIMIT ?";
    marks_of: Plain "SELECT marks FROM marks WHERE chat_id = ? AND user_id = ?";

    change_preferences: Once "UPDATE preferences SET preferences = ? WHERE user_id = ? AND chat_id = ? IF EXISTS";
    make_preferences: Once "INSERT INTO preferences (preferences, user_id, chat_id) VALUES (?, ?, ?) IF NOT EXISTS";
    preferences: Plain "SELECT preferences FROM preferences WHERE user_id = ? AND chat_id = ?";
    make_pair: Once "INSERT INTO pairs (low, high, chat_id) VALUES (?, ?, ?) IF NOT EXISTS";
    pair: Agreed "SELECT chat_id FROM pairs WHERE low = ? AND high = ?";
    make_request: Once "INSERT INTO requests (user_id, client_id, chat_id) VALUES (?, ?, ?) IF NOT EXISTS";
    request: Agreed "SELECT chat_id FROM requests WHERE user_id = ? AND client_id = ?";

    make_user: Once "INSERT INTO users (user_id, account, version) VALUES (?, ?, ?) IF NOT EXISTS";
    change_user: Once "UPDATE users SET account = ?, version = ? WHERE user_id = ? IF version = ?";
    remove_user: Once "DELETE FROM users WHERE user_id = ? IF version = ?";
    user: Plain "SELECT account, version FROM users WHERE user_id = ?";
    agreed_user: Agreed "SELECT account, version FROM users WHERE user_id = ?";
    put_user_id: Plain "INSERT INTO user_ids (bucket, user_id) VALUES (?, ?)";
    user_ids_from: Plain "SELECT user_id FROM user_ids WHERE bucket = ? AND user_id >= ? LIMIT ?";
    user_ids_after: Plain "SELECT user_id FROM user_ids WHERE bucket = ? AND user_id > ? LIMIT ?";
    put_user_name: Plain "INSERT INTO user_names (bucket, folded, user_id, version) VALUES (?, ?, ?, ?)";
    user_names_from: Plain "SELECT folded, user_id, version FROM user_names WHERE bucket = ? AND folded >= ? LIMIT ?";
    user_names_after: Plain "SELECT folded, user_id, version FROM user_names \
        WHERE bucket = ? AND (folded, user_id, version) > (?, ?, ?) LIMIT ?";
    remove_user_name: Plain "DELETE FROM user_names WHERE bucket = ? AND folded = ? AND user_id = ? AND version = ?";
    put_user_change: Plain "INSERT INTO user_changes (day, at, user_id, version) VALUES (?, ?, ?, ?)";
    user_changes: Plain "SELECT at, user_id, version FROM user_changes \
        WHERE day = ? AND (at, user_id, version) > (?, ?, ?) LIMIT ?";
    remove_user_change: Plain "DELETE FROM user_changes WHERE day = ? AND at = ? AND user_id = ? AND version = ?";
    put_change_day: Plain "INSERT INTO change_days (all_days, day) VALUES (0, ?)";
    change_days: Plain "SELECT day FROM change_days WHERE all_days = 0 AND day >= ?";

    change_key: Once "UPDATE api_keys SET key = ? WHERE bucket = 0 AND id = ? IF EXISTS";
    make_key: Once "INSERT INTO api_keys (key, bucket, id) VALUES (?, 0, ?) IF NOT EXISTS";
    keys: Agreed "SELECT key FROM api_keys WHERE bucket = 0";
    change_device: Once "UPDATE devices SET device = ? WHERE user_id = ? AND device_id = ? IF EXISTS";
    make_device: Once "INSERT INTO devices (device, user_id, device_id) VALUES (?, ?, ?) IF NOT EXISTS";
    remove_device: Once "DELETE FROM devices WHERE user_id = ? AND device_id = ? IF EXISTS";
    devices: Agreed "SELECT device FROM devices WHERE user_id = ?";
    device: Agreed "SELECT device FROM devices WHERE user_id = ? AND device_id = ?";
    change_address: Once "UPDATE addresses SET user_id = ?, device_id = ? WHERE address = ? IF EXISTS";
    make_address: Once "INSERT INTO addresses (user_id, device_id, address) VALUES (?, ?, ?) IF NOT EXISTS";
    remove_address: Once "DELETE FROM addresses WHERE address = ? IF user_id = ? AND device_id = ?";
    address: Agreed "SELECT user_id, device_id FROM addresses WHERE address = ?";

    put_queue_mark: Plain "INSERT INTO queue_marks (shard, minute, chat_id, place) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
    queue_marks: Plain "SELECT minute, chat_id, place FROM queue_marks \
        WHERE shard = ? AND (minute, chat_id, place) > (?, ?, ?) LIMIT ?";
    remove_queue_marks: Plain "DELETE FROM queue_marks USING TIMESTAMP ? WHERE shard = ? AND minute <= ?";
    put_queue_checkpoint: Plain "INSERT INTO queue_checkpoints (shard, minute) VALUES (?, ?) USING TIMESTAMP ?";
    queue_checkpoint: Plain "SELECT minute FROM queue_checkpoints WHERE shard = ?";

    renew_node: Once "UPDATE nodes SET beat = ?, ids_up_to = ?, clock = ? WHERE node = ? IF closed = false AND process = ?";
    make_node: Once "INSERT INTO nodes (node, process, beat, ids_up_to, clock, closed) VALUES (?, ?, ?, ?, ?, false) IF NOT EXISTS";
    reserve_node: Once "INSERT INTO nodes (node, process, beat, ids_up_to, closed) VALUES (?, ?, ?, 0, false) IF NOT EXISTS";
    nodes: Plain "SELECT node, process, beat, closed, clock FROM nodes";
    take_node: Once "UPDATE nodes SET process = ?, beat = ?, closed = false WHERE node = ? IF process = ? AND beat = ?";
    close_node: Once "UPDATE nodes SET closed = true WHERE node = ? IF process = ? AND beat = ?";
    node_row: Agreed "SELECT node, process, beat, closed, clock FROM nodes WHERE node = ?";
    node: Agreed "SELECT ids_up_to FROM nodes WHERE node = ?";
    introduce_node: Plain "INSERT INTO node_profiles (node, process, address, owns_chats, indexes_alone) \
        VALUES (?, ?, ?, ?, ?)";
    node_profile: Plain "SELECT address, owns_chats, indexes_alone FROM node_profiles WHERE node = ? AND process = ?";
    make_secret: Once "INSERT INTO secrets (name, secret) VALUES (?, ?) IF NOT EXISTS";
    secret: Agreed "SELECT secret FROM secrets WHERE name = ?";
    shards: Plain "SELECT shard, owner, term FROM shards";
    claim_shard: Once "UPDATE shards SET owner = ?, term = ? WHERE shard = ? IF owner = ? AND term = ?";
    make_shard: Once "INSERT INTO shards (shard, owner, term) VALUES (?, ?, ?) IF NOT EXISTS";
}

async fn prepare(
    session: &Session,
    kind: Kind,
    text: &str,
) -> Result<PreparedStatement, PrepareError> {
    let mut statement = Statement::new(text);
    if kind == Kind::Agreed {
        statement.set_consistency(Consistency::Serial);
    }
    // What is idempotent may be sent to another replica where one is away. A transaction may not: its first attempt's
    // effect would look like somebody else's.
    statement.set_is_idempotent(kind != Kind::Once);
    session.prepare(statement).await
}
