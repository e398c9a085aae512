//! Large things over the control socket: imports, exports, backups and moving over, as streams; and restoring.

pub mod archive;
mod backup;
mod export;
mod exporter;
mod import;
mod lines;
mod migrate;
mod reading;
pub mod report;
mod restore;
mod source;
mod streamed;

use std::sync::{Arc, Weak};

use axum::{
    Router,
    routing::{get, post},
};
use chinwag_backends::fjall::Snapshot;
use chinwag_proto::{ErrorCode, Problem};
use tokio_util::sync::CancellationToken;

use crate::node::Node;

pub use export::MESSAGES_HEADER;
pub use lines::MAX_LINE_BYTES;
pub(crate) use restore::refuse_unfinished;
pub use restore::{RestoreError, Restored, restore};

/// Where a stream is served.
#[derive(Clone)]
struct Place {
    node: Weak<Node>,
    /// Ends imports at their next lines.
    stop: CancellationToken,
}

impl Place {
    /// Returns everything as it is now.
    fn snapshot(&self) -> Result<(Arc<Node>, Snapshot), Problem> {
        let node = self.node()?;
        let Some(embedded) = &node.ports().embedded else {
            let detail = "backups are of the embedded store; Cassandra's own are made by its tools: nodetool \
                          snapshot; `chinwag export` writes what was said";
            return Err(Problem::new(ErrorCode::NotAllowed, detail));
        };
        let snapshot = embedded.snapshot();
        Ok((node, snapshot))
    }

    fn node(&self) -> Result<Arc<Node>, Problem> {
        let gone = || Problem::new(ErrorCode::Unavailable, "the server is leaving");
        self.node.upgrade().ok_or_else(gone)
    }
}

/// Makes the routes for whoever may open the data directory.
pub(crate) fn router(node: &Arc<Node>, stop: CancellationToken) -> Router {
    Router::new()
        .route("/control/import", post(import::import))
        .route("/control/export", get(export::export))
        .route("/control/backup", get(backup::backup))
        .route("/control/migrate", post(migrate::migrate))
        .with_state(Place {
            node: Arc::downgrade(node),
            stop,
        })
}
