//! The search engine that all tests share, and one of a test's own, which it may kill and start again.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    engine_process::{EngineProcess, address, free_ports},
    place::Engines,
};

/// How long it may take to start: it compiles itself first, and the machine may be busy.
const STARTS_WITHIN: Duration = Duration::from_secs(300);

/// Returns where the one is that all tests share.
pub(crate) fn shared_url() -> String {
    format!("http://{}:19200", address())
}

/// Returns the names of the indices of messages that are there, with the alias of each.
pub(crate) async fn indices(engines: &Engines) -> Vec<(String, Vec<String>)> {
    let url = format!("{}/{}-messages-*/_alias", shared_url(), engines.name);
    let told: Value = http().get(url).send().await.unwrap().json().await.unwrap();
    let indices = told.as_object().unwrap().iter();
    let aliases = |index: &Value| {
        let aliases = index["aliases"].as_object().unwrap();
        aliases.keys().cloned().collect()
    };
    indices
        .map(|(name, index)| (name.clone(), aliases(index)))
        .collect()
}

/// An engine of one test's own; ends with it.
pub(crate) struct SearchEngine {
    port: u16,
    directory: TempDir,
    process: EngineProcess,
}

impl SearchEngine {
    /// Starts one on a free port, and waits until it answers.
    pub(crate) async fn start() -> Self {
        let port = free_ports(1);
        let directory = TempDir::new().unwrap();
        let process = spawn(directory.path(), port);
        let engine = Self {
            port,
            directory,
            process,
        };
        engine.until_it_answers().await;
        engine
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}:{}", address(), self.port)
    }

    /// Kills it: nothing is finished, nothing is flushed.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it where it is: connections stand, and nothing answers.
    pub(crate) fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.thaw();
    }

    /// Starts it again with what it had stored, and waits until it answers.
    pub(crate) async fn start_again(&mut self) {
        self.process = spawn(self.directory.path(), self.port);
        self.until_it_answers().await;
    }

    async fn until_it_answers(&self) {
        let url = format!("{}/_cluster/health?wait_for_status=yellow", self.url());
        let asking = async {
            while !matches!(http().get(&url).send().await, Ok(answer) if answer.status().is_success())
            {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let answers = tokio::time::timeout(STARTS_WITHIN, asking).await;
        answers.expect("an OpenSearch starts");
    }
}

fn spawn(directory: &Path, port: u16) -> EngineProcess {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/engines/opensearch");
    EngineProcess::start(script, |engine| {
        engine.arg("run").arg(directory).arg(port.to_string());
        engine.stderr(Stdio::null());
    })
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}
