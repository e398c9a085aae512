//! A run in a world of the caller's own, such as a simulated one: other servers, another network, another time.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use chinwag_client::Network;
use rand::rngs::StdRng;

use super::{
    Reach, act, alone, direct_max_members, finish, history_file::HistoryFile, judge,
    options::Options, progress::Progress, report::Report, set, stage::Stage,
};
use crate::{
    check::{
        history::{Server, ServerState, What},
        record::Recorder,
    },
    site::{Signer, TokenMaker},
};

/// Where a run takes place.
#[derive(Clone)]
pub struct World {
    /// What servers are reached by.
    pub network: Arc<dyn Network>,
    /// What signs the tokens of the run's users.
    pub tokens: Signer,
    /// The history's clock, nanoseconds.
    pub clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// For so long servers are left alone, so that presence can be judged.
    pub calm: Duration,
}

impl World {
    /// From so many members on the groups of a run should be large ones: `direct_max_members`.
    #[must_use]
    pub fn direct_max_members(options: &Options) -> u32 {
        direct_max_members(options)
    }
}

/// What a run's faults happen to.
#[derive(Clone)]
pub struct Scene(Arc<Stage>);

impl Scene {
    /// Returns whether the run goes on.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.0.goes_on()
    }

    /// Waits for a while, or until the run ends.
    pub async fn pause(&self, time: Duration) {
        self.0.pause(time).await;
    }

    /// Cuts about half of the connections.
    pub fn cut_half(&self, random: &mut StdRng) {
        self.0.line.cut_half(random);
    }

    /// Makes each frame take so long at most.
    pub fn delay(&self, at_most: Duration) {
        self.0.line.delay(at_most);
    }

    /// Lets nothing pass on one more connection; answers whether there was one.
    pub fn clog_one(&self, random: &mut StdRng) -> bool {
        self.0.line.clog_one(random)
    }

    /// Lets all pass again on one connection, whichever; answers whether there was one.
    pub fn release_one(&self, random: &mut StdRng) -> bool {
        self.0.line.release_one(random)
    }

    /// Writes down what became of a server.
    pub fn tell(&self, node: &str, state: ServerState) {
        let node = node.to_owned();
        let what = What::Server(Server { node, state });
        self.0.history.record(None, &what);
    }
}

/// Does a run in a world, while `going_wrong` lets happen what goes wrong there and answers how often what did.
///
/// Errors: what keeps the run from its end. What was broken is told in the report.
pub async fn run_in<W>(
    world: World,
    options: &Options,
    going_wrong: impl FnOnce(Scene) -> W,
) -> Result<Report>
where
    W: Future<Output = BTreeMap<String, u64>>,
{
    let (began, progress) = (Instant::now(), Progress::unseen());
    let file = HistoryFile::new(options.history.as_deref())?;
    let clock = Arc::clone(&world.clock);
    let history = Arc::new(Recorder::new(file.writer()?, move || clock()));
    let url = "http://servers".to_owned();
    let reach = Reach {
        url: url.clone(),
        network: Some(world.network),
        tokens: &TokenMaker::Signer(world.tokens),
    };
    let stage = Arc::new(set(options, reach, &history).await?);
    let going_wrong = going_wrong(Scene(Arc::clone(&stage)));
    let going_wrong = async { Ok(going_wrong.await) };
    let happened = act(&stage, options, world.calm, going_wrong, &progress).await?;
    let stage = alone(stage, options).await?;
    let run = finish(stage, options, url, happened, began).await;
    judge(history, file, run, options, &progress).await
}
