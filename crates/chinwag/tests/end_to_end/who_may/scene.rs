//! A chat with everybody who may or may not see something of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    fixture::{Running, Socket, user},
    reading::until,
    rest::Rest,
};

/// Only in a message from before somebody joined.
pub(super) const BEFORE: &str = "zanzibar";
/// Only in what was said and edited after somebody left.
pub(super) const AFTER: &str = "quetzal";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Actor {
    Nobody,
    /// Of the server, not of the chat.
    Stranger,
    Member,
    /// A member who sees only what came after they joined.
    Later,
    /// Was a member once.
    Former,
    Admin,
    Owner,
    /// A member whose account is disabled.
    Disabled,
    /// An API key that speaks for nobody.
    Key,
}

/// In the order of the tables' columns.
pub(super) const ACTORS: [Actor; 9] = [
    Actor::Nobody,
    Actor::Stranger,
    Actor::Member,
    Actor::Later,
    Actor::Former,
    Actor::Admin,
    Actor::Owner,
    Actor::Disabled,
    Actor::Key,
];

impl Actor {
    pub(super) fn user(self) -> Option<&'static str> {
        match self {
            Self::Nobody | Self::Key => None,
            Self::Stranger => Some("stan"),
            Self::Member => Some("mary"),
            Self::Later => Some("lars"),
            Self::Former => Some("fred"),
            Self::Admin => Some("adam"),
            Self::Owner => Some("owen"),
            Self::Disabled => Some("dora"),
        }
    }

    /// Returns the words that never may be shown to them.
    pub(super) fn hidden(self) -> &'static [&'static str] {
        match self {
            Self::Nobody | Self::Stranger | Self::Disabled => &[BEFORE, AFTER],
            Self::Later => &[BEFORE],
            Self::Former => &[AFTER],
            Self::Member | Self::Admin | Self::Owner | Self::Key => &[],
        }
    }

    fn wrote_before(self) -> bool {
        matches!(
            self,
            Self::Member | Self::Former | Self::Admin | Self::Owner | Self::Disabled
        )
    }
}

/// A server with everybody's account.
pub(super) struct Stage {
    pub(super) running: Running,
    key: String,
    scenes: std::cell::Cell<u32>,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let running = Running::start_with(&[("limits.rates", "off")]).await;
        let people = ACTORS.iter().filter_map(|actor| actor.user());
        for name in people.chain(["nina", "otto"]) {
            running.person(name).await;
        }
        let accounts = running.server.node().user_accounts();
        let (_, key) = accounts.add_key("the app").await.unwrap();
        Self {
            running,
            key,
            scenes: 0.into(),
        }
    }

    /// Calls with a fresh token, since some calls end all tokens before.
    pub(super) async fn rest(&self, actor: Actor) -> Rest {
        Rest::new(&self.running.url(), self.credential(actor).await)
    }

    async fn credential(&self, actor: Actor) -> String {
        match actor.user() {
            Some(name) => self.token(name).await,
            None if actor == Actor::Key => self.key.clone(),
            None => String::new(),
        }
    }

    /// Reads one of the documents that the server tells of itself.
    pub(super) async fn document(&self, name: &str) -> Value {
        let nobody = self.rest(Actor::Nobody).await;
        let reply = nobody.call_at(Method::GET, name, None).await;
        reply.unwrap().ok()
    }

    async fn token(&self, name: &str) -> String {
        let accounts = self.running.server.node().user_accounts();
        accounts.token_for(&user(name)).await.unwrap().token
    }

    /// Opens a socket and says who it is; answers what came of it.
    pub(super) async fn socket(&self, actor: Actor) -> (Socket, Result<Value, Option<u16>>) {
        let mut socket = Socket::open(&self.running.url()).await;
        if actor == Actor::Nobody {
            return (socket, Err(None));
        }
        let token = self.credential(actor).await;
        let auth = json!({"type": "auth", "id": 1, "token": token});
        socket.say(auth).await;
        let answer = socket.next().await;
        (socket, answer)
    }

    async fn as_somebody(&self, name: &str, method: Method, path: &str, body: Value) -> Value {
        let rest = Rest::new(&self.running.url(), self.token(name).await);
        let body = Some(body).filter(|body| !body.is_null());
        let reply = rest.call(method, path, body).await.unwrap();
        assert!(reply.status < 300, "{name} {path}: {reply:?}");
        reply.body
    }

    async fn say(&self, name: &str, chat: &str, content: &str, reply_to: Option<&str>) -> String {
        let body = json!({"chatId": chat, "content": content, "replyTo": reply_to});
        let said = self
            .as_somebody(name, Method::POST, "/messages", body)
            .await;
        said["id"].as_str().unwrap().to_owned()
    }

    /// Enables or disables who is disabled in the tables.
    async fn disable(&self, disabled: bool) {
        let accounts = self.running.server.node().user_accounts();
        accounts
            .set_disabled(&user("dora"), disabled)
            .await
            .unwrap();
    }

    /// Waits until what was said and edited in a scene can be found.
    pub(super) async fn indexed(&self, scene: &Scene) {
        for (word, messages) in [(BEFORE, 1), (AFTER, 2)] {
            let path = format!("/search?q={word}&chatId={}", scene.chat);
            until("what was said is found", async || {
                let found = self.as_somebody("owen", Method::GET, &path, Value::Null);
                found.await["total"].as_u64().unwrap() >= messages
            })
            .await;
        }
    }

    /// Makes a chat in which one of them is to ask something.
    pub(super) async fn scene(&self, actor: Actor) -> Scene {
        self.disable(false).await;
        let number = self.scenes.replace(self.scenes.get() + 1);
        let target = format!("target-{number}");
        self.running.person(&target).await;
        let group = json!({
            "type": "group", "name": "tea", "historyVisible": "joined",
            "members": ["adam", "mary", "fred", "dora", "otto"],
        });
        let chat = self
            .as_somebody("owen", Method::POST, "/chats", group)
            .await;
        let chat = chat["id"].as_str().unwrap().to_owned();
        let member = |name: &str| format!("/chats/{chat}/members/{name}");
        let admin = json!({"role": "admin"});
        self.as_somebody("owen", Method::PUT, &member("adam"), admin)
            .await;
        let early = self
            .say("owen", &chat, &format!("early {BEFORE}"), None)
            .await;
        let changed = self.say("owen", &chat, "to be changed", None).await;
        let mut own = early.clone();
        if let Some(name) = actor.user().filter(|_| actor.wrote_before()) {
            own = self.say(name, &chat, "their own", None).await;
        }
        self.as_somebody("owen", Method::DELETE, &member("fred"), Value::Null)
            .await;
        let lars = json!({"userIds": ["lars"]});
        self.as_somebody(
            "owen",
            Method::POST,
            &format!("/chats/{chat}/members"),
            lars,
        )
        .await;
        let late = self
            .say("owen", &chat, &format!("late {AFTER}"), Some(&early))
            .await;
        let edit = json!({"content": format!("changed to {AFTER}")});
        let changing = format!("/messages/{changed}");
        self.as_somebody("owen", Method::PATCH, &changing, edit)
            .await;
        if actor == Actor::Later {
            own = self.say("lars", &chat, "their own", None).await;
        }
        if actor == Actor::Disabled {
            self.disable(true).await;
        }
        Scene {
            chat,
            early,
            late,
            changed,
            own,
            target,
        }
    }
}

/// What one row is tried on.
pub(super) struct Scene {
    pub(super) chat: String,
    /// Said before one joined and the other left.
    early: String,
    /// Said after; answers `early`.
    late: String,
    /// Said before, changed after.
    changed: String,
    /// What the asking one wrote, as far as they ever could; else `early`.
    own: String,
    /// A user that nobody else needs.
    target: String,
}

impl Scene {
    /// Puts this scene's ids where a row names them.
    pub(super) fn fill(&self, row: &str) -> String {
        [
            ("<chat>", &self.chat),
            ("<early>", &self.early),
            ("<late>", &self.late),
            ("<changed>", &self.changed),
            ("<own>", &self.own),
            ("<target>", &self.target),
        ]
        .iter()
        .fold(row.to_owned(), |row, (name, id)| row.replace(name, id))
    }

    /// Returns `+` where an answer tells of the chat, or of its owner's presence.
    pub(super) fn mark(&self, asked: &str, told: &Value) -> &'static str {
        if self.is_told(asked, told) { "+" } else { "" }
    }

    /// Returns whether an answer tells of the chat, or of its owner's presence.
    pub(super) fn is_told(&self, asked: &str, told: &Value) -> bool {
        let told = told.to_string();
        let presence = asked.contains("presence") || asked.contains("watchPresence");
        told.contains(&self.chat) || (presence && told.contains("owen"))
    }
}

/// Fails where something is told that is hidden from somebody.
#[track_caller]
pub(super) fn assert_hides(actor: Actor, what: &str, told: &Value) {
    let told = told.to_string();
    for word in actor.hidden() {
        assert!(
            !told.contains(word),
            "{what} shows {actor:?} {word:?}: {told}"
        );
    }
}
