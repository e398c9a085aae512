//! Providers that are away, slow, busy, or know a device no more.

use chinwag_conformance::providers::Browser;
use chinwag_core::{owner::Command, ports::PushOutcome};

use crate::{
    log::Log,
    team::{Team, texts},
};

fn away() -> PushOutcome {
    PushOutcome::RetryAfter(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_was_away_is_told_then_and_nothing_that_was_read_meanwhile() {
    let team = Team::start().await;
    let (read, unread) = (
        team.node.direct("ana", "bo").await,
        team.node.direct("ana", "cy").await,
    );
    team.phone("ana", "phone").await;
    let fcm = team.providers.fcm.desk();
    fcm.answer("phone", away());
    let id = team.node.say("bo", read, "read meanwhile").await;
    team.node.say("cy", unread, "still unread").await;
    fcm.asked(2).await;
    team.read("ana", read, id).await;
    fcm.answer("phone", PushOutcome::Sent);
    let told = team.told().await;
    let shown: Vec<_> = told
        .iter()
        .filter(|note| !note.is_clear())
        .cloned()
        .collect();
    assert_eq!(texts(&shown), ["phone: still unread"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_a_provider_was_away_is_told_as_it_is_now() {
    let team = Team::start().await;
    let chats = [
        team.node.direct("ana", "bo").await,
        team.node.direct("ana", "cy").await,
    ];
    team.phone("ana", "phone").await;
    let fcm = team.providers.fcm.desk();
    fcm.answer("phone", away());
    let edited = team.node.say("bo", chats[0], "frist").await;
    let deleted = team.node.say("cy", chats[1], "a mistake").await;
    fcm.asked(2).await;
    let edit = Command::Edit {
        message: edited,
        content: "first".into(),
        client_id: None,
    };
    team.node.execute("bo", chats[0], edit).await;
    let delete = Command::Delete {
        message: deleted,
        client_id: None,
    };
    team.node.execute("cy", chats[1], delete).await;
    fcm.answer("phone", PushOutcome::Sent);
    assert_eq!(team.texts().await, ["phone: first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_chat_only_the_last_message_waits() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    team.iphone("ana", "iphone").await;
    let (fcm, apns) = (team.providers.fcm.desk(), team.providers.apns.desk());
    fcm.hang(true);
    team.node.say("bo", chat, "one").await;
    fcm.reached(1).await;
    for (count, text) in [(2, "two"), (3, "three")] {
        team.node.say("bo", chat, text).await;
        // All of a user's devices are told at once: what is through to one waits for the other.
        apns.took(count).await;
    }
    fcm.hang(false);
    let told = team.told().await;
    assert_eq!(texts(&told), ["phone: one", "phone: three"]);
    assert_eq!(told.last().unwrap().fields["badge"], "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_is_tried_again_with_all_three_of_them() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    team.iphone("ana", "iphone").await;
    team.browser("ana", Browser(1)).await;
    let browser = Browser(1).address();
    let providers = &team.providers;
    let desks = [
        (providers.fcm.desk(), "phone", 500),
        (providers.apns.desk(), "iphone", 503),
        (providers.web.desk(), &*browser, 502),
    ];
    for (desk, address, status) in desks {
        desk.answer_status(address, status, 0);
    }
    team.node.say("bo", chat, "hi").await;
    for (desk, address, _) in desks {
        desk.asked(1).await;
        assert!(desk.taken().is_empty());
        desk.answer(address, PushOutcome::Sent);
    }
    for (desk, address, _) in desks {
        let told = desk.took(1).await;
        assert_eq!(texts(&told), [format!("{address}: hi")]);
    }
    team.settle().await;
    assert_eq!(team.devices("ana").await.len(), 3, "no device is dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_left_alone_for_as_long_as_it_asks() {
    const ASKED_MS: u64 = 3_000;
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    let fcm = team.providers.fcm.desk();
    fcm.answer_status("phone", 503, ASKED_MS);
    team.node.say("bo", chat, "hi").await;
    fcm.asked(1).await;
    fcm.answer("phone", PushOutcome::Sent);
    assert_eq!(texts(&fcm.took(1).await), ["phone: hi"]);
    let [first, second] = fcm.times("phone")[..] else {
        panic!("two tries: {:?}", fcm.times("phone"));
    };
    // Left to itself it would have come back within a second.
    assert!(second - first >= std::time::Duration::from_millis(ASKED_MS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_delays_nobody_else() {
    let team = Team::start().await;
    let chat = team
        .node
        .group(&["bo", "ana", "cy", "dee"], Default::default())
        .await;
    team.phone("ana", "phone").await;
    team.iphone("cy", "iphone").await;
    team.browser("dee", Browser(1)).await;
    team.providers.fcm.desk().hang(true);
    for text in ["one", "two"] {
        team.node.say("bo", chat, text).await;
    }
    let until_told = async |desk: &chinwag_conformance::providers::Desk| loop {
        let told = desk.took(1).await;
        if texts(&told).iter().any(|text| text.ends_with("two")) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    until_told(team.providers.apns.desk()).await;
    until_told(team.providers.web.desk()).await;
    assert!(team.providers.fcm.desk().taken().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_too_many_is_tried_again_for_that_device_alone() {
    let team = Team::start().await;
    let chat = team
        .node
        .group(&["bo", "ana", "cy"], Default::default())
        .await;
    team.phone("ana", "busy").await;
    team.phone("cy", "free").await;
    let fcm = team.providers.fcm.desk();
    fcm.answer("busy", PushOutcome::RetryAfter(1_000));
    team.node.say("bo", chat, "hi").await;
    assert_eq!(texts(&fcm.took(1).await), ["free: bo: hi"]);
    fcm.answer("busy", PushOutcome::Sent);
    assert_eq!(team.texts().await, ["free: bo: hi", "busy: bo: hi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_old_is_told_no_more() {
    let team = Team::with(&[("push.ttl", "1s")]).await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    let fcm = team.providers.fcm.desk();
    fcm.answer("phone", away());
    team.node.say("bo", chat, "hi").await;
    // Tried until it is too old, and then through though it was never taken.
    team.settle().await;
    fcm.answer("phone", PushOutcome::Sent);
    assert!(team.texts().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_whose_address_is_dead_is_dropped_and_no_other() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    let log = Log::new();
    team.phone("ana", "phone").await;
    team.phone("ana", "tablet").await;
    team.iphone("ana", "iphone").await;
    team.browser("ana", Browser(1)).await;
    let gone = |reason: &str| PushOutcome::Gone(reason.into());
    let providers = &team.providers;
    providers.fcm.desk().answer("phone", gone("unregistered"));
    providers
        .apns
        .desk()
        .answer("iphone", gone("BadDeviceToken"));
    providers
        .web
        .desk()
        .answer(&Browser(1).address(), gone("410"));
    team.node.say("bo", chat, "hi").await;
    team.settle().await;
    assert_eq!(team.devices("ana").await, ["tablet"]);
    assert_eq!(team.texts().await, ["tablet: hi"]);
    // In the provider's own words, for whoever runs the server.
    let mut dropped = log.of("a device is dropped: its address is dead");
    dropped.sort();
    let said = [
        "ana browser-1: the push service answered 410 Gone",
        "ana iphone: BadDeviceToken",
        "ana phone: UNREGISTERED",
    ];
    assert_eq!(dropped, said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_is_refused_is_not_tried_again_and_drops_no_device() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    let fcm = team.providers.fcm.desk();
    fcm.answer("phone", PushOutcome::Refused("too large".into()));
    team.node.say("bo", chat, "hi").await;
    team.settle().await;
    assert_eq!(team.devices("ana").await, ["phone"]);
}
