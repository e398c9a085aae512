//! One process that makes load: reads what to do from standard input, and says on standard output how far it is.
//!
//! One thread, one epoll, raw frames: the generator shares the machine with what it measures. It holds no more of a
//! connection than the server's rules need, and checks all that comes: nothing lost, nothing twice, one order.

mod connection;
mod direct;
mod frame;
mod group;
mod idle;
mod load;
mod net;
mod orders;
mod scan;
mod uuid;

use anyhow::{Context as _, Result};

use self::{
    direct::Direct,
    group::Group,
    idle::Idle,
    load::Load,
    net::{Events, Net, Target, read_buffer},
    orders::Orders,
};
use super::plan::{Order, Plan, Traffic, Word};
use crate::clock::{MILLISECOND, SECOND, now};

/// How often the coordinator is told how far it is.
const PROGRESS: u64 = 250 * MILLISECOND;

/// Does what standard input says, until that ends; what fails is said on standard output.
pub fn run() -> Result<()> {
    let done = work();
    if let Err(error) = &done {
        orders::say(&Word::Failed(format!("{error:#}")))?;
    }
    done
}

fn work() -> Result<()> {
    crate::open_files::allow_all()?;
    let mut orders = Orders::default();
    let plan = orders.plan().context("no plan came")?;
    let target = Target {
        nodes: plan.nodes.clone(),
        tokens: plan.tokens.clone(),
        first: plan.first,
        count: plan.count,
    };
    let net = Net::new(target, std::io::stdin())?;
    match plan.traffic {
        Traffic::Idle => drive(net, orders, Idle, &plan),
        Traffic::Direct(pace) => drive(net, orders, Direct::new(&plan, pace), &plan),
        Traffic::Group { senders, pace } => {
            drive(net, orders, Group::new(&plan, senders, pace), &plan)
        }
    }
}

/// How far the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    /// Connected; waits for the start.
    Waiting,
    Sending,
    /// Has sent its last; waits for what is on its way.
    Finishing {
        messages: Option<u64>,
        give_up_at: u64,
    },
}

fn drive<L: Load>(mut net: Net, mut orders: Orders, mut load: L, plan: &Plan) -> Result<()> {
    let (mut events, mut buffer) = (Events::default(), read_buffer());
    let mut stage = Stage::Connecting;
    let mut progress_due = 0;
    loop {
        let time = now();
        let mut next = net.beat(time).min(progress_due);
        match stage {
            Stage::Connecting => {
                net.connect_more()?;
                if net.all_ready() {
                    orders::say(&Word::Connected)?;
                    stage = Stage::Waiting;
                }
            }
            Stage::Waiting => {}
            Stage::Sending => match load.send_due(&mut net, time) {
                Some(due) => next = next.min(due),
                None => {
                    let messages = load.sent();
                    orders::say(&Word::Sent { messages })?;
                    stage = Stage::Finishing {
                        messages: None,
                        give_up_at: u64::MAX,
                    };
                }
            },
            Stage::Finishing {
                messages,
                give_up_at,
            } => {
                if let Some(messages) = messages
                    && (load.is_complete(messages) || time >= give_up_at)
                {
                    let outcome = net.counted(load.outcome(messages));
                    return orders::say(&Word::Done(Box::new(outcome)));
                }
            }
        }
        if time >= progress_due {
            progress_due = time + PROGRESS;
            orders::say(&Word::Progress {
                ready: net.ready(),
                messages: load.arrived(),
            })?;
        }
        net.flush()?;
        let nanos = next.saturating_sub(now()).min(SECOND);
        net.wait(&mut events, nanos)?;
        net.handle(&mut events, &mut buffer, &mut load)?;
        if events.control {
            orders.read()?;
        }
        while let Some(order) = orders.next()? {
            stage = match order {
                Order::Start(start) => {
                    load.start(&start);
                    net.count_anew();
                    Stage::Sending
                }
                Order::Finish { messages } => Stage::Finishing {
                    messages: Some(messages),
                    give_up_at: now() + plan.patience_ns,
                },
            };
        }
    }
}
