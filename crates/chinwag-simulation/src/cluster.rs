//! The nodes: each on a machine of its own.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use chinwag_conformance::Faults;
use chinwag_server::{
    config::Config,
    metrics::Metrics,
    node::Node,
    routing::Calls,
    running::{Running, Threads},
    wiring::Ports,
};
use parking_lot::Mutex;
use tempfile::TempDir;

use crate::{
    doors::{Door, Doors, Lines, address},
    engines::Engines,
    machine::Machine,
    plant::Plant,
    time::{MachineClock, Time},
};

/// What nodes check tokens by.
pub(crate) const SECRET: &str = "a secret of at least thirty-two bytes";
/// How long to wait before a node that couldn't start is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a node may take to leave.
const LEAVES_WITHIN: Duration = Duration::from_secs(10);

/// What is to happen to a node.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    Kill(usize),
    Start(usize),
    Freeze(usize),
    Thaw(usize),
    /// It leaves in order; then it is gone.
    Leave(usize),
    /// Its wall clock is off by so many milliseconds.
    SetClock(usize, i64),
}

/// Orders that wait for the end of a tick.
pub(crate) type Orders = Arc<Mutex<VecDeque<Order>>>;

/// The nodes.
pub(crate) struct Cluster {
    places: Vec<Place>,
    engines: Engines,
    doors: Arc<Doors>,
    orders: Orders,
    plant: Option<Plant>,
}

/// A node's place.
struct Place {
    machine: Option<Machine>,
    clock: Arc<MachineClock>,
    faults: Faults,
    config: Config,
    /// Holds the node's own key.
    _directory: TempDir,
}

impl Cluster {
    pub(crate) fn new(
        faults: &[Faults],
        time: &Arc<Time>,
        engines: Engines,
        doors: &Arc<Doors>,
        direct_max_members: u32,
        plant: Option<Plant>,
    ) -> Result<Self> {
        let place = |faults: &Faults| {
            let directory = tempfile::tempdir()?;
            Ok(Place {
                machine: None,
                clock: Arc::new(MachineClock::new(time)),
                faults: faults.clone(),
                config: config(&directory, direct_max_members)?,
                _directory: directory,
            })
        };
        Ok(Self {
            places: faults.iter().map(place).collect::<Result<_>>()?,
            engines,
            doors: Arc::clone(doors),
            orders: Orders::default(),
            plant,
        })
    }

    pub(crate) fn orders(&self) -> &Orders {
        &self.orders
    }

    /// Lets a tick pass on all machines, then does what was ordered.
    pub(crate) fn tick(&mut self) -> Result<()> {
        for place in &mut self.places {
            if let Some(machine) = &mut place.machine {
                machine.tick();
            }
        }
        loop {
            let order = self.orders.lock().pop_front();
            match order {
                Some(order) => self.obey(order)?,
                None => return Ok(()),
            }
        }
    }

    pub(crate) fn obey(&mut self, order: Order) -> Result<()> {
        match order {
            Order::Start(node) => self.start(node)?,
            Order::Kill(node) => {
                self.doors.set(node, None);
                if let Some(machine) = self.places[node].machine.take() {
                    machine.kill();
                }
            }
            Order::Freeze(node) => {
                if let Some(machine) = &mut self.places[node].machine {
                    machine.freeze();
                }
            }
            Order::Thaw(node) => {
                let place = &mut self.places[node];
                if let Some(machine) = &mut place.machine {
                    let stood = machine.thaw();
                    if self.plant == Some(Plant::FreezeUnnoticed) {
                        place.clock.miss(stood);
                    }
                }
            }
            Order::Leave(node) => self.leave(node),
            Order::SetClock(node, millis) => self.places[node].clock.set_off_by(millis),
        }
        Ok(())
    }

    fn start(&mut self, node: usize) -> Result<()> {
        let place = &mut self.places[node];
        let machine = Machine::start()?;
        let ports = self.engines.ports(&place.faults);
        let (config, clock) = (place.config.clone(), Arc::clone(&place.clock));
        let (doors, orders) = (Arc::clone(&self.doors), Arc::clone(&self.orders));
        let handle = machine.handle();
        machine.handle().spawn(async move {
            let running = loop {
                match run(&config, &ports, &doors, &clock, node).await {
                    Ok(running) => break Arc::new(running),
                    Err(error) => {
                        tracing::info!(node, %error, "a node can't start yet");
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            };
            let api = running.node().router();
            doors.set(
                node,
                Some(Door {
                    machine: handle,
                    running: Arc::clone(&running),
                    api,
                }),
            );
            // As the binary does it: who stood still for too long leaves, and starts anew.
            running.node().owner().until_closed().await;
            running.leave(LEAVES_WITHIN).await;
            doors.set(node, None);
            let mut orders = orders.lock();
            orders.extend([Order::Kill(node), Order::Start(node)]);
        });
        place.machine = Some(machine);
        Ok(())
    }

    fn leave(&self, node: usize) {
        let Some(door) = self.doors.of(node) else {
            return;
        };
        let (doors, orders) = (Arc::clone(&self.doors), Arc::clone(&self.orders));
        door.machine.spawn(async move {
            // The balancer sends nobody there any more; other nodes still call it.
            door.running.leave(LEAVES_WITHIN).await;
            drop(door.running);
            doors.set(node, None);
            orders.lock().push_back(Order::Kill(node));
        });
    }
}

async fn run(
    config: &Config,
    ports: &Ports,
    doors: &Arc<Doors>,
    clock: &Arc<MachineClock>,
    node: usize,
) -> Result<Running> {
    let calls = Arc::new(Calls::carried(Arc::new(Lines(Arc::clone(doors)))));
    let node = Node::over(
        config,
        ports.clone(),
        Some(calls),
        Arc::new(Metrics::default()),
        Arc::clone(clock) as _,
        Some(address(node)),
    );
    let node = node.await.context("the node doesn't start")?;
    let (stop, tasks) = Default::default();
    Ok(Running::start(config, node, None, Threads::Callers, stop, tasks).await)
}

fn config(directory: &TempDir, direct_max_members: u32) -> Result<Config> {
    let data_dir = directory.path().to_str().context("a path in UTF-8")?;
    let members = direct_max_members.to_string();
    Ok(Config::of(&[
        ("data_dir", data_dir),
        ("auth.jwt_secret", SECRET),
        ("direct_max_members", &members),
        ("limits.rates", "off"),
        ("storage.min_free", "0"),
        // Named as those that the engines in memory stand for: several nodes need them.
        ("engines.store", "cassandra"),
        ("engines.directory", "cassandra"),
        ("engines.presence", "redis"),
        ("engines.bus", "redis"),
        ("engines.queue", "kafka"),
        ("engines.search", "opensearch"),
        ("node.listen", "127.0.0.1:0"),
        ("node.key", "a key of at least thirty-two bytes"),
    ])?)
}
