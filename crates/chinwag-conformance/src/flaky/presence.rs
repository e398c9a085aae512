//! A flaky [`Presence`].

use async_trait::async_trait;
use chinwag_core::{
    model::NodeId,
    ports::{EngineResult, Presence, SessionBeat, SessionLocation},
};
use chinwag_proto::{SessionId, UserId, shapes};

use super::{Call, Flaky};

#[async_trait]
impl<P: Presence + ?Sized> Presence for Flaky<P> {
    async fn touch(&self, beats: &[SessionBeat]) -> EngineResult<()> {
        let touch = self.inner.touch(beats);
        self.faults.around(Call::Write, touch).await
    }

    async fn leave(&self, user: &UserId, session: SessionId) -> EngineResult<()> {
        let leave = self.inner.leave(user, session);
        self.faults.around(Call::Write, leave).await
    }

    async fn locate(
        &self,
        users: &[UserId],
        except: Option<SessionId>,
    ) -> EngineResult<Vec<Vec<NodeId>>> {
        let read = self.inner.locate(users, except);
        self.faults.around(Call::Read, read).await
    }

    async fn online(&self, users: &[UserId]) -> EngineResult<Vec<shapes::Presence>> {
        let read = self.inner.online(users);
        self.faults.around(Call::Read, read).await
    }

    async fn sessions(&self, user: &UserId) -> EngineResult<Vec<SessionLocation>> {
        let read = self.inner.sessions(user);
        self.faults.around(Call::Read, read).await
    }
}
