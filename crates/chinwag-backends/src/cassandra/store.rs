//! The engine as a whole.

use std::{
    hash::{BuildHasher as _, Hasher as _},
    sync::{Arc, atomic::AtomicI64},
};

use super::{
    connect::connect, cql::Cql, error::OpenError, migrate::migrate, options::Options,
    statements::Statements,
};

/// A cluster's Cassandra: logs, directory, accounts and ownership of all nodes.
pub struct Cassandra {
    pub(super) cql: Cql,
    pub(super) statements: Statements,
    /// Counts this process's renewals, from where no other process did.
    pub(super) beats: AtomicI64,
}

impl Cassandra {
    /// Connects, makes the keyspace and the tables that aren't there, and prepares every statement.
    ///
    /// Errors: no node answers, the keyspace can't be made as asked for, or a later version wrote it.
    pub async fn open(options: &Options) -> Result<Arc<Self>, OpenError> {
        let (session, data_center) = connect(options).await?;
        migrate(&session, options, &data_center).await?;
        let statements = Statements::prepare(&session).await?;
        let random = std::hash::RandomState::new().build_hasher().finish();
        Ok(Arc::new(Self {
            cql: Cql::new(session, options.in_flight),
            statements,
            beats: AtomicI64::new((random >> 2).cast_signed()),
        }))
    }
}
