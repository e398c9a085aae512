//! nginx in front of nodes, by the configuration that is delivered.

use std::{path::Path, process::Stdio, time::Duration};

use tempfile::TempDir;

use crate::{
    engine_process::{EngineProcess, address, free_ports},
    place::{PATIENCE, Served},
};

/// How long nothing may come over a WebSocket before nginx ends it: longer than until the server's ping, and shorter than
/// what is delivered, for the sake of the test's time.
pub(crate) const IDLE_LIMIT: Duration = Duration::from_secs(28);
/// As it is delivered.
const DELIVERED_LIMIT: &str = "75s";

/// A running nginx; ends with the test.
pub(crate) struct Balancer {
    pub(crate) url: String,
    _process: EngineProcess,
    _directory: TempDir,
}

impl Balancer {
    /// Starts one in front of nodes, and waits until it answers.
    pub(crate) async fn start(nodes: &[&Served]) -> Self {
        let address = format!("{}:{}", address(), free_ports(1));
        let directory = tempfile::tempdir().unwrap();
        let configuration = directory.path().join("nginx.conf");
        std::fs::write(&configuration, main(directory.path())).unwrap();
        std::fs::write(directory.path().join("chinwag.conf"), site(&address, nodes)).unwrap();
        let process = EngineProcess::start("nginx", |nginx| {
            nginx.arg("-p").arg(directory.path());
            nginx.arg("-c").arg(&configuration);
            nginx.stderr(Stdio::inherit());
            // Debian has it where only root looks.
            let path = std::env::var("PATH").unwrap_or_default();
            nginx.env("PATH", format!("{path}:/usr/sbin"));
        });
        let balancer = Self {
            url: format!("http://{address}"),
            _process: process,
            _directory: directory,
        };
        balancer.until_it_answers().await;
        balancer
    }

    async fn until_it_answers(&self) {
        let url = format!("{}/healthz", self.url);
        let asking = async {
            while !matches!(reqwest::get(&url).await, Ok(answer) if answer.status() == 200) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answers = tokio::time::timeout(PATIENCE, asking).await;
        answers.expect("nginx starts");
    }
}

/// What stands around the site: one process, with all its files in a directory of its own.
fn main(directory: &Path) -> String {
    let directory = directory.display();
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|path| format!("{path}_temp_path {directory}/{path};"));
    format!(
        "daemon off; master_process off; error_log stderr; pid {directory}/pid;\nevents {{}}\n\
         http {{ access_log off; {}\ninclude {directory}/chinwag.conf; }}\n",
        paths.join(" ")
    )
}

/// The delivered site, with other addresses and a shorter limit.
fn site(address: &str, nodes: &[&Served]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/nginx/chinwag.conf");
    let delivered = std::fs::read_to_string(path).unwrap();
    let mut addresses = nodes.iter().map(|node| node.address());
    let limit = format!("{}s", IDLE_LIMIT.as_secs());
    let mut site = String::new();
    for line in delivered.lines() {
        let line = line.replace(DELIVERED_LIMIT, &limit);
        let line = line.replace("listen 80;", &format!("listen {address};"));
        let Some((_, options)) = line.split_once("server 10.0.0.") else {
            site.push_str(&line);
            site.push('\n');
            continue;
        };
        // As many as there are nodes here.
        if let Some(node) = addresses.next() {
            let (_, options) = options.split_once(' ').unwrap();
            site.push_str(&format!("server {node} {options}\n"));
        }
    }
    assert!(addresses.next().is_none() && site.contains(&limit) && site.contains(address));
    site
}
