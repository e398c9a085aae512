//! `kill -9` of the real binary under load, also where its clock is put back meanwhile: nothing that was promised is
//! broken.

use std::sync::Arc;

use chinwag_load::{
    check::history::{Server, ServerState, What},
    recording::RecordedHttp,
};
use chinwag_proto::{ChatId, http::CreateChat, shapes::HistoryVisible};

use crate::{
    binary::{Serve, Served},
    fixture::user,
    load::{Load, chatter, come_and_go},
    proxy::{History, Proxy},
    reading::{finds_what_history_shows, read_everything},
    recorded::{RecordedDevice, assert_sound, checked, new_history, recorded_http},
    tokens::{SECRET, token},
};

const HOUR_MS: i64 = 3_600_000;
/// Everybody, the owner first; the last two come and go.
const PEOPLE: [&str; 8] = ["ana", "ben", "cem", "dan", "eva", "fay", "gus", "hal"];
/// Who has more than one device.
const DEVICES: [(&str, &str); 11] = [
    ("ana", "phone"),
    ("ana", "laptop"),
    ("ben", "phone"),
    ("ben", "laptop"),
    ("cem", "phone"),
    ("dan", "phone"),
    ("eva", "phone"),
    ("fay", "phone"),
    ("gus", "phone"),
    ("hal", "phone"),
    ("hal", "tablet"),
];

/// A direct chat, a group, and one that goes through the queue.
struct Chats {
    direct: ChatId,
    team: ChatId,
    crowd: ChatId,
}

impl Chats {
    async fn make(owner: &RecordedHttp<Vec<u8>>) -> Self {
        let group = |people: &[&str], history_visible| CreateChat::Group {
            name: "tea".into(),
            members: people.iter().map(|name| user(name)).collect(),
            history_visible,
            client_id: None,
        };
        let direct = CreateChat::Direct {
            user_id: user("ben"),
            client_id: None,
        };
        let team = group(&["ben", "gus", "hal"], HistoryVisible::Joined);
        let crowd = group(&PEOPLE[1..], HistoryVisible::All);
        Self {
            direct: owner.create_chat(&direct).await.unwrap().id,
            team: owner.create_chat(&team).await.unwrap().id,
            crowd: owner.create_chat(&crowd).await.unwrap().id,
        }
    }

    fn of(&self, name: &str) -> Vec<ChatId> {
        match name {
            "ana" | "ben" => vec![self.direct, self.team, self.crowd],
            "gus" | "hal" => vec![self.team, self.crowd],
            _ => vec![self.crowd],
        }
    }
}

fn told(history: &History, state: ServerState) {
    let node = "one".into();
    history.record(None, &What::Server(Server { node, state }));
}

/// Kills the server; what is under way then may be stored or not.
fn kill_and_start(served: Served, serve: &Serve, proxy: &Proxy, history: &History) -> Served {
    drop(served);
    told(history, ServerState::Killed);
    let served = serve.start();
    proxy.lead_to(served.address());
    told(history, ServerState::Started);
    served
}

/// Says something in every chat and waits until every device of a member was told.
async fn settle(chats: &Chats, devices: &[Arc<RecordedDevice>], text: &str) {
    for chat in [chats.direct, chats.team, chats.crowd] {
        devices[0].client.send(chat, text).await.unwrap();
    }
    for device in devices {
        for chat in chats.of(device.user.as_str()) {
            device.until_told(chat, text).await;
        }
    }
}

async fn dump(owner: &RecordedHttp<Vec<u8>>, chats: &Chats) {
    for chat in [chats.direct, chats.team, chats.crowd] {
        owner.dump(chat).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_promise_is_broken_by_kill_9_cuts_and_members_who_come_and_go() {
    keeps_its_promises([0; 6]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_promise_is_broken_where_a_clock_an_hour_ahead_is_put_right_at_a_restart() {
    keeps_its_promises([HOUR_MS, 0, 0]).await;
}

/// Chats while the server is killed and started again, each time with a clock that is off by so many milliseconds.
async fn keeps_its_promises<const STARTS: usize>(clocks: [i64; STARTS]) {
    let directory = tempfile::tempdir().unwrap();
    let serve = |off_by_ms: i64| {
        Serve::on(&directory.path().join("data"))
            .with("auth.jwt_secret", SECRET)
            .with("direct_max_members", "5")
            .argument(&format!("--clock-off-by-ms={off_by_ms}"))
    };
    let mut served = serve(clocks[0]).start();
    let history = new_history();
    let proxy = Proxy::start(served.address(), Some(Arc::clone(&history))).await;
    let url = proxy.url();
    let http = |name: &str, session: &str| recorded_http(&history, &url, name, session);
    for name in PEOPLE {
        // A user comes into being by a first token.
        let known = chinwag_client::Http::new(&url).with_token(token(name));
        known.chats(None).await.unwrap();
    }
    let chats = Chats::make(&http("ana", "makes")).await;
    let connect = |(name, device): (&str, &str)| {
        Arc::new(RecordedDevice::connect(&history, &proxy, name, device))
    };
    let devices: Vec<_> = DEVICES.into_iter().map(connect).collect();
    for device in &devices {
        device.until_online().await;
    }
    settle(&chats, &devices, "hello").await;

    let load = Arc::new(Load::default());
    let mut people = Vec::new();
    for (seed, device) in devices.iter().enumerate() {
        let chats = chats.of(device.user.as_str());
        let chatter = chatter(Arc::clone(&load), Arc::clone(device), chats, seed as u64);
        people.push(tokio::spawn(chatter));
    }
    let doors = tokio::spawn(come_and_go(
        Arc::clone(&load),
        http("ana", "door"),
        vec![chats.team, chats.crowd],
        vec![user("gus"), user("hal")],
    ));
    for clock in &clocks[1..] {
        load.more(60).await;
        proxy.cut_latest(4);
        load.more(60).await;
        served = kill_and_start(served, &serve(*clock), &proxy, &history);
    }
    load.more(60).await;
    load.stop();
    for somebody in people {
        somebody.await.unwrap();
    }
    doors.await.unwrap();
    settle(&chats, &devices, "good night").await;
    history.record(None, &What::Quiet);
    for name in PEOPLE {
        read_everything(&http(name, "reads"), &chats.of(name)).await;
    }
    dump(&http("ana", "dumps"), &chats).await;
    for name in PEOPLE {
        let http = chinwag_client::Http::new(&url).with_token(token(name));
        for chat in chats.of(name) {
            finds_what_history_shows(&http, chat, &["says", "edits"]).await;
        }
    }
    for device in devices {
        let device = Arc::into_inner(device).unwrap();
        assert_eq!(device.close().await, Vec::<String>::new());
    }
    proxy.close().await;
    let rules = [
        "lost",
        "doubled",
        "shown-twice",
        "one-order",
        "ack-order",
        "same-content",
        "altered",
        "gap",
        "page",
        "visible",
        "deleted-text",
        "read-mark",
        "unread",
        "epoch",
    ];
    let report = checked(history);
    assert_sound(&report, &rules);
    assert_eq!(report.counts.kills, STARTS as u64 - 1);
}
