//! Nodes behind recording proxies, people who chat through them, and what must hold in the end.

use std::sync::Arc;

use chinwag_client::Http;
use chinwag_conformance::providers::FakeFcm;
use chinwag_load::check::history::{Server, ServerState, What};
use chinwag_proto::{ChatId, http::CreateChat, shapes::HistoryVisible};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::{
    asking::{ASKER, Asking},
    fixture::user,
    load::{Load, chatter},
    place::{EVERYTHING, Engines, Place, Served, create},
    proxy::{History, Proxy},
    reading::{finds_what_history_shows, read_everything, until},
    recorded::{RecordedDevice, assert_sound, checked, new_history, recorded_http},
    tokens::{SECRET, token},
};

/// Everybody with a device, the owner of all chats first; whose is on which node goes round.
const DEVICES: [(&str, &str); 6] = [
    ("ana", "phone"),
    ("ben", "phone"),
    ("ana", "laptop"),
    ("cem", "phone"),
    ("dan", "phone"),
    ("ben", "laptop"),
];
/// Is in every group, and never connected: a note tells of the last message.
const ABSENT: &str = "pia";
/// What holds of every fault, each with something to hold.
const RULES: [&str; 12] = [
    "lost",
    "doubled",
    "shown-twice",
    "one-order",
    "ack-order",
    "same-content",
    "altered",
    "gap",
    "page",
    "deleted-text",
    "unread",
    "epoch",
];

/// A direct chat, a group, and one that goes through the queue.
pub(crate) struct Chats {
    pub(crate) direct: ChatId,
    pub(crate) team: ChatId,
    pub(crate) crowd: ChatId,
}

impl Chats {
    fn of(&self, name: &str) -> Vec<ChatId> {
        match name {
            "ana" => vec![self.direct, self.team, self.crowd],
            "ben" => vec![self.direct, self.team, self.crowd],
            _ => vec![self.crowd],
        }
    }
}

/// Nodes, the first of which has the index, and people at all of them.
pub(crate) struct Site {
    pub(crate) places: Vec<Place>,
    nodes: Vec<Option<Served>>,
    proxies: Vec<Proxy>,
    pub(crate) history: History,
    pub(crate) chats: Chats,
    devices: Vec<Arc<RecordedDevice>>,
    pub(crate) load: Arc<Load>,
    people: Vec<JoinHandle<()>>,
    fcm: FakeFcm,
    /// Holds the key of the provider of pushes.
    _files: TempDir,
}

impl Site {
    /// Starts so many nodes, and lets everybody say something to everybody.
    pub(crate) async fn start(engines: Engines, nodes: usize) -> Self {
        Self::start_with(engines, nodes, |_, _| {}).await
    }

    /// Starts nodes that a test prepares, by their number.
    pub(crate) async fn start_with(
        engines: Engines,
        nodes: usize,
        prepare: impl Fn(usize, &mut Place),
    ) -> Self {
        let (fcm, files) = (FakeFcm::start().await, tempfile::tempdir().unwrap());
        let more = configuration(&fcm, &files);
        let engines = Engines { more, ..engines };
        let places = (0..nodes).map(|node| {
            let roles = if node == 0 {
                EVERYTHING
            } else {
                engines.roles_beside()
            };
            let mut place = engines.node(roles);
            let failpoints = place.path().to_str().unwrap().to_owned();
            let variable = ("FAILPOINTS".to_owned(), failpoints);
            place.environment.push(variable);
            prepare(node, &mut place);
            place
        });
        let places: Vec<Place> = places.collect();
        let nodes: Vec<_> = places.iter().map(|place| Some(place.serve())).collect();
        let history = new_history();
        let mut proxies = Vec::new();
        for node in nodes.iter().flatten() {
            proxies.push(Proxy::start(node.address(), Some(Arc::clone(&history))).await);
        }
        let chats = make_chats(&history, &proxies[0].url()).await;
        let connect = |(nth, (name, device)): (usize, (&str, &str))| {
            let proxy = &proxies[nth % proxies.len()];
            Arc::new(RecordedDevice::connect(&history, proxy, name, device))
        };
        let devices = DEVICES.into_iter().enumerate().map(connect).collect();
        let site = Self {
            places,
            nodes,
            proxies,
            history,
            chats,
            devices,
            load: Arc::default(),
            people: Vec::new(),
            fcm,
            _files: files,
        };
        for device in &site.devices {
            device.until_online().await;
        }
        site.everybody_hears("hello").await;
        site
    }

    /// Lets the people chat.
    pub(crate) fn chat(&mut self) {
        for (seed, device) in self.devices.iter().enumerate() {
            let chats = self.chats.of(device.user.as_str());
            let chatter = chatter(
                Arc::clone(&self.load),
                Arc::clone(device),
                chats,
                seed as u64,
            );
            self.people.push(tokio::spawn(chatter));
        }
    }

    /// Lets somebody ask the nodes with these numbers, whatever happens.
    pub(crate) fn ask(&self, nodes: &[usize]) -> Asking {
        let urls: Vec<&str> = nodes.iter().map(|node| &*self.node(*node).url).collect();
        Asking::start(&self.history, &urls, self.chats.crowd)
    }

    pub(crate) fn node(&self, node: usize) -> &Served {
        self.nodes[node].as_ref().unwrap()
    }

    /// Kills a node, and leads who was there to another one, as a load balancer does.
    pub(crate) fn kill(&mut self, node: usize, instead: usize) {
        drop(self.nodes[node].take());
        self.told(node, ServerState::Killed);
        self.lead_away(node, instead);
    }

    /// Leads who is at a node to another one, and cuts the connections that they have.
    pub(crate) fn lead_away(&self, node: usize, instead: usize) {
        if let Some(instead) = &self.nodes[instead] {
            self.proxies[node].lead_to(instead.address());
        }
        self.proxies[node].cut_all();
    }

    /// Starts a node that was killed again, in its place.
    pub(crate) fn start_again(&mut self, node: usize) {
        let served = self.places[node].serve();
        self.proxies[node].lead_to(served.address());
        self.nodes[node] = Some(served);
        self.told(node, ServerState::Started);
    }

    fn told(&self, node: usize, state: ServerState) {
        let node = node.to_string();
        self.history
            .record(None, &What::Server(Server { node, state }));
    }

    /// Lets a node wait at a failpoint.
    pub(crate) fn hold(&self, node: usize, failpoint: &str) {
        std::fs::write(self.places[node].path().join(failpoint), "").unwrap();
    }

    /// Waits until so many wait at failpoints of that name, on whichever nodes.
    pub(crate) async fn until_reached(&self, failpoint: &str, wanted: u64) {
        let name = format!("{failpoint}.reached");
        let came = |place: &Place| {
            let told = std::fs::metadata(place.path().join(&name));
            told.map_or(0, |told| told.len())
        };
        let enough = async || self.places.iter().map(came).sum::<u64>() >= wanted;
        until(failpoint, enough).await;
    }

    /// Returns whether somebody came to a node's failpoint.
    pub(crate) fn has_reached(&self, node: usize, failpoint: &str) -> bool {
        let reached = format!("{failpoint}.reached");
        self.places[node].path().join(reached).exists()
    }

    /// Lets all go on who wait at a node's failpoint.
    pub(crate) fn release(&self, node: usize, failpoint: &str) {
        std::fs::remove_file(self.places[node].path().join(failpoint)).unwrap();
    }

    /// Returns a client of a node's HTTP interface.
    pub(crate) fn http(&self, node: usize, name: &str) -> Http {
        Http::new(&self.node(node).url).with_token(token(name))
    }

    /// Says something in every chat and waits until every device of a member was told.
    pub(crate) async fn everybody_hears(&self, text: &str) {
        for chat in [self.chats.direct, self.chats.team, self.chats.crowd] {
            self.devices[0].client.send(chat, text).await.unwrap();
        }
        for device in &self.devices {
            for chat in self.chats.of(device.user.as_str()) {
                device.until_told(chat, text).await;
            }
        }
    }

    /// Waits until the provider of pushes was told a message of a chat.
    pub(crate) async fn until_pushed(&self, chat: ChatId, text: &str) {
        let is_told = async || {
            let taken = self.fcm.desk().taken();
            let of_chat = |note: &&_| is_of(note, chat);
            taken
                .iter()
                .filter(of_chat)
                .any(|note| note.body.contains(text))
        };
        until(&format!("{text:?} of {chat} is pushed"), is_told).await;
    }

    /// Lets all come to an end, and holds that no promise was broken, and that search and push got everything.
    pub(crate) async fn finish(mut self) {
        self.load.stop();
        for somebody in std::mem::take(&mut self.people) {
            somebody.await.unwrap();
        }
        self.everybody_hears("good night").await;
        self.history.record(None, &What::Quiet);
        let url = self.proxies[0].url();
        for name in ["ana", "ben", "cem", "dan"] {
            let http = recorded_http(&self.history, &url, name, "reads");
            read_everything(&http, &self.chats.of(name)).await;
        }
        let http = self.http(0, "ana");
        for chat in [self.chats.direct, self.chats.team, self.chats.crowd] {
            recorded_http(&self.history, &url, "ana", "dumps")
                .dump(chat)
                .await
                .unwrap();
            finds_what_history_shows(&http, chat, &["says", "edits", "night"]).await;
        }
        for chat in [self.chats.team, self.chats.crowd] {
            self.until_pushed(chat, "good night").await;
        }
        for device in std::mem::take(&mut self.devices) {
            let device = Arc::into_inner(device).unwrap();
            assert_eq!(device.close().await, Vec::<String>::new());
        }
        for proxy in std::mem::take(&mut self.proxies) {
            proxy.close().await;
        }
        drop(std::mem::take(&mut self.nodes));
        assert_sound(&checked(self.history), &RULES);
    }
}

fn is_of(note: &chinwag_conformance::providers::Taken, chat: ChatId) -> bool {
    note.fields
        .get("chatId")
        .is_some_and(|of| *of == chat.to_string())
}

/// What nodes need besides their engines: an app's key, so that who asks needs no password, and a provider of pushes.
fn configuration(fcm: &FakeFcm, files: &TempDir) -> String {
    let account = files.path().join("account.json");
    std::fs::write(&account, fcm.service_account()).unwrap();
    format!(
        r#"
        direct_max_members = 4
        [auth]
        jwt_secret = "{SECRET}"
        [push]
        delay = "20ms"
        unread_delay = "20ms"
        [push.fcm]
        service_account = "{}"
        url = "{}"
        "#,
        account.display(),
        fcm.url()
    )
}

async fn make_chats(history: &History, url: &str) -> Chats {
    for name in ["ana", "ben", "cem", "dan", ABSENT, ASKER] {
        // A user comes into being by a first token.
        let known = Http::new(url).with_token(token(name));
        known.chats(None).await.unwrap();
    }
    let device = json!({"kind": "fcm", "token": "of pia", "deviceId": "phone"});
    let registered = reqwest::Client::new()
        .post(format!("{url}/v1/devices"))
        .bearer_auth(token(ABSENT))
        .json(&device);
    let registered = registered.send().await.unwrap();
    assert_eq!(registered.status().as_u16(), 201);
    let owner = recorded_http(history, url, "ana", "makes");
    let group = |people: &[&str]| CreateChat::Group {
        name: "tea".into(),
        members: people.iter().map(|name| user(name)).collect(),
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    let direct = CreateChat::Direct {
        user_id: user("ben"),
        client_id: None,
    };
    let made = async |new| create(new, async |new| owner.create_chat(new).await).await;
    Chats {
        direct: made(direct).await,
        team: made(group(&["ben", ABSENT])).await,
        crowd: made(group(&["ben", "cem", "dan", ABSENT, ASKER])).await,
    }
}
