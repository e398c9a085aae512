//! That the checker would find it: faults planted at the wire into runs that are right without them.

use std::sync::Arc;

use chinwag_load::check::{history::What, report::Report};
use chinwag_proto::{ChatId, http::CreateChat};
use serde_json::{Value, json};

use crate::{
    fixture::{Running, Socket, user},
    proxy::{Pass, Proxy, Toward},
    recorded::{RecordedDevice, assert_sound, checked, new_history, recorded_http},
    tokens::{SECRET, token},
};

/// Ana sends ten messages from a device that mends everything, ben hears them on a socket that mends nothing; the
/// proxy between them and the server follows a rule.
async fn run(
    dumped: bool,
    rule: impl FnMut(Toward, &mut Value) -> Pass + Send + 'static,
) -> Report {
    let running = Running::start_with(&[("auth.jwt_secret", SECRET)]).await;
    let history = new_history();
    let proxy = Proxy::start(
        running.server.local_addr().unwrap(),
        Some(Arc::clone(&history)),
    )
    .await;
    running.person("ben").await;
    let anas_http = recorded_http(&history, &proxy.url(), "ana", "http");
    let direct = CreateChat::Direct {
        user_id: user("ben"),
        client_id: None,
    };
    let chat = anas_http.create_chat(&direct).await.unwrap().id;
    let ana = RecordedDevice::connect(&history, &proxy, "ana", "phone");
    ana.until_online().await;
    let mut ben = Socket::open(&proxy.url()).await;
    ben.say(json!({"type": "auth", "id": 1, "token": token("ben")}))
        .await;
    assert_eq!(ben.hear().await["type"], "ready");
    proxy.rule(rule);
    for number in 0..10 {
        let text = format!("m{number}");
        ana.client.send(chat, text).await.unwrap();
    }
    until_heard(&mut ben, chat, "m9").await;
    history.record(None, &What::Quiet);
    if dumped {
        anas_http.dump(chat).await.unwrap();
    }
    ana.close().await;
    proxy.close().await;
    drop(anas_http);
    checked(history)
}

async fn until_heard(socket: &mut Socket, chat: ChatId, text: &str) {
    loop {
        let frame = socket.hear().await;
        if frame["chatId"] == json!(chat) && frame["message"]["content"] == text {
            return;
        }
    }
}

fn is(frame: &Value, kind: &str, text: &str) -> bool {
    let content = if kind == "send" {
        &frame["content"]
    } else {
        &frame["message"]["content"]
    };
    frame["type"] == kind && content == text
}

/// Names the rules that found something.
fn broken(report: &Report) -> Vec<&'static str> {
    let found = report.rules.iter().filter(|verdict| verdict.found > 0);
    found.map(|verdict| verdict.rule).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_fault_is_sound_and_one_without_a_dump_proves_no_loss() {
    let rules = [
        "lost",
        "doubled",
        "one-order",
        "ack-order",
        "altered",
        "gap",
    ];
    assert_sound(&run(true, |_, _| Pass::On).await, &rules);
    let report = run(false, |_, _| Pass::On).await;
    assert!(report.vacuous().contains(&"lost"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_event_that_is_lost_and_not_repaired_is_found() {
    let report = run(true, |toward, frame| {
        let hit = toward == Toward::Client && is(frame, "message", "m4");
        if hit { Pass::Lose } else { Pass::On }
    });
    let report = report.await;
    assert_eq!(broken(&report), ["gap"], "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_of_what_is_not_stored_is_found() {
    let mut last: Option<Value> = None;
    let report = run(true, move |toward, frame| {
        if toward == Toward::Client && frame["type"] == "ack" {
            last = Some(frame.clone());
        }
        match &last {
            Some(ack) if toward == Toward::Server && is(frame, "send", "m4") => {
                Pass::Answer(forged(ack, frame))
            }
            _ => Pass::On,
        }
    });
    let report = report.await;
    assert!(broken(&report).contains(&"lost"), "{report}");
}

/// Makes the acknowledgement of a send out of the last one, at the next place.
fn forged(ack: &Value, send: &Value) -> Value {
    let mut forged = ack.clone();
    let seq = ack["seq"].as_u64().unwrap() + 1;
    let id: u64 = ack["message"]["id"].as_str().unwrap().parse().unwrap();
    forged["id"] = send["id"].clone();
    forged["seq"] = seq.into();
    forged["message"]["seq"] = seq.into();
    forged["message"]["changeSeq"] = seq.into();
    forged["message"]["id"] = (id + 1).to_string().into();
    forged["message"]["clientId"] = send["clientId"].clone();
    forged["message"]["content"] = send["content"].clone();
    forged
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_that_is_stored_twice_is_found() {
    let mut tries = 0;
    let report = run(true, move |toward, frame| {
        if toward != Toward::Server || !is(frame, "send", "m4") {
            return Pass::On;
        }
        tries += 1;
        if tries == 1 {
            return Pass::CutAfter;
        }
        // As if the server had forgotten the first.
        frame["clientId"] = json!("another");
        Pass::On
    });
    let report = report.await;
    assert!(!report.passed(), "{report}");
    let found = broken(&report);
    let fitting = ["doubled", "shown-twice"];
    assert!(fitting.iter().any(|rule| found.contains(rule)), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_altered_on_the_way_is_found() {
    let report = run(true, |toward, frame| {
        if toward == Toward::Server && is(frame, "send", "m4") {
            frame["content"] = json!("m4 ");
        }
        Pass::On
    });
    let report = report.await;
    assert_eq!(broken(&report), ["altered"], "{report}");
}
