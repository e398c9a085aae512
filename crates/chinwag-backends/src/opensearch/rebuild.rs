//! A rebuild as its caller sees it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use chinwag_core::ports::{EngineError, EngineResult, Rebuild, SearchDocument};
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    task::JoinHandle,
};

use super::{
    begin::{self, Begun},
    bulk::{self, Target, Written},
    call::Call,
    index::Core,
    indices::{self, Changed, Indices, Next},
    lease::{Lease, Seen},
};

/// This process's rebuilds: one goes on at a time.
#[derive(Default)]
pub(super) struct Rebuilds {
    goes_on: Arc<AtomicBool>,
    /// Held until what a dropped one left is cleared away.
    turn: Arc<Mutex<()>>,
}

impl Rebuilds {
    /// Begins one.
    pub(super) async fn begin(&self, core: &Arc<Core>) -> EngineResult<OpenSearchRebuild> {
        if self.goes_on.swap(true, Ordering::AcqRel) {
            return Err(begin::goes_on_already());
        }
        let goes_on = GoesOn(Arc::clone(&self.goes_on));
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let begun = begin::begin(core).await?;
        let seen = Arc::new(Mutex::new(begun.seen));
        let is_lost = Arc::new(AtomicBool::new(false));
        Ok(OpenSearchRebuild {
            core: Arc::clone(core),
            keeper: tokio::spawn(keep(
                Arc::clone(core),
                Arc::clone(&seen),
                Arc::clone(&is_lost),
            )),
            begun,
            seen,
            is_lost,
            turn: Some(turn),
            _goes_on: goes_on,
        })
    }
}

/// Says that a rebuild goes on in this process, until it is dropped.
struct GoesOn(Arc<AtomicBool>);

impl Drop for GoesOn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Gives signs of life until somebody else has the lease.
async fn keep(core: Arc<Core>, seen: Arc<Mutex<Seen>>, is_lost: Arc<AtomicBool>) {
    let pause = begin::beats_every(core.options.abandoned_after);
    loop {
        tokio::time::sleep(pause).await;
        let mut seen = seen.lock().await;
        match beat(&core, *seen).await {
            Ok(Some(now)) => *seen = now,
            Ok(None) => return is_lost.store(true, Ordering::Release),
            Err(error) => tracing::warn!(%error, "a rebuild can't give a sign of life"),
        }
    }
}

async fn beat(core: &Core, seen: Seen) -> EngineResult<Option<Seen>> {
    let lease = Lease {
        beat: seen.lease.beat + 1,
        ..seen.lease
    };
    let written = core.desk.write(&core.link, lease, seen).await?;
    if written.is_some() {
        return Ok(written);
    }
    // An earlier one may have been written though its answer was lost.
    let now = core.desk.read(&core.link).await?;
    let is_ours = now.lease.goes_on && now.lease.number == lease.number;
    Ok(is_ours.then_some(now))
}

/// A rebuild that goes on until this is dropped.
pub(super) struct OpenSearchRebuild {
    core: Arc<Core>,
    begun: Begun,
    seen: Arc<Mutex<Seen>>,
    keeper: JoinHandle<()>,
    /// Whether it can't be finished any more.
    is_lost: Arc<AtomicBool>,
    /// None once it is finished.
    turn: Option<OwnedMutexGuard<()>>,
    _goes_on: GoesOn,
}

#[async_trait]
impl Rebuild for OpenSearchRebuild {
    async fn add(&mut self, documents: Vec<SearchDocument>) -> EngineResult<()> {
        self.still_ours()?;
        let target = Target {
            alias: self.begun.alias.clone(),
            awaits_refresh: false,
        };
        let Core { link, options, .. } = &*self.core;
        let written = bulk::write(link, options, &[target], &documents).await;
        if !matches!(written, Ok(Written::All)) {
            self.is_lost.store(true, Ordering::Release);
        }
        match written? {
            Written::All => Ok(()),
            Written::Gone => Err(taken_over()),
        }
    }

    async fn finish(mut self: Box<Self>) -> EngineResult<()> {
        self.still_ours()?;
        let Core { link, options, .. } = &*self.core;
        let refresh = format!("{}/_refresh", self.begun.alias);
        let refresh = Call::post(refresh, &json!({}), options.write_timeout);
        link.send(&refresh).await?.done("refresh a new index")?;
        let indices = self.core.indices().await?.for_writing()?;
        let actions = self.exchange(&indices);
        match indices::change_aliases(link, options, actions).await {
            Ok(Changed::All) => {}
            Ok(Changed::Missing) => return Err(taken_over()),
            // It may have happened.
            Err(error) => {
                let live = self.core.indices().await?.live;
                if live.as_ref() != Some(&self.begun.index) {
                    return Err(error);
                }
            }
        }
        self.keeper.abort();
        begin::end(&self.core, *self.seen.lock().await).await;
        self.turn = None;
        Ok(())
    }
}

impl OpenSearchRebuild {
    fn still_ours(&self) -> EngineResult<()> {
        if self.is_lost.load(Ordering::Acquire) {
            return Err(taken_over());
        }
        Ok(())
    }

    /// Makes the one step in which the new index becomes the one that is searched. Fails where it was given up meanwhile.
    fn exchange(&self, indices: &Indices) -> Value {
        let Begun { index, alias, .. } = &self.begun;
        let mut actions = vec![
            json!({ "remove": { "index": index, "alias": alias, "must_exist": true } }),
            json!({ "add": { "index": index, "alias": self.core.names.live() } }),
        ];
        let replaced = indices.replaced();
        actions.extend(replaced.map(|index| json!({ "remove_index": { "index": index } })));
        actions.into()
    }
}

fn taken_over() -> EngineError {
    let why = "this rebuild of the search index failed, or another node has taken it over";
    EngineError::Unavailable(why.into())
}

impl Drop for OpenSearchRebuild {
    fn drop(&mut self) {
        self.keeper.abort();
        let Some(turn) = self.turn.take() else {
            return;
        };
        // Without a runtime the process ends; then another node clears it away.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (core, seen) = (Arc::clone(&self.core), Arc::clone(&self.seen));
        let next = Next {
            number: self.begun.seen.lease.number,
            alias: self.begun.alias.clone(),
            index: self.begun.index.clone(),
            is_own: true,
        };
        runtime.spawn(async move {
            if let Err(error) = indices::give_up(&core.link, &core.options, &next).await {
                tracing::warn!(%error, "an index that isn't finished is removed a little later");
            }
            begin::end(&core, *seen.lock().await).await;
            drop(turn);
        });
    }
}
