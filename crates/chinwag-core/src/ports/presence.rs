//! Who is online, and where.

use async_trait::async_trait;
use chinwag_proto::{DeviceId, SessionId, Timestamp, UserId};

use super::EngineResult;
use crate::model::NodeId;

/// A sign of life of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionBeat {
    /// Whose session.
    pub user: UserId,
    /// Which.
    pub session: SessionId,
    /// Where it is.
    pub node: NodeId,
    /// The device, where the client named it.
    pub device: Option<DeviceId>,
    /// When it connected.
    pub connected_at: Timestamp,
}

/// A live session as others find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLocation {
    /// Which session.
    pub session: SessionId,
    /// Where it is.
    pub node: NodeId,
    /// The device, where the client named it.
    pub device: Option<DeviceId>,
    /// When it connected.
    pub connected_at: Timestamp,
}

/// Keeps leases of sessions.
///
/// A session lives from its first `touch` until 30 s after its last one, or until `leave` and 5 s of grace (a page
/// reload doesn't flicker). A user is online while a session lives. What is kept here may be lost as a whole; the
/// gateways write it again.
#[async_trait]
pub trait Presence: Send + Sync + 'static {
    /// Gives sessions 30 s to live from now.
    async fn touch(&self, beats: &[SessionBeat]) -> EngineResult<()>;

    /// Ends a session: at once for `locate` and `sessions`, after the grace for `online`.
    async fn leave(&self, user: &UserId, session: SessionId) -> EngineResult<()>;

    /// Finds the nodes that hold sessions of each user, one session apart; the answer has the order and length of the
    /// question.
    async fn locate(
        &self,
        users: &[UserId],
        except: Option<SessionId>,
    ) -> EngineResult<Vec<Vec<NodeId>>>;

    /// Reads whether each user is online and, where not, when the last session ended, as far as that is known.
    async fn online(&self, users: &[UserId]) -> EngineResult<Vec<chinwag_proto::shapes::Presence>>;

    /// Reads a user's live sessions, oldest first.
    async fn sessions(&self, user: &UserId) -> EngineResult<Vec<SessionLocation>>;
}
