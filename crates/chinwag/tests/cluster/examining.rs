//! `chinwag doctor` on the engines and on nodes that run.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::{
    place::{EVERYTHING, Engines, Place},
    search_engine::{indices, shared_url},
};

/// What it told, and whether it succeeded.
struct Told {
    succeeded: bool,
    told: Value,
}

impl Place {
    fn examined(&self) -> Told {
        let output = Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .args(["doctor", "--json", "--config", "node.toml"])
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = serde_json::from_slice(&output.stdout);
        Told {
            succeeded: output.status.success(),
            told: told.unwrap_or_else(|_| panic!("{output:?}")),
        }
    }

    /// Makes a directory whose configuration says something else.
    fn but(&self, says: &str, instead: &str) -> Self {
        let other = self.beside();
        let path = other.path().join("node.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(says), "{text}");
        std::fs::write(&path, text.replace(says, instead)).unwrap();
        other
    }
}

impl Told {
    /// Holds that something of a part was found with a verdict.
    #[track_caller]
    fn has(&self, verdict: &str, about: &str, found: &str) {
        let findings = self.told["findings"].as_array().unwrap().iter();
        let mut of = findings.filter(|told| {
            let text = told["found"].as_str().unwrap();
            told["about"] == about && text.contains(found)
        });
        let told = of.next();
        let told = told.unwrap_or_else(|| panic!("{about}: {found} in {:#}", self.told));
        assert_eq!(told["verdict"], verdict, "{told}");
        let advises = told["advice"]
            .as_str()
            .is_some_and(|advice| !advice.is_empty());
        assert!(verdict != "warning" || advises, "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn doctor_tells_how_engines_and_nodes_are_what_is_unsafe_and_changes_nothing() {
    let engines = Engines::new().searching(&shared_url());
    let places = [engines.node(EVERYTHING), engines.node(EVERYTHING)];
    // The second time shows that the first one has made nothing.
    for _ in 0..2 {
        let told = places[0].examined();
        assert!(told.succeeded, "{:#}", told.told);
        told.has(
            "warning",
            "cassandra",
            "is made at the first start, and keeps 1 copies",
        );
        told.has(
            "warning",
            "kafka",
            "topics are made at the next start, of 1 copies",
        );
        told.has("ok", "opensearch", "there is no search index yet");
        assert!(indices(&engines).await.is_empty());
        assert!(!places[0].path().join("data").exists());
    }

    let [one, two] = [places[0].serve(), places[1].serve()];
    let told = places[0].examined();
    assert!(told.succeeded, "{:#}", told.told);
    told.has("ok", "server", "and is well");
    told.has("ok", "cassandra", "version 5.");
    told.has("ok", "cassandra", "all 1 node(s) of data centre");
    told.has("ok", "cassandra", "its clock and this machine's agree");
    told.has("ok", "cassandra", "schema version");
    told.has("warning", "cassandra", "keeps 1 copies of each row");
    told.has("ok", "redis", "is version");
    told.has("ok", "redis", "its clock and this machine's agree");
    told.has("ok", "kafka", "every partition has a leader");
    told.has("warning", "kafka", "topics keep 1 copies");
    told.has("warning", "kafka", "min.insync.replicas is 1");
    told.has("ok", "opensearch", "OpenSearch 2.");
    told.has("ok", "opensearch", "every copy in its place");
    told.has("ok", "opensearch", "the search index is");
    told.has("ok", "nodes", "node 1 at 127.0.0.1:");
    told.has("ok", "nodes", "node 2 at 127.0.0.1:");

    let stranger = places[0].but("a key of at least", "another key of at least");
    let told = stranger.examined();
    told.has("warning", "nodes", "its node.key is another one");
    let alone = engines.only_node().examined();
    assert!(!alone.succeeded);
    alone.has("error", "nodes", "has a lease on the same keyspace");
    let greedy = places[0].but("replication = 1", "replication = 3");
    let greedy = greedy.but(&engines.name, &format!("{}_other", engines.name));
    let greedy = greedy.examined();
    assert!(!greedy.succeeded);
    greedy.has("error", "cassandra", "cassandra.replication is 3");
    greedy.has("error", "kafka", "kafka.replication is 3");

    two.kill();
    let told = places[0].examined();
    assert!(told.succeeded, "{:#}", told.told);
    told.has("warning", "nodes", "doesn't answer");
    one.stop();
}
