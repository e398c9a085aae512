//! Row 17: a huge room stalls nobody on any node, and costs each of those online little.

use std::collections::BTreeSet;

use chinwag_client::ClientError;
use chinwag_proto::{
    ChatId, UserId,
    http::CreateChat,
    shapes::{HistoryVisible, Member},
};
use futures_util::{StreamExt as _, future::join_all, stream};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::sending;
use crate::{
    pair::Pair,
    place::{Person, Served},
    socket::Socket,
    tokens::token,
};

const MEMBERS: usize = 10_000;
/// Sockets at each node, of as many members.
const ONLINE: usize = 250;
/// Who comes for the first time at once.
const AT_ONCE: usize = 64;

fn name(number: usize) -> String {
    format!("m{number:05}")
}

/// Lets all members be known, by a first request.
async fn appear(node: &Served) {
    let http = reqwest::Client::new();
    let url = format!("{}/v1/me", node.url);
    let coming = stream::iter(0..MEMBERS).map(|number| {
        let request = http.get(&url).bearer_auth(token(&name(number)));
        async move { assert!(request.send().await.unwrap().status().is_success()) }
    });
    coming.buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// Makes the room, whose owner is the first member.
async fn room(owner: &Person) -> ChatId {
    let users: Vec<UserId> = (1..MEMBERS)
        .map(|number| UserId::new(&name(number)).unwrap())
        .collect();
    let (first, rest) = users.split_at(999);
    let group = CreateChat::Group {
        name: "all hands".into(),
        members: first.to_vec(),
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    let chat = owner.create(group).await;
    for users in rest.chunks(1_000) {
        add(owner, chat, users.to_vec()).await;
    }
    chat
}

/// Adds members, as often as it must be asked for.
async fn add(owner: &Person, chat: ChatId, users: Vec<UserId>) {
    loop {
        match owner.http.add_members(chat, users.clone()).await {
            Ok(()) => return,
            Err(ClientError::Refused(problem)) if problem.retryable => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Opens a socket of each of some members, a few at a time.
async fn online(node: &Served, numbers: impl IntoIterator<Item = usize>) -> Vec<Socket> {
    let numbers: Vec<usize> = numbers.into_iter().collect();
    let mut sockets = Vec::new();
    for numbers in numbers.chunks(50) {
        let opening = numbers.iter().map(|number| async {
            let name = name(*number);
            Socket::open(&node.url, &node.person(&name, &token(&name))).await
        });
        sockets.extend(join_all(opening).await);
    }
    sockets
}

/// Says something aside, and holds that the other one hears it.
async fn probe(from: &mut Socket, to: &mut Socket, chat: ChatId, text: &str) {
    let said = from.ask(sending(chat, text)).await;
    assert_eq!(said["type"], "ack", "{said}");
    to.until(|frame| frame["message"]["content"] == text).await;
}

/// Lists all members, page by page; returns the largest page, and how many there are.
async fn listed(owner: &Person, chat: ChatId) -> (usize, usize) {
    let (mut largest, mut members) = (0, BTreeSet::new());
    let mut cursor = None;
    loop {
        let page = owner.http.members(chat, cursor.as_deref()).await.unwrap();
        largest = largest.max(page.members.len());
        let name = |member: Member| member.user_id;
        members.extend(page.members.into_iter().map(name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return (largest, members.len());
        }
    }
}

fn of_kind<'a>(heard: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    heard.iter().filter(move |frame| frame["type"] == kind)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_17_five_hundred_of_ten_thousand_do_everything_at_once_and_two_others_chat_on() {
    let pair = Pair::start_for_an_app().await;
    let nodes = &pair.nodes;
    appear(&nodes[0]).await;
    let owner = nodes[0].somebody(&name(0)).await;
    let chat = room(&owner).await;
    let aside = pair.ana.direct(&pair.ben).await;
    let mut anas = Socket::open(&nodes[0].url, &pair.ana).await;
    let mut bens = Socket::open(&nodes[1].url, &pair.ben).await;
    let mut sockets = online(&nodes[0], 0..ONLINE).await;
    sockets.extend(online(&nodes[1], ONLINE..2 * ONLINE).await);
    let began = Instant::now();

    // One more joins, ten messages are said, all type, all read, all are listed.
    let late = nodes[1].somebody("newcomer").await;
    add(&owner, chat, vec![late.id.clone()]).await;
    let mut last = Value::Null;
    for number in 0..10 {
        let speaker = &mut sockets[number * ONLINE / 5];
        let said = speaker.ask(sending(chat, &format!("hall {number}"))).await;
        last = said["message"]["id"].clone();
        assert!(last.is_string(), "{said}");
        probe(&mut anas, &mut bens, aside, &format!("probe {number}")).await;
        probe(&mut bens, &mut anas, aside, &format!("answer {number}")).await;
    }
    let acting = sockets.iter_mut().map(|socket| async {
        socket.say(json!({"type": "typing", "chatId": chat})).await;
        let read = json!({"type": "read", "id": 0, "chatId": chat, "lastReadMessageId": last});
        socket.say(read).await;
    });
    join_all(acting).await;
    let (largest, count) = listed(&owner, chat).await;
    assert!(largest <= 200 && count == MEMBERS + 1, "{largest}, {count}");
    let receipts = owner.http.receipts(chat).await.unwrap();
    assert!(receipts.receipts.len() <= 200);
    // Half of them leave and come back, which nobody has asked to watch.
    for (node, from) in nodes.iter().zip([0, ONLINE]) {
        let come_back = (from..from + ONLINE).step_by(2);
        let again = online(node, come_back.clone()).await;
        for (number, socket) in come_back.zip(again) {
            sockets[number] = socket;
        }
        let healthy = reqwest::get(format!("{}/healthz", node.url)).await.unwrap();
        assert!(healthy.status().is_success());
    }
    probe(&mut anas, &mut bens, aside, "probe after").await;

    let said = sockets[0].ask(sending(chat, "good night, all")).await;
    assert_eq!(said["type"], "ack", "{said}");
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    for number in [1, ONLINE + 1] {
        let last = sockets[number]
            .until(|frame| frame["message"]["content"] == "good night, all")
            .await;
        let heard = last.before;
        let said: BTreeSet<_> = of_kind(&heard, "message")
            .map(|frame| frame["message"]["id"].to_string())
            .collect();
        assert_eq!(said.len(), 10);
        assert_eq!(of_kind(&heard, "presence").count(), 0);
        assert_eq!(
            of_kind(&heard, "receipt").count(),
            0,
            "marks are counts, for the author"
        );
        // One a second and chat at most, however many type.
        let typing = of_kind(&heard, "typing").count();
        assert!(typing <= seconds + 2, "{typing} in {seconds} s");
        let named = |frame: &Value| frame["userIds"].as_array().map_or(0, Vec::len) <= 3;
        assert!(heard.iter().all(named));
    }
    assert_eq!(
        late.http.chat(chat).await.unwrap().member_count as usize,
        MEMBERS + 1
    );
    pair.stop();
}
