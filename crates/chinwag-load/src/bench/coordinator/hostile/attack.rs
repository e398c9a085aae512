//! Something that is done to the server until it ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    bench::{coordinator::session::Session, plan::Node},
    site::Person,
};

/// How long it may take until all of them are there.
const BEGINS_WITHIN: Duration = Duration::from_secs(120);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long one waits that was refused.
const AGAIN: Duration = Duration::from_millis(100);

/// What is done, each by a task that ends with this value.
#[derive(Default)]
pub(super) struct Attack {
    tasks: JoinSet<()>,
    attempts: Arc<AtomicU64>,
}

impl Attack {
    /// Adds one who does something again and again; each time counts once it has taken hold, by [`Hold::taken`].
    pub(super) fn add<F>(&mut self, once: impl Fn(Hold) -> F + Send + 'static)
    where
        F: Future<Output = Result<()>> + Send,
    {
        let hold = Hold(Arc::clone(&self.attempts));
        self.tasks.spawn(async move {
            loop {
                let _ = once(hold.clone()).await;
                sleep(AGAIN).await;
            }
        });
    }

    /// Adds one for each of some, whose sessions do something until that ends, or they do.
    pub(super) fn add_sessions<'a, F>(
        &mut self,
        nodes: &[Node],
        people: impl IntoIterator<Item = &'a Person>,
        act: impl Fn(Session, Hold) -> F + Clone + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<()>> + Send,
    {
        for (nth, person) in people.into_iter().enumerate() {
            let node = Node::of_nth(nodes, nth).clone();
            let (token, act) = (person.token.clone(), act.clone());
            let once = Arc::new((node, token, act));
            self.add(move |hold| {
                let once = Arc::clone(&once);
                async move {
                    let (node, token, act) = &*once;
                    act(Session::open(node, token).await?, hold).await
                }
            });
        }
    }

    /// Waits until there were as many as do it.
    pub(super) async fn in_force(&mut self) -> Result<()> {
        let all = self.tasks.len() as u64;
        let reached = async {
            while self.attempts.load(Ordering::Relaxed) < all {
                sleep(LOOK).await;
            }
        };
        let reached = timeout(BEGINS_WITHIN, reached).await;
        reached.context("those who disturb can't begin")
    }

    /// Ends it, and tells how often it took hold.
    pub(super) fn end(self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }
}

/// Tells that one has taken hold.
#[derive(Clone)]
pub(super) struct Hold(Arc<AtomicU64>);

impl Hold {
    pub(super) fn taken(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
