//! What the coordinator says on standard input, and what is answered on standard output.

use std::io::{self, ErrorKind, Read as _, Write as _};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;

use crate::bench::plan::{Order, Plan, Word};

/// Read at once; a plan names a token each connection.
const READ_BYTES: usize = 64 * 1024;

/// The lines that came.
#[derive(Default)]
pub(super) struct Orders {
    bytes: Vec<u8>,
}

impl Orders {
    /// Waits for the plan; from then on nothing waits for standard input.
    pub(super) fn plan(&mut self) -> Result<Plan> {
        loop {
            if let Some(plan) = self.line()? {
                rustix::io::ioctl_fionbio(io::stdin(), true)?;
                return Ok(plan);
            }
            self.read()?;
        }
    }

    /// Returns the next order, if one came whole.
    pub(super) fn next(&mut self) -> Result<Option<Order>> {
        self.line()
    }

    fn line<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') else {
            return Ok(None);
        };
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        let read = serde_json::from_slice(&line);
        read.map(Some).context("an order that nobody understands")
    }

    /// Reads what is there; the coordinator's end is this process's.
    pub(super) fn read(&mut self) -> Result<()> {
        let mut buffer = vec![0; READ_BYTES];
        match io::stdin().lock().read(&mut buffer) {
            Ok(0) => bail!("the coordinator is gone"),
            Ok(read) => self.bytes.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Says something to the coordinator.
pub(super) fn say(word: &Word) -> Result<()> {
    let mut line = serde_json::to_vec(word)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    output.write_all(&line)?;
    output.flush()?;
    Ok(())
}
