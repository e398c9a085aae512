//! Rates: how often a user, a session or an address may ask for something.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash, RandomState},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use chinwag_core::Clock;
use chinwag_proto::{ErrorCode, Problem, UserId};
use parking_lot::Mutex;

use crate::config::Rates;

/// Independent locks, so that senders rarely wait for each other.
const SHARDS: usize = 16;
/// Entries of a shard before those are swept that hold nothing any more.
const SWEEP_AT: usize = 4_096;

/// A rate: so many at once, and one more after each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    burst: u32,
    step: Duration,
}

/// What is left of a rate, as the `RateLimit` headers tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many at once at most.
    pub limit: u32,
    /// The time in which a spent allowance fills again, seconds.
    pub window_seconds: u64,
    /// How many are left at this moment.
    pub remaining: u32,
    /// When the next one comes where none is left, else 0; milliseconds.
    pub retry_after_ms: u64,
}

/// Keeps one rate for many askers, by the moment until which each has spent it.
struct Meter<K> {
    rate: Rate,
    hasher: RandomState,
    shards: [Mutex<HashMap<K, Duration>>; SHARDS],
}

impl<K: Eq + Hash + Clone> Meter<K> {
    fn new(rate: Rate) -> Self {
        Self {
            rate,
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// Takes one; the error tells when there is one again.
    fn take(&self, key: &K, now: Duration) -> Result<Allowance, Allowance> {
        let shard = usize::try_from(self.hasher.hash_one(key)).unwrap_or_default() % SHARDS;
        let mut spent = self.shards[shard].lock();
        if spent.len() >= SWEEP_AT {
            spent.retain(|_, until| *until > now);
        }
        let until = spent.get(key).copied().unwrap_or_default().max(now);
        let full = self.rate.step * self.rate.burst;
        let after = until + self.rate.step;
        if after > now + full {
            return Err(self.allowance(now, until, after - full - now));
        }
        spent.insert(key.clone(), after);
        Ok(self.allowance(now, after, Duration::ZERO))
    }

    fn allowance(&self, now: Duration, until: Duration, wait: Duration) -> Allowance {
        let full = self.rate.step * self.rate.burst;
        let left = full.saturating_sub(until.saturating_sub(now));
        let remaining = left.as_nanos() / self.rate.step.as_nanos().max(1);
        Allowance {
            limit: self.rate.burst,
            window_seconds: full.as_secs().max(1),
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            retry_after_ms: u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX),
        }
    }
}

/// The rates that both transports share.
pub struct RateLimits {
    sends: Option<Meter<UserId>>,
    logins: Option<Meter<IpAddr>>,
    clock: Arc<dyn Clock>,
}

impl RateLimits {
    /// Makes them from the configuration; none hold where rates are off.
    #[must_use]
    pub fn new(rates: &Rates, clock: Arc<dyn Clock>) -> Self {
        let sends = Rate {
            burst: rates.sends_burst,
            step: Duration::from_secs(1) / rates.sends_per_second,
        };
        let logins = Rate {
            burst: rates.logins_per_minute,
            step: Duration::from_secs(60) / rates.logins_per_minute,
        };
        Self {
            sends: rates.on.then(|| Meter::new(sends)),
            logins: rates.on.then(|| Meter::new(logins)),
            clock,
        }
    }

    /// Counts a send of a user. Errors: `rateLimited`, with the time to wait.
    pub fn send(&self, user: &UserId) -> Result<Option<Allowance>, (Problem, Allowance)> {
        self.take(self.sends.as_ref(), user, "sends")
    }

    /// Counts a registration or login from an address. Errors: `rateLimited`, with the time to wait.
    pub fn login(&self, address: IpAddr) -> Result<Option<Allowance>, (Problem, Allowance)> {
        self.take(
            self.logins.as_ref(),
            &prefix(address),
            "registrations and logins",
        )
    }

    fn take<K: Eq + Hash + Clone>(
        &self,
        meter: Option<&Meter<K>>,
        key: &K,
        of: &str,
    ) -> Result<Option<Allowance>, (Problem, Allowance)> {
        let Some(meter) = meter else {
            return Ok(None);
        };
        meter
            .take(key, self.clock.elapsed())
            .map(Some)
            .map_err(|allowance| {
                let detail = format!("at most {} {of} at once", allowance.limit);
                let problem = Problem::new(ErrorCode::RateLimited, detail);
                (problem.retry_after(allowance.retry_after_ms), allowance)
            })
    }
}

/// Takes an IPv6 network of 64 bits for one address: whoever has one has all of them.
fn prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => std::net::Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use chinwag_core::clock::ManualClock;
    use chinwag_proto::Timestamp;

    use super::*;
    use crate::config::Config;

    fn limits(rates: &str) -> (RateLimits, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::default()));
        let config = Config::of(&[("limits.rates", rates)]).unwrap();
        (RateLimits::new(&config.rates, clock.clone()), clock)
    }

    #[test]
    fn a_user_sends_300_at_once_and_then_50_a_second() {
        let (limits, clock) = limits("on");
        let ana = UserId::new("ana").unwrap();
        for sent in 1..=300 {
            let left = limits.send(&ana).unwrap().unwrap();
            assert_eq!(left.remaining, 300 - sent);
        }
        let (problem, allowance) = limits.send(&ana).unwrap_err();
        assert_eq!(problem.code, ErrorCode::RateLimited);
        assert_eq!(problem.retry_after_ms, Some(20));
        assert_eq!(allowance.remaining, 0);
        clock.advance(1_000);
        for _ in 0..50 {
            limits.send(&ana).unwrap();
        }
        assert!(limits.send(&ana).is_err());
        assert!(limits.send(&UserId::new("bo").unwrap()).is_ok());
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let (limits, _) = limits("on");
        for host in 0..10 {
            limits
                .login(format!("2001:db8::{host:x}").parse().unwrap())
                .unwrap();
        }
        assert!(limits.login("2001:db8::ffff".parse().unwrap()).is_err());
        assert!(limits.login("2001:db8:0:1::1".parse().unwrap()).is_ok());
        assert!(limits.login("::ffff:10.0.0.1".parse().unwrap()).is_ok());
    }

    #[test]
    fn nothing_is_counted_with_rates_off() {
        let (limits, _) = limits("off");
        let ana = UserId::new("ana").unwrap();
        assert!((0..1_000).all(|_| limits.send(&ana) == Ok(None)));
    }
}
