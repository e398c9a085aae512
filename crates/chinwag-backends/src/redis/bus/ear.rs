//! One connection to one node that messages come on, for the topics whose slots the node holds.
//!
//! It ends with the connection, or when the node no longer holds a topic's slot, and leaves its topics to be listened to
//! elsewhere.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chinwag_core::{
    memory::BusInbox,
    ports::{BusMessage, Topic},
};
use parking_lot::Mutex;
use redis::{
    Client, Pipeline, PushInfo, PushKind, RedisResult, Value,
    aio::{MultiplexedConnection, SendError},
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::MissedTickBehavior,
};

use super::{
    NUMBER_TTL_SECONDS,
    numbers::{Heard, Numbers},
};
use crate::redis::{
    connecting::Redis,
    error::Failure,
    keys::{TopicKeys, topic_of},
    link::{Address, connection_config},
};

/// How often the topics' numbers are read: with the answer's time, a loss is told within 2 s.
const READS_NUMBERS_EVERY: Duration = Duration::from_secs(1);
/// Topics whose numbers are read together.
const NUMBERS_AT_ONCE: usize = 1_000;
/// Requests that may wait for the connection.
const REQUESTS: usize = 1_024;

/// The topics of an ear, each with the last number that came.
pub(super) type Topics = HashMap<Topic, Numbers>;
/// What became of each topic that was added.
pub(super) type Added = Vec<(Topic, Result<Heard, Failure>)>;

/// What an ear is asked to do.
enum Request {
    Add(Topics, oneshot::Sender<Added>),
    Remove(Topic, oneshot::Sender<()>),
}

/// A way to ask an ear.
#[derive(Clone)]
pub(super) struct Ear(mpsc::Sender<Request>);

impl Ear {
    /// Makes an ear and what it does until it ends; the latter answers with the topics that it leaves.
    pub(super) fn new(
        redis: Arc<Redis>,
        address: Address,
        inbox: Arc<BusInbox>,
    ) -> (Self, impl Future<Output = Topics> + Send + 'static) {
        let (asking, requests) = mpsc::channel(REQUESTS);
        let listening = Listening {
            redis,
            inbox,
            topics: Arc::default(),
            ended: Arc::default(),
        };
        (Self(asking), listening.listen(address, requests))
    }

    /// Listens to topics from the answer on; none where the ear has ended.
    pub(super) async fn add(&self, topics: Topics) -> Option<Added> {
        let (answering, answer) = oneshot::channel();
        self.0.send(Request::Add(topics, answering)).await.ok()?;
        answer.await.ok()
    }

    /// Listens to a topic no longer.
    pub(super) async fn remove(&self, topic: Topic) {
        let (answering, answer) = oneshot::channel();
        if self.0.send(Request::Remove(topic, answering)).await.is_ok() {
            // Where the ear ends meanwhile, nothing is heard either.
            let _ = answer.await;
        }
    }
}

struct Listening {
    redis: Arc<Redis>,
    inbox: Arc<BusInbox>,
    topics: Arc<Mutex<Topics>>,
    ended: Arc<Notify>,
}

impl Listening {
    async fn listen(self, address: Address, mut requests: mpsc::Receiver<Request>) -> Topics {
        match self.connect(&address).await {
            Ok(mut connection) => self.serve(&mut connection, &mut requests).await,
            Err(error) => {
                let failure = Failure::Away(format!("{address} is away: {error}"));
                refuse(&mut requests, &failure).await;
            }
        }
        std::mem::take(&mut *self.topics.lock())
    }

    async fn connect(&self, address: &Address) -> RedisResult<MultiplexedConnection> {
        let nodes = self.redis.nodes();
        let receiving = Receiving {
            inbox: Arc::clone(&self.inbox),
            topics: Arc::clone(&self.topics),
            ended: Arc::clone(&self.ended),
            prefix: nodes.options().prefix.clone(),
        };
        let config = connection_config(nodes.options().timeout).set_push_sender(move |push| {
            receiving.take(push);
            Ok::<_, SendError>(())
        });
        Client::open(nodes.connection_to(address))?
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    /// Does what is asked, and reads numbers, until the connection fails or nobody wants it.
    async fn serve(
        &self,
        connection: &mut MultiplexedConnection,
        requests: &mut mpsc::Receiver<Request>,
    ) {
        let mut reading = tokio::time::interval(READS_NUMBERS_EVERY);
        reading.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let goes_on = tokio::select! {
                biased;
                () = self.ended.notified() => return,
                request = requests.recv() => match request {
                    Some(Request::Add(topics, answer)) => self.add(connection, topics, answer).await,
                    Some(Request::Remove(topic, answer)) => {
                        let removed = self.remove(connection, topic).await;
                        let _ = answer.send(());
                        removed
                    }
                    None => return,
                },
                _ = reading.tick() => self.read_numbers(connection).await,
            };
            if goes_on.is_err() {
                return;
            }
        }
    }

    /// Subscribes, then reads where the topics' numbers stand.
    async fn add(
        &self,
        connection: &mut MultiplexedConnection,
        topics: Topics,
        answer: oneshot::Sender<Added>,
    ) -> RedisResult<()> {
        let mut asked = Vec::with_capacity(topics.len());
        let mut pipeline = Pipeline::new();
        for (topic, numbers) in topics {
            let was_there = self.topics.lock().get(&topic).copied();
            let numbers = was_there.unwrap_or(numbers);
            self.topics.lock().entry(topic).or_insert(numbers);
            asked.push((topic, numbers, was_there.is_none()));
            pipeline
                .cmd(&self.command("SUBSCRIBE"))
                .arg(self.keys(topic).channel);
        }
        for (topic, ..) in &asked {
            self.read_number(&mut pipeline, *topic);
        }
        let (answers, ended) = match self.run(connection, &mut pipeline).await {
            Ok(answers) => (answers, Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        let mut added = Vec::with_capacity(asked.len());
        for (index, (topic, before, is_new)) in asked.iter().enumerate() {
            let result = match (answers.get(index), answers.get(asked.len() + index)) {
                (Some(Ok(_)), Some(Ok(number))) => Ok(self.compare(*topic, number, *before)),
                (Some(Err(error)), _) | (_, Some(Err(error))) => Err(Failure::of(error)),
                _ => Err(ended.as_ref().err().map_or(Failure::Moved, Failure::of)),
            };
            if result.is_err() && *is_new {
                self.topics.lock().remove(topic);
            }
            added.push((*topic, result));
        }
        // Who asked may have gone.
        let _ = answer.send(added);
        ended
    }

    async fn remove(
        &self,
        connection: &mut MultiplexedConnection,
        topic: Topic,
    ) -> RedisResult<()> {
        if self.topics.lock().remove(&topic).is_none() {
            return Ok(());
        }
        let mut pipeline = Pipeline::new();
        pipeline
            .cmd(&self.command("UNSUBSCRIBE"))
            .arg(self.keys(topic).channel);
        self.run(connection, &mut pipeline).await.map(drop)
    }

    /// Reads the numbers of all topics, and tells what they say.
    async fn read_numbers(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let asked: Vec<(Topic, Numbers)> = {
            let topics = self.topics.lock();
            topics
                .iter()
                .map(|(topic, numbers)| (*topic, *numbers))
                .collect()
        };
        for some in asked.chunks(NUMBERS_AT_ONCE) {
            let mut pipeline = Pipeline::with_capacity(some.len());
            for (topic, _) in some {
                self.read_number(&mut pipeline, *topic);
            }
            let numbers = self.run(connection, &mut pipeline).await?;
            for ((topic, asked), number) in some.iter().zip(numbers) {
                match self.compare(*topic, &number?, *asked) {
                    Heard::InOrder => {}
                    Heard::AfterLoss => self.inbox.lose(&[*topic]),
                    Heard::AfterEmptying => self.inbox.lose(&[]),
                }
            }
        }
        Ok(())
    }

    /// Adds the reading of a topic's number, which keeps it alive.
    fn read_number(&self, pipeline: &mut Pipeline, topic: Topic) {
        pipeline
            .cmd("GETEX")
            .arg(self.keys(topic).number)
            .arg("EX")
            .arg(NUMBER_TTL_SECONDS);
    }

    fn compare(&self, topic: Topic, number: &Value, asked: Numbers) -> Heard {
        // A topic that nobody has published on has no number.
        let number = redis::from_redis_value_ref::<Option<u64>>(number)
            .ok()
            .flatten()
            .unwrap_or_default();
        let mut topics = self.topics.lock();
        let numbers = topics.get_mut(&topic);
        numbers.map_or(Heard::InOrder, |numbers| numbers.read(number, asked))
    }

    async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        pipeline: &mut Pipeline,
    ) -> RedisResult<Vec<RedisResult<Value>>> {
        pipeline.ignore_errors().query_async(connection).await
    }

    fn keys(&self, topic: Topic) -> TopicKeys {
        TopicKeys::of(&self.redis.nodes().options().prefix, topic)
    }

    /// Names a command, in a cluster that for the topic's node alone.
    fn command(&self, name: &str) -> String {
        let sharded = self.redis.nodes().options().is_cluster;
        format!("{}{name}", if sharded { "S" } else { "" })
    }
}

/// Takes what comes on the connection, in its own task: what comes before an answer is taken before it.
struct Receiving {
    inbox: Arc<BusInbox>,
    topics: Arc<Mutex<Topics>>,
    ended: Arc<Notify>,
    prefix: String,
}

impl Receiving {
    fn take(&self, push: PushInfo) {
        match (push.kind, push.data.as_slice()) {
            (
                PushKind::Message | PushKind::SMessage,
                [Value::BulkString(channel), Value::BulkString(payload)],
            ) => self.message(channel, payload),
            // A topic that we removed is no longer among ours; else the slot has moved.
            (PushKind::Unsubscribe | PushKind::SUnsubscribe, [Value::BulkString(channel), ..]) => {
                let topic = topic_of(&self.prefix, channel);
                if topic.is_some_and(|topic| self.topics.lock().contains_key(&topic)) {
                    self.ended.notify_one();
                }
            }
            (PushKind::Disconnection, _) => self.ended.notify_one(),
            _ => {}
        }
    }

    fn message(&self, channel: &[u8], payload: &[u8]) {
        let Some(topic) = topic_of(&self.prefix, channel) else {
            return;
        };
        let read = read_payload(payload);
        let heard = {
            let mut topics = self.topics.lock();
            let Some(numbers) = topics.get_mut(&topic) else {
                return;
            };
            read.map_or(Heard::AfterLoss, |(number, _)| numbers.came(number))
        };
        match heard {
            Heard::InOrder => {}
            Heard::AfterLoss => self.inbox.lose(&[topic]),
            Heard::AfterEmptying => self.inbox.lose(&[]),
        }
        let Some((_, body)) = read else {
            return;
        };
        match BusMessage::from_bytes(body) {
            Ok(message) => self.inbox.put(topic, &Arc::new(message), body.len()),
            Err(error) => {
                tracing::warn!(%error, "a message on the bus can't be read: is its node of a later version?");
                self.inbox.lose(&[topic]);
            }
        }
    }
}

/// Reads the number before the first space, and what follows.
fn read_payload(payload: &[u8]) -> Option<(u64, &[u8])> {
    let space = payload.iter().position(|byte| *byte == b' ')?;
    let number = std::str::from_utf8(&payload[..space]).ok()?.parse().ok()?;
    Some((number, &payload[space + 1..]))
}

/// Answers all who wait for a connection that doesn't come about.
async fn refuse(requests: &mut mpsc::Receiver<Request>, failure: &Failure) {
    requests.close();
    while let Some(request) = requests.recv().await {
        if let Request::Add(topics, answer) = request {
            let refused = topics
                .into_keys()
                .map(|topic| (topic, Err(failure.clone())));
            let _ = answer.send(refused.collect());
        }
    }
}
