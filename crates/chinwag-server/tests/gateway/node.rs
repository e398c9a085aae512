//! A server of a test's own, with users and chats made behind its back.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use chinwag_conformance::{Faults, Flaky};
use chinwag_core::{
    Clock as _, SystemClock,
    memory::Memory,
    model::UserRow,
    owner::{Caller, Command, NewGroup, Outcome},
};
use chinwag_proto::{
    ChatId, MessageId, Timestamp, UserId,
    shapes::{HistoryVisible, Role},
};
use chinwag_server::{Server, config::Config, running::Running, wiring::Ports};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::client::Client;

const SECRET: &str = "a secret of at least thirty-two bytes";
/// A limit of the requests that the tests make.
const ADDED_AT_ONCE: usize = 1_000;

/// A server on a free port and a directory of its own; a whole one, unless said otherwise.
pub(crate) struct Node<S = Server> {
    pub(crate) server: S,
    node: Arc<chinwag_server::node::Node>,
    address: SocketAddr,
    _directory: TempDir,
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

pub(crate) fn unix_seconds() -> u64 {
    let now = SystemClock::default().now().unix_millis();
    u64::try_from(now / 1_000).unwrap()
}

/// Makes a token that ends at a time.
pub(crate) fn token_until(id: &str, seconds: u64) -> String {
    let issued = unix_seconds();
    let claims = json!({"sub": id, "iat": issued, "exp": seconds});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

pub(crate) fn token(id: &str) -> String {
    token_until(id, unix_seconds() + 3_600)
}

fn config(settings: &[(&str, &str)]) -> (Config, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut all = vec![
        ("listen", "127.0.0.1:0"),
        ("data_dir", directory.path().to_str().unwrap()),
        ("auth.jwt_secret", SECRET),
        ("limits.rates", "off"),
        ("storage.min_free", "0"),
    ];
    all.extend(settings);
    (Config::of(&all).unwrap(), directory)
}

impl Node {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let (config, directory) = config(settings);
        let server = Server::start(config).await.unwrap();
        Self {
            node: Arc::clone(server.node()),
            address: server.local_addr().unwrap(),
            server,
            _directory: directory,
        }
    }
}

impl Node<Running> {
    /// Starts one over engines in memory, whose directory meets faults.
    pub(crate) async fn over_flaky(
        memory: &Memory,
        faults: &Faults,
        settings: &[(&str, &str)],
    ) -> Self {
        let (config, directory) = config(settings);
        let mut ports = Ports::in_memory(memory);
        ports.directory = Arc::new(Flaky::new(ports.directory, faults));
        let running = Running::over(&config, ports).await.unwrap();
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        running.listen(socket);
        Self {
            node: Arc::clone(running.node()),
            address,
            server: running,
            _directory: directory,
        }
    }
}

impl<S> Node<S> {
    /// Returns the address that clients connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens a session of a user.
    pub(crate) async fn session(&self, id: &str) -> Client {
        Client::open(self.address(), &token(id)).await
    }

    /// Makes users.
    pub(crate) async fn users(&self, ids: &[&str]) {
        let row = |id: &&str| UserRow::new(user(id), Timestamp::default());
        let accounts = &self.node.ports().accounts;
        let users = ids.iter().map(row).collect();
        accounts.create_users(users).await.unwrap();
    }

    /// Makes a group; the first one named owns it.
    pub(crate) async fn group(&self, ids: &[&str], visible: HistoryVisible) -> ChatId {
        self.users(ids).await;
        let members: Vec<UserId> = ids[1..].iter().map(|id| user(id)).collect();
        let (first, rest) = members.split_at(members.len().min(ADDED_AT_ONCE));
        let group = NewGroup {
            name: "a group".into(),
            members: first.to_vec(),
            history_visible: visible,
            client_id: None,
        };
        let owner = self.node.owner();
        let caller = Caller::user(user(ids[0]));
        let chat = owner.create_group(&caller, group).await.unwrap();
        for users in rest.chunks(ADDED_AT_ONCE) {
            self.add(ids[0], chat, users).await;
        }
        chat
    }

    pub(crate) async fn direct(&self, one: &str, other: &str) -> ChatId {
        self.users(&[one, other]).await;
        let caller = Caller::user(user(one));
        let owner = self.node.owner();
        owner.create_direct(&caller, &user(other)).await.unwrap()
    }

    pub(crate) async fn execute(&self, id: &str, chat: ChatId, command: Command) -> Outcome {
        let owner = self.node.owner();
        let caller = Caller::user(user(id));
        owner.execute(&caller, chat, command).await.unwrap()
    }

    /// Sends a message behind the sessions' backs.
    pub(crate) async fn say(&self, id: &str, chat: ChatId, content: &str) -> MessageId {
        let message = chinwag_core::owner::NewMessage {
            content: content.into(),
            ..Default::default()
        };
        match self.execute(id, chat, Command::Send(message)).await {
            Outcome::Message { message, .. } => message.id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn add(&self, by: &str, chat: ChatId, users: &[UserId]) {
        let command = Command::AddMembers {
            users: users.to_vec(),
            role: Role::Member,
            client_id: None,
        };
        self.execute(by, chat, command).await;
    }

    pub(crate) async fn remove(&self, by: &str, chat: ChatId, id: &str) {
        let command = Command::RemoveMember {
            user: user(id),
            client_id: None,
        };
        self.execute(by, chat, command).await;
    }
}
