//! What goes wrong, and when.

use std::{collections::BTreeMap, time::Duration};

use chinwag_conformance::{Call, Faults, Moment, Odds};
use chinwag_load::{check::history::ServerState, verify::Scene};
use rand::{Rng as _, rngs::StdRng};

use crate::{
    cluster::{Order, Orders},
    doors::Doors,
};

/// How often calls to the engines fail once servers aren't left alone any more.
const ODDS: Odds = Odds {
    refused: 3,
    fail_after: 3,
    fail_partly: 2,
    delayed: 10,
    // Beyond a lease and a take-over, so that some writes land when another node owns the chat.
    longest_delay: Duration::from_secs(20),
    dropped: 10,
    repeated: 20,
};
/// How long it is from one thing to the next, milliseconds.
const EVERY_MS: std::ops::Range<u64> = 300..3_000;
/// By how much a clock may be wrong, milliseconds.
const OFF_BY_MS: i64 = 300_000;
/// How long one looks whether the nodes are there again.
const LOOK: Duration = Duration::from_millis(50);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Half of the connections are cut.
    Cut,
    /// Every frame takes its time.
    Delay,
    /// Connections stop one by one, and go on in another order.
    Clog,
    /// A node dies and starts again.
    Kill,
    /// A node stands still, up to far beyond its lease.
    Freeze,
    /// A node leaves in order and starts again.
    Restart,
    /// A node's wall clock steps.
    Clock,
    /// A node's calls to the engines stop, before their effect or after it, and go on all at once.
    Stall,
}

/// What keeps nobody from being seen in time.
const CALM: [Kind; 1] = [Kind::Cut];
const ALL: [Kind; 9] = [
    Kind::Cut,
    Kind::Delay,
    Kind::Clog,
    Kind::Clog,
    Kind::Kill,
    Kind::Freeze,
    Kind::Restart,
    Kind::Clock,
    Kind::Stall,
];
const CALLS: [Call; 7] = [
    Call::Read,
    Call::LookUp,
    Call::List,
    Call::Write,
    Call::Append,
    Call::Publish,
    Call::Take,
];

/// What happens to a run.
pub(crate) struct Wrong {
    pub(crate) scene: Scene,
    pub(crate) orders: Orders,
    pub(crate) doors: std::sync::Arc<Doors>,
    /// Of each node's calls.
    pub(crate) faults: Vec<Faults>,
    pub(crate) bus: Faults,
    pub(crate) random: StdRng,
    pub(crate) happened: BTreeMap<String, u64>,
}

impl Wrong {
    /// Lets one thing after another go wrong until the run ends; then all is right again.
    pub(crate) async fn happen(mut self, calm: Duration) -> BTreeMap<String, u64> {
        let began = tokio::time::Instant::now();
        let mut is_calm = true;
        while self.scene.goes_on() {
            let pause = self.random.random_range(EVERY_MS) * if is_calm { 3 } else { 1 };
            self.scene.pause(Duration::from_millis(pause)).await;
            if is_calm && began.elapsed() >= calm {
                is_calm = false;
                self.all_faults().for_each(|faults| faults.set_odds(ODDS));
            }
            let kinds = if is_calm { &CALM[..] } else { &ALL[..] };
            let kind = kinds[self.random.random_range(0..kinds.len())];
            if !self.scene.goes_on() {
                break;
            }
            *self.happened.entry(format!("{kind:?}")).or_default() += 1;
            self.happens(kind).await;
        }
        self.all_faults().for_each(|faults| {
            faults.calm();
            faults.release();
        });
        while !self.doors.are_all_open() {
            tokio::time::sleep(LOOK).await;
        }
        let met: u64 = self.all_faults().map(Faults::met).sum();
        self.happened.insert("calls that failed".into(), met);
        self.happened
    }

    fn all_faults(&self) -> impl Iterator<Item = &Faults> {
        self.faults.iter().chain([&self.bus])
    }

    async fn happens(&mut self, kind: Kind) {
        let node = self.random.random_range(0..self.faults.len());
        match kind {
            Kind::Cut => self.scene.cut_half(&mut self.random),
            Kind::Delay => {
                let at_most = self.random.random_range(10..1_000);
                self.scene.delay(Duration::from_millis(at_most));
                self.rest(200..4_000).await;
                self.scene.delay(Duration::ZERO);
            }
            Kind::Clog => self.clog().await,
            Kind::Kill => {
                self.tell(node, ServerState::Killed);
                self.order(Order::Kill(node));
                self.rest(100..20_000).await;
                self.start(node).await;
            }
            Kind::Freeze => {
                self.tell(node, ServerState::Killed);
                self.order(Order::Freeze(node));
                self.rest(200..25_000).await;
                self.order(Order::Thaw(node));
                self.tell(node, ServerState::Started);
            }
            Kind::Restart => {
                self.tell(node, ServerState::Stopped);
                self.order(Order::Leave(node));
                while self.doors.of(node).is_some() {
                    tokio::time::sleep(LOOK).await;
                }
                self.start(node).await;
            }
            Kind::Clock => {
                let off_by = self.random.random_range(-OFF_BY_MS..OFF_BY_MS);
                self.order(Order::SetClock(node, off_by));
                self.rest(500..15_000).await;
                self.order(Order::SetClock(node, 0));
            }
            Kind::Stall => {
                let calls = CALLS.iter().filter(|_| self.random.random_bool(0.4));
                let calls: Vec<Call> = calls.copied().collect();
                for call in calls {
                    let moment = match self.random.random_bool(0.5) {
                        true => Moment::Before,
                        false => Moment::After,
                    };
                    self.faults[node].hold(call, moment);
                    self.rest(10..1_000).await;
                }
                self.rest(100..15_000).await;
                self.faults[node].release();
            }
        }
    }

    /// Lets nothing pass on some connections, one after the other, and then all pass again, in another order.
    async fn clog(&mut self) {
        let most = self.random.random_range(1..20);
        for _ in 0..most {
            self.scene.clog_one(&mut self.random);
            self.rest(0..300).await;
        }
        while self.scene.release_one(&mut self.random) {
            self.rest(0..300).await;
        }
    }

    async fn start(&mut self, node: usize) {
        self.order(Order::Start(node));
        while self.doors.of(node).is_none() {
            tokio::time::sleep(LOOK).await;
        }
        self.tell(node, ServerState::Started);
    }

    async fn rest(&mut self, millis: std::ops::Range<u64>) {
        let time = Duration::from_millis(self.random.random_range(millis));
        tokio::time::sleep(time).await;
    }

    fn order(&self, order: Order) {
        self.orders.lock().push_back(order);
    }

    fn tell(&self, node: usize, state: ServerState) {
        self.scene.tell(&format!("node {node}"), state);
    }
}
