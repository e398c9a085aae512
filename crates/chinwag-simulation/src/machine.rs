//! A machine: its tasks run in a runtime of their own, so that it can stand still, or die, apart from all others.

use std::time::Duration;

use tokio::{
    runtime::{Builder, Handle, Runtime},
    time::sleep,
};

use crate::time::TICK;

/// A machine.
pub(crate) struct Machine {
    runtime: Runtime,
    /// Whether it stands still.
    is_frozen: bool,
    /// How long it stood still, and what it makes good at once when it goes on.
    behind: Duration,
}

impl Machine {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        Ok(Self {
            runtime,
            is_frozen: false,
            behind: Duration::ZERO,
        })
    }

    pub(crate) fn handle(&self) -> Handle {
        self.runtime.handle().clone()
    }

    /// Stops its time: nothing runs, nothing is answered, and it doesn't know.
    pub(crate) fn freeze(&mut self) {
        self.is_frozen = true;
    }

    /// Lets its time go on; answers how long it stood.
    pub(crate) fn thaw(&mut self) -> Duration {
        self.is_frozen = false;
        self.behind
    }

    /// Lets a tick pass: runs all that can run, and all that is due by then.
    pub(crate) fn tick(&mut self) {
        if self.is_frozen {
            self.behind += TICK;
        } else {
            let passed = TICK + std::mem::take(&mut self.behind);
            self.runtime.block_on(async { sleep(passed).await });
        }
    }

    /// Lets a tick pass for whoever does something on it; answers what came of it, once it is done.
    pub(crate) fn tick_with<T>(
        &mut self,
        doing: &mut (impl Future<Output = T> + Unpin),
    ) -> Option<T> {
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                done = doing => Some(done),
                () = sleep(TICK) => None,
            }
        })
    }

    /// Ends it with all that runs on it: nothing is finished.
    pub(crate) fn kill(self) {
        self.runtime.shutdown_background();
    }
}
