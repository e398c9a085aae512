//! Ports that fail as real ones do, by a plan that repeats from its seed.
//!
//! ```
//! # use std::sync::Arc;
//! # use chinwag_conformance::{Call, Fault, Faults, Flaky};
//! # use chinwag_core::{memory::MemoryStore, ports::MessageStore};
//! let faults = Faults::none();
//! let store: Arc<dyn MessageStore> = Arc::new(Flaky::new(Arc::new(MemoryStore::new()), &faults));
//! faults.inject(Call::Append, Fault::FailAfter);
//! ```

mod bus;
mod directory;
mod event_queue;
mod faults;
mod gates;
mod message_store;
mod presence;

use std::{future::Future, sync::Arc};

use chinwag_core::ports::{EngineError, EngineResult};

pub use faults::{Call, Fault, Faults, Odds};
pub use gates::Moment;

/// A port whose calls meet the faults of a plan; without any it behaves as the port that it wraps.
pub struct Flaky<P: ?Sized> {
    inner: Arc<P>,
    faults: Faults,
    open: bus::OpenSubscriptions,
}

impl<P: ?Sized> Flaky<P> {
    /// Wraps a port. Ports that share faults meet those of one plan, in the order of their calls.
    #[must_use]
    pub fn new(inner: Arc<P>, faults: &Faults) -> Self {
        Self {
            inner,
            faults: faults.clone(),
            open: bus::OpenSubscriptions::default(),
        }
    }
}

/// What a call failed with that did, or may have done, something.
fn unknown_outcome() -> EngineError {
    EngineError::Unavailable("injected: the answer is lost".into())
}

impl Faults {
    /// Lets a call meet what the plan has for it.
    async fn around<T>(
        &self,
        call: Call,
        effect: impl Future<Output = EngineResult<T>>,
    ) -> EngineResult<T> {
        self.gates().pass(call, Moment::Before).await;
        let fault = self.next(call);
        match &fault {
            Some(Fault::Refuse(error)) => return Err(error.clone()),
            Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
            _ => {}
        }
        let answer = effect.await;
        self.gates().pass(call, Moment::After).await;
        match fault {
            Some(Fault::FailAfter) => answer.and(Err(unknown_outcome())),
            _ => answer,
        }
    }
}
