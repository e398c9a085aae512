//! The wrapper that injects faults: it changes nothing by itself, and each fault is what its name says.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_conformance::{
    BusEngine, Call, Conversation, DirectoryEngine, Engine, EventQueueEngine, Fault, Faults, Flaky,
    MessageStoreEngine, Moment, Odds, PresenceEngine, chat, conformance_tests, time, user,
};
use chinwag_core::{
    clock::ManualClock,
    memory::{MemoryBus, MemoryPresence, MemoryStore},
    model::NodeId,
    ports::{
        Append, Bus, BusEvent, BusMessage, Directory, EngineError, EventQueue, MessageStore,
        Presence, QueueGroup, Topic,
    },
};

/// The ports in memory, each behind the wrapper.
struct Wrapped {
    clock: Arc<ManualClock>,
    memory: MemoryStore,
    store: Arc<Flaky<MemoryStore>>,
    presence: Arc<Flaky<MemoryPresence>>,
    bus: Arc<Flaky<MemoryBus>>,
}

impl Wrapped {
    fn with(faults: &Faults) -> Self {
        let clock = Arc::new(ManualClock::at(time(0)));
        let memory = MemoryStore::new();
        let presence = Arc::new(MemoryPresence::new(clock.clone()));
        Self {
            clock,
            store: Arc::new(Flaky::new(Arc::new(memory.clone()), faults)),
            memory,
            presence: Arc::new(Flaky::new(presence, faults)),
            bus: Arc::new(Flaky::new(Arc::new(MemoryBus::new()), faults)),
        }
    }

    async fn stored(&self) -> usize {
        let heads = self.memory.heads(&[chat(1)]).await.unwrap();
        heads[0].as_ref().map_or(0, |row| row.seq.0 as usize)
    }
}

#[async_trait]
impl Engine for Wrapped {
    async fn fresh() -> Self {
        Self::with(&Faults::none())
    }

    async fn reopen(self) -> Self {
        self
    }
}

impl MessageStoreEngine for Wrapped {
    fn message_store(&self) -> Arc<dyn MessageStore> {
        self.store.clone()
    }
}

impl DirectoryEngine for Wrapped {
    fn directory(&self) -> Arc<dyn Directory> {
        self.store.clone()
    }
}

impl EventQueueEngine for Wrapped {
    fn event_queue(&self) -> Arc<dyn EventQueue> {
        self.store.clone()
    }
}

#[async_trait]
impl PresenceEngine for Wrapped {
    fn presence(&self) -> Arc<dyn Presence> {
        self.presence.clone()
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(u64::try_from(time.as_millis()).unwrap());
    }
}

impl BusEngine for Wrapped {
    const TOO_MANY: usize = 20_000;

    fn bus(&self) -> Arc<dyn Bus> {
        self.bus.clone()
    }
}

conformance_tests!(Wrapped: message_store, directory, event_queue, presence, bus);

fn messages(count: usize) -> Vec<Append> {
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer]);
    (0..count).map(|_| talk.message("ana", "x")).collect()
}

fn typing() -> Arc<BusMessage> {
    Arc::new(BusMessage::Typing {
        chat: chat(1),
        user: user("ana"),
        users: [].into(),
        members: 2,
    })
}

#[tokio::test]
async fn a_refused_append_has_done_nothing() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    let full = EngineError::Full("injected".into());
    faults.inject(Call::Append, Fault::Refuse(full.clone()));
    assert_eq!(ports.store.append(messages(2)).await, Err(full));
    assert_eq!(ports.stored().await, 0);
    ports.store.append(messages(2)).await.unwrap();
    assert_eq!(ports.stored().await, 2);
}

#[tokio::test]
async fn an_append_that_fails_after_has_done_everything() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    faults.inject(Call::Append, Fault::FailAfter);
    ports.store.append(messages(2)).await.unwrap_err();
    assert_eq!(ports.stored().await, 2);
}

#[tokio::test]
async fn an_append_that_fails_partly_has_done_the_first_half() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    faults.inject(Call::Append, Fault::FailPartly);
    ports.store.append(messages(4)).await.unwrap_err();
    assert_eq!(ports.stored().await, 2);
}

#[tokio::test]
async fn a_told_fault_waits_for_its_kind_of_call() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    faults.inject(Call::Append, Fault::FailAfter);
    ports.store.heads(&[chat(1)]).await.unwrap();
    ports.store.append(messages(1)).await.unwrap_err();
    ports.store.append(messages(1)).await.unwrap();
    assert_eq!(faults.met(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_delayed_call_takes_effect_late() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    faults.inject(Call::Append, Fault::Delay(Duration::from_secs(5)));
    let begin = tokio::time::Instant::now();
    ports.store.append(messages(1)).await.unwrap();
    assert_eq!(begin.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn a_call_held_before_its_effect_lands_when_released() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    faults.hold(Call::Append, Moment::Before);
    let store = ports.store.clone();
    let append = tokio::spawn(async move { store.append(messages(1)).await });
    faults.until_held(1).await;
    assert_eq!(ports.stored().await, 0);
    faults.release();
    append.await.unwrap().unwrap();
    assert_eq!(ports.stored().await, 1);
}

#[tokio::test]
async fn a_call_held_after_its_effect_has_landed() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    faults.hold(Call::Append, Moment::After);
    let store = ports.store.clone();
    let append = tokio::spawn(async move { store.append(messages(1)).await });
    faults.until_held(1).await;
    assert_eq!(ports.stored().await, 1);
    assert!(!append.is_finished());
    faults.release();
    append.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_dropped_message_is_told_as_a_gap_to_those_who_have_the_topic() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    let topic = Topic::Chat(chat(1));
    let one = ports.bus.open(NodeId(1)).await.unwrap();
    let two = ports.bus.open(NodeId(2)).await.unwrap();
    one.add(topic).await.unwrap();
    faults.inject(Call::Publish, Fault::Drop);
    ports.bus.publish(vec![(topic, typing())]).await.unwrap();
    let inbox = Topic::Inbox(NodeId(2));
    ports.bus.publish(vec![(inbox, typing())]).await.unwrap();
    assert!(matches!(one.next().await.unwrap(), BusEvent::Gap(topics) if topics == [topic]));
    let event = two.next().await.unwrap();
    assert!(matches!(event, BusEvent::Message(topic, _) if topic == inbox));
}

#[tokio::test]
async fn records_repeat_and_none_is_lost_by_a_failing_call() {
    let faults = Faults::none();
    let ports = Wrapped::with(&faults);
    ports.store.append(messages(4)).await.unwrap();
    let mut consumer = ports.store.join(QueueGroup::Indexer).await.unwrap();
    let places = |records: Vec<chinwag_core::ports::QueueRecord>| {
        let places = records.into_iter().map(|record| record.row.seq.0);
        places.collect::<Vec<_>>()
    };
    assert_eq!(places(consumer.next(2).await.unwrap()), [1, 2]);
    faults.inject(Call::Take, Fault::Repeat);
    assert_eq!(places(consumer.next(2).await.unwrap()), [1, 2]);
    faults.inject(Call::Take, Fault::FailAfter);
    consumer.next(2).await.unwrap_err();
    assert_eq!(places(consumer.next(2).await.unwrap()), [3, 4]);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_meets_the_same_faults() {
    let odds = Odds {
        refused: 200,
        fail_after: 200,
        fail_partly: 200,
        delayed: 200,
        longest_delay: Duration::from_secs(1),
        ..Odds::default()
    };
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let ports = Wrapped::with(&Faults::seeded(seed, odds));
        let begin = tokio::time::Instant::now();
        let mut answers = Vec::new();
        for _ in 0..50 {
            answers.push(ports.store.append(messages(2)).await);
        }
        runs.push((answers, begin.elapsed()));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}
