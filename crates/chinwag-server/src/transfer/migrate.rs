//! `POST /control/migrate`: everything into the Cassandra that is named; how far it is comes back as a stream.

use std::{fs, path::Path, sync::Arc, time::Duration};

use axum::{extract::State, response::Response};
use bytes::Bytes;
use chinwag_backends::{
    cassandra::{self, Cassandra},
    fjall::Embedded,
};
use chinwag_core::{
    model::NodeId,
    ports::{EngineError, EngineResult, NodeRow, Ownership, Renewal},
    transfer::{Amount, MadeByRequest, Moving, Stores},
};
use chinwag_proto::{ChatId, ErrorCode, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Place,
    report::{MigrationReport, Moved},
    streamed::{self, Pieces, tell},
};
use crate::api::problem_response;

/// Tells in the data directory where everything is being moved to, and from which state.
const MARKER: &str = "migration.json";
/// The number of the only node: the embedded store's, and that of the first server on the engines where it stays alone.
const ONLY: NodeId = NodeId(0);
/// Stands for the move among processes, which draw theirs at random.
const MOVER: u64 = 0;
/// How often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_millis(200);
/// Chats whose ends are read at a time.
const PAGE: usize = 1_000;

/// Where everything is being moved to, and from which state: another one can't be moved on top of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marker {
    keyspace: String,
    commit: u64,
}

pub(super) async fn migrate(State(place): State<Place>, target: Bytes) -> Response {
    match begin(&place, &target).await {
        Ok((moving, source)) => {
            let (reports, response) = streamed::answer();
            tokio::spawn(run(moving, source, reports, place));
            response
        }
        Err(problem) => problem_response(&problem, None),
    }
}

/// What isn't read through the ports.
struct Source {
    requests: Vec<MadeByRequest>,
    total: Amount,
    ids: Ids,
}

/// How far ids may have been given by the embedded store's node, and who is to know it.
struct Ids {
    promised: u64,
    now: Timestamp,
    to: Arc<dyn Ownership>,
}

impl Ids {
    /// Lets whoever has the only node's number next begin above them (rule I1).
    async fn carry(&self) -> EngineResult<()> {
        if self.to.ids_up_to(ONLY).await? < self.promised {
            let renewal = Renewal {
                ids_up_to_millis: self.promised,
                clock: self.now,
            };
            self.to.renew(ONLY, MOVER, renewal).await?;
        }
        let rows = self.to.nodes().await?;
        let is_open = |row: &NodeRow| row.node == ONLY && row.process == MOVER && !row.closed;
        if let Some(row) = rows.into_iter().find(is_open) {
            self.to.close(row).await?;
        }
        Ok(())
    }
}

async fn begin(place: &Place, target: &[u8]) -> Result<(Arc<Moving>, Source), Problem> {
    let target: cassandra::Options = serde_json::from_slice(target)
        .map_err(|error| not_allowed(format!("can't read where to move: {error}")))?;
    let node = place.node()?;
    let Some(embedded) = &node.ports().embedded else {
        return Err(not_allowed("there is no embedded store here to move from"));
    };
    if !embedded.is_read_only() {
        return Err(not_allowed(
            "this server still takes messages: stop it, and start it with `chinwag serve --read-only`, or not at all",
        ));
    }
    let marker = Marker {
        keyspace: target.keyspace.clone(),
        commit: embedded.commit_number(),
    };
    let refused = |error: cassandra::OpenError| not_allowed(error.to_string());
    let cassandra = Cassandra::open(&target).await.map_err(refused)?;
    let from = Stores {
        store: Arc::clone(embedded) as _,
        directory: Arc::clone(embedded) as _,
        accounts: Arc::clone(embedded) as _,
    };
    let ids = Ids {
        promised: embedded.ids_up_to(ONLY).await?,
        now: node.clock().now(),
        to: Arc::clone(&cassandra) as _,
    };
    let to = Stores {
        store: Arc::clone(&cassandra) as _,
        directory: Arc::clone(&cassandra) as _,
        accounts: cassandra,
    };
    let moving = Arc::new(Moving::new(from, to));
    check_marker(&node.data_dir().join(MARKER), &marker, &moving).await?;
    let snapshot = embedded.snapshot();
    let requests = tokio::task::spawn_blocking(move || snapshot.requests());
    let requests = requests.await.map_err(|_| gone())??;
    let total = total(embedded).await?;
    let source = Source {
        requests,
        total,
        ids,
    };
    Ok((moving, source))
}

/// Lets a move begin only into a target that nobody used, and go on only from the very same state.
async fn check_marker(path: &Path, marker: &Marker, moving: &Moving) -> Result<(), Problem> {
    let told = path.display();
    match fs::read(path) {
        Ok(bytes) => match serde_json::from_slice::<Marker>(&bytes) {
            Ok(earlier) if earlier == *marker => return Ok(()),
            Ok(earlier) if earlier.keyspace == marker.keyspace => {
                return Err(not_allowed(format!(
                    "the embedded store was written to since an earlier move began: empty keyspace {}, remove {told}, \
                     and begin anew",
                    marker.keyspace
                )));
            }
            _ => {}
        },
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(not_allowed(format!("can't read {told}: {error}")));
        }
        Err(_) => {}
    }
    if !moving.target_is_empty().await? {
        return Err(not_allowed(format!(
            "keyspace {} holds chats, users or keys, which no earlier move from here brought: move into an empty one",
            marker.keyspace
        )));
    }
    let bytes = serde_json::to_vec(marker).expect("a marker is JSON");
    fs::write(path, bytes).map_err(|error| not_allowed(format!("can't write {told}: {error}")))
}

/// Counts what is to be moved; users as they come.
async fn total(embedded: &Arc<Embedded>) -> Result<Amount, Problem> {
    use chinwag_core::ports::{Directory as _, MessageStore as _};
    let mut total = Amount::default();
    let mut after: Option<ChatId> = None;
    loop {
        let chats = embedded.all_chats(after, PAGE).await?;
        let Some(last) = chats.last() else {
            return Ok(total);
        };
        after = Some(*last);
        total.chats += chats.len() as u64;
        let rows = embedded.chats(&chats).await?;
        let heads = embedded.heads(&chats).await?;
        for (row, head) in rows.into_iter().zip(heads) {
            let (Some(row), Some(head)) = (row, head) else {
                continue;
            };
            total.events += if row.deleted { 1 } else { head.seq.0 };
        }
    }
}

/// Copies, then compares, and tells how far it is.
async fn run(moving: Arc<Moving>, source: Source, reports: Pieces, place: Place) {
    let Source {
        requests,
        total,
        ids,
    } = source;
    let moved = |amount: Amount| Moved {
        users: amount.users,
        chats: amount.chats,
        events: amount.events,
        of_events: total.events,
    };
    let steps = async {
        let copied = || MigrationReport::Copied(moved(moving.so_far()));
        let compared = || MigrationReport::Compared(moved(moving.so_far()));
        match telling(moving.copy(requests), &reports, copied).await {
            Some(Ok(())) => telling(moving.compare(), &reports, compared).await,
            ended => ended,
        }
    };
    let steps = async {
        let failed = |error: EngineError| error.to_string();
        match steps.await? {
            Ok(()) => Some(ids.carry().await.map_err(failed)),
            Err(error) => Some(Err(error.to_string())),
        }
    };
    let last = tokio::select! {
        () = place.stop.cancelled() => MigrationReport::Stopped,
        done = steps => match done {
            Some(Ok(())) => MigrationReport::Done(moved(moving.so_far())),
            Some(Err(error)) => MigrationReport::Failed(error),
            // Whoever asked has gone.
            None => return,
        },
    };
    let _ = tell(&reports, &last).await;
}

/// Waits for a step while telling now and then; ends without an answer where nobody listens any more.
async fn telling<E>(
    step: impl Future<Output = Result<(), E>>,
    reports: &Pieces,
    report: impl Fn() -> MigrationReport,
) -> Option<Result<(), E>> {
    let mut step = std::pin::pin!(step);
    let mut every = tokio::time::interval(TOLD_EVERY);
    loop {
        tokio::select! {
            done = &mut step => return Some(done),
            _ = every.tick() => tell(reports, &report()).await.ok()?,
        }
    }
}

fn not_allowed(detail: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::NotAllowed, detail)
}

fn gone() -> Problem {
    Problem::new(ErrorCode::Unavailable, "the server is leaving")
}
