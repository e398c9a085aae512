//! Where an engine of one test's own listens.

use std::{
    net::TcpListener,
    sync::atomic::{AtomicU16, Ordering},
};

/// Below those that the system gives to outgoing connections: an engine takes seconds before it listens, and where it
/// was killed and comes back, nobody may have taken its port meanwhile.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Returns the address that engines listen on.
pub(crate) fn address() -> String {
    std::env::var("ENGINES_ADDRESS").unwrap_or_else(|_| "127.0.0.1".into())
}

/// Returns the first of some free ports in a row, none of which this process is given again.
pub(crate) fn free_ports(in_a_row: u16) -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Other processes begin elsewhere.
    let begin =
        u16::try_from(std::process::id() % u32::from(COUNT)).expect("it is less than a count");
    loop {
        let taken = TAKEN.fetch_add(in_a_row, Ordering::Relaxed);
        let first = FIRST + (begin + taken) % COUNT;
        let mut ports = first..first + in_a_row;
        if ports.all(|port| TcpListener::bind((address(), port)).is_ok()) {
            return first;
        }
    }
}
