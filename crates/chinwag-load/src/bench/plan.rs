//! What the coordinator and the processes that make the load tell each other: one JSON object a line.

use std::net::SocketAddr;

use chinwag_proto::{ChatId, Seq};
use serde::{Deserialize, Serialize};

use super::{faults::Faults, latency::Counts, timeline::SliceCounts};

/// The first line that a process reads: what it is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Its nodes: each next connection goes to the next one.
    pub(super) nodes: Vec<Node>,
    /// One each connection; empty where nobody is asked who they are.
    pub(super) tokens: Vec<String>,
    /// How many connections.
    pub(super) count: usize,
    /// The number of the first of them among those of all processes.
    pub(super) first: u32,
    /// What they do.
    pub(super) traffic: Traffic,
    /// How long a content is, bytes.
    pub(super) content_bytes: usize,
    /// How long to wait at the end for what is still on its way.
    pub(super) patience_ns: u64,
}

/// A node of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Node {
    /// Where it is.
    pub(super) socket: SocketAddr,
    /// What it is called.
    pub(super) host: String,
}

impl Node {
    /// Returns the node that the n-th of many goes to: each next one to the next.
    pub(super) fn of_nth(nodes: &[Self], nth: usize) -> &Self {
        &nodes[nth % nodes.len()]
    }
}

/// What connections do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Traffic {
    /// Give signs of life and nothing else.
    Idle,
    /// Each two that follow one another send to each other, as far as there are chats; the others are just there.
    Direct(Pace),
    /// All are in one chat, and the first ones send.
    Group {
        /// How many of this process's connections send.
        senders: usize,
        /// How fast they do, together.
        pace: Pace,
    },
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Pace {
    /// So many messages of each sender are on their way at any time.
    InFlight(u32),
    /// So many messages a second of all senders of this process, whatever becomes of them.
    PerSecond(f64),
}

/// What a process is told once it is connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Begin.
    Start(Start),
    /// All have sent their last: so many messages in all.
    Finish {
        /// Messages of all senders.
        messages: u64,
    },
}

/// When and where to send; times are nanoseconds of the shared clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Start {
    /// When to begin.
    pub(super) begin: u64,
    /// From when on what happens counts.
    pub(super) measure: u64,
    /// Until when.
    pub(super) until: u64,
    /// The process's chats with their last places: one each two connections of its first ones, or one.
    pub(super) chats: Vec<(ChatId, Seq)>,
}

/// What a process says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Word {
    /// How far it is.
    Progress {
        /// Connections that have their session.
        ready: usize,
        /// Messages whose way is over, whether they count or not.
        messages: u64,
    },
    /// All connections have their session.
    Connected,
    /// It has sent its last message.
    Sent {
        /// How many it sent.
        messages: u64,
    },
    /// What came of it.
    Done(Box<Outcome>),
    /// It can't go on.
    Failed(String),
}

/// What came of one process's load.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Messages sent.
    pub(super) sent: u64,
    /// Messages acknowledged and delivered within the measured time; in a group, deliveries of what was due in it.
    pub(super) completed: u64,
    /// From when a message was due to its acknowledgement.
    pub(super) ack: Counts,
    /// From when a message was due to each delivery.
    pub(super) delivery: Counts,
    /// From when a message was due to when it was handed to the kernel: how far the generator itself is behind.
    pub(super) lag: Counts,
    /// The same of the signs of life that connections give.
    pub(super) heartbeat_lag: Counts,
    /// The deliveries' times, slice by slice of what is measured.
    pub(super) timeline: SliceCounts,
    /// Bytes of frames that came and left from the start on, heartbeats included.
    pub(super) bytes: Bytes,
    /// What should not have happened.
    pub(super) faults: Faults,
    /// What was seen of each message of a group, in order of place.
    pub(super) seen: Vec<SeenPlace>,
}

/// Bytes over sockets, as the generator reads and writes them: without what TCP adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bytes {
    /// From the server.
    pub received: u64,
    /// To the server.
    pub sent: u64,
}

/// What a process's connections saw of one place of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct SeenPlace {
    /// The message's sender, and its number there.
    pub(super) sender: u32,
    pub(super) number: u32,
    /// When it was due.
    pub(super) due: u64,
    /// When the last connection of this process got it, its sender apart.
    pub(super) last: u64,
    /// How many connections got it.
    pub(super) count: u32,
}
