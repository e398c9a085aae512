//! Users, API keys, devices.

use async_trait::async_trait;
use chinwag_proto::{DeviceId, Timestamp, UserId};

use super::EngineResult;
use crate::model::{ApiKey, DeviceRow, UserRow};

/// Keeps users, API keys and devices.
///
/// Every write is durable when it answers `Ok` and is seen by every later read. The last write of a row wins.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Makes users that don't exist; leaves the others as they are. The answer says which were made.
    async fn create_users(&self, users: Vec<UserRow>) -> EngineResult<Vec<bool>>;

    /// Writes a user, there before or not.
    async fn put_user(&self, user: UserRow) -> EngineResult<()>;

    /// Removes a user, the password and the devices. Memberships and messages are the owner's to end.
    async fn remove_user(&self, user: &UserId) -> EngineResult<()>;

    /// Reads users; the answer has the order and length of the question.
    async fn users(&self, users: &[UserId]) -> EngineResult<Vec<Option<UserRow>>>;

    /// Finds users whose id, or name with case folded, begins so; in order of id, after one, at most `limit`.
    async fn find_users(
        &self,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>>;

    /// Reads the users that changed at or after a time, in order of that change, at most `limit`: what closes
    /// sessions and watches. Removed users are no longer among them.
    async fn users_changed_since(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>>;

    /// Writes an API key.
    async fn put_key(&self, key: ApiKey) -> EngineResult<()>;

    /// Reads all API keys, the revoked ones too.
    async fn keys(&self) -> EngineResult<Vec<ApiKey>>;

    /// Writes a device; one provider address belongs to one device, the last that named it.
    async fn put_device(&self, device: DeviceRow) -> EngineResult<()>;

    /// Removes a device; the answer says whether it was there.
    async fn remove_device(&self, user: &UserId, device: &DeviceId) -> EngineResult<bool>;

    /// Reads a user's devices.
    async fn devices(&self, user: &UserId) -> EngineResult<Vec<DeviceRow>>;
}
