//! Rows that nodes agree on: lightweight transactions (rule O1).

use chinwag_core::ports::{EngineError, EngineResult};
use scylla::{serialize::row::SerializeRow, statement::prepared::PreparedStatement};

use super::store::Cassandra;

/// How often a change is tried again because others changed the same row meanwhile.
pub(super) const TRIES: usize = 16;

impl Cassandra {
    /// Writes a row, there before or not, by `change … IF EXISTS` and `make … IF NOT EXISTS` over the same values: of
    /// writes that follow each other the last one holds, whatever the nodes' clocks say.
    pub(super) async fn put_agreed(
        &self,
        change: &PreparedStatement,
        make: &PreparedStatement,
        values: &(impl SerializeRow + Sync),
    ) -> EngineResult<()> {
        for _ in 0..TRIES {
            if self.cql.transact(change, values).await? || self.cql.transact(make, values).await? {
                return Ok(());
            }
        }
        Err(contended())
    }
}

/// Others change the same row all the time.
pub(super) fn contended() -> EngineError {
    EngineError::Unavailable("cassandra: too many change the same row at once".into())
}
