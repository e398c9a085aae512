//! Row 8: nobody types for ever.

use std::time::{Duration, Instant};

use chinwag_client::{Chats, ClientEvent};
use serde_json::json;

use super::{heard_before, people, say, without_rates};

/// How long a client shows that somebody types.
const SHOWN: Duration = Duration::from_secs(7);

#[tokio::test(flavor = "multi_thread")]
async fn typing_ends_by_itself_where_the_typist_is_gone_and_at_once_where_they_have_said_it() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let mut bens = ben.device().await;
    let mut shown = Chats::new(ben.id.clone());
    for ending in ["the tab is killed", "said"] {
        let now = Instant::now();
        // A session passes typing on at most every three seconds: each ending has one of its own.
        let mut anas = ana.socket().await;
        anas.say(json!({"type": "typing", "chatId": chat})).await;
        bens.until(|event| {
            shown.apply(event, now);
            matches!(event, ClientEvent::Typing { .. })
        })
        .await;
        assert_eq!(shown.typing(chat, now), [&ana.id]);
        if ending == "said" {
            say(&mut anas, chat, "there").await;
            bens.until(|event| {
                shown.apply(event, now);
                matches!(event, ClientEvent::Log(_))
            })
            .await;
            assert!(shown.typing(chat, now).is_empty());
        } else {
            drop(anas);
            assert!(shown.typing(chat, now + SHOWN).is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_later_is_told_of_no_old_typing() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let (mut anas, mut before) = (ana.socket().await, ben.socket().await);
    anas.say(json!({"type": "typing", "chatId": chat})).await;
    before.hear_of("typing").await;
    let mut later = ben.socket().await;
    let sync = later.ask(json!({"type": "sync", "since": null})).await;
    assert!(!sync.to_string().contains("typing"));
    say(&mut anas, chat, "there").await;
    let heard = heard_before(&mut later, "there").await;
    assert!(
        heard.iter().all(|frame| frame["type"] != "typing"),
        "{heard:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_types_no_more_and_is_shown_typing_no_more() {
    let running = without_rates().await;
    let [ana, ben, cem] = people(&running, ["ana", "ben", "cem"]).await;
    let chat = ben.group(&[&ana, &cem]).await;
    let (mut anas, mut cems) = (ana.socket().await, cem.device().await);
    let now = Instant::now();
    let mut shown = Chats::new(cem.id.clone());
    anas.say(json!({"type": "typing", "chatId": chat})).await;
    cems.until(|event| {
        shown.apply(event, now);
        matches!(event, ClientEvent::Typing { .. })
    })
    .await;
    ben.http.remove_member(chat, &ana.id).await.unwrap();
    // Another session: of one, typing is passed on at most every three seconds.
    let mut anas = ana.socket().await;
    let refused = anas.ask(json!({"type": "typing", "chatId": chat})).await;
    assert_eq!(refused["error"]["code"], "notFound");
    let mut bens = ben.socket().await;
    say(&mut bens, chat, "after").await;
    let mut typing = Vec::new();
    cems.until(|event| {
        shown.apply(event, now);
        if let ClientEvent::Typing { user_ids, .. } = event {
            typing.extend(user_ids.clone());
        }
        matches!(event, ClientEvent::Log(frame) if format!("{frame:?}").contains("after"))
    })
    .await;
    assert!(typing.is_empty(), "{typing:?}");
    assert!(shown.typing(chat, now).is_empty(), "gone with the member");
}
