//! How a rebuild begins, and how what another one left is cleared away.

use std::time::Duration;

use chinwag_core::ports::{EngineError, EngineResult};
use tokio::time::Instant;

use super::{
    index::Core,
    indices::{self, Indices},
    lease::{Lease, Seen},
};

/// So often, while a rebuild's lease lasts, its node gives a sign of life.
const BEATS: u32 = 4;
/// So often, while it lasts, others look for one.
const LOOKS: u32 = 40;

/// A rebuild that has begun.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    pub(super) index: String,
    pub(super) alias: String,
    /// Its lease, as it was written last.
    pub(super) seen: Seen,
}

/// Returns how long to wait between two signs of life.
pub(super) fn beats_every(abandoned_after: Duration) -> Duration {
    abandoned_after / BEATS
}

/// Says that another rebuild goes on.
pub(super) fn goes_on_already() -> EngineError {
    EngineError::Unavailable("the search index is being rebuilt already".into())
}

/// Begins a rebuild: takes the lease, clears away what others left, and makes an index.
pub(super) async fn begin(core: &Core) -> EngineResult<Begun> {
    let before = core.indices().await?.for_writing()?;
    let free = free_lease(core, &before).await?;
    let indices = core.indices().await?.for_writing()?;
    let lease = Lease {
        number: free.lease.number.max(indices.last_number) + 1,
        beat: 0,
        goes_on: true,
    };
    let seen = core.desk.write(&core.link, lease, free).await?;
    let seen = seen.ok_or_else(goes_on_already)?;
    let begun = Begun {
        index: core.names.index(lease.number),
        alias: core.names.next(lease.number),
        seen,
    };
    let made = async {
        clear(core, &indices).await?;
        indices::create(&core.link, &core.options, &begun.index, &begun.alias).await
    };
    match made.await {
        Ok(()) => Ok(begun),
        Err(error) => {
            end(core, seen).await;
            Err(error)
        }
    }
}

/// Says that a rebuild doesn't go on; where that fails, others notice after a while.
pub(super) async fn end(core: &Core, seen: Seen) {
    let ended = Lease {
        goes_on: false,
        ..seen.lease
    };
    if let Err(error) = core.desk.write(&core.link, ended, seen).await {
        tracing::warn!(%error, "others learn a little later that a rebuild has ended");
    }
}

/// Returns the lease once no rebuild goes on. One that gives no sign of life has died with its node.
async fn free_lease(core: &Core, before: &Indices) -> EngineResult<Seen> {
    let seen = core.desk.read(&core.link).await?;
    if !seen.lease.goes_on {
        return Ok(seen);
    }
    let abandoned_after = core.options.abandoned_after;
    let abandoned = Instant::now() + abandoned_after;
    while Instant::now() < abandoned {
        tokio::time::sleep(abandoned_after / LOOKS).await;
        let now = core.desk.read(&core.link).await?;
        if now.lease == seen.lease {
            continue;
        }
        // What has just been finished needn't be begun again.
        if now.lease.goes_on || core.indices().await?.live != before.live {
            return Err(goes_on_already());
        }
        return Ok(now);
    }
    tracing::warn!("a rebuild of the search index was left by its node, and is begun again");
    Ok(seen)
}

/// Removes what was being built. Only for whoever has written the lease since.
async fn clear(core: &Core, indices: &Indices) -> EngineResult<()> {
    for next in &indices.next {
        indices::give_up(&core.link, &core.options, next).await?;
    }
    for index in &indices.given_up {
        indices::remove(&core.link, &core.options, index).await?;
    }
    Ok(())
}

/// A lease that is watched, and since when it has been so.
#[derive(Debug, Default)]
pub(super) struct Watched(Option<(Lease, Instant)>);

impl Watched {
    /// Takes what was read, and returns for how long it has been the same.
    fn look(&mut self, lease: Lease) -> Duration {
        match self.0 {
            Some((watched, since)) if watched == lease => since.elapsed(),
            _ => {
                self.0 = Some((lease, Instant::now()));
                Duration::ZERO
            }
        }
    }
}

/// Clears away what a node left that died while it built an index, once it has been silent for long enough.
pub(super) async fn clear_abandoned(core: &Core, indices: &Indices) -> EngineResult<()> {
    let seen = core.desk.read(&core.link).await?;
    let silent_for = core.watched.lock().look(seen.lease);
    if silent_for < core.options.abandoned_after {
        return Ok(());
    }
    let ended = Lease {
        beat: seen.lease.beat + 1,
        goes_on: false,
        ..seen.lease
    };
    if core.desk.write(&core.link, ended, seen).await?.is_some() {
        tracing::warn!("what a rebuild of the search index left is cleared away");
        clear(core, indices).await?;
    }
    Ok(())
}
