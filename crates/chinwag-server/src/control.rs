//! The control socket: whoever may open the data directory may command the server, as any user.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::Router;
use tokio::net::UnixListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{config::Config, error::StartError, http1, node::Node, wiring::Opening};

const FILE: &str = "control.sock";

/// Returns where a data directory's control socket is.
#[must_use]
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Listens on the socket, mode 0600, in place of one that a killed server left. The caller holds the store's lock.
pub(crate) fn bind(path: &Path) -> io::Result<UnixListener> {
    // It takes its name only once nobody else may open it.
    let new = path.with_extension("new");
    remove(&new)?;
    let listener = UnixListener::bind(&new)?;
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600))?;
    fs::rename(&new, path)?;
    Ok(listener)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Serves commands until the server stops.
pub(crate) async fn run(
    listener: UnixListener,
    router: Router,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(http1::serve(stream, router.clone(), Ok, stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "can't accept a command");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

/// A node that only takes commands: what a command opens itself where no server runs.
pub struct CommandNode {
    node: Arc<Node>,
    path: PathBuf,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl CommandNode {
    /// Opens a data directory and serves its control socket. Errors: a server or another command holds it.
    pub async fn open(config: &Config, opening: Opening) -> Result<Self, StartError> {
        let node = Node::open(config, opening, None).await?;
        let path = socket_path(&config.data_dir);
        let listener = bind(&path).map_err(StartError::file(&path))?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(run(
            listener,
            node.control_router(stop.clone()),
            stop.clone(),
            tasks.clone(),
        ));
        Ok(Self {
            node,
            path,
            stop,
            tasks,
        })
    }

    /// Returns the node.
    #[must_use]
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Writes what waits and lets the directory go.
    pub async fn close(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.node.stop().await;
        let _ = remove(&self.path);
    }
}
