//! The queue gets what the log has, whoever dies and however long it is away (rule T3).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chinwag_core::{
    clock::ManualClock,
    memory::Memory,
    model::{LogRow, NodeId, Shard, Term, UserRow},
    owner::{NewGroup, Owner, OwnerPorts, OwnerSettings},
    ports::{
        Accounts, BusMessage, Consumer, EngineError, EngineResult, EventQueue, GroupSet,
        Presence as _, QueueGroup, QueueMarks, SessionBeat,
    },
};
use chinwag_proto::{ChatId, SessionId, frames::LogBody, shapes::HistoryVisible};
use parking_lot::Mutex;

use crate::fixture::{Ears, NOW, caller, text_once, user};

/// A queue that isn't the log, and may be away.
#[derive(Default)]
struct Line {
    is_away: AtomicBool,
    queued: Mutex<Vec<(ChatId, LogRow, GroupSet)>>,
}

impl Line {
    /// Returns the messages that wait for a group, in the order in which they were queued.
    fn said(&self, group: QueueGroup) -> Vec<String> {
        let queued = self.queued.lock();
        let wanted = queued.iter().filter(|(.., groups)| groups.contains(group));
        let said = wanted.filter_map(|(_, row, _)| Some(row.message()?.content.clone()));
        said.collect()
    }
}

#[async_trait]
impl EventQueue for Line {
    async fn publish(&self, events: Vec<(ChatId, LogRow, GroupSet)>) -> EngineResult<()> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(EngineError::Unavailable("away".into()));
        }
        self.queued.lock().extend(events);
        Ok(())
    }

    async fn join(&self, _: QueueGroup) -> EngineResult<Box<dyn Consumer>> {
        Err(EngineError::Unavailable("nobody reads here".into()))
    }

    async fn lag(&self, _: QueueGroup) -> EngineResult<u64> {
        Ok(0)
    }
}

/// Processes that come one after the other, over the same engines.
struct World {
    memory: Memory,
    clock: Arc<ManualClock>,
    line: Arc<Line>,
    ears: Arc<Ears>,
}

impl World {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let memory = Memory::new(clock.clone());
        let users = ["ana", "ben"].map(|name| UserRow::new(user(name), NOW));
        memory.store.create_users(users.into()).await.unwrap();
        Self {
            memory,
            clock,
            line: Arc::default(),
            ears: Arc::default(),
        }
    }

    async fn process(&self, process: u64) -> Arc<Owner> {
        let settings = OwnerSettings {
            node: NodeId(1),
            process,
            sole: false,
            ..OwnerSettings::default()
        };
        let ports = OwnerPorts {
            queue: self.line.clone(),
            marks: Some(Arc::new(self.memory.store.clone())),
            ..self.memory.owner_ports_of(NodeId(1))
        };
        ports.delivery.attach(self.ears.clone());
        Owner::start(ports, settings).await.unwrap()
    }

    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(1_000);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    fn away(&self, is_away: bool) {
        self.line.is_away.store(is_away, Ordering::SeqCst);
    }

    async fn left(&self, chat: ChatId) -> (u64, usize) {
        let (store, shard) = (&self.memory.store, Shard::of(chat));
        let checkpoint = store.checkpoint(shard).await.unwrap();
        let marked = store.marked(shard, checkpoint).await.unwrap();
        (checkpoint, marked.len())
    }
}

async fn group(owner: &Arc<Owner>) -> ChatId {
    let group = NewGroup {
        name: "tea".into(),
        members: vec![user("ben")],
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    owner.create_group(&caller("ana"), group).await.unwrap()
}

async fn send(owner: &Arc<Owner>, chat: ChatId, content: &str) {
    let command = text_once(content, content);
    owner.execute(&caller("ana"), chat, command).await.unwrap();
}

fn minute_now(world: &World) -> u64 {
    use chinwag_core::Clock as _;
    u64::try_from(world.clock.now().unix_millis() / 60_000).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_was_acknowledged_and_not_queued_when_its_owner_died_is_queued_and_told_by_the_next() {
    let world = World::new().await;
    let dies = world.process(1).await;
    let chat = group(&dies).await;
    send(&dies, chat, "queued").await;
    world.pass(1).await;
    world.away(true);
    send(&dies, chat, "left").await;
    dies.stop().await;
    assert_eq!(world.line.said(QueueGroup::Indexer), ["queued"]);
    world.away(false);
    let ben = SessionBeat {
        user: user("ben"),
        session: SessionId(1),
        node: NodeId(1),
        device: None,
        connected_at: NOW,
    };
    world.memory.presence.touch(&[ben]).await.unwrap();
    world.ears.0.lock().clear();
    let next = world.process(2).await;
    world.pass(2).await;
    for group in [QueueGroup::Indexer, QueueGroup::Push] {
        let said = world.line.said(group);
        assert_eq!(said.last().unwrap(), "left", "{group:?}");
    }
    let told = world.ears.0.lock().iter().any(|message| {
        matches!(&**message, BusMessage::Events(events) if events.frames.iter().any(|frame|
            matches!(&frame.frame.body, LogBody::Message { message } if message.content == "left")))
    });
    assert!(told, "its bus may not have got it either");
    next.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_was_away_gets_all_when_it_is_back_and_the_checkpoint_waits_for_it() {
    let world = World::new().await;
    let owner = world.process(1).await;
    let chat = group(&owner).await;
    let marked_in = minute_now(&world);
    world.away(true);
    for n in 0..3 {
        send(&owner, chat, &format!("m{n}")).await;
        world.pass(70).await;
    }
    let (checkpoint, marked) = world.left(chat).await;
    assert!(checkpoint < marked_in && marked == 1, "{checkpoint}");
    assert!(world.line.said(QueueGroup::Indexer).is_empty());
    world.away(false);
    world.pass(2).await;
    assert_eq!(world.line.said(QueueGroup::Indexer), ["m0", "m1", "m2"]);
    world.pass(120).await;
    let (checkpoint, marked) = world.left(chat).await;
    assert!(checkpoint > marked_in && marked == 0, "{checkpoint}");
    // Nothing is queued again for ever.
    assert_eq!(world.line.said(QueueGroup::Indexer).len(), 3);
    owner.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_moved_by_a_frozen_owner_hides_nothing_of_the_next() {
    let world = World::new().await;
    let frozen = world.process(1).await;
    let chat = group(&frozen).await;
    send(&frozen, chat, "one").await;
    world.pass(1).await;
    frozen.stop().await;
    world.away(true);
    let next = world.process(2).await;
    send(&next, chat, "two").await;
    // It wakes up, and says what was true when it fell asleep, of minutes that its clock is ahead.
    let late = minute_now(&world) + 5;
    let (store, shard) = (&world.memory.store, Shard::of(chat));
    store.pass(shard, Term(1), late).await.unwrap();
    next.stop().await;
    world.away(false);
    let third = world.process(3).await;
    world.pass(2).await;
    let said = world.line.said(QueueGroup::Indexer);
    assert!(said.contains(&"two".to_owned()), "{said:?}");
    third.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_chat_that_was_deleted_before_its_end_was_queued_is_purged_nevertheless() {
    let world = World::new().await;
    let dies = world.process(1).await;
    let chat = group(&dies).await;
    world.away(true);
    let delete = chinwag_core::owner::Command::DeleteChat;
    dies.execute(&caller("ana"), chat, delete).await.unwrap();
    dies.stop().await;
    world.away(false);
    let next = world.process(2).await;
    world.pass(2).await;
    let is_ended = world.line.queued.lock().iter().any(|(of, row, groups)| {
        *of == chat && row.ends_chat() && groups.contains(QueueGroup::Purger)
    });
    assert!(is_ended);
    next.stop().await;
}
