//! Row 17: a huge room stalls nobody on any node, and costs each of those online little.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chinwag_proto::{
    ChatId, UserId,
    http::CreateChat,
    shapes::{HistoryVisible, Member},
};
use futures_util::{StreamExt as _, future::join_all, stream};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

use super::sending;
use crate::{
    answered::until_answered,
    pair::Pair,
    place::{PATIENCE, Person, Served},
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
        until_answered(async || owner.http.add_members(chat, users.to_vec()).await).await;
    }
    chat
}

/// A session that somebody listens to all the time: it stays alive however long the others take.
struct Online {
    says: mpsc::UnboundedSender<Value>,
    heard: Arc<Mutex<Vec<Value>>>,
    listening: JoinHandle<()>,
}

impl Online {
    async fn open(node: &Served, person: &Person) -> Self {
        let mut socket = Socket::open(&node.url, person).await;
        let (says, mut said) = mpsc::unbounded_channel();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&heard);
        let listening = tokio::spawn(async move {
            loop {
                tokio::select! {
                    heard = socket.hear(|_| true) => all.lock().push(heard.frame),
                    Some(frame) = said.recv() => socket.say(frame).await,
                }
            }
        });
        Self {
            says,
            heard,
            listening,
        }
    }

    fn say(&self, frame: Value) {
        self.says.send(frame).unwrap();
    }

    /// Says a text until it is stored; returns the message.
    async fn send(&self, chat: ChatId, text: &str) -> Value {
        loop {
            let id = json!(rand::random::<u32>());
            let mut frame = sending(chat, text);
            frame["id"] = id.clone();
            self.say(frame);
            let answer = self.until(|frame| frame["id"] == id).await;
            if answer["error"]["retryable"] != true {
                assert_eq!(answer["type"], "ack", "{answer}");
                return answer["message"].clone();
            }
        }
    }

    /// Waits until a frame has come.
    async fn until(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        let waiting = async {
            loop {
                if let Some(frame) = self.heard.lock().iter().find(|frame| is_it(frame)) {
                    return frame.clone();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, waiting).await;
        came.expect("the frame came in time")
    }

    async fn until_said(&self, text: &str) {
        self.until(|frame| frame["message"]["content"] == text)
            .await;
    }
}

impl Drop for Online {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Opens a session of each of some members, a few at a time.
async fn online(node: &Served, numbers: impl IntoIterator<Item = usize>) -> Vec<Online> {
    let numbers: Vec<usize> = numbers.into_iter().collect();
    let mut sessions = Vec::new();
    for numbers in numbers.chunks(50) {
        let opening = numbers.iter().map(|number| async {
            let name = name(*number);
            Online::open(node, &node.person(&name, &token(&name))).await
        });
        sessions.extend(join_all(opening).await);
    }
    sessions
}

/// Says something aside, and holds that the other one hears it.
async fn probe(from: &Online, to: &Online, chat: ChatId, text: &str) {
    from.send(chat, text).await;
    to.until_said(text).await;
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
    let anas = Online::open(&nodes[0], &pair.ana).await;
    let bens = Online::open(&nodes[1], &pair.ben).await;
    let mut sessions = online(&nodes[0], 0..ONLINE).await;
    sessions.extend(online(&nodes[1], ONLINE..2 * ONLINE).await);
    let began = Instant::now();

    // One more joins, ten messages are said, all type, all read, all are listed.
    let late = nodes[1].somebody("newcomer").await;
    until_answered(async || owner.http.add_members(chat, vec![late.id.clone()]).await).await;
    let mut last = Value::Null;
    for number in 0..10 {
        let speaker = &sessions[number * ONLINE / 5];
        let said = speaker.send(chat, &format!("hall {number}")).await;
        last = said["id"].clone();
        probe(&anas, &bens, aside, &format!("probe {number}")).await;
        probe(&bens, &anas, aside, &format!("answer {number}")).await;
    }
    for session in &sessions {
        session.say(json!({"type": "typing", "chatId": chat}));
        session.say(json!({"type": "read", "id": 0, "chatId": chat, "lastReadMessageId": last}));
    }
    let (largest, count) = listed(&owner, chat).await;
    assert!(largest <= 200 && count == MEMBERS + 1, "{largest}, {count}");
    let receipts = owner.http.receipts(chat).await.unwrap();
    assert!(receipts.receipts.len() <= 200);
    // Half of them leave and come back, which nobody has asked to watch.
    for (node, from) in nodes.iter().zip([0, ONLINE]) {
        let come_back = (from..from + ONLINE).step_by(2);
        let again = online(node, come_back.clone()).await;
        for (number, session) in come_back.zip(again) {
            sessions[number] = session;
        }
        let healthy = reqwest::get(format!("{}/healthz", node.url)).await.unwrap();
        assert!(healthy.status().is_success());
    }
    probe(&anas, &bens, aside, "probe after").await;

    sessions[0].send(chat, "good night, all").await;
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    for number in [1, ONLINE + 1] {
        sessions[number].until_said("good night, all").await;
        let heard = sessions[number].heard.lock().clone();
        let said: BTreeSet<_> = of_kind(&heard, "message")
            .map(|frame| frame["message"]["id"].to_string())
            .collect();
        assert_eq!(said.len(), 11, "ten and the last one");
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
