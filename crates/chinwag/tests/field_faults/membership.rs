//! Row 12: who was removed receives nothing more, on any socket.

use serde_json::{Value, json};

use super::{heard_before, people, say, without_rates};
use crate::{fixture::Socket, rest::Rest};

/// The place of the last message before a removal, and everything that came after.
struct Removal {
    chat: chinwag_proto::ChatId,
    /// Frames of each of the removed one's sockets.
    heard: Vec<Vec<Value>>,
    /// The messages that were accepted after the removal was acknowledged.
    after: Vec<String>,
}

async fn remove_in_the_middle(settings: &[(&str, &str)]) -> Removal {
    let mut all = vec![("limits.rates", "off"), ("storage.min_free", "0")];
    all.extend(settings);
    let running = crate::fixture::Running::start_with(&all).await;
    let [ana, ben, mia, cem, dan] = people(&running, ["ana", "ben", "mia", "cem", "dan"]).await;
    let chat = ana.group(&[&ben, &mia, &cem, &dan]).await;
    let aside = ana.direct(&mia).await;
    let mut sockets = [mia.socket().await, mia.socket().await];
    let mut bens = ben.socket().await;
    let mut last = Value::Null;
    for number in 0..40 {
        last = say(&mut bens, chat, &format!("before {number}")).await["id"].clone();
    }
    let rest = Rest::new(&running.url(), &ana.token);
    let path = format!("/chats/{chat}/members/mia");
    let removing = rest.call(reqwest::Method::DELETE, &path, None);
    // Ben goes on while the removal is under way.
    let talking = async {
        for number in 0..20 {
            say(&mut bens, chat, &format!("meanwhile {number}")).await;
        }
    };
    let (removed, ()) = tokio::join!(removing, talking);
    assert_eq!(removed.unwrap().status, 200);
    let mut after = Vec::new();
    for number in 0..20 {
        let text = format!("after {number}");
        say(&mut bens, chat, &text).await;
        after.push(text);
    }
    let ask = async |socket: &mut Socket, frame: Value| socket.ask(frame).await;
    ask(
        &mut bens,
        json!({"type": "read", "chatId": chat, "lastReadMessageId": last}),
    )
    .await;
    ask(
        &mut bens,
        json!({"type": "edit", "chatId": chat, "messageId": last, "content": "after edit"}),
    )
    .await;
    ask(
        &mut bens,
        json!({"type": "react", "chatId": chat, "messageId": last, "key": "after"}),
    )
    .await;
    bens.say(json!({"type": "typing", "chatId": chat})).await;
    running.person("eve").await;
    let members = json!({"userIds": ["eve"]});
    assert_eq!(
        rest.post(&format!("/chats/{chat}/members"), members)
            .await
            .status,
        200
    );
    bens.ask(json!({"type": "heartbeat"})).await;
    // What is said aside comes after everything else.
    say(&mut ana.socket().await, aside, "that was it").await;
    let mut heard = Vec::new();
    for socket in &mut sockets {
        heard.push(heard_before(socket, "that was it").await);
        for frame in [
            json!({"type": "send", "chatId": chat, "content": "x"}),
            json!({"type": "typing", "chatId": chat}),
            json!({"type": "read", "chatId": chat, "lastReadMessageId": last}),
            json!({"type": "react", "chatId": chat, "messageId": last, "key": "+"}),
            json!({"type": "history", "chatId": chat}),
            json!({"type": "events", "chatId": chat, "after": 0}),
        ] {
            let mut of_unknown = frame.clone();
            of_unknown["chatId"] = json!("99");
            let unknown = ask(socket, of_unknown).await;
            let answer = ask(socket, frame).await;
            assert_eq!(answer["error"]["code"], "notFound", "{answer}");
            assert_eq!(
                answer["error"]["detail"], unknown["error"]["detail"],
                "like an unknown chat"
            );
        }
    }
    let mut again = mia.socket().await;
    let sync = again.ask(json!({"type": "sync", "since": null})).await;
    assert!(
        !sync["chats"].to_string().contains(&format!("\"{chat}\"")),
        "{sync}"
    );
    let mine = Rest::new(&running.url(), &mia.token);
    for path in [
        format!("/chats/{chat}"),
        format!("/chats/{chat}/members"),
        format!("/chats/{chat}/receipts"),
        format!("/messages?chatId={chat}"),
        format!("/messages/{}", last.as_str().unwrap()),
    ] {
        assert_eq!(mine.get(&path).await.code(), Some("notFound"), "{path}");
    }
    let found = mine.get("/search?q=before").await.body;
    assert_eq!(found["total"], 0, "{found}");
    Removal { chat, heard, after }
}

fn hold_silence(removal: &Removal) {
    for heard in &removal.heard {
        let of_chat = |frame: &&Value| frame["chatId"] == json!(removal.chat);
        let parting = |frame: &Value| {
            frame["type"] == "membership" && frame["event"]["userIds"] == json!(["mia"])
        };
        let end = heard
            .iter()
            .position(parting)
            .expect("is told of the removal");
        let more: Vec<_> = heard[end + 1..].iter().filter(of_chat).collect();
        assert!(more.is_empty(), "after the parting: {more:?}");
        let text = json!(heard).to_string();
        for said in &removal.after {
            assert!(!text.contains(&format!("\"{said}\"")), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_from_a_group_hears_no_more_of_it() {
    hold_silence(&remove_in_the_middle(&[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_from_a_large_group_hears_no_more_of_it() {
    hold_silence(&remove_in_the_middle(&[("direct_max_members", "3")]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_leaves_the_chat_that_its_user_was_removed_from() {
    let running = without_rates().await;
    let [ana, mia] = people(&running, ["ana", "mia"]).await;
    let chat = ana.group(&[&mia]).await;
    let mut device = mia.device().await;
    ana.http.remove_member(chat, &mia.id).await.unwrap();
    // Told by the event, or by the next sync; in any case without a restart of the app.
    device
        .until(|event| match event {
            chinwag_client::ClientEvent::Left(left) => *left == chat,
            chinwag_client::ClientEvent::Log(frame) => {
                frame.chat_id == chat && format!("{frame:?}").contains("Removed")
            }
            _ => false,
        })
        .await;
}
