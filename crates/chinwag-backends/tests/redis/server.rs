//! A Redis of one test's own, that may be frozen, killed and started again.

use std::{process::Command, sync::Arc, time::Duration};

use chinwag_backends::redis::{ConnectError, Options, Redis};
use tempfile::TempDir;

use crate::{
    certificate::Certificate,
    engine_process::{EngineProcess, address, free_ports},
};

/// A Redis of one test's own; ends with it.
pub(crate) struct Server {
    port: u16,
    /// What it shows whoever connects; without one it encrypts nothing.
    certificate: Option<Certificate>,
    directory: TempDir,
    pub(crate) process: EngineProcess,
}

impl Server {
    /// Starts one on a free port, with further arguments, and waits until it answers.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::begin(arguments, None).await
    }

    /// Starts one that is reached over TLS alone.
    pub(crate) async fn encrypted() -> Self {
        Self::begin(&[], Some(Certificate::of(&address()))).await
    }

    async fn begin(arguments: &[&str], certificate: Option<Certificate>) -> Self {
        let port = free_ports(1);
        let directory = TempDir::new().unwrap();
        let process = spawn(port, certificate.as_ref(), &directory, arguments);
        let server = Self {
            port,
            certificate,
            directory,
            process,
        };
        server.until_it_answers().await;
        server
    }

    async fn until_it_answers(&self) {
        while let Err(ConnectError::Away { .. }) = Redis::connect(self.options()).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns how it is reached.
    pub(crate) fn options(&self) -> Options {
        Options {
            authorities: self.certificate.as_ref().map(Certificate::path),
            ..Options::at(vec![self.url()], false)
        }
    }

    /// Returns its address.
    pub(crate) fn url(&self) -> String {
        let scheme = match self.certificate {
            Some(_) => "rediss",
            None => "redis",
        };
        format!("{scheme}://{}:{}", address(), self.port)
    }

    /// Connects to it.
    pub(crate) async fn connect(&self) -> Arc<Redis> {
        Redis::connect(self.options()).await.unwrap()
    }

    /// Gives it a command from outside, and returns the answer.
    pub(crate) fn command(&self, command: &str) -> String {
        redis_cli(self.port, command)
    }

    /// Starts it again, with nothing in it.
    pub(crate) async fn start_again(&mut self) {
        self.process = spawn(self.port, self.certificate.as_ref(), &self.directory, &[]);
        self.until_it_answers().await;
    }
}

/// Gives the Redis at a port a command from outside, and returns the answer.
pub(crate) fn redis_cli(port: u16, command: &str) -> String {
    let mut cli = Command::new("redis-cli");
    cli.args(["-h", &address(), "-p", &port.to_string()]);
    let output = cli.args(command.split_whitespace()).output().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert!(!answer.starts_with("ERR"), "{command}: {answer}");
    answer
}

fn spawn(
    port: u16,
    certificate: Option<&Certificate>,
    directory: &TempDir,
    arguments: &[&str],
) -> EngineProcess {
    EngineProcess::start("redis-server", |server| {
        let port = port.to_string();
        server.args(["--bind", &address()]);
        match certificate {
            Some(certificate) => {
                server.args([
                    "--port",
                    "0",
                    "--tls-port",
                    &port,
                    "--tls-auth-clients",
                    "no",
                ]);
                server.arg("--tls-cert-file").arg(certificate.path());
                server.arg("--tls-key-file").arg(certificate.key());
                server.arg("--tls-ca-cert-file").arg(certificate.path());
            }
            None => {
                server.args(["--port", &port]);
            }
        }
        server.args(["--save", "", "--appendonly", "no", "--dir"]);
        server.arg(directory.path()).args(arguments);
    })
}
