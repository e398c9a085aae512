//! Users on different nodes chat as if there were one.

use chinwag_client::ClientEvent;
use chinwag_proto::{
    frames::ReceiptFrame,
    http::CreateChat,
    shapes::{HistoryVisible, PresenceStatus},
};

use crate::{
    pair::Pair,
    place::{Engines, PATIENCE},
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn what_one_says_on_one_node_the_other_hears_on_another_whoever_owns_the_chat() {
    what_one_says_the_other_hears(&Engines::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn receipts_typing_and_presence_reach_the_other_node() {
    what_one_does_the_other_sees(&Engines::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis Cluster and a Kafka: make conformance"]
async fn all_of_that_goes_over_a_redis_cluster_too() {
    let engines = Engines::new().on_a_redis_cluster();
    what_one_says_the_other_hears(&engines).await;
    let engines = Engines::new().on_a_redis_cluster();
    what_one_does_the_other_sees(&engines).await;
    let engines = Engines::with("direct_max_members = 2").on_a_redis_cluster();
    large_groups_are_delivered(&engines).await;
}

async fn what_one_says_the_other_hears(engines: &Engines) {
    let pair = Pair::start(engines).await;
    let (mut anas, mut bens) = (pair.ana.device().await, pair.ben.device().await);
    let mut chats = pair.groups().await;
    chats.push(pair.ana.direct(&pair.ben).await);
    assert_eq!(pair.ben.direct(&pair.ana).await, chats[4]);
    for (nth, chat) in chats.into_iter().enumerate() {
        let (from_ana, from_ben) = (format!("ana says {nth}"), format!("ben says {nth}"));
        anas.client.send(chat, from_ana.clone()).await.unwrap();
        bens.until_said(&from_ana).await;
        let sent = bens.client.send(chat, from_ben.clone()).await.unwrap();
        anas.until_said(&from_ben).await;
        anas.client.react(chat, sent.id, "👍", true).await.unwrap();
        let edited = format!("ben said {nth}");
        bens.client
            .edit(chat, sent.id, edited.clone())
            .await
            .unwrap();
        for person in [&pair.ana, &pair.ben] {
            assert_eq!(
                person.history(chat).await,
                [from_ana.clone(), edited.clone()]
            );
        }
    }
    pair.stop();
}

async fn what_one_does_the_other_sees(engines: &Engines) {
    let pair = Pair::start(engines).await;
    let (mut anas, mut bens) = (pair.ana.device().await, pair.ben.device().await);
    for chat in pair.groups().await {
        let sent = anas.client.send(chat, "seen?").await.unwrap();
        bens.until_said("seen?").await;
        bens.client.read(chat, sent.id).await.unwrap();
        let is_read = |event: &ClientEvent| {
            matches!(event, ClientEvent::Receipt(ReceiptFrame::Member(receipt))
                if receipt.chat_id == chat && receipt.user_id == pair.ben.id)
        };
        anas.until(is_read).await;
        bens.client.typing(chat).await;
        let is_typing = |event: &ClientEvent| {
            matches!(event, ClientEvent::Typing { chat_id, user_ids, .. }
                if *chat_id == chat && user_ids.contains(&pair.ben.id))
        };
        anas.until(is_typing).await;
    }
    let seen = anas.client.watch(vec![pair.ben.id.clone()], Vec::new());
    let seen = seen.await.unwrap();
    assert_eq!(seen[0].status, PresenceStatus::Online);
    bens.client.close().await;
    let is_away = |event: &ClientEvent| {
        matches!(event, ClientEvent::Presence(presence)
            if presence.user_id == pair.ben.id && presence.status == PresenceStatus::Offline)
    };
    anas.until(is_away).await;
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn who_comes_and_goes_by_one_node_hears_and_stops_hearing_on_another() {
    let pair = Pair::start(&Engines::new()).await;
    let cem = pair.nodes[1].register("cem").await;
    let (anas, mut cems) = (pair.ana.device().await, cem.device().await);
    for (nth, chat) in pair.groups().await.into_iter().enumerate() {
        let owner = if nth % 2 == 0 { &pair.ana } else { &pair.ben };
        owner
            .http
            .add_members(chat, vec![cem.id.clone()])
            .await
            .unwrap();
        // What is said before its device knows the chat comes with the chat, not as an event.
        cems.until(|event| matches!(event, ClientEvent::Chat(sync) if sync.chat.id == chat))
            .await;
        let said = format!("hello cem {nth}");
        anas.client.send(chat, said.clone()).await.unwrap();
        cems.until_said(&said).await;
        owner.http.remove_member(chat, &cem.id).await.unwrap();
        let sent = cems.client.send(chat, "still here?").await;
        assert!(sent.is_err(), "who was removed sends nothing");
        assert!(cem.http.chat(chat).await.is_err(), "and sees nothing");
    }
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn large_groups_are_delivered_to_either_node_from_either() {
    large_groups_are_delivered(&Engines::with("direct_max_members = 2")).await;
}

async fn large_groups_are_delivered(engines: &Engines) {
    let pair = Pair::start(engines).await;
    let cem = pair.nodes[0].register("cem").await;
    let mut devices = [
        pair.ana.device().await,
        pair.ben.device().await,
        cem.device().await,
    ];
    for (nth, maker) in [&pair.ana, &pair.ben].into_iter().enumerate() {
        let everybody = [&pair.ana, &pair.ben, &cem];
        let group = CreateChat::Group {
            name: "crowd".into(),
            members: everybody.map(|person| person.id.clone()).into(),
            history_visible: HistoryVisible::All,
            client_id: None,
        };
        let chat = maker.create(group).await;
        for speaker in 0..devices.len() {
            let said = format!("{nth}: {speaker} speaks");
            let sent = devices[speaker].client.send(chat, said.clone()).await;
            sent.unwrap();
            for device in &mut devices {
                device.until_said(&said).await;
            }
        }
    }
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn a_token_of_one_node_counts_on_another_where_who_is_disabled_is_closed() {
    let pair = Pair::start(&Engines::new()).await;
    // Signed by the first node with the key that all nodes share.
    let there = pair.ana.at(&pair.nodes[1]);
    let mut device = there.device().await;
    pair.places[0].run(&["user", "disable", "ana"]);
    device
        .until(|event| matches!(event, ClientEvent::Offline))
        .await;
    // What a node knows of an account it believes for 5 s.
    let refused = async { while there.http.chats(None).await.is_ok() {} };
    let refused = tokio::time::timeout(PATIENCE, refused).await;
    assert!(
        refused.is_ok(),
        "a token of somebody disabled counts no more"
    );
    pair.stop();
}
