//! `Accounts`.

use std::collections::HashSet;

use async_trait::async_trait;
use chinwag_core::{
    model::{ApiKey, DeviceRow, UserRow},
    ports::{Accounts, EngineResult},
};
use chinwag_proto::{DeviceId, Timestamp, UserId};

use super::{append::encode, cql::each, held::decode, store::Cassandra};

#[async_trait]
impl Accounts for Cassandra {
    async fn create_users(&self, users: Vec<UserRow>) -> EngineResult<Vec<bool>> {
        // One that is named twice is made by its first row.
        let mut seen = HashSet::new();
        let users: Vec<_> = users
            .into_iter()
            .map(|user| (seen.insert(user.id.clone()), user))
            .collect();
        each(users, async |(is_first, user)| {
            Ok(is_first && self.make_user(&user).await?)
        })
        .await
    }

    async fn put_user(&self, user: UserRow) -> EngineResult<()> {
        self.write_user(&user).await
    }

    async fn remove_user(&self, user: &UserId) -> EngineResult<()> {
        self.delete_devices_of(user).await?;
        self.delete_user(user).await
    }

    async fn users(&self, users: &[UserId]) -> EngineResult<Vec<Option<UserRow>>> {
        each(users, |user| self.user_row(user)).await
    }

    async fn find_users(
        &self,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        self.users_by_prefix(prefix, after, limit).await
    }

    async fn users_changed_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        self.changed_users(since, limit).await
    }

    async fn put_key(&self, key: ApiKey) -> EngineResult<()> {
        let (change, make) = (&self.statements.change_key, &self.statements.make_key);
        let values = (encode(&key), key.id.as_str());
        self.put_agreed(change, make, &values).await
    }

    async fn keys(&self) -> EngineResult<Vec<ApiKey>> {
        let cells: Vec<(Vec<u8>,)> = self.cql.rows(&self.statements.keys, ()).await?;
        cells
            .iter()
            .map(|(cell,)| decode(cell, "API key"))
            .collect()
    }

    async fn put_device(&self, device: DeviceRow) -> EngineResult<()> {
        self.write_device(&device).await
    }

    async fn remove_device(&self, user: &UserId, device: &DeviceId) -> EngineResult<bool> {
        self.delete_device(user, device).await
    }

    async fn devices(&self, user: &UserId) -> EngineResult<Vec<DeviceRow>> {
        self.devices_of(user).await
    }
}
