//! A process of one test's own, that may be frozen, killed and replaced.

mod free_ports;

use std::{
    ffi::OsStr,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

pub(crate) use self::free_ports::{address, free_ports};

/// A process of one test's own; ends with it, and with this process, however that ends.
pub(crate) struct EngineProcess(Child);

impl EngineProcess {
    /// Starts a program, with what `configure` adds; it reads and says nothing.
    pub(crate) fn start(program: impl AsRef<OsStr>, configure: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        configure(&mut command);
        Self(command.spawn().expect("it is installed: make engines-up"))
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Stops it where it is: connections stand, and nothing answers.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        // It may be dead, or frozen; it is ended either way.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
