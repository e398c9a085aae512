//! Shards go from node to node, by agreement and by death; nothing that was acknowledged is lost or doubled.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chinwag_proto::{ChatId, http::CreateChat, shapes::HistoryVisible};

use crate::place::{EVERYTHING, Engines, PATIENCE, Person, WITHOUT_INDEX, until_shards};

/// Chats enough that each of three nodes owns some.
const CHATS: usize = 24;

async fn chats(person: &Person) -> Vec<ChatId> {
    let mut chats = Vec::new();
    for _ in 0..CHATS {
        let group = CreateChat::Group {
            name: "tea".into(),
            members: Vec::new(),
            history_visible: HistoryVisible::All,
            client_id: None,
        };
        chats.push(person.create(group).await);
    }
    chats
}

/// What was said and acknowledged, by chat, in the order of each chat's one speaker.
type Said = Vec<(ChatId, Vec<String>)>;

/// People who speak in all chats until they are stopped, each message under one `clientId` until it is acknowledged.
struct Speakers {
    stop: Arc<AtomicBool>,
    speaking: Vec<tokio::task::JoinHandle<(ChatId, Vec<String>)>>,
}

impl Speakers {
    /// Speaks in every chat, asking the nodes in turn, so that each asks for chats of the others too.
    fn start(chats: &[ChatId], people: Vec<Person>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let people = Arc::new(people);
        let speaking = chats.iter().map(|chat| {
            let (people, stop, chat) = (Arc::clone(&people), Arc::clone(&stop), *chat);
            tokio::spawn(async move { (chat, speak(&people, chat, &stop).await) })
        });
        let speaking = speaking.collect();
        Self { stop, speaking }
    }

    async fn stop(self) -> Said {
        self.stop.store(true, Ordering::SeqCst);
        let mut said = Vec::new();
        for speaker in self.speaking {
            said.push(speaker.await.unwrap());
        }
        said
    }
}

async fn speak(people: &[Person], chat: ChatId, stop: &AtomicBool) -> Vec<String> {
    // Another one for each time that somebody begins to speak.
    let first: u64 = rand::random();
    let mut said = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let content = format!("message {}", said.len());
        let request = format!("{chat}-{first}-{}", said.len());
        let mut tries = 0;
        let began = tokio::time::Instant::now();
        loop {
            let person = &people[(said.len() + tries) % people.len()];
            match person.say(chat, &request, &content).await {
                Ok(None) => break,
                Ok(Some(problem)) => {
                    assert!(problem.retryable, "only what may be repeated: {problem}");
                }
                // The node isn't there, or doesn't answer.
                Err(_) => {}
            }
            assert!(began.elapsed() < PATIENCE, "chat {chat} never goes on");
            tries += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        said.push(content);
    }
    said
}

/// Holds that every node shows of each chat what was acknowledged, once and in order, and nothing else.
async fn assert_all_there(said: &Said, people: &[&Person]) {
    for (chat, wanted) in said {
        for person in people {
            assert_eq!(&person.whole_history(*chat).await, wanted, "chat {chat}");
        }
    }
}

/// Waits until every chat has got further by so many places than it is now.
async fn more(chats: &[ChatId], person: &Person, places: u64) {
    let mut wanted = Vec::new();
    for chat in chats {
        wanted.push((*chat, person.end_of(*chat).await + places));
    }
    for (chat, place) in wanted {
        let further = async {
            while person.end_of(chat).await < place {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let further = tokio::time::timeout(PATIENCE, further).await;
        assert!(further.is_ok(), "chat {chat} gets no further");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn a_node_that_joins_and_one_that_drains_under_load_lose_and_double_nothing() {
    let engines = Engines::new();
    let places = [engines.node(EVERYTHING), engines.node(WITHOUT_INDEX)];
    let first = places[0].serve();
    let ana = first.register("ana").await;
    let all = chats(&ana).await;
    let speakers = Speakers::start(&all, vec![ana.at(&first)]);
    more(&all, &ana, 3).await;
    // Its share is given to it while everybody speaks.
    let second = places[1].serve();
    more(&all, &ana, 20).await;
    until_shards(&[(&first, 512), (&second, 512)]).await;
    let said = speakers.stop().await;
    let there = ana.at(&second);
    assert_all_there(&said, &[&ana, &there]).await;
    let terms = places[0].told();
    assert!(!terms.contains("closed the lease"), "both live: {terms}");

    let speakers = Speakers::start(&all[..], vec![ana.at(&second)]);
    more(&all, &there, 3).await;
    first.ask_to_leave();
    more(&all, &there, 10).await;
    until_shards(&[(&second, 1_024)]).await;
    let after = speakers.stop().await;
    first.stop();
    let said: Said = said
        .into_iter()
        .zip(after)
        .map(|((chat, mut said), (_, after))| {
            said.extend(after);
            (chat, said)
        })
        .collect();
    assert_all_there(&said, &[&there]).await;
    assert!(
        !places[1].told().contains("closed the lease"),
        "it left by itself"
    );
    second.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn chats_of_a_node_that_is_killed_under_load_go_on_elsewhere_and_nothing_is_lost_or_doubled()
{
    let engines = Engines::new();
    let places = [
        engines.node(EVERYTHING),
        engines.node(WITHOUT_INDEX),
        engines.node(WITHOUT_INDEX),
    ];
    let [first, second, third] = [0, 1, 2].map(|nth: usize| places[nth].serve());
    let ana = first.register("ana").await;
    let all = chats(&ana).await;
    let everywhere = vec![ana.at(&first), ana.at(&second), ana.at(&third)];
    let speakers = Speakers::start(&all, everywhere);
    more(&all, &ana, 10).await;
    third.kill();
    more(&all, &ana, 20).await;
    let said = speakers.stop().await;
    assert_all_there(&said, &[&ana, &ana.at(&second)]).await;
    first.stop();
    second.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn a_node_that_is_frozen_past_its_lease_and_wakes_with_writes_in_flight_breaks_nothing() {
    let engines = Engines::new();
    let places = [engines.node(EVERYTHING), engines.node(WITHOUT_INDEX)];
    let (first, second) = (places[0].serve(), places[1].serve());
    let ana = first.register("ana").await;
    let all = chats(&ana).await;
    let speakers = Speakers::start(&all, vec![ana.at(&first), ana.at(&second)]);
    more(&all, &ana, 5).await;
    // In the middle of whatever it writes.
    second.freeze();
    more(&all, &ana, 5).await;
    assert!(
        places[0]
            .told()
            .contains("closed the lease of a node that is silent")
    );
    second.thaw();
    more(&all, &ana, 10).await;
    let said = speakers.stop().await;
    assert_all_there(&said, &[&ana, &ana.at(&second)]).await;
    assert!(places[1].told().contains("this node's lease was closed"));
    first.stop();
}
