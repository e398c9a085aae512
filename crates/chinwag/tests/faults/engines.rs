//! Engines of one test's own, which it may freeze, kill and start again.

use std::{
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use chinwag_backends::cassandra::{self, Cassandra};
use tempfile::TempDir;

use crate::{
    engine_process::{EngineProcess, address, free_ports},
    fixture::PATIENCE,
};

/// An engine of one test's own; ends with it.
pub(crate) struct Engine {
    kind: Kind,
    /// Where it listens.
    pub(crate) address: String,
    port: u16,
    directory: TempDir,
    pub(crate) process: EngineProcess,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Redis,
    Kafka,
    /// The only one.
    Cassandra,
    /// One of a ring, by its number from 1 on.
    CassandraOfThree(u8),
}

impl Engine {
    pub(crate) async fn redis() -> Self {
        Self::start(Kind::Redis, free_ports(2)).await
    }

    pub(crate) async fn kafka() -> Self {
        Self::start(Kind::Kafka, free_ports(2)).await
    }

    pub(crate) async fn cassandra() -> Self {
        Self::start(Kind::Cassandra, free_ports(2)).await
    }

    /// Starts three nodes that are one Cassandra.
    pub(crate) async fn cassandra_ring() -> [Self; 3] {
        let port = free_ports(2);
        let first = Self::start(Kind::CassandraOfThree(1), port).await;
        let second = Self::start(Kind::CassandraOfThree(2), port).await;
        let third = Self::start(Kind::CassandraOfThree(3), port).await;
        let ring = [first, second, third];
        for node in &ring {
            node.until_it_knows_all_three().await;
        }
        ring
    }

    /// Waits until a node of a ring takes what is kept in three copies.
    async fn until_it_knows_all_three(&self) {
        let options = cassandra::Options {
            contact_points: vec![self.address.clone()],
            timeout: PATIENCE,
            ..cassandra::Options::default()
        };
        let opening = async { while Cassandra::open(&options).await.is_err() {} };
        let opened = tokio::time::timeout(PATIENCE, opening).await;
        assert!(opened.is_ok(), "the ring closes");
    }

    /// Starts one by the script that starts the one which all tests share, and waits until it answers.
    async fn start(kind: Kind, port: u16) -> Self {
        let directory = TempDir::new().unwrap();
        let process = spawn(kind, directory.path(), port);
        let engine = Self {
            kind,
            address: format!("{}:{port}", kind.host()),
            port,
            directory,
            process,
        };
        engine.until_it_listens().await;
        engine
    }

    /// Starts it again after it was killed, with what it had stored.
    pub(crate) async fn start_again(&mut self) {
        self.process = spawn(self.kind, self.directory.path(), self.port);
        self.until_it_listens().await;
    }

    /// Gives a Redis a command.
    pub(crate) fn redis_cli(&self, command: &str) -> String {
        let mut cli = Command::new("redis-cli");
        cli.args(["-h", &address(), "-p", &self.port.to_string()]);
        let output = cli.args(command.split_whitespace()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    async fn until_it_listens(&self) {
        let listening = async {
            while TcpStream::connect(&self.address).is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let listens = tokio::time::timeout(PATIENCE, listening).await;
        assert!(listens.is_ok(), "{:?} starts", self.kind);
    }
}

impl Kind {
    fn host(self) -> String {
        match self {
            // As `scripts/engines/cassandra` gives them: the third number tells the nodes of a ring apart.
            Self::CassandraOfThree(node) => {
                let last = address().split('.').next_back().unwrap().to_owned();
                format!("127.0.{}.{last}", node - 1)
            }
            Self::Redis | Self::Kafka | Self::Cassandra => address(),
        }
    }

    /// Returns how a Cassandra keeps what it has acknowledged: the only one alone, one of three in the others too.
    fn commitlog_sync(self) -> &'static str {
        match self {
            Self::CassandraOfThree(_) => "periodic",
            Self::Redis | Self::Kafka | Self::Cassandra => "batch",
        }
    }
}

fn spawn(kind: Kind, directory: &Path, port: u16) -> EngineProcess {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/engines");
    let (script, argument) = match kind {
        Kind::Redis => ("redis", port.to_string()),
        Kind::Kafka => ("kafka", port.to_string()),
        Kind::Cassandra => ("cassandra", "1".to_owned()),
        Kind::CassandraOfThree(node) => ("cassandra", node.to_string()),
    };
    EngineProcess::start(scripts.join(script), |engine| {
        engine.arg("run").arg(directory).arg(argument);
        engine
            .env("CASSANDRA_PORT", port.to_string())
            .env("CASSANDRA_STORAGE_PORT", (port + 1).to_string())
            .env("CASSANDRA_HEAP", "768M")
            .env("CASSANDRA_COMMITLOG_SYNC", kind.commitlog_sync())
            .stderr(Stdio::null());
    })
}
