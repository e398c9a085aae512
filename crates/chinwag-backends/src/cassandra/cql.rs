//! Runs statements, a bounded number at a time.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use scylla::{
    client::session::Session, deserialize::row::DeserializeRow, serialize::row::SerializeRow,
    statement::prepared::PreparedStatement, value::Row,
};
use tokio::sync::Semaphore;

use super::error::{failed, no_rows, other_columns, unreadable};
use chinwag_core::ports::{EngineError, EngineResult};

/// Statements of one call on their way at a time.
const AT_ONCE: usize = 128;

/// Runs statements.
pub(super) struct Cql {
    session: Session,
    permits: Semaphore,
}

impl Cql {
    pub(super) fn new(session: Session, in_flight: usize) -> Self {
        Self {
            session,
            permits: Semaphore::new(in_flight.max(1)),
        }
    }

    /// Writes; done when a quorum has it. An error says that it may have happened.
    pub(super) async fn write(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> EngineResult<()> {
        let _permit = self.permit().await?;
        let answer = self.session.execute_unpaged(statement, values).await;
        answer.map(drop).map_err(|error| failed(&error))
    }

    /// Reads all rows; the statement's own limit bounds them.
    pub(super) async fn rows<T>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> EngineResult<Vec<T>>
    where
        T: for<'r> DeserializeRow<'r, 'r>,
    {
        let _permit = self.permit().await?;
        let answer = self.session.execute_unpaged(statement, values).await;
        let answer = answer.map_err(|error| failed(&error))?;
        let rows = answer.into_rows_result().map_err(|error| no_rows(&error))?;
        let rows = rows.rows::<T>().map_err(|error| other_columns(&error))?;
        rows.collect::<Result<_, _>>()
            .map_err(|error| unreadable(&error))
    }

    /// Reads one row, where there is one.
    pub(super) async fn row<T>(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> EngineResult<Option<T>>
    where
        T: for<'r> DeserializeRow<'r, 'r>,
    {
        Ok(self.rows(statement, values).await?.into_iter().next())
    }

    /// Runs a lightweight transaction; tells whether its condition held.
    pub(super) async fn transact(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> EngineResult<bool> {
        // Its other columns differ between Cassandra and ScyllaDB; the first one says whether it was applied.
        let row: Option<Row> = self.row(statement, values).await?;
        let applied = row.and_then(|row| row.columns.into_iter().next().flatten());
        applied
            .and_then(|applied| applied.as_boolean())
            .ok_or_else(|| EngineError::Damaged("cassandra: a transaction without answer".into()))
    }

    async fn permit(&self) -> EngineResult<tokio::sync::SemaphorePermit<'_>> {
        let permit = self.permits.acquire().await;
        permit.map_err(|_| EngineError::Unavailable("cassandra: closed".into()))
    }
}

/// Does the same for each of many things, some at a time; the answers have the order of the question.
pub(super) fn each<T, U, F>(
    items: impl IntoIterator<Item = T>,
    run: impl Fn(T) -> F,
) -> impl Future<Output = EngineResult<Vec<U>>>
where
    F: Future<Output = EngineResult<U>>,
{
    // Made here, so that what is waited for holds no closure: nothing could then be sent between threads.
    let runs: Vec<F> = items.into_iter().map(run).collect();
    stream::iter(runs).buffered(AT_ONCE).try_collect()
}
