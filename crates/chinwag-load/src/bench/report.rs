//! What came of a run: for a machine as JSON, for a person as a table.

mod beside;
mod page;
mod part;
mod settings;
mod table;

use serde::Serialize;

pub use beside::Beside;
pub use page::page;
pub use part::Part;

use super::{
    faults::Faults,
    latency::{CurvePoint, Percentiles},
    plan::Bytes,
    timeline::Slice,
};

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Which run.
    pub scenario: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// What was asked for.
    pub settings: serde_json::Value,
    /// The server.
    pub target: Target,
    /// What was measured; none where a message was lost, doubled or out of order, or an answer wrong.
    pub figures: Option<Figures>,
    /// How much of that there was.
    pub faults: u64,
    /// The first of it, in words.
    pub faults_told: Vec<String>,
}

/// The server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its address.
    pub url: String,
    /// To how many of its nodes the connections went.
    pub nodes: usize,
    /// How it started, where the run started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Started>,
}

/// How a server started.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    /// From the start of the process to its being ready, milliseconds.
    pub ready_ms: f64,
    /// Its resident memory then.
    pub resident_bytes: u64,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// How long was measured.
    pub seconds: f64,
    /// What happened, as often as it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<Work>,
    /// From when a message was due to its acknowledgement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack: Option<Percentiles>,
    /// From when a message was due to each delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Percentiles>,
    /// From when a message was due to its last delivery, in a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_delivery: Option<Percentiles>,
    /// The loop of bare sends beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bare: Option<Bare>,
    /// How long each kind of thing took, where a run asks, or does several things at a time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What was felt of those who disturbed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<Beside>,
    /// What the server used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Usage>,
    /// What the server used of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// What other processes used that the run was told of: engines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Other>,
    /// What the kernel's sockets took, before the run's connections and while it measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<KernelGrowth>,
    /// Bytes over the generator's sockets from the first send to the last delivery, warm-up and heartbeats included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// What the generator used, and how far it was behind.
    pub generator: Generator,
    /// The deliveries' times as the run went on.
    pub timeline: Vec<Slice>,
    /// The deliveries' percentiles as a curve.
    pub curve: Vec<CurvePoint>,
    /// What was used as the run went on.
    pub usage: Vec<Moment>,
}

/// What was used in a part of what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// When that part ended, seconds from the beginning of what is measured.
    pub at: f64,
    /// Processors that the server used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cores: Option<f64>,
    /// The server's resident memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_resident_bytes: Option<u64>,
    /// Processors that the generator used.
    pub generator_cores: f64,
}

/// What the kernel takes for all sockets of this machine, both ends and those of others included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kernel {
    /// TCP sockets in use.
    pub tcp_sockets: u64,
    /// What waits in their buffers, counted in pages.
    pub tcp_buffer_bytes: u64,
    /// The kernel's own structures, sockets and open files among them.
    pub slab_bytes: u64,
}

/// What the kernel's sockets took before the run's connections, and while it measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KernelGrowth {
    /// Before.
    pub before: Kernel,
    /// At the end of what was measured.
    pub after: Kernel,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// What is counted.
    pub unit: &'static str,
    /// How many.
    pub count: u64,
    /// How many a second.
    pub per_second: f64,
}

/// Processor time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Processor time, milliseconds.
    pub cpu_ms: f64,
    /// Processors used at a time.
    pub cores: f64,
    /// Processor time for 1,000 of what is counted, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms_per_1000: Option<f64>,
}

/// Memory of the server's processes, resident.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// Before the run's connections.
    pub before_bytes: u64,
    /// At the end of what was measured.
    pub after_bytes: u64,
    /// The most that was seen while it was measured.
    pub peak_bytes: u64,
    /// What each connection took, in a run of idle ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_connection: Option<f64>,
}

/// Other processes than the server's.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Other {
    /// What the run was told that they are.
    pub name: String,
    /// What they used.
    pub usage: Usage,
    /// Their resident memory before the run's connections.
    pub before_bytes: u64,
    /// The same at the end of what was measured.
    pub after_bytes: u64,
}

/// The generator itself.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// Its processes.
    pub processes: usize,
    /// What they used.
    pub usage: Usage,
    /// Their resident memory at the end of what was measured.
    pub resident_bytes: u64,
    /// From when a message or a question was due to when the generator sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<Percentiles>,
    /// The same of the signs of life that its connections give; those within 10 ms go together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_lag: Option<Percentiles>,
}

/// A loop that sends the same bytes to as many sockets, with nothing around.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bare {
    /// From the first send of a round to its last delivery.
    pub last_delivery: Percentiles,
    /// Processor time for 1,000 sends, milliseconds.
    pub cpu_ms_per_1000: f64,
    /// The server's processor time for a delivery by that of a bare send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_ratio: Option<f64>,
}

impl Report {
    /// Puts a report together; the figures of a run with faults are not shown.
    pub(super) fn of(
        scenario: &'static str,
        settings: &impl Serialize,
        target: Target,
        figures: Figures,
        faults: Faults,
    ) -> Self {
        Self {
            scenario,
            version: env!("CARGO_PKG_VERSION"),
            settings: serde_json::to_value(settings).unwrap_or_default(),
            target,
            figures: (faults.count == 0).then_some(figures),
            faults: faults.count,
            faults_told: faults.told,
        }
    }
}

impl Usage {
    /// Puts processor time into proportion.
    pub(super) fn of(cpu: std::time::Duration, seconds: f64, count: Option<u64>) -> Self {
        let cpu_ms = cpu.as_secs_f64() * 1e3;
        let per_1000 = |count: u64| cpu_ms / (count as f64 / 1e3);
        Self {
            cpu_ms,
            cores: cpu.as_secs_f64() / seconds,
            cpu_ms_per_1000: count.filter(|count| *count > 0).map(per_1000),
        }
    }
}
