//! Users, their devices, API keys.

use std::sync::atomic::Ordering::Relaxed;

use chinwag_proto::UserId;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    MadeByRequest, Moving, MovingError, PAGE, check_registered, persistence::persistently,
};
use crate::{
    model::UserRow,
    ports::{Accounts, EngineResult},
};

/// Calls that are about one user, at a time.
const USERS_AT_ONCE: usize = 32;

impl Moving {
    pub(super) async fn copy_people(&self) -> Result<(), MovingError> {
        for key in self.from.accounts.keys().await? {
            persistently(|| self.to.accounts.put_key(key.clone())).await?;
        }
        let mut after = None;
        loop {
            let users = users_after(&*self.from.accounts, after.as_ref()).await?;
            let Some(last) = users.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            persistently(|| self.to.accounts.create_users(users.clone())).await?;
            let count = users.len() as u64;
            stream::iter(users)
                .map(Ok)
                .try_for_each_concurrent(USERS_AT_ONCE, |user| self.copy_devices(user.id))
                .await?;
            self.counts.users.fetch_add(count, Relaxed);
        }
    }

    async fn copy_devices(&self, user: UserId) -> EngineResult<()> {
        for device in self.from.accounts.devices(&user).await? {
            persistently(|| self.to.accounts.put_device(device.clone())).await?;
        }
        Ok(())
    }

    pub(super) async fn copy_requests(
        &self,
        requests: Vec<MadeByRequest>,
    ) -> Result<(), MovingError> {
        let register = |made: MadeByRequest| async move {
            let directory = &self.to.directory;
            let registered = || directory.register_request(&made.user, &made.request, made.chat);
            let holds = persistently(registered).await?;
            check_registered(holds, made.chat, "the chat of a request")
        };
        stream::iter(requests)
            .map(Ok)
            .try_for_each_concurrent(USERS_AT_ONCE, register)
            .await
    }

    pub(super) async fn compare_people(&self) -> Result<(), MovingError> {
        let (mut keys, mut copied) = (
            self.from.accounts.keys().await?,
            self.to.accounts.keys().await?,
        );
        keys.sort_by(|one, other| one.id.cmp(&other.id));
        copied.sort_by(|one, other| one.id.cmp(&other.id));
        same(keys == copied, || "the API keys".into())?;
        let mut after = None;
        loop {
            let users = users_after(&*self.from.accounts, after.as_ref()).await?;
            let copied = persistently(|| users_after(&*self.to.accounts, after.as_ref()));
            let copied = copied.await?;
            for (user, copy) in users.iter().zip(&copied) {
                same(user == copy, || format!("user {}", user.id))?;
            }
            same(users.len() == copied.len(), || "the list of users".into())?;
            let Some(last) = users.last() else {
                return Ok(());
            };
            after = Some(last.id.clone());
            let count = users.len() as u64;
            stream::iter(users)
                .map(Ok)
                .try_for_each_concurrent(USERS_AT_ONCE, |user| self.compare_devices(user.id))
                .await?;
            self.counts.users.fetch_add(count, Relaxed);
        }
    }

    async fn compare_devices(&self, user: UserId) -> Result<(), MovingError> {
        let mut devices = self.from.accounts.devices(&user).await?;
        let mut copied = persistently(|| self.to.accounts.devices(&user)).await?;
        devices.sort_by(|one, other| one.device.cmp(&other.device));
        copied.sort_by(|one, other| one.device.cmp(&other.device));
        same(devices == copied, || format!("the devices of user {user}"))
    }
}

async fn users_after(
    accounts: &dyn Accounts,
    after: Option<&UserId>,
) -> EngineResult<Vec<UserRow>> {
    accounts.find_users("", after, PAGE).await
}

/// Fails, naming what differs, unless it is the same.
pub(super) fn same(is_same: bool, what: impl FnOnce() -> String) -> Result<(), MovingError> {
    if is_same {
        Ok(())
    } else {
        Err(MovingError::Differs(what()))
    }
}
