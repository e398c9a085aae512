//! The report as a person reads it.

use std::fmt::{self, Display, Formatter};

use super::{Bare, Beside, Figures, KernelGrowth, Memory, Other, Report, Usage, settings};
use crate::bench::latency::Percentiles;

/// How wide the names of rows are.
const NAMES: usize = 30;

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", settings::text(self.scenario, &self.settings))?;
        if let Some(started) = &self.target.started {
            let (ready, memory) = (started.ready_ms, megabytes(started.resident_bytes));
            row(
                out,
                "start",
                &format!("ready after {ready:.0} ms, {memory} resident"),
            )?;
        }
        match &self.figures {
            Some(figures) => {
                figures.fmt(out)?;
                row(out, "checked", self.checked())
            }
            None => self.write_faults(out),
        }
    }
}

impl Report {
    /// Returns what a run with figures has shown.
    fn checked(&self) -> &'static str {
        match self.scenario {
            "idle" if self.settings["rate"].is_null() => "no connection was lost",
            "idle" => "no connection was lost; nothing lost, nothing twice, one order",
            "history" | "search" => "every answer held what it must, in order, and nothing else",
            "storm" => "everybody got what they missed, once and in order",
            "mixed" => "nothing lost, nothing twice, one order, every answer as it must be",
            _ => "nothing lost, nothing twice, one order",
        }
    }

    fn write_faults(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "NO FIGURES: {} faults, the first of them:",
            self.faults
        )?;
        for fault in &self.faults_told {
            writeln!(out, "  {fault}")?;
        }
        Ok(())
    }
}

impl Display for Figures {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(work) = &self.work {
            let text = format!(
                "{} in {:.1} s, {:.0}/s",
                work.count, self.seconds, work.per_second
            );
            row(out, work.unit, &text)?;
        }
        let times = [
            ("acknowledged after", self.ack),
            ("delivered after", self.delivery),
            ("last delivery after", self.last_delivery),
            (
                "last delivery, bare sends",
                self.bare.map(|bare| bare.last_delivery),
            ),
            ("generator behind by", self.generator.lag),
            ("heartbeats behind by", self.generator.heartbeat_lag),
        ];
        if !self.parts.is_empty() || times.iter().any(|(_, it)| it.is_some()) {
            let head = ["p50", "p90", "p99", "p99.9", "max"].map(|name| format!("{name:>10}"));
            row(out, "", &format!("{} ms", head.concat()))?;
        }
        for part in &self.parts {
            // What is counted stands in a row of its own where there is only one kind.
            let rate = self.work.is_none().then_some(part.per_second);
            let rate = rate.map(|rate| format!("{rate:>10.1}/s"));
            let text = times_of(&part.times) + &rate.unwrap_or_default();
            row(out, &format!("{} after", part.name), &text)?;
        }
        for beside in &self.beside {
            row(
                out,
                &format!("{}, delivered", beside.name),
                &beside_of(beside),
            )?;
        }
        for (name, percentiles) in times {
            if let Some(percentiles) = percentiles {
                row(out, name, &times_of(&percentiles))?;
            }
        }
        if let Some(server) = &self.server {
            row(out, "server", &usage(server))?;
        }
        if let Some(bare) = &self.bare {
            row(out, "bare sends", &bare_sends(bare))?;
        }
        if let Some(memory) = &self.memory {
            row(out, "server's memory", &memory_of(memory))?;
        }
        for other in &self.others {
            row(out, &other.name, &other_of(other))?;
        }
        if let Some(kernel) = &self.kernel {
            row(out, "kernel, all sockets", &kernel_of(kernel))?;
        }
        if let Some(bytes) = &self.bytes {
            let (received, sent) = (kilobytes(bytes.received), kilobytes(bytes.sent));
            row(
                out,
                "bytes",
                &format!("{received} from the server, {sent} to it"),
            )?;
        }
        let processes = match self.generator.processes {
            1 => "1 process".to_owned(),
            many => format!("{many} processes"),
        };
        let memory = megabytes(self.generator.resident_bytes);
        let text = format!("{}, {processes}, {memory}", usage(&self.generator.usage));
        row(out, "generator", &text)
    }
}

fn row(out: &mut Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    writeln!(out, "  {name:<NAMES$}{text}")
}

fn times_of(times: &Percentiles) -> String {
    let all = [
        times.p50_ms,
        times.p90_ms,
        times.p99_ms,
        times.p999_ms,
        times.max_ms,
    ];
    all.map(|time| format!("{time:>10.2}")).concat()
}

fn beside_of(beside: &Beside) -> String {
    let memory = beside.peak_bytes.map(megabytes);
    format!(
        "{}; p50 {:.2}, p99 {:.2} times as alone, {} times, {} at most",
        times_of(&beside.delivery),
        beside.delivery_p50_ratio,
        beside.delivery_p99_ratio,
        beside.attempts,
        memory.unwrap_or_else(|| "?".into())
    )
}

fn usage(usage: &Usage) -> String {
    let each = usage
        .cpu_ms_per_1000
        .map(|each| format!("{each:.1} ms CPU per 1,000, "));
    format!("{}{:.2} cores", each.unwrap_or_default(), usage.cores)
}

fn other_of(other: &Other) -> String {
    let (before, after) = (megabytes(other.before_bytes), megabytes(other.after_bytes));
    format!("{}; {before} before, {after} after", usage(&other.usage))
}

fn bare_sends(bare: &Bare) -> String {
    let ratio = bare
        .server_ratio
        .map(|ratio| format!("; the server takes {ratio:.2} times that"));
    let each = bare.cpu_ms_per_1000;
    format!("{each:.1} ms CPU per 1,000{}", ratio.unwrap_or_default())
}

fn memory_of(memory: &Memory) -> String {
    let each = memory
        .bytes_per_connection
        .map(|each| format!(": {each:.0} bytes a connection"));
    let (before, after) = (
        megabytes(memory.before_bytes),
        megabytes(memory.after_bytes),
    );
    let peak = megabytes(memory.peak_bytes);
    format!(
        "{before} before, {after} after, {peak} at most{}",
        each.unwrap_or_default()
    )
}

fn kernel_of(kernel: &KernelGrowth) -> String {
    let KernelGrowth { before, after } = kernel;
    let sockets = after.tcp_sockets.saturating_sub(before.tcp_sockets);
    let slab = megabytes(after.slab_bytes.saturating_sub(before.slab_bytes));
    let buffers = megabytes(after.tcp_buffer_bytes);
    format!("{sockets} sockets more, {slab} of structures more, {buffers} in buffers")
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn kilobytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => megabytes(bytes),
    }
}
