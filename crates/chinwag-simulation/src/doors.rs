//! Where nodes are reached: by clients through a balancer, by each other.

use std::{io, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{Router, body::Body};
use chinwag_client::{ClientError, Network, Stream};
use chinwag_server::{
    api::Peer,
    routing::{CallError, Carrier, answer_carried},
    running::Running,
};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use parking_lot::Mutex;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IteratorRandom as _};
use tokio::runtime::Handle;
use tower_service::Service as _;

/// Bytes under way on a stream before whoever writes waits.
const UNDER_WAY: usize = 64 * 1_024;
/// How long the balancer waits for a node's answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// The largest answer.
const ANSWER: usize = 8 * 1_024 * 1_024;
/// How many of a thousand calls between nodes get lost, and how many answers.
const LOST: u32 = 5;

/// A node that can be reached.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) machine: Handle,
    pub(crate) running: Arc<Running>,
    pub(crate) api: Router,
}

/// The doors of all nodes.
pub(crate) struct Doors {
    open: Mutex<Vec<Option<Door>>>,
    random: Mutex<StdRng>,
}

impl Doors {
    pub(crate) fn new(nodes: usize, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::new(vec![None; nodes]),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
        })
    }

    /// Opens or closes a node's door.
    pub(crate) fn set(&self, node: usize, door: Option<Door>) {
        self.open.lock()[node] = door;
    }

    /// Returns whether all are open.
    pub(crate) fn are_all_open(&self) -> bool {
        self.open.lock().iter().all(Option::is_some)
    }

    pub(crate) fn of(&self, node: usize) -> Option<Door> {
        self.open.lock()[node].clone()
    }

    fn any(&self) -> Option<Door> {
        let open = self.open.lock();
        open.iter()
            .flatten()
            .choose(&mut *self.random.lock())
            .cloned()
    }

    fn gets_lost(&self) -> bool {
        self.random.lock().random_ratio(LOST, 1_000)
    }
}

/// Names a node as others call it.
pub(crate) fn address(node: usize) -> String {
    format!("node-{node}")
}

/// What clients reach the nodes by: a balancer that knows which are there, though not which stand still.
pub(crate) struct Balancer(pub(crate) Arc<Doors>);

impl Network for Balancer {
    fn connect(&self, _: &str) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let door = self.0.any();
        Box::pin(async move {
            let door = door.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (near, far) = tokio::io::duplex(UNDER_WAY);
            door.machine.spawn(door.running.serve(far));
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }

    fn ask(
        &self,
        request: Request<Vec<u8>>,
    ) -> BoxFuture<'static, Result<Response<Vec<u8>>, ClientError>> {
        let door = self.0.any();
        Box::pin(async move {
            let network = |what: &str| ClientError::Network(what.into());
            let door = door.ok_or_else(|| network("no node is there"))?;
            let asking = door.machine.spawn(asked(door.api, request));
            let answered = tokio::time::timeout(ANSWERED_WITHIN, asking).await;
            match answered {
                Err(_) => Err(network("no answer in time")),
                Ok(Err(_)) => Err(network("the node is gone")),
                Ok(Ok(answer)) => answer,
            }
        })
    }
}

async fn asked(
    mut api: Router,
    request: Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, ClientError> {
    let mut request = request.map(Body::from);
    let here = std::net::Ipv4Addr::LOCALHOST.into();
    request.extensions_mut().insert(Peer(here));
    let answer = api
        .call(request)
        .await
        .unwrap_or_else(|never| match never {});
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, ANSWER).await;
    let body = body.map_err(|error| ClientError::Network(error.to_string()))?;
    Ok(Response::from_parts(head, body.to_vec()))
}

/// What nodes call each other by: some calls get lost, and some answers.
pub(crate) struct Lines(pub(crate) Arc<Doors>);

#[async_trait]
impl Carrier for Lines {
    async fn carry(&self, address: &str, question: Vec<u8>) -> Result<Vec<u8>, CallError> {
        let node = address.strip_prefix("node-").and_then(|it| it.parse().ok());
        let door = node.and_then(|node| self.0.of(node));
        let door = door.ok_or_else(|| CallError::NotReached("nobody is there".into()))?;
        if self.0.gets_lost() {
            return std::future::pending().await;
        }
        let owner = Arc::clone(door.running.node().owner());
        let answering = door
            .machine
            .spawn(async move { answer_carried(&owner, &question).await });
        let answer = answering.await;
        if self.0.gets_lost() {
            return std::future::pending().await;
        }
        let lost = || CallError::Lost("the node is gone".into());
        let answer = answer.map_err(|_| lost())?;
        answer.map_err(|error| CallError::Lost(error.to_string()))
    }
}
