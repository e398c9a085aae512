//! `Accounts`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_core::{
    model::{ApiKey, DeviceRow, UserRow},
    ports::{Accounts, EngineResult},
};
use chinwag_proto::{DeviceId, Timestamp, UserId};

use super::{
    batch::Batch,
    cells,
    embedded::Embedded,
    error::undecodable,
    keys::{self, Key, Kind},
    view::{View, off_thread},
};

#[async_trait]
impl Accounts for Embedded {
    async fn create_users(&self, users: Vec<UserRow>) -> EngineResult<Vec<bool>> {
        let write = move |batch: &mut Batch| {
            users
                .into_iter()
                .map(|user| {
                    let is_new = batch.get(&keys::user(&user.id))?.is_none();
                    if is_new {
                        put_user(batch, &user, None);
                    }
                    Ok(is_new)
                })
                .collect()
        };
        self.inner.write(0, write).await
    }

    async fn put_user(&self, user: UserRow) -> EngineResult<()> {
        let write = move |batch: &mut Batch| {
            let before = read_user(batch, &user.id)?;
            put_user(batch, &user, before.as_ref());
            Ok(())
        };
        self.inner.write(0, write).await
    }

    async fn remove_user(&self, user: &UserId) -> EngineResult<()> {
        let id = user.clone();
        let write = move |batch: &mut Batch| {
            if let Some(user) = read_user(batch, &id)? {
                remove_indexes(batch, &user);
                batch.remove(keys::user(&id));
            }
            for row in batch.prefix(&keys::of_user(Kind::Device, &id))? {
                let (key, value) = row?;
                let device: DeviceRow = cells::plain(&value, "device")?;
                release_address(batch, &device)?;
                batch.remove(Key::from_bytes(&key));
            }
            Ok(())
        };
        self.inner.write(0, write).await
    }

    async fn users(&self, users: &[UserId]) -> EngineResult<Vec<Option<UserRow>>> {
        self.read_many(users.to_vec(), |view, user| view.user(&user))
            .await
    }

    async fn find_users(
        &self,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        let view = self.inner.view.clone();
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        off_thread(move || view.find_users(&prefix, after.as_ref(), limit)).await
    }

    async fn users_changed_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        let view = self.inner.view.clone();
        off_thread(move || view.users_changed_since(since, limit)).await
    }

    async fn put_key(&self, key: ApiKey) -> EngineResult<()> {
        let write = move |batch: &mut Batch| {
            batch.put(keys::api_key(&key.id), cells::encode(&key));
            Ok(())
        };
        self.inner.write(0, write).await
    }

    async fn keys(&self) -> EngineResult<Vec<ApiKey>> {
        let view = self.inner.view.clone();
        off_thread(move || view.api_keys()).await
    }

    async fn put_device(&self, device: DeviceRow) -> EngineResult<()> {
        self.inner
            .write(0, move |batch| put_device(batch, &device))
            .await
    }

    async fn remove_device(&self, user: &UserId, device: &DeviceId) -> EngineResult<bool> {
        let key = keys::device(user, device);
        let write = move |batch: &mut Batch| {
            let Some(row) = batch.get(&key)? else {
                return Ok(false);
            };
            release_address(batch, &cells::plain(&row, "device")?)?;
            batch.remove(key);
            Ok(true)
        };
        self.inner.write(0, write).await
    }

    async fn devices(&self, user: &UserId) -> EngineResult<Vec<DeviceRow>> {
        // A user has a few dozen at most.
        self.inner.view.devices(user)
    }
}

fn read_user(batch: &mut Batch, user: &UserId) -> EngineResult<Option<UserRow>> {
    let row = batch.get(&keys::user(user))?;
    row.map(|row| cells::plain(&row, "user")).transpose()
}

fn put_user(batch: &mut Batch, user: &UserRow, before: Option<&UserRow>) {
    if let Some(before) = before {
        remove_indexes(batch, before);
    }
    if let Some(name) = &user.name {
        batch.put(keys::name(&folded(name), &user.id), Vec::new());
    }
    batch.put(keys::user_change(user.changed_at, &user.id), Vec::new());
    batch.put(keys::user(&user.id), cells::encode(user));
}

fn remove_indexes(batch: &mut Batch, user: &UserRow) {
    if let Some(name) = &user.name {
        batch.remove(keys::name(&folded(name), &user.id));
    }
    batch.remove(keys::user_change(user.changed_at, &user.id));
}

/// Folds the case of a name, for the index and for what is looked for.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn put_device(batch: &mut Batch, device: &DeviceRow) -> EngineResult<()> {
    let key = keys::device(&device.user, &device.device);
    if let Some(before) = batch.get(&key)? {
        release_address(batch, &cells::plain(&before, "device")?)?;
    }
    let address = keys::address(&device.address);
    if let Some(holder) = batch.get(&address)? {
        let holder = Key::from_bytes(&holder);
        if let Some(row) = batch.get(&holder)? {
            let row: DeviceRow = cells::plain(&row, "device")?;
            // Two addresses may have one digest; then both devices keep theirs.
            if row.address == device.address {
                batch.remove(holder);
            }
        }
    }
    batch.put(address, key.as_slice().to_vec());
    batch.put(key, cells::encode(device));
    Ok(())
}

/// Removes the note that a device has its address.
fn release_address(batch: &mut Batch, device: &DeviceRow) -> EngineResult<()> {
    let address = keys::address(&device.address);
    let key = keys::device(&device.user, &device.device);
    let holds = batch
        .get(&address)?
        .is_some_and(|holder| *holder == *key.as_slice());
    if holds {
        batch.remove(address);
    }
    Ok(())
}

impl View {
    /// Reads a user.
    pub(super) fn user(&self, user: &UserId) -> EngineResult<Option<UserRow>> {
        let row = self.get(&keys::user(user))?;
        row.map(|row| cells::plain(&row, "user")).transpose()
    }

    /// Finds users by the beginning of id or name.
    pub(super) fn find_users(
        &self,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        let by_id = Key::of(Kind::User).text(prefix);
        // What lies before the prefix is not meant by "after".
        let after_key = after.map(keys::user).filter(|key| *key > by_id);
        let mut found = BTreeMap::new();
        for row in self.prefix_after(&by_id, after_key).take(limit) {
            let user: UserRow = cells::plain(&row?.1, "user")?;
            if after.is_none_or(|after| user.id > *after) {
                found.insert(user.id.clone(), user);
            }
        }
        if !prefix.is_empty() {
            self.find_by_name(&folded(prefix), after, limit, &mut found)?;
        }
        Ok(found.into_values().take(limit).collect())
    }

    /// Adds those with a name that begins so. Names are not in order of id, so all that match are looked at, but no
    /// more than `limit` are kept.
    fn find_by_name(
        &self,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
        found: &mut BTreeMap<UserId, UserRow>,
    ) -> EngineResult<()> {
        for row in self.prefix(&Key::of(Kind::Name).text(prefix)) {
            let (key, _) = row?;
            let id = name_holder(&key).ok_or_else(|| undecodable("name"))?;
            let beyond =
                found.len() >= limit && found.keys().next_back().is_some_and(|last| id > *last);
            if beyond || after.is_some_and(|after| id <= *after) || found.contains_key(&id) {
                continue;
            }
            if let Some(user) = self.user(&id)? {
                found.insert(id, user);
            }
            if found.len() > limit {
                found.pop_last();
            }
        }
        Ok(())
    }

    /// Reads the users that changed at or after a time.
    pub(super) fn users_changed_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        let prefix = Key::of(Kind::UserChange);
        let from = std::ops::Bound::Included(keys::user_changes_from(since));
        let mut found = Vec::new();
        for row in self.range(from, std::ops::Bound::Excluded(prefix.past())) {
            if found.len() == limit {
                break;
            }
            let id = keys::user_from(&row?.0, USER_CHANGE_KEY_BYTES);
            let id = id.ok_or_else(|| undecodable("change of a user"))?;
            found.extend(self.user(&id)?);
        }
        Ok(found)
    }

    /// Reads all API keys.
    pub(super) fn api_keys(&self) -> EngineResult<Vec<ApiKey>> {
        self.prefix(&Key::of(Kind::ApiKey))
            .map(|row| cells::plain(&row?.1, "API key"))
            .collect()
    }

    /// Reads a user's devices.
    pub(super) fn devices(&self, user: &UserId) -> EngineResult<Vec<DeviceRow>> {
        self.prefix(&keys::of_user(Kind::Device, user))
            .map(|row| cells::plain(&row?.1, "device"))
            .collect()
    }
}

/// What stands before the user in the key of a change: kind and time.
const USER_CHANGE_KEY_BYTES: usize = 9;

/// Reads whose name a key of the index is: what follows the last zero byte.
fn name_holder(key: &[u8]) -> Option<UserId> {
    let end = key.iter().rposition(|byte| *byte == 0)?;
    keys::user_from(key, end + 1)
}
