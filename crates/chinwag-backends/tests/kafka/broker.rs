//! A broker of one test's own, that may be frozen, killed and started again with what it had stored.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::fixture::address;

/// A broker of one test's own; ends with it.
pub(crate) struct Broker {
    /// Where it listens.
    pub(crate) port: u16,
    directory: TempDir,
    process: Child,
}

impl Broker {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        let port = two_free_ports();
        let directory = TempDir::new().unwrap();
        let process = spawn(directory.path(), port);
        Self {
            port,
            directory,
            process,
        }
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again, with what it had stored.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.directory.path(), self.port);
    }

    /// Stops its process where it is: connections stand, and nothing answers.
    pub(crate) fn freeze(&self) {
        kill_process(Pid::from_child(&self.process), Signal::STOP).unwrap();
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        kill_process(Pid::from_child(&self.process), Signal::CONT).unwrap();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may be dead, or frozen; it is ended either way.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The controller listens on the port after the broker's.
fn two_free_ports() -> u16 {
    loop {
        let free = TcpListener::bind((address(), 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind((address(), port + 1)).is_ok() {
            return port;
        }
    }
}

fn spawn(directory: &Path, port: u16) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/engines/kafka");
    // It ends with this process too, however that ends.
    let mut broker = Command::new("setpriv");
    broker.args(["--pdeathsig", "KILL"]).arg(script);
    broker.arg("run").arg(directory).arg(port.to_string());
    broker
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    broker.spawn().unwrap()
}
