//! Rows that nodes agree on: lightweight transactions (rule O1).

use chinwag_core::ports::{EngineError, EngineResult};
use chinwag_proto::{ChatId, EventId};
use scylla::{serialize::row::SerializeRow, statement::prepared::PreparedStatement};

use super::{
    keys::{chat_key, event_key},
    store::Cassandra,
};

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

    /// Reserves an id for an imported event of a chat; tells whether the chat has it.
    pub(super) async fn reserve_one(&self, chat: ChatId, id: EventId) -> EngineResult<bool> {
        let (id, chat) = (event_key(id), chat_key(chat));
        let statements = &self.statements;
        if self
            .cql
            .transact(&statements.reserve_id, (id, chat))
            .await?
        {
            return Ok(true);
        }
        let held: Option<(i64,)> = self.cql.row(&statements.reserved_id, (id,)).await?;
        Ok(held == Some((chat,)))
    }
}

/// Others change the same row all the time.
pub(super) fn contended() -> EngineError {
    EngineError::Unavailable("cassandra: too many change the same row at once".into())
}
