//! Sessions that watch the presence of as many as they may, and leave them alone again, as fast as they are answered.

use std::sync::Arc;

use anyhow::Result;
use chinwag_proto::UserId;

use super::{
    super::{Run, people, session::Session},
    attack::{Attack, Hold},
};
use crate::site::Person;

/// Users that one session watches.
const WATCHED: u32 = 1_000;

/// Those who watch, and those who are watched: all of one group, so that there is something to see.
pub(super) struct Watching {
    watchers: Vec<Person>,
    watched: Arc<[UserId]>,
}

impl Watching {
    pub(super) async fn prepare(run: &Run<'_>, watched: u32) -> Result<Self> {
        let sessions = watched.div_ceil(WATCHED);
        let each = watched / sessions;
        let (mut members, _) = people::with_group(run, "watched", each + sessions).await?;
        let watchers = members.split_off(each as usize);
        let watched = members.into_iter().map(|person| person.id).collect();
        Ok(Self { watchers, watched })
    }

    pub(super) fn begin(&self, run: &Run<'_>) -> Attack {
        let mut attack = Attack::default();
        let watched = Arc::clone(&self.watched);
        let act = move |mut session: Session, hold: Hold| {
            let watched = Arc::clone(&watched);
            async move {
                loop {
                    session.watch(watched.to_vec(), Vec::new()).await?;
                    hold.taken();
                    session.watch(Vec::new(), watched.to_vec()).await?;
                }
            }
        };
        attack.add_sessions(&run.server.nodes, &self.watchers, act);
        attack
    }
}
