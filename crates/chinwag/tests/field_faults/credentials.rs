//! Row 13: an open socket ends with its credential, and a fresh one keeps it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chinwag_client::{Client, ClientEvent, Options, TokenSource};
use chinwag_core::{Clock as _, clock::ManualClock};
use chinwag_proto::CloseCode;
use serde_json::json;

use super::{heard_before, people, say, without_rates};
use crate::{
    fixture::{PATIENCE, Running, Socket},
    rest::Rest,
    tokens::{SECRET, signed, token, unix_seconds},
};

/// A server on which time stands until it is moved, with tokens of the app's own.
async fn by_the_clock() -> (Running, Arc<ManualClock>) {
    let now = chinwag_proto::Timestamp::from_unix_millis(unix_seconds() as i64 * 1_000);
    let clock = Arc::new(ManualClock::at(now));
    let settings = [("auth.jwt_secret", SECRET), ("limits.rates", "off")];
    let running = Running::start_by(Arc::clone(&clock) as _, &settings).await;
    (running, clock)
}

/// Makes a token of ana's that ends a minute from now, by the server's clock: the machine's may be seconds ahead.
fn minute_by(clock: &ManualClock) -> String {
    let now = clock.now().unix_millis().cast_unsigned() / 1_000;
    signed("ana", now, now + 60)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_token_and_gets_nothing_afterwards() {
    let (running, clock) = by_the_clock().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let minute = minute_by(&clock);
    let mut anas = Socket::open(&running.url())
        .await
        .authenticated(&minute)
        .await;
    let mut bens = Socket::open(&running.url())
        .await
        .authenticated(&token("ben"))
        .await;
    say(&mut bens, chat, "in time").await;
    heard_before(&mut anas, "in time").await;
    anas.hear_of("reauth").await;
    for _ in 0..2 {
        // Nobody is closed for being silent.
        clock.advance(25_000);
        for socket in [&mut anas, &mut bens] {
            socket.pinged().await;
            // The answer comes after the server has heard the pong.
            socket.ask(json!({"type": "history", "chatId": chat})).await;
        }
    }
    clock.advance(11_000);
    assert_eq!(anas.closed().await, Some(CloseCode::TokenExpired.code()));
    say(&mut bens, chat, "too late").await;
    // What may differ between clocks is tolerated where a token is shown, and no more.
    clock.advance(31_000);
    let rest = Rest::new(&running.url(), &minute);
    let late = rest
        .post("/messages", json!({"chatId": chat, "content": "x"}))
        .await;
    assert_eq!(late.status, 401, "{late:?}");
    let mut again = Socket::open(&running.url()).await;
    again
        .say(json!({"type": "auth", "id": 1, "token": minute}))
        .await;
    assert!(matches!(again.closed().await, Some(4001 | 4501)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_renewed_in_time_keeps_the_session_without_gap_or_repeat() {
    let (running, clock) = by_the_clock().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let minute = minute_by(&clock);
    let mut anas = Socket::open(&running.url()).await;
    let ready = anas.ask(json!({"type": "auth", "token": minute})).await;
    let mut bens = Socket::open(&running.url())
        .await
        .authenticated(&token("ben"))
        .await;
    say(&mut bens, chat, "before").await;
    anas.hear_of("reauth").await;
    let renewed = anas
        .ask(json!({"type": "auth", "token": token("ana")}))
        .await;
    assert_eq!(renewed["sessionId"], ready["sessionId"], "{renewed}");
    for _ in 0..4 {
        // Past the first token's end, by the same sockets.
        clock.advance(25_000);
        for socket in [&mut anas, &mut bens] {
            socket.pinged().await;
            // The answer comes after the server has heard the pong.
            socket.ask(json!({"type": "history", "chatId": chat})).await;
        }
    }
    for number in 0..3 {
        say(&mut bens, chat, &format!("after {number}")).await;
    }
    let mut heard = heard_before(&mut anas, "after 2").await;
    heard.retain(|frame| frame["type"] == "message");
    let texts: Vec<_> = heard
        .iter()
        .map(|frame| &frame["message"]["content"])
        .collect();
    assert_eq!(texts, ["after 0", "after 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_another_password_and_disabling_close_every_socket() {
    let running = without_rates().await;
    let login = json!({"userId": "zoe", "password": "correct horse"});
    let rest = Rest::new(&running.url(), "");
    assert_eq!(rest.post("/auth/register", login.clone()).await.status, 201);
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let answer = rest.post("/auth/login", login.clone()).await.body;
        tokens.push(answer["token"].as_str().unwrap().to_owned());
    }
    let open = async |token: &str| {
        Socket::open(&running.url())
            .await
            .authenticated(token)
            .await
    };
    let revoked = Some(CloseCode::Revoked.code());
    // Logged out: sockets of that token, and no others.
    let (mut first, mut second) = (open(&tokens[0]).await, open(&tokens[1]).await);
    let zoe = Rest::new(&running.url(), &tokens[0]);
    assert_eq!(zoe.post("/auth/logout", json!({})).await.status, 204);
    assert_eq!(first.closed().await, revoked);
    assert_eq!(zoe.get("/me").await.status, 401);
    second.ask(json!({"type": "sync", "since": null})).await;
    // Another password: all sockets of older tokens.
    let zoe = Rest::new(&running.url(), &tokens[2]);
    let change = json!({"password": "correct horse", "newPassword": "better horse"});
    let changed = zoe.post("/auth/password", change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(second.closed().await, revoked);
    assert_eq!(
        Rest::new(&running.url(), &tokens[1])
            .get("/me")
            .await
            .status,
        401
    );
    let fresh = changed.body["token"].as_str().unwrap();
    // Disabled: everything.
    let mut third = open(fresh).await;
    let accounts = running.server.node().user_accounts();
    let zoe = crate::fixture::user("zoe");
    accounts.set_disabled(&zoe, true).await.unwrap();
    assert_eq!(third.closed().await, revoked);
    let refused = Rest::new(&running.url(), fresh).get("/me").await;
    assert!(matches!(refused.status, 401 | 403), "{refused:?}");
    let again = rest
        .post(
            "/auth/login",
            json!({"userId": "zoe", "password": "better horse"}),
        )
        .await;
    assert_eq!(again.code(), Some("disabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_token_is_dead_gives_up() {
    let running = Running::start_with(&[("auth.jwt_secret", SECRET)]).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let dead = TokenSource::from_fn(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async {
            Ok(signed(
                "ana",
                unix_seconds() - 7_200,
                unix_seconds() - 3_600,
            ))
        }
    });
    let (_client, mut events) = Client::connect(Options::new(running.url(), dead));
    let closed = async {
        loop {
            match events.next().await {
                Some(ClientEvent::Closed(reason)) => return reason,
                Some(_) => {}
                None => panic!("says why it gives up"),
            }
        }
    };
    let reason = tokio::time::timeout(PATIENCE, closed)
        .await
        .expect("it gives up");
    assert!(!reason.is_empty());
    let tries = asked.load(Ordering::SeqCst);
    assert!((1..=3).contains(&tries), "{tries} tries");
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_differ_by_half_a_minute_are_tolerated_and_no_more() {
    let running = Running::start_with(&[("auth.jwt_secret", SECRET)]).await;
    let now = unix_seconds();
    let status = async |token: String| Rest::new(&running.url(), token).get("/me").await.status;
    assert_eq!(
        status(signed("ana", now + 25, now + 3_600)).await,
        200,
        "the app's clock is ahead"
    );
    assert_eq!(
        status(signed("ana", now - 3_600, now - 120)).await,
        401,
        "long over"
    );
    assert_eq!(status(signed("ana", now - 60, now + 60)).await, 200);
}
