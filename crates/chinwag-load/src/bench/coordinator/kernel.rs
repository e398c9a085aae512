//! What the kernel says of all sockets of this machine, those of others included.

use std::fs;

use anyhow::{Context as _, Result};

use crate::bench::report::Kernel;

/// Bytes of a page, by which the kernel counts buffers.
const PAGE: u64 = 4_096;

/// Reads what sockets take now.
pub(super) fn read() -> Result<Kernel> {
    let sockets = fs::read_to_string("/proc/net/sockstat").context("can't read sockstat")?;
    let memory = fs::read_to_string("/proc/meminfo").context("can't read meminfo")?;
    parse(&sockets, &memory).context("/proc/net/sockstat or /proc/meminfo is not as expected")
}

fn parse(sockets: &str, memory: &str) -> Option<Kernel> {
    let tcp = sockets.lines().find_map(|line| line.strip_prefix("TCP:"))?;
    let words: Vec<&str> = tcp.split_whitespace().collect();
    let number = |name: &str| {
        let pair = words.chunks_exact(2).find(|pair| pair[0] == name)?;
        pair[1].parse::<u64>().ok()
    };
    let slab = memory
        .lines()
        .find_map(|line| line.strip_prefix("SUnreclaim:"))?;
    let kilobytes: u64 = slab.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Kernel {
        tcp_sockets: number("inuse")?,
        tcp_buffer_bytes: number("mem")? * PAGE,
        slab_bytes: kilobytes * 1024,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_the_kernel_writes() {
        let sockets = "sockets: used 5\nTCP: inuse 12 orphan 0 tw 3 alloc 14 mem 2\nUDP: inuse 1\n";
        let memory = "MemTotal: 1 kB\nSUnreclaim:        300 kB\n";
        let kernel = parse(sockets, memory).unwrap();
        assert_eq!(kernel.tcp_sockets, 12);
        assert_eq!(kernel.tcp_buffer_bytes, 8_192);
        assert_eq!(kernel.slab_bytes, 300 * 1024);
        assert!(parse("", memory).is_none());
        assert!(read().is_ok());
    }
}
