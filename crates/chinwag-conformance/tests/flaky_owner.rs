//! The owner over ports that fail: what was acknowledged is there once, in the order of its acknowledgements.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use chinwag_conformance::{Faults, Flaky, Odds, time, user};
use chinwag_core::{
    clock::ManualClock,
    delivery::Delivery,
    memory::Memory,
    model::{LogRow, NodeId, Shard, UserRow},
    owner::{Caller, Command, NewGroup, NewMessage, Outcome, Owner, OwnerPorts, OwnerSettings},
    ports::{Accounts, MessageStore, Order, ReadRange},
};
use chinwag_proto::{ChatId, ClientId, Problem, Seq, shapes::HistoryVisible};
use tokio::task::JoinHandle;

const SENDERS: [&str; 3] = ["ana", "bo", "cy"];
const EACH: usize = 8;

const ODDS: Odds = Odds {
    refused: 120,
    fail_after: 120,
    fail_partly: 60,
    delayed: 200,
    // Longer than a caller waits, so that some learn nothing and ask again.
    longest_delay: Duration::from_secs(5),
    dropped: 200,
    repeated: 0,
};

/// Returns the memory's ports, those of chats and delivery behind the faults.
fn flaky_ports(memory: &Memory, faults: &Faults) -> OwnerPorts {
    let store = Arc::new(memory.store.clone());
    let presence = Arc::new(Flaky::new(memory.presence(), faults));
    let bus = Arc::new(Flaky::new(memory.bus(), faults));
    OwnerPorts {
        store: Arc::new(Flaky::new(store.clone(), faults)),
        directory: Arc::new(Flaky::new(store.clone(), faults)),
        queue: Arc::new(Flaky::new(store.clone(), faults)),
        marks: None,
        accounts: store.clone(),
        ownership: store,
        delivery: Arc::new(Delivery::new(NodeId(0), presence, bus)),
        clock: memory.clock.clone(),
    }
}

async fn make_group(owner: &Arc<Owner>) -> ChatId {
    let group = NewGroup {
        name: "group".into(),
        members: SENDERS[1..].iter().map(|id| user(id)).collect(),
        history_visible: HistoryVisible::All,
        client_id: Some(ClientId::new("make").unwrap()),
    };
    let caller = Caller::user(user(SENDERS[0]));
    until_done(|| owner.create_group(&caller, group.clone())).await
}

/// Does a request again, as a client does, until it is answered.
async fn until_done<T, F>(request: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, Problem>>,
{
    // Many: each new term's load asks half a dozen times, and most of what is asked here meets a fault.
    for _ in 0..5_000 {
        match request().await {
            Ok(answer) => return answer,
            Err(problem) if problem.retryable => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(problem) => panic!("{problem:?}"),
        }
    }
    panic!("never answered");
}

/// Sends a user's messages, the next one after the last one's acknowledgement; returns the acknowledged places.
async fn send_all(owner: Arc<Owner>, chat: ChatId, sender: &'static str) -> Vec<Seq> {
    let mut places = Vec::new();
    for number in 0..EACH {
        let message = NewMessage {
            client_id: Some(ClientId::new(&format!("{sender}-{number}")).unwrap()),
            content: format!("{sender} {number}"),
            ..NewMessage::default()
        };
        let caller = Caller::user(user(sender));
        let command = Command::Send(message);
        let outcome = until_done(|| owner.execute(&caller, chat, command.clone())).await;
        let Outcome::Message { message, .. } = outcome else {
            panic!("not a message: {outcome:?}");
        };
        places.push(message.seq);
    }
    places
}

async fn log_of(memory: &Memory, chat: ChatId) -> Vec<LogRow> {
    let range = ReadRange {
        from: Seq(1),
        through: Seq(100_000),
        limit: 100_000,
        order: Order::Rising,
        messages_only: false,
    };
    memory.store.read(chat, range).await.unwrap()
}

fn check(seed: u64, log: &[LogRow], acknowledged: &[Vec<Seq>]) {
    for (row, place) in log.iter().zip(1..) {
        assert_eq!(row.seq, Seq(place), "seed {seed}: a hole");
    }
    for (sender, places) in SENDERS.iter().zip(acknowledged) {
        let sent: Vec<_> = log
            .iter()
            .filter(|row| row.user == user(sender))
            .filter_map(|row| Some((row.seq, row.message()?.content.clone())))
            .collect();
        let wanted: Vec<_> = (0..)
            .zip(places)
            .map(|(number, place)| (*place, format!("{sender} {number}")))
            .collect();
        assert_eq!(
            sent, wanted,
            "seed {seed}: each once, where it was acknowledged, in order"
        );
    }
}

/// Lets the senders send while ports fail and terms change; returns how many calls met a fault.
async fn run(seed: u64) -> u64 {
    let memory = Memory::new(Arc::new(ManualClock::at(time(0))));
    let rows = SENDERS.iter().map(|id| UserRow::new(user(id), time(0)));
    memory.store.create_users(rows.collect()).await.unwrap();
    let faults = Faults::seeded(seed, ODDS);
    let ports = flaky_ports(&memory, &faults);
    let owner = Owner::start(ports, OwnerSettings::default()).await.unwrap();
    let chat = make_group(&owner).await;

    let senders = SENDERS.map(|sender| tokio::spawn(send_all(owner.clone(), chat, sender)));
    while !senders.iter().all(JoinHandle::is_finished) {
        tokio::time::sleep(Duration::from_millis(100 + seed % 7 * 100)).await;
        until_done(|| owner.take_over(Shard::of(chat))).await;
    }
    let mut acknowledged = Vec::new();
    for sender in senders {
        acknowledged.push(sender.await.unwrap());
    }
    faults.calm();
    owner.stop().await;
    check(seed, &log_of(&memory, chat).await, &acknowledged);
    faults.met()
}

#[tokio::test(start_paused = true)]
async fn what_was_acknowledged_is_there_once_however_ports_fail_and_terms_change() {
    let mut faults = 0;
    for seed in 0..40 {
        faults += run(seed).await;
    }
    assert!(faults > 1_000, "only {faults} faults");
}
