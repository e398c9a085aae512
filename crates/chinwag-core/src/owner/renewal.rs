//! How this node comes to own shards, and keeps them (rules O2, O4, I1).

use std::{collections::HashMap, time::Duration};

use chinwag_proto::{ErrorCode, Problem};

use super::{Owner, lease};
use crate::{
    model::{NodeId, SHARDS, Shard, Term},
    ports::{EngineError, EngineResult, Renewal, ShardRow},
};

/// How soon after a renewal the next one comes at most, however many ids are wanted.
const SOONEST: Duration = Duration::from_millis(200);

impl Owner {
    /// Takes a shard over under its next term, as after another node's death.
    ///
    /// Each of its chats is then loaded anew, and a `term` event comes before the next one (rules T1, T2).
    pub async fn take_over(&self, shard: Shard) -> Result<Term, Problem> {
        let rows = self.ports.ownership.shards().await?;
        let from = rows.into_iter().find(|row| row.shard == shard);
        let claimed = self
            .ports
            .ownership
            .claim(&[(shard, from, self.settings.node)])
            .await?;
        let Some(Some(term)) = claimed.first() else {
            return Err(Problem::new(ErrorCode::NotOwner, "another node was faster"));
        };
        self.lease.take(shard, *term, self.ports.clock.now());
        Ok(*term)
    }

    /// Waits until this node's lease was closed, or another process took its number: it stood still for too long, and others
    /// have taken over what it had. It owns nothing any more, and others may be called by its number: it must start anew.
    pub async fn until_closed(&self) {
        self.closed.cancelled().await;
    }

    /// Renews the lease for the first time.
    ///
    /// A full disk, or a store that is open for reading only, keeps the only node from nothing but giving ids: nobody
    /// else may own what it owns.
    pub(super) async fn first_renewal(&self) -> EngineResult<()> {
        match self.renew().await {
            Err(error @ EngineError::Full(_)) if self.settings.sole => {
                tracing::warn!(%error, "nothing is written until there is room; reading goes on");
                self.lease.forever();
                Ok(())
            }
            Err(EngineError::ReadOnly) if self.settings.sole => {
                self.lease.forever();
                Ok(())
            }
            renewed => renewed,
        }
    }

    pub(super) async fn keep_renewing(&self) {
        loop {
            let due = tokio::time::sleep(lease::RENEWED_EVERY);
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = due => {}
                () = self.early() => {}
            }
            match self.renew().await {
                // It stays so for as long as the process lives.
                Err(EngineError::ReadOnly) => return,
                Err(error) => tracing::warn!(%error, "can't renew the lease"),
                Ok(()) if self.closed.is_cancelled() => return,
                Ok(()) => {}
            }
        }
    }

    /// Waits until an id is wanted that isn't promised, and for at least a moment.
    async fn early(&self) {
        tokio::time::sleep(SOONEST).await;
        self.unpromised.notified().await;
    }

    /// Returns why no id can be given: the promise that a renewal makes is used up, or doesn't reach beyond the chat's
    /// last id. The lease is renewed at once, with a promise that does.
    pub(super) fn no_id(&self) -> Problem {
        self.unpromised.notify_one();
        match &*self.unrenewed.lock() {
            Some(error @ (EngineError::Full(_) | EngineError::ReadOnly)) => error.clone().into(),
            _ => Problem::new(
                ErrorCode::Overloaded,
                "ids are used up until the lease is renewed",
            )
            .retry_after(500),
        }
    }

    /// Renews the lease and with it how far ids may go (rules O2, I1).
    async fn renew(&self) -> EngineResult<()> {
        let renewed = self.try_renew().await;
        *self.unrenewed.lock() = renewed.as_ref().err().cloned();
        renewed
    }

    async fn try_renew(&self) -> EngineResult<()> {
        let sent = self.ports.clock.elapsed();
        let clock = &self.ports.clock;
        let promise = self.ids.promise_for(clock.now());
        let renewal = Renewal {
            ids_up_to_millis: promise,
            clock: clock.shown(),
        };
        let (node, process) = (self.settings.node, self.settings.process);
        if !self.ports.ownership.renew(node, process, renewal).await? {
            self.let_all_go();
            tracing::error!(
                "this node's lease was closed, or another process took its number; it must start anew"
            );
            self.closed.cancel();
            return Ok(());
        }
        self.ids.promised(promise);
        if self.settings.sole {
            self.lease.forever();
            return Ok(());
        }
        self.lengthen(sent);
        Ok(())
    }

    /// Moves the lease's end. Where it had ended meanwhile, each shard goes on under another term, as far as it is still
    /// this node's: what was given up at the end may still land under the old one, at places that are given anew.
    fn lengthen(&self, sent: Duration) {
        let had_ended = self.lease.has_lapsed(self.ports.clock.elapsed());
        if had_ended {
            self.let_all_go();
        }
        self.lease.renewed(sent);
        if had_ended {
            self.look_soon();
        }
    }

    /// Lets all shards go.
    pub(super) fn let_all_go(&self) {
        for (shard, _) in self.lease.held() {
            self.lease.release(shard);
        }
    }

    /// Takes every shard, as the only node there is: under the term that is stored, or the first.
    pub(super) async fn take_all(&self) -> EngineResult<()> {
        let node = self.settings.node;
        let rows = self.ports.ownership.shards().await?;
        let rows: HashMap<Shard, ShardRow> = rows.into_iter().map(|row| (row.shard, row)).collect();
        let mut claims = Vec::new();
        for shard in (0..SHARDS).map(Shard) {
            match rows.get(&shard) {
                Some(row) if row.owner == node => {
                    self.lease.take(shard, row.term, self.ports.clock.now());
                }
                Some(_) => {}
                None => claims.push((shard, None, node)),
            }
        }
        if claims.is_empty() {
            return Ok(());
        }
        self.claim(&claims).await
    }

    /// Claims shards from what their rows say; those that another node was faster with stay its.
    pub(super) async fn claim(
        &self,
        claims: &[(Shard, Option<ShardRow>, NodeId)],
    ) -> EngineResult<()> {
        let terms = self.ports.ownership.claim(claims).await?;
        for ((shard, ..), term) in claims.iter().zip(terms) {
            if let Some(term) = term {
                self.lease.take(*shard, term, self.ports.clock.now());
                self.placement.put(*shard, self.settings.node);
            }
        }
        Ok(())
    }
}
