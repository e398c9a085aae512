//! Brings a keyspace to this program's version; many nodes may do it at once.

use std::{collections::HashSet, time::Duration};

use scylla::{
    client::session::Session, deserialize::row::DeserializeRow, serialize::row::SerializeRow,
    statement::unprepared::Statement,
};

use super::{
    error::{OpenError, no_rows, other_columns, unreadable},
    options::Options,
    schema::{MIGRATIONS, VERSION},
};

/// The table that says which versions are there.
const VERSIONS: &str = "version int PRIMARY KEY";

/// How long one change of the schema may take: all nodes have to take it.
const CHANGES_WITHIN: Duration = Duration::from_secs(60);

/// Makes the keyspace and the tables that aren't there.
///
/// Every statement does nothing where it was done before. A table's id follows from its name, so that nodes that make
/// one at the same moment make the same one: Cassandra would else keep two under one name.
pub(super) async fn migrate(
    session: &Session,
    options: &Options,
    data_center: &str,
) -> Result<(), OpenError> {
    let Options {
        keyspace,
        replication,
        ..
    } = options;
    if !exists(session, keyspace).await? {
        has_replicas(session, data_center, *replication)?;
        let make = format!(
            "CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = \
             {{'class': 'NetworkTopologyStrategy', '{data_center}': {replication}}}"
        );
        change(session, make).await?;
    }
    session
        .use_keyspace(keyspace, false)
        .await
        .map_err(|error| {
            OpenError::Schema(format!("keyspace {keyspace} can't be used: {error}"))
        })?;
    let there = tables(session, keyspace).await?;
    if !there.contains("schema_versions") {
        make_table(session, keyspace, ("schema_versions", VERSIONS, "")).await?;
    }
    let found = version(session).await?;
    if found > VERSION {
        let keyspace = keyspace.clone();
        return Err(OpenError::Newer {
            keyspace,
            found,
            known: VERSION,
        });
    }
    for migration in MIGRATIONS.iter().filter(|next| next.version > found) {
        let missing = migration
            .tables
            .iter()
            .filter(|(name, ..)| !there.contains(*name));
        for table in missing {
            make_table(session, keyspace, *table).await?;
        }
        for column in migration.columns {
            add_column(session, keyspace, *column).await?;
        }
        let done = "INSERT INTO schema_versions (version) VALUES (?)";
        session.query_unpaged(done, (migration.version,)).await?;
    }
    Ok(())
}

pub(super) async fn exists(session: &Session, keyspace: &str) -> Result<bool, OpenError> {
    let query = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let names: Vec<(String,)> = rows(session, query, (keyspace,)).await?;
    Ok(!names.is_empty())
}

pub(super) async fn tables(
    session: &Session,
    keyspace: &str,
) -> Result<HashSet<String>, OpenError> {
    let query = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
    let names: Vec<(String,)> = rows(session, query, (keyspace,)).await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

pub(super) async fn version(session: &Session) -> Result<i32, OpenError> {
    let versions: Vec<(i32,)> = rows(session, "SELECT version FROM schema_versions", ()).await?;
    let last = versions.into_iter().map(|(version,)| version).max();
    Ok(last.unwrap_or_default())
}

pub(super) async fn rows<T>(
    session: &Session,
    query: &str,
    values: impl SerializeRow,
) -> Result<Vec<T>, OpenError>
where
    T: for<'r> DeserializeRow<'r, 'r>,
{
    let answer = session.query_unpaged(query, values).await?;
    let rows = answer.into_rows_result().map_err(|error| no_rows(&error))?;
    let rows = rows.rows::<T>().map_err(|error| other_columns(&error))?;
    let rows: Result<Vec<T>, _> = rows.collect();
    Ok(rows.map_err(|error| unreadable(&error))?)
}

async fn make_table(
    session: &Session,
    keyspace: &str,
    (name, columns, order): (&str, &str, &str),
) -> Result<(), OpenError> {
    let order = if order.is_empty() {
        String::new()
    } else {
        format!(" AND CLUSTERING ORDER BY ({order})")
    };
    let id = table_id(keyspace, name);
    let make =
        format!("CREATE TABLE IF NOT EXISTS {keyspace}.{name} ({columns}) WITH ID = {id}{order}");
    change(session, make).await
}

/// Adds a column where there is none of that name: of nodes that add one at the same moment all but one are refused.
async fn add_column(
    session: &Session,
    keyspace: &str,
    (table, name, kind): (&str, &str, &str),
) -> Result<(), OpenError> {
    if has_column(session, keyspace, table, name).await? {
        return Ok(());
    }
    let add = format!("ALTER TABLE {keyspace}.{table} ADD {name} {kind}");
    let added = change(session, add).await;
    if added.is_err() && has_column(session, keyspace, table, name).await? {
        return Ok(());
    }
    added
}

async fn has_column(
    session: &Session,
    keyspace: &str,
    table: &str,
    name: &str,
) -> Result<bool, OpenError> {
    let query = "SELECT column_name FROM system_schema.columns \
                 WHERE keyspace_name = ? AND table_name = ? AND column_name = ?";
    let names: Vec<(String,)> = rows(session, query, (keyspace, table, name)).await?;
    Ok(!names.is_empty())
}

/// Changes the schema; done when all nodes that live have agreed on it.
async fn change(session: &Session, text: String) -> Result<(), OpenError> {
    let mut statement = Statement::new(text);
    statement.set_request_timeout(Some(CHANGES_WITHIN));
    statement.set_is_idempotent(true);
    session.query_unpaged(statement, ()).await?;
    Ok(())
}

/// Returns a table's id, of the form that a UUID's version 8 has.
fn table_id(keyspace: &str, table: &str) -> String {
    let hash = fnv(format!("{keyspace}.{table}").as_bytes());
    let hex = format!("{hash:032x}");
    format!(
        "{}-{}-8{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}

/// FNV-1a of 128 bits: it names tables, so it must never change.
fn fnv(bytes: &[u8]) -> u128 {
    let offset = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    bytes.iter().fold(offset, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

pub(super) fn has_replicas(
    session: &Session,
    data_center: &str,
    wanted: u8,
) -> Result<(), OpenError> {
    let state = session.get_cluster_state();
    let nodes = state
        .get_nodes_info()
        .iter()
        .filter(|node| node.datacenter.as_deref() == Some(data_center))
        .count();
    if nodes >= usize::from(wanted) {
        return Ok(());
    }
    Err(OpenError::Unfit(format!(
        "cassandra.replication is {wanted}, but data centre {data_center} has {nodes} node(s): add nodes, or lower it \
         (below 3 one lost node can lose what was acknowledged)"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tables_id_follows_from_its_name_and_no_two_share_one() {
        let id = table_id("chinwag", "log");
        assert_eq!(id, table_id("chinwag", "log"));
        assert_ne!(id, table_id("chinwag", "sent"));
        assert_ne!(id, table_id("other", "log"));
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "8");
    }
}
