//! A directory with a configuration, the server that is started by it, and people who talk to it.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use chinwag_client::{Client, ClientError, ClientEvent, Events, Http, Options, TokenSource};
use chinwag_proto::{
    ChatId, ClientId, Problem, UserId,
    frames::LogBody,
    http::{CreateChat, HistoryQuery, Login, Register},
    shapes::{Chat, HistoryVisible, Message},
};
use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{answered::until_answered, engine_process, keyspace::Keyspace};

/// How long anything may take before a test fails: generous, since the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How long an answer may take before whoever asks tries again.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// How many of a server's last lines are shown where a test fails.
const LINES_SHOWN: usize = 40;

const PASSWORD: &str = "correct horse battery staple";

/// Engines that nobody else's data comes into: names of a keyspace and of prefixes.
pub(crate) struct Engines {
    pub(crate) name: String,
    /// Addresses of engines: those that all tests share, or a test's own.
    pub(crate) cassandra: String,
    pub(crate) redis: String,
    pub(crate) kafka: String,
    /// Whether the address of Redis is that of a cluster's node.
    pub(crate) redis_is_cluster: bool,
    /// On how many nodes of Cassandra each row is.
    pub(crate) replication: u8,
    /// What every node's configuration says besides.
    pub(crate) more: String,
    /// Where the search engine is that all nodes share; none: each node has an index of its own.
    pub(crate) opensearch: Option<String>,
    /// Made with the first node.
    pub(crate) keyspace: OnceLock<Arc<Keyspace>>,
}

impl Engines {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// Makes engines whose nodes are all configured with some more, such as `direct_max_members = 2`.
    pub(crate) fn with(more: impl Into<String>) -> Self {
        let host = engine_process::address();
        Self {
            name: format!("serve_{:x}", rand::random::<u64>()),
            cassandra: format!("{host}:19042"),
            redis: format!("{host}:16379"),
            kafka: format!("{host}:19092"),
            redis_is_cluster: false,
            replication: 1,
            more: more.into(),
            opensearch: None,
            keyspace: OnceLock::new(),
        }
    }

    /// Returns them with a search engine at an address that all nodes share.
    pub(crate) fn searching(self, opensearch: &str) -> Self {
        Self {
            opensearch: Some(opensearch.to_owned()),
            ..self
        }
    }

    /// Returns them with a Redis Cluster instead of one Redis.
    pub(crate) fn on_a_redis_cluster(self) -> Self {
        Self {
            redis: format!("{}:17001", engine_process::address()),
            redis_is_cluster: true,
            ..self
        }
    }

    /// Returns the roles of a node beside one that does everything: all, where nobody's index is its own.
    pub(crate) fn roles_beside(&self) -> &'static str {
        match self.opensearch {
            Some(_) => EVERYTHING,
            None => WITHOUT_INDEX,
        }
    }

    /// Makes a node's directory: one that is called by others where it has roles, all but the index on every node but one.
    pub(crate) fn node(&self, roles: &str) -> Place {
        let roles: Vec<_> = roles.split(',').map(|role| format!("{role:?}")).collect();
        let node = format!(
            r#"
            [node]
            listen = "127.0.0.1:0"
            key = "a key of at least thirty-two bytes"
            roles = [{}]
            "#,
            roles.join(", ")
        );
        self.place(&node)
    }

    /// Makes the directory of the only node.
    pub(crate) fn only_node(&self) -> Place {
        self.place("")
    }

    fn place(&self, node: &str) -> Place {
        let Self {
            name,
            cassandra,
            replication,
            redis,
            redis_is_cluster,
            kafka,
            more,
            ..
        } = self;
        let (search, opensearch) = match &self.opensearch {
            None => ("embedded", String::new()),
            Some(url) => ("opensearch", opensearch(url, name)),
        };
        let text = format!(
            r#"
            listen = "127.0.0.1:0"
            data_dir = "data"
            {more}
            [storage]
            min_free = "0"
            [limits]
            rates = "off"
            [engines]
            store = "cassandra"
            directory = "cassandra"
            presence = "redis"
            bus = "redis"
            queue = "kafka"
            search = "{search}"
            {opensearch}
            [cassandra]
            contact_points = ["{cassandra}"]
            keyspace = "{name}"
            replication = {replication}
            [redis]
            urls = ["redis://{redis}"]
            cluster = {redis_is_cluster}
            prefix = "{name}"
            [kafka]
            brokers = ["{kafka}"]
            prefix = "{name}"
            partitions = 2
            replication = 1
            {node}
            "#
        );
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("node.toml"), text).unwrap();
        let keyspace = self.keyspace.get_or_init(|| {
            Arc::new(Keyspace {
                cassandra: cassandra.clone(),
                name: name.clone(),
            })
        });
        Place {
            directory,
            environment: Vec::new(),
            arguments: Vec::new(),
            keyspace: Arc::clone(keyspace),
        }
    }
}

/// The configuration of a search engine for tests: one shard, one copy, and found soon.
fn opensearch(url: &str, index: &str) -> String {
    format!(
        r#"
            [opensearch]
            urls = ["{url}"]
            index = "{index}"
            shards = 1
            replicas = 0
            refresh = "100ms"
            "#
    )
}

/// What a node does that leaves the index to another one.
pub(crate) const WITHOUT_INDEX: &str = "gateway,api,chat,fanout,push";
/// What a node does that does everything.
pub(crate) const EVERYTHING: &str = "gateway,api,chat,fanout,indexer,push";

/// A node's directory with its configuration.
pub(crate) struct Place {
    directory: TempDir,
    /// Variables of the server's environment.
    pub(crate) environment: Vec<(String, String)>,
    /// What is said to the server besides when it is started.
    pub(crate) arguments: Vec<String>,
    keyspace: Arc<Keyspace>,
}

impl Place {
    /// Makes the directory of the only node, on engines of its own.
    pub(crate) fn new() -> Self {
        Engines::new().only_node()
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns what everything is called that its nodes keep in engines.
    pub(crate) fn keyspace_name(&self) -> &str {
        &self.keyspace.name
    }

    /// Makes another directory with the same configuration.
    pub(crate) fn beside(&self) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let from = self.directory.path().join("node.toml");
        std::fs::copy(from, directory.path().join("node.toml")).unwrap();
        Self {
            directory,
            environment: self.environment.clone(),
            arguments: self.arguments.clone(),
            keyspace: Arc::clone(&self.keyspace),
        }
    }

    /// Runs an operator's command beside the server.
    pub(crate) fn run(&self, command: &[&str]) {
        let output = Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .args(command)
            .args(["--config", "node.toml"])
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
    }

    /// Starts an operator's command beside the server; returns before it ends.
    pub(crate) fn start(&self, command: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .args(command)
            .args(["--config", "node.toml"])
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Starts a server that doesn't serve; returns what it says.
    pub(crate) fn refused(&self) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .args(["serve", "--config", "node.toml"])
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    /// Starts the server and waits until it serves.
    pub(crate) fn serve(&self) -> Served {
        self.serve_with(&[])
    }

    /// Starts the server in some roles. One that serves no clients is found where its metrics are.
    pub(crate) fn serve_as(&self, roles: &str) -> Served {
        self.serve_with(&["--roles", roles])
    }

    fn serve_with(&self, arguments: &[&str]) -> Served {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .args(["serve", "--config", "node.toml"])
            .args(arguments)
            .args(&self.arguments)
            .current_dir(self.directory.path())
            .env("CHINWAG_METRICS_LISTEN", "127.0.0.1:0")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stdout = stdout.lines().map_while(Result::ok);
        // Where clients are served, if they are, and where metrics are.
        let lines: Vec<String> = stdout.by_ref().take(2).collect();
        let mut urls = lines.iter().filter_map(|line| url_in(line));
        let url = urls.next();
        let url = url.unwrap_or_else(|| panic!("the server starts: {}", self.told()));
        let metrics = urls.next().unwrap_or_else(|| url.clone());
        // Keeps reading, so that the server never waits for a full pipe.
        std::thread::spawn(move || stdout.for_each(drop));
        Served {
            child,
            url,
            metrics,
        }
    }

    /// Returns what the server logged.
    pub(crate) fn told(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap()
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

/// Shows how a failed test's servers ended, whose directories are about to go.
impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let told = std::fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<&str> = told.lines().collect();
            let last = lines.len().saturating_sub(LINES_SHOWN);
            eprintln!("{}:\n{}", self.path().display(), lines[last..].join("\n"));
        }
    }
}

/// Returns the address in a line of what a server prints.
fn url_in(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let url = words.find(|word| word.starts_with("http://"))?;
    let url = url.trim_end_matches(',').trim_end_matches("/metrics");
    Some(url.to_owned())
}

/// A running server; killed when it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
    metrics: String,
}

impl Served {
    /// Returns where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let (_, address) = self.url.split_once("://").unwrap();
        address.parse().unwrap()
    }

    /// Lets it leave in order.
    pub(crate) fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    /// Stops its time: nothing runs, nothing is answered, and it doesn't know.
    pub(crate) fn freeze(&self) {
        kill_process(Pid::from_child(&self.child), Signal::STOP).unwrap();
    }

    /// Lets its time go on.
    pub(crate) fn thaw(&self) {
        kill_process(Pid::from_child(&self.child), Signal::CONT).unwrap();
    }

    /// Asks it to leave in order; returns before it has.
    pub(crate) fn ask_to_leave(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Kills it: nothing is finished, nothing is flushed.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Returns how many sessions it holds.
    pub(crate) async fn sessions(&self) -> u64 {
        self.gauge("chinwag_connections").await
    }

    /// Returns how many shards it owns.
    pub(crate) async fn shards(&self) -> u64 {
        self.gauge("chinwag_shards").await
    }

    async fn gauge(&self, name: &str) -> u64 {
        let page = reqwest::get(format!("{}/metrics", self.metrics)).await;
        let page = page.unwrap().text().await.unwrap();
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        page.lines().find_map(value).unwrap()
    }

    /// Returns the status of `/readyz`, and what it says.
    pub(crate) async fn readiness(&self) -> (u16, serde_json::Value) {
        let answer = reqwest::get(format!("{}/readyz", self.url)).await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    pub(crate) async fn register(&self, name: &str) -> Person {
        let register = Register {
            user_id: name.into(),
            name: None,
            password: PASSWORD.into(),
        };
        let token = Http::new(&self.url)
            .register(&register)
            .await
            .unwrap()
            .token;
        self.person(name, &token)
    }

    pub(crate) async fn log_in(&self, name: &str) -> Person {
        let login = Login {
            user_id: name.into(),
            password: PASSWORD.into(),
        };
        let token = Http::new(&self.url).login(&login).await.unwrap().token;
        self.person(name, &token)
    }

    /// Returns who asks this node by a token.
    pub(crate) fn person(&self, name: &str, token: &str) -> Person {
        Person {
            id: UserId::new(name).unwrap(),
            http: Http::new(&self.url).with_token(token),
            options: Options::new(&self.url, TokenSource::fixed(token)),
            token: token.to_owned(),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a chat, under one `clientId` however often it must be asked for: on a busy machine a node may wait in vain for
/// the one that owns it.
pub(crate) async fn create(
    mut new: CreateChat,
    ask: impl AsyncFn(&CreateChat) -> Result<Chat, ClientError>,
) -> ChatId {
    let (CreateChat::Direct { client_id, .. } | CreateChat::Group { client_id, .. }) = &mut new;
    *client_id = Some(unique_id("make"));
    until_answered(async || ask(&new).await).await.id
}

/// Waits until nodes own so many of the shards.
pub(crate) async fn until_shards(wanted: &[(&Served, u64)]) {
    for (node, wanted) in wanted {
        let owning = async {
            while node.shards().await != *wanted {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let owned = tokio::time::timeout(PATIENCE, owning).await;
        assert!(owned.is_ok(), "it never owns {wanted}");
    }
}

/// Makes up the id of a request.
pub(crate) fn unique_id(what: &str) -> ClientId {
    ClientId::new(&format!("{what}-{:x}", rand::random::<u64>())).unwrap()
}

/// Asks for a chat's history, which is no longer than a page: newest first.
pub(crate) async fn only_page(http: &Http, chat: ChatId) -> Vec<Message> {
    let page = http.history(&newest_first(chat)).await.unwrap();
    assert!(!page.has_more);
    page.messages
}

fn newest_first(chat: ChatId) -> HistoryQuery {
    HistoryQuery {
        chat_id: chat,
        before: None,
        after: None,
        around: None,
        limit: Some(200),
    }
}

/// Somebody with a token.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) http: Http,
    options: Options,
    token: String,
}

impl Person {
    pub(crate) async fn direct(&self, other: &Person) -> ChatId {
        let direct = CreateChat::Direct {
            user_id: other.id.clone(),
            client_id: None,
        };
        self.create(direct).await
    }

    /// Makes a group of two, whose history all see.
    pub(crate) async fn group_with(&self, other: &Person) -> ChatId {
        let group = CreateChat::Group {
            name: "tea".into(),
            members: vec![other.id.clone()],
            history_visible: HistoryVisible::All,
            client_id: None,
        };
        self.create(group).await
    }

    /// Makes a chat.
    pub(crate) async fn create(&self, new: CreateChat) -> ChatId {
        create(new, async |new| self.http.create_chat(new).await).await
    }

    /// Returns the same person, who asks another node.
    pub(crate) fn at(&self, served: &Served) -> Self {
        self.by(&served.url)
    }

    /// Returns the same person, who asks at an address.
    pub(crate) fn by(&self, url: &str) -> Self {
        let options = Options {
            url: url.to_owned(),
            ..self.options.clone()
        };
        Self {
            id: self.id.clone(),
            http: Http::new(url).with_token(&self.token),
            options,
            token: self.token.clone(),
        }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Connects a device and waits until it is in sync.
    pub(crate) async fn device(&self) -> Device {
        let (client, events) = Client::connect(self.options.clone());
        let mut device = Device { client, events };
        device
            .until(|event| matches!(event, ClientEvent::Online))
            .await;
        device
    }

    /// Says something once, under a request's own id; returns why it was refused. Errors: the node isn't there, or doesn't
    /// answer.
    pub(crate) async fn say(
        &self,
        chat: ChatId,
        request: &str,
        content: &str,
    ) -> Result<Option<Problem>, reqwest::Error> {
        let (status, answer) = self.post(chat, request, content).await?;
        Ok((!status.is_success()).then(|| serde_json::from_value(answer).unwrap()))
    }

    /// Says something under a request's own id, again for as long as the answer is to try again.
    pub(crate) async fn surely_say(&self, chat: ChatId, request: &str, content: &str) {
        until_answered(async || match self.say(chat, request, content).await {
            Ok(None) => Ok(()),
            Ok(Some(problem)) => Err(ClientError::Refused(Box::new(problem))),
            Err(error) => panic!("{error}"),
        })
        .await;
    }

    /// Says something once, under a request's own id; returns the answer.
    pub(crate) async fn post(
        &self,
        chat: ChatId,
        request: &str,
        content: &str,
    ) -> Result<(StatusCode, serde_json::Value), reqwest::Error> {
        let message = serde_json::json!({"chatId": chat, "clientId": request, "content": content});
        let url = format!("{}/v1/messages", self.options.url);
        let asking = reqwest::Client::new()
            .post(url)
            .bearer_auth(&self.token)
            .timeout(ANSWERED_WITHIN)
            .json(&message);
        let answer = asking.send().await?;
        Ok((answer.status(), answer.json().await?))
    }

    /// Returns a chat's last place, as soon as its node tells it.
    pub(crate) async fn end_of(&self, chat: ChatId) -> u64 {
        let asking = async {
            loop {
                match self.http.chat(chat).await {
                    Ok(chat) => return chat.head.seq.0,
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        let told = tokio::time::timeout(PATIENCE, asking).await;
        told.unwrap_or_else(|_| panic!("nobody tells where {chat} ends"))
    }

    /// Returns everything that a chat's history shows, oldest first.
    pub(crate) async fn whole_history(&self, chat: ChatId) -> Vec<String> {
        let mut query = newest_first(chat);
        let mut contents = Vec::new();
        loop {
            let page = self.http.history(&query).await.unwrap();
            query.before = page.messages.last().map(|message| message.id.to_string());
            contents.extend(page.messages.into_iter().map(|message| message.content));
            if !page.has_more {
                contents.reverse();
                return contents;
            }
        }
    }

    /// Returns what a chat's history shows, oldest first.
    pub(crate) async fn history(&self, chat: ChatId) -> Vec<String> {
        let messages = only_page(&self.http, chat).await.into_iter();
        messages.rev().map(|message| message.content).collect()
    }

    /// Waits until search finds so many messages with a word.
    pub(crate) async fn finds(&self, word: &str, wanted: u64) {
        let searching = async {
            loop {
                let found = self.http.search(word, None).await;
                if found.is_ok_and(|found| found.total == wanted) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, searching).await;
        assert!(found.is_ok(), "never found {wanted} times: {word}");
    }
}

/// A device in sync.
pub(crate) struct Device {
    pub(crate) client: Client,
    events: Events,
}

impl Device {
    pub(crate) async fn until(&mut self, mut found: impl FnMut(&ClientEvent) -> bool) {
        let waiting = async { while !found(&self.events.next().await.unwrap()) {} };
        let came = tokio::time::timeout(PATIENCE, waiting).await;
        came.expect("the event came in time");
    }

    /// Waits until a message with that content is shown: at its place, or as the last one of a chat that is new.
    pub(crate) async fn until_said(&mut self, content: &str) {
        let shown = |event: &ClientEvent| match event {
            ClientEvent::Log(frame) => {
                matches!(&frame.body, LogBody::Message { message } if message.content == content)
            }
            ClientEvent::Chat(chat) => {
                let last = chat.chat.head.last_message.as_ref();
                last.is_some_and(|message| message.content == content)
            }
            _ => false,
        };
        self.until(shown).await;
    }
}
