//! Where calls are held until a test lets them go.

use tokio::sync::watch;

use super::faults::Call;

/// When a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before its effect.
    Before,
    /// After its effect, before its answer.
    After,
}

/// Which calls are held, and how many are.
#[derive(Debug)]
pub(super) struct Gates {
    closed: watch::Sender<Vec<(Call, Moment)>>,
    held: watch::Sender<usize>,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            closed: watch::Sender::new(Vec::new()),
            held: watch::Sender::new(0),
        }
    }
}

impl Gates {
    pub(super) fn hold(&self, call: Call, moment: Moment) {
        self.closed
            .send_modify(|closed| closed.push((call, moment)));
    }

    pub(super) fn release(&self) {
        self.closed.send_replace(Vec::new());
    }

    pub(super) async fn until_held(&self, calls: usize) {
        let mut held = self.held.subscribe();
        held.wait_for(|held| *held >= calls).await.unwrap();
    }

    /// Waits while a call is held.
    pub(super) async fn pass(&self, call: Call, moment: Moment) {
        let is_closed = |closed: &Vec<_>| closed.contains(&(call, moment));
        if !is_closed(&self.closed.borrow()) {
            return;
        }
        let _counted = Counted::new(&self.held);
        let mut closed = self.closed.subscribe();
        closed.wait_for(|closed| !is_closed(closed)).await.unwrap();
    }
}

/// Counts a held call until it goes on or is given up.
struct Counted<'g>(&'g watch::Sender<usize>);

impl<'g> Counted<'g> {
    fn new(held: &'g watch::Sender<usize>) -> Self {
        held.send_modify(|held| *held += 1);
        Self(held)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}
