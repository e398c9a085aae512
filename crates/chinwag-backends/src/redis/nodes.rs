//! Every node of a Redis, and which of them a command goes to.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures_util::future::join_all;
use parking_lot::{Mutex, RwLock};
use redis::{ConnectionInfo, Pipeline, RedisResult};
use tokio::time::Instant;

use super::{
    error::Failure,
    link::{Address, Answer, Link},
    options::Options,
    slots::SlotMap,
};

/// How often a command follows a slot to another node before it fails.
const REDIRECTIONS: usize = 3;
/// Commands sent together: large enough to cost a node one read, small enough for others to come between.
const PIPELINE: usize = 512;
/// A map of slots that is younger than this isn't read again: every command that finds a slot moved asks for it.
const MAP_IS_FRESH_FOR: std::time::Duration = std::time::Duration::from_millis(100);

/// Every node of a Redis.
pub(super) struct Nodes {
    options: Options,
    /// How all of them are reached, but for the address.
    connection: ConnectionInfo,
    map: RwLock<Arc<SlotMap>>,
    links: Mutex<HashMap<Address, Arc<Link>>>,
    read_at: tokio::sync::Mutex<Option<Instant>>,
}

/// What a list of commands is made of: the slot of each, and how each is added to a pipeline.
///
/// A command is made when it is sent, and again where it has to follow its slot.
pub(super) trait Commands: Sync {
    /// Returns the slot of each command.
    fn slots(&self) -> Vec<u16>;

    /// Adds a command, and nothing else.
    fn add(&self, index: usize, pipeline: &mut Pipeline);
}

impl Nodes {
    /// Knows the nodes that the first addresses lead to; reads a cluster's map with the first command.
    pub(super) fn new(options: Options, connection: ConnectionInfo, seed: Address) -> Self {
        Self {
            options,
            connection,
            map: RwLock::new(Arc::new(SlotMap::of_one(seed))),
            links: Mutex::default(),
            read_at: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// Returns how a node is reached.
    pub(super) fn connection_to(&self, address: &Address) -> ConnectionInfo {
        address.reached_like(&self.connection)
    }

    /// Returns the node that holds a slot.
    pub(super) fn master(&self, slot: u16) -> Option<Address> {
        self.map.read().master(slot).cloned()
    }

    /// Sends commands to the nodes that hold their slots, and returns the answer to each, in order.
    ///
    /// Commands of one slot keep their order, also among several calls, as long as the slot stays where it is.
    pub(super) async fn run(&self, commands: &dyn Commands) -> Vec<Answer> {
        let slots = commands.slots();
        let mut answers: Vec<Answer> = vec![Err(Failure::Moved); slots.len()];
        let mut left: Vec<usize> = (0..slots.len()).collect();
        for redirection in 0..=REDIRECTIONS {
            let map = Arc::clone(&self.map.read());
            let mut by_node: BTreeMap<&Address, Vec<usize>> = BTreeMap::new();
            for index in left {
                if let Some(master) = map.master(slots[index]) {
                    by_node.entry(master).or_default().push(index);
                }
            }
            let sending = by_node
                .into_iter()
                .map(|(address, indices)| self.send(address, indices, commands));
            for (index, answer) in join_all(sending).await.into_iter().flatten() {
                answers[index] = answer;
            }
            self.follow(&mut answers, commands).await;
            let moved = |index: &usize| matches!(answers[*index], Err(Failure::Moved));
            left = (0..slots.len()).filter(moved).collect();
            if left.is_empty() || !self.options.is_cluster || redirection == REDIRECTIONS {
                break;
            }
            self.refresh().await;
        }
        answers
    }

    /// Sends some commands to one node.
    async fn send(
        &self,
        address: &Address,
        indices: Vec<usize>,
        commands: &dyn Commands,
    ) -> Vec<(usize, Answer)> {
        let link = match self.link(address) {
            Ok(link) => link,
            Err(error) => {
                let failure = Failure::Away(error.to_string());
                return indices
                    .into_iter()
                    .map(|index| (index, Err(failure.clone())))
                    .collect();
            }
        };
        let mut answers = Vec::with_capacity(indices.len());
        for some in indices.chunks(PIPELINE) {
            let mut pipeline = Pipeline::with_capacity(some.len());
            some.iter()
                .for_each(|index| commands.add(*index, &mut pipeline));
            match link.run(&mut pipeline).await {
                Ok(some_answers) => answers.extend(some.iter().copied().zip(some_answers)),
                Err(failure) => {
                    answers.extend(some.iter().map(|index| (*index, Err(failure.clone()))));
                }
            }
        }
        answers
    }

    /// Asks the node that a slot is being handed to, for the keys that are there already.
    async fn follow(&self, answers: &mut [Answer], commands: &dyn Commands) {
        for (index, answer) in answers.iter_mut().enumerate() {
            let Err(Failure::Ask(address)) = answer else {
                continue;
            };
            let Ok(link) = self.link(address) else {
                continue;
            };
            let mut pipeline = Pipeline::new();
            pipeline.cmd("ASKING");
            commands.add(index, &mut pipeline);
            let asked = link.run(&mut pipeline).await;
            *answer = asked.and_then(|mut both| both.pop().unwrap_or(Err(Failure::Moved)));
        }
    }

    fn link(&self, address: &Address) -> RedisResult<Arc<Link>> {
        let mut links = self.links.lock();
        if let Some(link) = links.get(address) {
            return Ok(Arc::clone(link));
        }
        let link = Link::open(address.clone(), &self.connection, self.options.timeout)?;
        let link = Arc::new(link);
        links.insert(address.clone(), Arc::clone(&link));
        Ok(link)
    }

    /// Reads a cluster's map of slots anew, from the first node that answers; callers at one time share one reading.
    pub(super) async fn refresh(&self) {
        if !self.options.is_cluster {
            return;
        }
        let mut read_at = self.read_at.lock().await;
        if let Some(at) = *read_at
            && at.elapsed() < MAP_IS_FRESH_FOR
        {
            // Whoever asks again so soon waits, so that a cluster that is settling isn't asked in a loop.
            tokio::time::sleep(MAP_IS_FRESH_FOR).await;
        }
        let map = Arc::clone(&self.map.read());
        let mut known: Vec<Address> = map.masters().cloned().collect();
        known.extend(self.seeds());
        known.dedup();
        for address in known {
            if let Some(map) = self.read_map(&address).await {
                self.links
                    .lock()
                    .retain(|address, _| map.masters().any(|master| master == address));
                *self.map.write() = Arc::new(map);
                break;
            }
        }
        *read_at = Some(Instant::now());
    }

    fn seeds(&self) -> impl Iterator<Item = Address> {
        let urls = self.options.urls.iter();
        urls.filter_map(|url| {
            let connection = redis::IntoConnectionInfo::into_connection_info(url.as_str()).ok()?;
            Address::of(&connection)
        })
    }

    async fn read_map(&self, address: &Address) -> Option<SlotMap> {
        let link = self.link(address).ok()?;
        let mut pipeline = Pipeline::new();
        pipeline.cmd("CLUSTER").arg("SLOTS");
        let answer = link.run(&mut pipeline).await.ok()?.pop()?.ok()?;
        SlotMap::read(&answer, address).filter(|map| map.masters().next().is_some())
    }

    /// Returns whether every slot has a master.
    pub(super) fn is_whole(&self) -> bool {
        self.map.read().is_whole()
    }
}
