//! Rows 7 and 21: presence lasts as long as somebody is there and no longer, and an idle socket stays open.

use std::{sync::Arc, time::Duration};

use chinwag_core::{Clock as _, clock::ManualClock};
use chinwag_proto::Timestamp;
use serde_json::{Value, json};

use super::{heard_before, people, say};
use crate::{
    fixture::{PATIENCE, Running, Socket},
    rest::Rest,
    tokens::{SECRET, signed, unix_seconds},
};

/// Ana is watched by ben; time stands until it is moved.
struct Watched {
    running: Running,
    clock: Arc<ManualClock>,
    rest: Rest,
    chat: chinwag_proto::ChatId,
    ana: Socket,
    ben: Socket,
}

impl Watched {
    async fn start() -> Self {
        let now = Timestamp::from_unix_millis(unix_seconds() as i64 * 1_000);
        let clock = Arc::new(ManualClock::at(now));
        let settings = [("auth.jwt_secret", SECRET), ("limits.rates", "off")];
        let running = Running::start_by(Arc::clone(&clock) as _, &settings).await;
        let [ana, ben] = people(&running, ["ana", "ben"]).await;
        let chat = ana.direct(&ben).await;
        let mut watched = Self {
            rest: Rest::new(&running.url(), &ben.token),
            ana: ana.socket().await,
            ben: ben.socket().await,
            running,
            clock,
            chat,
        };
        let watch = json!({"type": "watchPresence", "add": ["ana"]});
        let told = watched.ben.ask(watch).await;
        assert_eq!(told["users"][0]["status"], "online", "{told}");
        watched
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(seconds * 1_000);
    }

    /// Lets so much time pass that both are asked whether they are there, and answer; returns what ben heard.
    async fn pass_with_signs_of_life(&mut self, seconds: u64) -> Vec<Value> {
        self.pass(seconds);
        self.ana.pinged().await;
        let heard = self.ben.pinged().await;
        self.looked_after().await;
        heard
    }

    /// Waits until the server has looked after all sessions twice: each time it ends one whose token is over.
    async fn looked_after(&self) {
        for _ in 0..2 {
            let now = u64::try_from(self.clock.now().unix_millis()).unwrap() / 1_000;
            let token = signed("somebody", now, now + 1);
            let mut socket = Socket::open(&self.running.url())
                .await
                .authenticated(&token)
                .await;
            self.pass(1);
            assert_eq!(socket.closed().await, Some(4001));
        }
    }

    async fn status(&self) -> Value {
        let reply = self.rest.get("/presence?userIds=ana").await;
        reply.body["users"][0]["status"].clone()
    }

    /// Returns what ben was told of ana's presence until a message comes that somebody says now.
    async fn told(&mut self, mut heard: Vec<Value>) -> Vec<Value> {
        let mut anas = self.running.person("ana").await.socket().await;
        say(&mut anas, self.chat, "marker").await;
        heard.extend(heard_before(&mut self.ben, "marker").await);
        heard.retain(|frame| frame["type"] == "presence");
        heard
            .into_iter()
            .map(|frame| frame["status"].clone())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_silent_and_there_stays_online_and_connected() {
    let mut watched = Watched::start().await;
    let mut heard = Vec::new();
    // More than three times the time to live, without a heartbeat: only the server's pings are answered.
    for _ in 0..4 {
        heard.extend(watched.pass_with_signs_of_life(25).await);
        assert_eq!(watched.status().await, "online");
    }
    // The very same sockets still carry messages.
    say(&mut watched.ben, watched.chat, "good morning").await;
    heard_before(&mut watched.ana, "good morning").await;
    assert_eq!(watched.told(heard).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lost_heartbeat_flips_nobody() {
    let mut watched = Watched::start().await;
    watched.ana.say(json!({"type": "heartbeat"})).await;
    watched.looked_after().await;
    // The heartbeat after 20 s is lost; the ping after 24 s is not.
    let mut heard = watched.pass_with_signs_of_life(25).await;
    watched.pass(13);
    watched.ana.say(json!({"type": "heartbeat"})).await;
    watched.looked_after().await;
    assert_eq!(watched.status().await, "online");
    heard.extend(watched.pass_with_signs_of_life(25).await);
    assert_eq!(watched.told(heard).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_without_a_word_goes_offline_once() {
    let mut watched = Watched::start().await;
    // Nobody reads ana's socket any more, and nobody closes it.
    watched.pass(31);
    let offline = watched.ben.hear_of("presence").await;
    assert_eq!(
        (&offline["userId"], &offline["status"]),
        (&json!("ana"), &json!("offline"))
    );
    assert_eq!(watched.status().await, "offline");
    watched
        .ben
        .ask(json!({"type": "history", "chatId": watched.chat}))
        .await;
    watched.pass(20);
    assert_eq!(watched.ana.closed().await, Some(4002));
    let cem = watched.running.person("cem").await;
    let aside = cem.direct(&watched.running.person("ben").await).await;
    say(&mut cem.socket().await, aside, "marker").await;
    let heard = heard_before(&mut watched.ben, "marker").await;
    assert!(
        heard.iter().all(|frame| frame["type"] != "presence"),
        "{heard:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_closes_goes_offline_after_the_grace_and_a_reload_does_not_flicker() {
    let mut watched = Watched::start().await;
    let [ana] = people(&watched.running, ["ana"]).await;
    let reloaded = ana.socket().await;
    drop(std::mem::replace(&mut watched.ana, reloaded));
    let heard = watched.pass_with_signs_of_life(25).await;
    assert_eq!(watched.status().await, "online");
    assert_eq!(watched.told(heard).await, Vec::<Value>::new(), "a reload");
    let Watched {
        running,
        ana: anas,
        ben: mut bens,
        clock,
        ..
    } = watched;
    drop(anas);
    let rest = Rest::new(&running.url(), &ana.token);
    let gone = async {
        while rest.get("/sessions").await.body["sessions"] != json!([]) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .expect("the server notices");
    clock.advance(6_000);
    let offline = bens.hear_of("presence").await;
    assert_eq!(
        (&offline["userId"], &offline["status"]),
        (&json!("ana"), &json!("offline"))
    );
}
