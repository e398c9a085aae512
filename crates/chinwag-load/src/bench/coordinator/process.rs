//! What the kernel says of processes.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};

/// Reads the processor time that all threads of processes have used; the kernel counts it in steps of 10 ms.
pub(super) fn cpu(pids: &[u32]) -> Result<Duration> {
    pids.iter().copied().map(cpu_of).sum()
}

/// Reads how many bytes of memory of processes are resident.
pub(super) fn resident_bytes(pids: &[u32]) -> Result<u64> {
    pids.iter().copied().map(resident_bytes_of).sum()
}

fn cpu_of(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("can't read {path}"))?;
    let ticks = ticks(&stat).with_context(|| format!("{path} is not as expected"))?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_secs_f64(ticks as f64 / per_second as f64))
}

fn resident_bytes_of(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).with_context(|| format!("can't read {path}"))?;
    resident(&text).with_context(|| format!("{path} is not as expected"))
}

/// Returns user and system time: fields 14 and 15. The name before them may hold anything but its end.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

fn resident(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_the_kernel_writes() {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 300 45 0 0 20 0 4 0 1 2 3";
        assert_eq!(ticks(stat), Some(345));
        assert_eq!(ticks("42 (a"), None);
        let rollup = "00400000-7ff rollup\nRss:               12345 kB\nPss:  1 kB\n";
        assert_eq!(resident(rollup), Some(12_345 * 1024));
        let here = [std::process::id(); 2];
        assert!(cpu(&here).is_ok());
        let one = resident_bytes(&here[..1]).unwrap();
        assert!(one > 100_000 && resident_bytes(&here).unwrap() > one * 3 / 2);
        assert_eq!(resident_bytes(&[]).unwrap(), 0);
    }
}
