//! Who may do what and see what: every route and every frame, by everybody. A route or a frame without a row fails.

mod frames;
mod routes;
mod scene;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use self::{
    frames::{ANSWERS, ASKED, OF_A_SESSION, TOLD},
    routes::ROUTES,
    scene::{ACTORS, AFTER, Actor, BEFORE, Scene, Stage, assert_hides},
};
use crate::fixture::Socket;

/// Compares a table with what was found, all of it at once.
fn assert_all(found: Vec<(String, &str, Vec<String>)>) {
    let wrong = found
        .iter()
        .filter(|(_, expected, outcomes)| *expected != outcomes.join(" "));
    let wrong: Vec<String> = wrong
        .map(|(row, expected, outcomes)| {
            format!(
                "{row}\n    expected {expected}\n    found    {}",
                outcomes.join(" ")
            )
        })
        .collect();
    assert!(wrong.is_empty(), "of {ACTORS:?}:\n{}", wrong.join("\n"));
}

/// Makes a path of a row one of the documents': `/v1/chats/<chat>` is `/v1/chats/{}`.
fn template(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let is_id = |at: usize, part: &str| {
        let after = |word| at > 0 && parts[at - 1] == word;
        part.contains(['{', '<'])
            || part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty()
            || ["members", "users", "reactions", "devices", "sessions"]
                .into_iter()
                .any(after)
    };
    let parts = parts.iter().enumerate();
    let parts: Vec<&str> = parts
        .map(|(at, part)| if is_id(at, part) { "{}" } else { part })
        .collect();
    parts.join("/")
}

#[tokio::test]
async fn every_route_is_allowed_to_whom_the_table_says_and_shows_nobody_what_is_hidden() {
    let stage = Stage::set().await;
    let document = stage.document("/openapi.json").await;
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            routes.insert(format!("{} {}", method.to_uppercase(), template(path)));
        }
    }
    let rows = ROUTES.iter().map(|row| {
        let (method, path) = row.0.split_once(' ').unwrap();
        format!("{method} {}", template(path))
    });
    let rows: BTreeSet<String> = rows.collect();
    assert_eq!(routes, rows, "each route has a row");

    let mut found = Vec::new();
    for row in ROUTES {
        let mut outcomes = Vec::new();
        for actor in ACTORS {
            let scene = stage.scene(actor).await;
            let (method, path) = row.0.split_once(' ').unwrap();
            let method: Method = method.parse().unwrap();
            if path.starts_with("/v1/search") {
                stage.indexed(&scene).await;
            }
            let body =
                (!row.1.is_empty()).then(|| serde_json::from_str(&scene.fill(row.1)).unwrap());
            let rest = stage.rest(actor).await;
            let reply = rest.call_at(method, &scene.fill(path), body).await.unwrap();
            let is_of_users = path.starts_with("/v1");
            if is_of_users {
                assert_hides(actor, row.0, &reply.body);
            }
            if actor.hidden().iter().any(|word| path.contains(word)) && reply.status == 200 {
                assert_eq!(reply.body["total"], 0, "{actor:?} {path}");
            }
            let tells = reply.status < 300 && is_of_users;
            let mark = if tells {
                scene.mark(path, &reply.body)
            } else {
                ""
            };
            outcomes.push(format!("{}{mark}", reply.status));
        }
        found.push((format!("{} {}", row.0, row.1), row.2, outcomes));
    }
    assert_all(found);
}

/// Says in a word what a frame came to: the answer's type, a refusal's code, how the connection was closed.
async fn outcome(stage: &Stage, actor: Actor, scene: &Scene, frame: &str) -> String {
    let (mut socket, ready) = stage.socket(actor).await;
    if actor != Actor::Nobody {
        match ready {
            Ok(ready) if ready["type"] == "ready" => {}
            Ok(refusal) => return code(&refusal),
            Err(code) => return closed(code),
        }
    }
    let mut asked: Value = serde_json::from_str(&scene.fill(frame)).unwrap();
    asked["id"] = json!(7);
    socket.say(asked.clone()).await;
    // What gets no answer is followed by what does.
    socket.say(json!({"type": "heartbeat", "id": 8})).await;
    loop {
        let answer = match socket.next().await {
            Ok(answer) => answer,
            Err(code) => return closed(code),
        };
        assert_hides(actor, frame, &answer);
        let mark = scene.mark(frame, &answer);
        match &answer["id"] {
            id if *id == 7 && answer["type"] == "error" => return code(&answer),
            id if *id == 7 => return format!("{}{mark}", answer["type"].as_str().unwrap()),
            id if *id == 8 && answer["type"] == "error" => return code(&answer),
            id if *id == 8 => return "-".into(),
            _ => {}
        }
    }
}

fn code(refusal: &Value) -> String {
    refusal["error"]["code"].as_str().unwrap_or("?").into()
}

fn closed(code: Option<u16>) -> String {
    code.map_or_else(|| "lost".into(), |code| code.to_string())
}

#[tokio::test]
async fn every_frame_is_allowed_to_whom_the_table_says_and_shows_nobody_what_is_hidden() {
    let stage = Stage::set().await;
    let document = stage.document("/asyncapi.json").await;
    let messages = document["components"]["messages"].as_object().unwrap();
    let of = |side: &str| -> BTreeSet<String> {
        let prefix = format!("{side}.");
        messages
            .keys()
            .filter_map(|name| Some(name.strip_prefix(&prefix)?.to_owned()))
            .collect()
    };
    let asked = ASKED.iter().map(|row| {
        let frame: Value = serde_json::from_str(row.0).unwrap();
        frame["type"].as_str().unwrap().to_owned()
    });
    assert_eq!(
        of("client"),
        asked.collect(),
        "each frame that clients send has a row"
    );
    let told = [TOLD, OF_A_SESSION, ANSWERS].concat();
    let told: BTreeSet<String> = told.into_iter().map(str::to_owned).collect();
    assert_eq!(
        of("server"),
        told,
        "each frame that the server sends is tried"
    );

    let mut found = Vec::new();
    for row in ASKED {
        let mut outcomes = Vec::new();
        for actor in ACTORS {
            let scene = stage.scene(actor).await;
            outcomes.push(outcome(&stage, actor, &scene, row.0).await);
        }
        found.push((row.0.to_owned(), row.1, outcomes));
    }
    assert_all(found);
}

/// Hears on a socket until a message of another chat comes, which is the last one said.
async fn heard(mut socket: Socket) -> Vec<Value> {
    let mut heard = Vec::new();
    loop {
        let frame = socket.hear().await;
        if frame["message"]["content"] == "the end" {
            return heard;
        }
        heard.push(frame);
    }
}

#[tokio::test]
async fn what_happens_is_told_to_members_alone() {
    let stage = Stage::set().await;
    let mut sockets = Vec::new();
    for actor in [
        Actor::Stranger,
        Actor::Member,
        Actor::Later,
        Actor::Former,
        Actor::Admin,
    ] {
        sockets.push((actor, stage.socket(actor).await.0));
    }
    let scene = stage.scene(Actor::Member).await;
    let watch = json!({"type": "watchPresence", "add": ["owen"]});
    for (actor, socket) in &mut sockets {
        match actor {
            // What came before is left out; the others are to hear it all.
            Actor::Member => drop(socket.ask(watch.clone()).await),
            _ => socket.say(watch.clone()).await,
        }
    }
    // Who comes online is told to those who share a chat.
    let (mut owner, _) = stage.socket(Actor::Owner).await;
    let mut told = BTreeSet::new();
    let (_, members) = &mut sockets[1];
    let online = members.hear_of("presence").await;
    assert!(online.to_string().contains("owen"), "{online}");
    told.insert("presence".to_owned());
    let (_, admins) = sockets.last_mut().unwrap();
    admins
        .say(json!({"type": "typing", "chatId": scene.chat}))
        .await;
    let read =
        json!({"type": "read", "chatId": scene.chat, "lastReadMessageId": scene.fill("<late>")});
    admins.ask(read).await;
    let happens = [
        json!({"type": "send", "content": format!("more {AFTER}")}),
        json!({"type": "edit", "messageId": scene.fill("<early>"), "content": format!("edited {AFTER} {BEFORE}")}),
        json!({"type": "react", "messageId": scene.fill("<early>"), "key": "+1"}),
        json!({"type": "delete", "messageId": scene.fill("<late>")}),
    ];
    for mut frame in happens {
        frame["chatId"] = json!(scene.chat);
        let answer = owner.ask(frame).await;
        assert_eq!(answer["type"], "ack", "{answer}");
    }
    let rest = stage.rest(Actor::Owner).await;
    let rename = json!({"name": "renamed"});
    let path = format!("/chats/{}", scene.chat);
    rest.call(Method::PATCH, &path, Some(rename))
        .await
        .unwrap()
        .ok::<Value>();
    let nina = json!({"userIds": ["nina"]});
    rest.post(&format!("{path}/members"), nina)
        .await
        .ok::<Value>();
    let end = json!({"type": "group", "name": "end", "members": ["stan", "mary", "lars", "fred", "adam"]});
    let end: Value = rest.post("/chats", end).await.ok();
    let said = json!({"chatId": end["id"], "content": "the end"});
    rest.post("/messages", said).await.ok::<Value>();

    for (actor, socket) in sockets {
        let heard = heard(socket).await;
        let of_chat = |frame: &&Value| scene.is_told(frame["type"].as_str().unwrap(), frame);
        match actor {
            Actor::Stranger => assert!(!heard.iter().any(|frame| of_chat(&frame)), "{heard:?}"),
            Actor::Former => {
                let is_gone = |frame: &Value| frame["event"]["change"] == "removed";
                let gone = heard
                    .iter()
                    .position(is_gone)
                    .expect("told that they were removed");
                let after: Vec<&Value> = heard[gone + 1..].iter().filter(of_chat).collect();
                assert!(after.is_empty(), "{after:?}");
            }
            _ => {}
        }
        for frame in &heard {
            assert_hides(actor, "live", frame);
            let kind = frame["type"].as_str().unwrap();
            if matches!(actor, Actor::Member | Actor::Later) {
                told.insert(kind.to_owned());
            }
        }
    }
    let expected = TOLD.iter().map(|kind| (*kind).to_owned()).collect();
    let missing: BTreeSet<&String> = BTreeSet::difference(&expected, &told).collect();
    assert!(missing.is_empty(), "never told: {missing:?}");
}
