//! A broker of one test's own, that may be frozen, killed and started again with what it had stored.

use std::{path::Path, process::Stdio};

use tempfile::TempDir;

use crate::engine_process::{EngineProcess, free_ports};

/// A broker of one test's own; ends with it.
pub(crate) struct Broker {
    /// Where it listens.
    pub(crate) port: u16,
    directory: TempDir,
    pub(crate) process: EngineProcess,
}

impl Broker {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        // The controller listens on the port after the broker's.
        let port = free_ports(2);
        let directory = TempDir::new().unwrap();
        let process = spawn(directory.path(), port);
        Self {
            port,
            directory,
            process,
        }
    }

    /// Starts it again, with what it had stored.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.directory.path(), self.port);
    }
}

fn spawn(directory: &Path, port: u16) -> EngineProcess {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/engines/kafka");
    EngineProcess::start(script, |engine| {
        engine.arg("run").arg(directory).arg(port.to_string());
        engine.stderr(Stdio::null());
    })
}
