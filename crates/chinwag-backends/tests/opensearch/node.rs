//! An engine of one test's own, that may be frozen, killed and started again with what it had stored.

use std::{path::Path, process::Stdio, sync::Arc, time::Duration};

use chinwag_backends::opensearch::{ConnectError, OpenSearch, Options};
use tempfile::TempDir;

use crate::{
    engine_process::{EngineProcess, free_ports},
    fixture::options,
};

/// An engine of one test's own; ends with it.
pub(crate) struct Node {
    port: u16,
    directory: TempDir,
    pub(crate) process: EngineProcess,
}

impl Node {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        let port = free_ports(1);
        let directory = TempDir::new().unwrap();
        let process = spawn(directory.path(), port);
        Self {
            port,
            directory,
            process,
        }
    }

    /// Returns options with indices on it that nobody else has. Impatient: it is away on purpose.
    pub(crate) fn options(&self) -> Options {
        Options {
            timeout: Duration::from_secs(2),
            write_timeout: Duration::from_secs(5),
            ..options(self.port)
        }
    }

    /// Waits until it answers.
    pub(crate) async fn connect(&self, options: &Options) -> Arc<OpenSearch> {
        loop {
            match OpenSearch::connect(options.clone()).await {
                Ok(index) => return Arc::new(index),
                // It has just started, or has not yet found its disk.
                Err(ConnectError::Away { .. } | ConnectError::Failed(_)) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Starts it again, with what it had stored.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.directory.path(), self.port);
    }
}

fn spawn(directory: &Path, port: u16) -> EngineProcess {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/engines/opensearch");
    EngineProcess::start(script, |engine| {
        engine.arg("run").arg(directory).arg(port.to_string());
        engine.stderr(Stdio::null());
    })
}
