//! Connections that only give signs of life.

use anyhow::Result;

use super::{
    load::Load,
    net::{Listener, Net},
    scan::Seen,
};
use crate::bench::plan::{Outcome, Start};

/// The load: that a connection ended is told by the connection itself.
pub(super) struct Idle;

impl Listener for Idle {
    fn hear(&mut self, _: &mut Net, _: usize, _: Seen<'_>, _: u64) -> Result<()> {
        Ok(())
    }
}

impl Load for Idle {
    fn start(&mut self, _: &Start) {}

    fn send_due(&mut self, _: &mut Net, _: u64) -> Option<u64> {
        None
    }

    fn sent(&self) -> u64 {
        0
    }

    fn arrived(&self) -> u64 {
        0
    }

    fn is_complete(&self, _: u64) -> bool {
        true
    }

    fn outcome(self, _: u64) -> Outcome {
        Outcome::default()
    }
}
