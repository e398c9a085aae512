//! Which call meets which fault.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use chinwag_core::ports::EngineError;
use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::gates::{Gates, Moment};

/// The kinds of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Reads, and changes nothing.
    Read,
    /// Reads whether users are members of a chat.
    LookUp,
    /// Lists the chats of a user.
    List,
    /// Writes, apart from appends.
    Write,
    /// Appends to a log.
    Append,
    /// Publishes on the bus.
    Publish,
    /// Takes records from the queue.
    Take,
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It fails and nothing has happened.
    Refuse(EngineError),
    /// It takes effect and fails: its outcome is unknown. Records taken so come with the next call.
    FailAfter,
    /// It takes effect in part (the first half of what is appended) and fails.
    FailPartly,
    /// It takes effect late.
    Delay(Duration),
    /// What is published doesn't arrive, and its topics' subscribers are told of a gap.
    Drop,
    /// Records come that came before.
    Repeat,
}

/// How often calls meet faults: so many of a thousand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Odds {
    /// Fail before the effect.
    pub refused: u32,
    /// Fail after the effect.
    pub fail_after: u32,
    /// Fail within the effect; appends only.
    pub fail_partly: u32,
    /// Are late.
    pub delayed: u32,
    /// How late at most; a tick of time at least.
    pub longest_delay: Duration,
    /// Don't arrive; the bus only.
    pub dropped: u32,
    /// Come again; the queue only.
    pub repeated: u32,
}

/// Makes a fault that was drawn.
type Draw = fn(&Odds, &mut StdRng) -> Fault;

impl Odds {
    /// Returns what can happen to a call, with its share of a thousand.
    fn of(&self, call: Call) -> Vec<(u32, Draw)> {
        let mut odds: Vec<(u32, Draw)> = vec![
            (self.refused, |_, _| {
                Fault::Refuse(EngineError::Unavailable("injected: not reached".into()))
            }),
            (self.fail_after, |_, _| Fault::FailAfter),
            (self.delayed, |odds, random| {
                let longest = u64::try_from(odds.longest_delay.as_millis()).unwrap_or(u64::MAX);
                Fault::Delay(Duration::from_millis(
                    random.random_range(1..=longest.max(1)),
                ))
            }),
        ];
        match call {
            Call::Append => odds.push((self.fail_partly, |_, _| Fault::FailPartly)),
            Call::Publish => odds.push((self.dropped, |_, _| Fault::Drop)),
            Call::Take => odds.push((self.repeated, |_, _| Fault::Repeat)),
            Call::Read | Call::LookUp | Call::List | Call::Write => {}
        }
        odds
    }
}

/// A plan of faults, told one by one or drawn from a seed; clones are the same plan.
#[derive(Clone)]
pub struct Faults(Arc<Shared>);

struct Shared {
    plan: Mutex<Plan>,
    gates: Gates,
}

struct Plan {
    told: VecDeque<(Call, Fault)>,
    odds: Odds,
    random: StdRng,
    met: u64,
}

impl Faults {
    /// Makes a plan without faults, for those that are told.
    #[must_use]
    pub fn none() -> Self {
        Self::seeded(0, Odds::default())
    }

    /// Makes a plan that draws from a seed: the same calls in the same order meet the same faults.
    #[must_use]
    pub fn seeded(seed: u64, odds: Odds) -> Self {
        Self(Arc::new(Shared {
            plan: Mutex::new(Plan {
                told: VecDeque::new(),
                odds,
                random: StdRng::seed_from_u64(seed),
                met: 0,
            }),
            gates: Gates::default(),
        }))
    }

    /// Lets the next call of a kind that has none yet meet a fault.
    pub fn inject(&self, call: Call, fault: Fault) {
        self.0.plan.lock().told.push_back((call, fault));
    }

    /// Draws no faults from now on, so that a test can come to rest; those told are still met.
    pub fn calm(&self) {
        self.set_odds(Odds::default());
    }

    /// Draws faults by other odds from now on.
    pub fn set_odds(&self, odds: Odds) {
        self.0.plan.lock().odds = odds;
    }

    /// Returns how many calls met a fault.
    #[must_use]
    pub fn met(&self) -> u64 {
        self.0.plan.lock().met
    }

    /// Holds calls of a kind, before their effect or after it, until [`Faults::release`].
    pub fn hold(&self, call: Call, moment: Moment) {
        self.0.gates.hold(call, moment);
    }

    /// Lets all held calls go on, and holds none any more.
    pub fn release(&self) {
        self.0.gates.release();
    }

    /// Waits until so many calls are held.
    pub async fn until_held(&self, calls: usize) {
        self.0.gates.until_held(calls).await;
    }

    pub(super) fn gates(&self) -> &Gates {
        &self.0.gates
    }

    /// Returns what the next call meets.
    pub(super) fn next(&self, call: Call) -> Option<Fault> {
        let mut plan = self.0.plan.lock();
        let fault = plan.next(call);
        plan.met += u64::from(fault.is_some());
        fault
    }
}

impl Plan {
    fn next(&mut self, call: Call) -> Option<Fault> {
        if let Some(at) = self.told.iter().position(|(of, _)| *of == call) {
            return self.told.remove(at).map(|(_, fault)| fault);
        }
        let odds = self.odds;
        let mut drawn = self.random.random_range(0..1_000);
        for (share, fault) in odds.of(call) {
            if drawn < share {
                return Some(fault(&odds, &mut self.random));
            }
            drawn -= share;
        }
        None
    }
}
