//! Marks whose write nobody answered for: they may be stored, and nobody was told. They are written again, under the
//! same stamp, until they surely are, and told then (rule A5).

use std::{collections::HashMap, sync::Arc, time::Duration};

use chinwag_proto::{ChatId, UserId};

use futures_util::future::join_all;
use tokio::runtime::Handle;

use super::{Owner, chat::Chat, receipts::Moved};
use crate::{
    model::Membership,
    ports::{EngineResult, Stamp},
};

/// How long to wait before they are written again; doubles up to the last.
const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(5);
/// How long those of chats that are given away may take: their chats wait meanwhile.
const SETTLED_WITHIN: Duration = Duration::from_millis(300);

/// The marks of one chat, the latest of each user: no more than it has members.
#[derive(Debug, Default)]
pub(super) struct Untold {
    marks: HashMap<UserId, (Moved, Stamp)>,
    scheduled: bool,
}

impl Untold {
    pub(super) fn is_idle(&self) -> bool {
        !self.scheduled
    }

    /// Forgets a user's mark, since a later one is told.
    pub(super) fn forget(&mut self, user: &UserId) {
        self.marks.remove(user);
    }

    /// Takes a user's mark out; false where it is another one by now, or none.
    fn takes(&mut self, user: &UserId, stamp: Stamp) -> bool {
        let is_it = self.marks.get(user).is_some_and(|(_, at)| *at == stamp);
        if is_it {
            self.marks.remove(user);
        }
        is_it
    }

    /// Ends the writing where nothing is left.
    fn ends(&mut self) -> bool {
        self.scheduled = !self.marks.is_empty();
        !self.scheduled
    }
}

/// Takes a mark over when it is dropped: where its write failed, or whoever wrote it waits no longer.
pub(super) struct TellLater<'a> {
    owner: &'a Arc<Owner>,
    id: ChatId,
    chat: &'a Arc<Chat>,
    mark: Option<(Moved, Stamp)>,
}

impl<'a> TellLater<'a> {
    pub(super) fn new(
        owner: &'a Arc<Owner>,
        id: ChatId,
        chat: &'a Arc<Chat>,
        moved: Moved,
        stamp: Stamp,
    ) -> Self {
        Self {
            owner,
            id,
            chat,
            mark: Some((moved, stamp)),
        }
    }

    /// Ends it: nothing is left to tell.
    pub(super) fn end(mut self) {
        self.mark = None;
    }
}

impl Drop for TellLater<'_> {
    fn drop(&mut self) {
        // Where nothing runs any more nobody is told anything.
        if let Some((moved, stamp)) = self.mark.take()
            && Handle::try_current().is_ok()
        {
            self.owner
                .tell_once_written(self.id, self.chat, moved, stamp);
        }
    }
}

impl Owner {
    /// Takes over a mark whose write nobody answered for.
    fn tell_once_written(
        self: &Arc<Self>,
        id: ChatId,
        chat: &Arc<Chat>,
        moved: Moved,
        stamp: Stamp,
    ) {
        let mut state = chat.state();
        let untold = &mut state.untold;
        untold.marks.insert(moved.user.clone(), (moved, stamp));
        if !untold.scheduled {
            untold.scheduled = true;
            let (owner, chat) = (Arc::clone(self), Arc::clone(chat));
            self.tasks
                .spawn(async move { owner.write_untold(id, chat).await });
        }
    }

    /// Writes until nothing is untold; ends before where the chat is another owner's, whose stamps are higher. Nobody
    /// waits for it: whatever is marked meanwhile has a higher stamp.
    async fn write_untold(self: Arc<Self>, id: ChatId, chat: Arc<Chat>) {
        let mut pause = FIRST;
        while self.is_current(id, &chat)
            && self
                .stopping
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_some()
        {
            match self.tell_untold(id, &chat).await {
                Ok(()) if chat.state().untold.ends() => return,
                Ok(()) => pause = FIRST,
                Err(error) => {
                    tracing::warn!(chat = %id, %error, "can't write marks; writing the same again");
                    pause = (pause * 2).min(LAST);
                }
            }
        }
        chat.state().untold = Untold::default();
    }

    /// Brings the marks of chats that are given away to an end while the chats are nobody's, for as long as a hand-over
    /// may wait: who has them next tells of these marks only if they are sent again.
    pub(super) async fn settle_marks(self: &Arc<Self>, chats: &[(ChatId, Arc<Chat>)]) {
        let is_due = |(_, chat): &&(ChatId, Arc<Chat>)| {
            !chat.state().untold.is_idle() || chat.marking.try_lock().is_err()
        };
        let settling = chats.iter().filter(is_due).map(async |(id, chat)| {
            // Those under way end first; none begins any more.
            drop(chat.marking.lock().await);
            self.tell_untold(*id, chat).await
        });
        let settled = tokio::time::timeout(SETTLED_WITHIN, join_all(settling)).await;
        if !settled.is_ok_and(|each| each.iter().all(EngineResult::is_ok)) {
            tracing::warn!("marks of chats that are handed over are seen at the next sync only");
        }
    }

    /// Writes once what is untold, and tells what is stored then.
    async fn tell_untold(self: &Arc<Self>, id: ChatId, chat: &Arc<Chat>) -> EngineResult<()> {
        let untold = chat.state().untold.marks.values().cloned().collect();
        for (moved, stamp, is_stored) in self.written(id, untold).await? {
            let _one_at_a_time = chat.marking.lock().await;
            // A later one of that user may have been told by now.
            let is_last = chat.state().untold.takes(&moved.user, stamp);
            if is_last && is_stored {
                self.marked(id, chat, moved).await;
            }
        }
        Ok(())
    }

    /// Writes marks; returns them, each with whether it is the user's mark then.
    async fn written(
        &self,
        id: ChatId,
        marks: Vec<(Moved, Stamp)>,
    ) -> EngineResult<Vec<(Moved, Stamp, bool)>> {
        if marks.is_empty() {
            return Ok(Vec::new());
        }
        let write =
            |(moved, stamp): &(Moved, Stamp)| (id, moved.user.clone(), moved.marks.clone(), *stamp);
        let directory = &self.ports.directory;
        directory
            .put_marks(marks.iter().map(write).collect())
            .await?;
        let users: Vec<UserId> = marks.iter().map(|(moved, _)| moved.user.clone()).collect();
        let stored = directory.memberships(id, &users).await?;
        let with_stored = |((moved, stamp), membership): ((Moved, Stamp), Option<Membership>)| {
            let is_stored = membership.is_some_and(|membership| membership.marks == moved.marks);
            (moved, stamp, is_stored)
        };
        Ok(marks.into_iter().zip(stored).map(with_stored).collect())
    }
}
