//! [`Accounts`] in memory.

use async_trait::async_trait;
use chinwag_proto::{DeviceId, Timestamp, UserId};

use super::store::MemoryStore;
use crate::{
    model::{ApiKey, DeviceRow, UserRow},
    ports::{Accounts, EngineResult},
};

#[async_trait]
impl Accounts for MemoryStore {
    async fn create_users(&self, users: Vec<UserRow>) -> EngineResult<Vec<bool>> {
        let mut state = self.state();
        let create = |user: UserRow| {
            let is_new = !state.users.contains_key(&user.id);
            if is_new {
                state.users.insert(user.id.clone(), user);
            }
            is_new
        };
        Ok(users.into_iter().map(create).collect())
    }

    async fn put_user(&self, user: UserRow) -> EngineResult<()> {
        self.state().users.insert(user.id.clone(), user);
        Ok(())
    }

    async fn remove_user(&self, user: &UserId) -> EngineResult<()> {
        let mut state = self.state();
        state.users.remove(user);
        state.devices.retain(|(of, _), _| of != user);
        Ok(())
    }

    async fn users(&self, users: &[UserId]) -> EngineResult<Vec<Option<UserRow>>> {
        let state = self.state();
        let row = |user| state.users.get(user).cloned();
        Ok(users.iter().map(row).collect())
    }

    async fn find_users(
        &self,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        let state = self.state();
        let folded = prefix.to_lowercase();
        let begins_so = |user: &&UserRow| {
            let name = user.name.as_deref().map(str::to_lowercase);
            user.id.as_str().starts_with(prefix)
                || name.is_some_and(|name| name.starts_with(&folded))
        };
        let users = state.users.values();
        let users = users.filter(|user| after.is_none_or(|after| user.id > *after));
        Ok(users.filter(begins_so).take(limit).cloned().collect())
    }

    async fn users_changed_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        let state = self.state();
        let users = state.users.values();
        let mut changed: Vec<_> = users.filter(|user| user.changed_at >= since).collect();
        changed.sort_by_key(|user| user.changed_at);
        Ok(changed.into_iter().take(limit).cloned().collect())
    }

    async fn put_key(&self, key: ApiKey) -> EngineResult<()> {
        self.state().keys.insert(key.id.clone(), key);
        Ok(())
    }

    async fn keys(&self) -> EngineResult<Vec<ApiKey>> {
        Ok(self.state().keys.values().cloned().collect())
    }

    async fn put_device(&self, device: DeviceRow) -> EngineResult<()> {
        let mut state = self.state();
        state
            .devices
            .retain(|_, there| there.address != device.address);
        let key = (device.user.clone(), device.device.clone());
        state.devices.insert(key, device);
        Ok(())
    }

    async fn remove_device(&self, user: &UserId, device: &DeviceId) -> EngineResult<bool> {
        let key = (user.clone(), device.clone());
        Ok(self.state().devices.remove(&key).is_some())
    }

    async fn devices(&self, user: &UserId) -> EngineResult<Vec<DeviceRow>> {
        let state = self.state();
        let devices = state.devices.values();
        Ok(devices
            .filter(|device| device.user == *user)
            .cloned()
            .collect())
    }
}
