//! Sessions that watch the presence of as many as they may, and leave them alone again, as fast as they are answered.

use anyhow::Result;
use chinwag_client::Http;
use chinwag_proto::UserId;

use super::{
    super::{Run, people, session::Session},
    attack::Attack,
};
use crate::{
    bench::plan::Node,
    site::{Person, appear},
};

/// Users that one session watches.
const WATCHED: u32 = 1_000;

/// Those who watch, and those who are watched: all of one group, so that there is something to see.
pub(super) struct Watching {
    watchers: Vec<Person>,
    watched: Vec<UserId>,
}

impl Watching {
    pub(super) async fn prepare(run: &Run<'_>, watched: u32) -> Result<Self> {
        let sessions = watched.div_ceil(WATCHED);
        let each = watched / sessions;
        let tokens = run.server.tokens();
        let mut members = tokens.people("watched", each + sessions).await?;
        appear(&Http::new(run.server.url()), &members).await?;
        people::group(run.server.url(), &members).await?;
        let watchers = members.split_off(each as usize);
        let watched = members.into_iter().map(|person| person.id).collect();
        Ok(Self { watchers, watched })
    }

    pub(super) fn begin(&self, run: &Run<'_>) -> Attack {
        let mut attack = Attack::default();
        let nodes = &run.server.nodes;
        for (number, watcher) in self.watchers.iter().enumerate() {
            let (node, token) = (nodes[number % nodes.len()].clone(), watcher.token.clone());
            let watched = self.watched.clone();
            attack.add(move |hold| {
                let (node, token): (Node, String) = (node.clone(), token.clone());
                let watched = watched.clone();
                async move {
                    let mut session = Session::open(&node, &token).await?;
                    loop {
                        session.watch(watched.clone(), Vec::new()).await?;
                        hold.taken();
                        session.watch(Vec::new(), watched.clone()).await?;
                    }
                }
            });
        }
        attack
    }
}
