//! Users, and the hints by which they are found.
//!
//! A hint is written before what it leads to and removed after; what it leads to says whether it holds. Each carries
//! the version of the user's row that it is for, so that removing an old one never removes a new one, whatever the
//! nodes' clocks say.

use chinwag_core::{model::UserRow, ports::EngineResult};
use chinwag_proto::UserId;

use super::{
    agreed::{TRIES, contended},
    append::encode,
    held::decode,
    keys::user_bucket,
    store::Cassandra,
};

/// Milliseconds of a day: what changes of a day are listed under.
const DAY_MS: i64 = 86_400_000;

/// Returns the day that a change is listed under.
pub(super) fn day_of(millis: i64) -> i64 {
    millis.div_euclid(DAY_MS)
}

/// Folds a name for finding it.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

impl Cassandra {
    /// Makes a user that doesn't exist; tells whether it did.
    pub(super) async fn make_user(&self, user: &UserRow) -> EngineResult<bool> {
        if self.user_row(&user.id).await?.is_some() {
            return Ok(false);
        }
        // A user who was removed and comes again begins above the versions that were.
        let version = user.changed_at.unix_millis();
        self.put_hints(user, version).await?;
        let values = (user.id.as_str(), encode(user), version);
        self.cql.transact(&self.statements.make_user, values).await
    }

    /// Writes a user, there before or not.
    pub(super) async fn write_user(&self, user: &UserRow) -> EngineResult<()> {
        for _ in 0..TRIES {
            let Some((before, version)) = self.agreed_user(&user.id).await? else {
                if self.make_user(user).await? {
                    return Ok(());
                }
                continue;
            };
            self.put_hints(user, version + 1).await?;
            let values = (encode(user), version + 1, user.id.as_str(), version);
            let statement = &self.statements.change_user;
            if self.cql.transact(statement, values).await? {
                return self.remove_hints(&before, version).await;
            }
        }
        Err(contended())
    }

    /// Removes a user.
    pub(super) async fn delete_user(&self, user: &UserId) -> EngineResult<()> {
        for _ in 0..TRIES {
            let Some((before, version)) = self.agreed_user(user).await? else {
                return Ok(());
            };
            let values = (user.as_str(), version);
            if self
                .cql
                .transact(&self.statements.remove_user, values)
                .await?
            {
                return self.remove_hints(&before, version).await;
            }
        }
        Err(contended())
    }

    /// Reads a user.
    pub(super) async fn user_row(&self, user: &UserId) -> EngineResult<Option<UserRow>> {
        let row: Option<(Vec<u8>, i64)> = self
            .cql
            .row(&self.statements.user, (user.as_str(),))
            .await?;
        row.map(|(cell, _)| decode(&cell, "user")).transpose()
    }

    async fn agreed_user(&self, user: &UserId) -> EngineResult<Option<(UserRow, i64)>> {
        let statement = &self.statements.agreed_user;
        let row: Option<(Vec<u8>, i64)> = self.cql.row(statement, (user.as_str(),)).await?;
        row.map(|(cell, version)| Ok((decode(&cell, "user")?, version)))
            .transpose()
    }

    async fn put_hints(&self, user: &UserRow, version: i64) -> EngineResult<()> {
        let (bucket, id) = (user_bucket(&user.id), user.id.as_str());
        let at = user.changed_at.unix_millis();
        let (cql, statements) = (&self.cql, &self.statements);
        let name = async {
            let Some(name) = &user.name else {
                return Ok(());
            };
            let values = (bucket, folded(name), id, version);
            cql.write(&statements.put_user_name, values).await
        };
        let change = cql.write(&statements.put_user_change, (day_of(at), at, id, version));
        let day = cql.write(&statements.put_change_day, (day_of(at),));
        let listed = cql.write(&statements.put_user_id, (bucket, id));
        futures_util::try_join!(name, change, day, listed).map(drop)
    }

    /// Removes the hints for a version that is no more. The one that the user exists stays: it costs a look.
    async fn remove_hints(&self, user: &UserRow, version: i64) -> EngineResult<()> {
        let (bucket, id) = (user_bucket(&user.id), user.id.as_str());
        let at = user.changed_at.unix_millis();
        let (cql, statements) = (&self.cql, &self.statements);
        if let Some(name) = &user.name {
            let values = (bucket, folded(name), id, version);
            cql.write(&statements.remove_user_name, values).await?;
        }
        let values = (day_of(at), at, id, version);
        cql.write(&statements.remove_user_change, values).await
    }
}
