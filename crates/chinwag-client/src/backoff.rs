//! When to try again.

use std::time::Duration;

/// Pauses with full jitter: each is drawn from zero to a bound that doubles up to a cap.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        // A first pause long enough that of the many who lose a server at once no tenth of a second sees more than a few.
        Self::new(Duration::from_secs(1), Duration::from_secs(30))
    }
}

impl Backoff {
    /// Pauses of at most `first` to begin with, and never above `cap`.
    #[must_use]
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self {
            first,
            cap,
            failures: 0,
        }
    }

    /// Draws the next pause; `random` lies in 0 to 1.
    pub fn next(&mut self, random: f64) -> Duration {
        let bound = self
            .first
            .saturating_mul(1 << self.failures.min(16))
            .min(self.cap);
        self.failures += 1;
        bound.mul_f64(random.clamp(0.0, 1.0))
    }

    /// Starts anew, after a connection that has stood for a while.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

    use super::*;

    #[test]
    fn pauses_grow_to_the_cap_and_start_anew_after_a_stable_connection() {
        let mut backoff = Backoff::default();
        let bounds: Vec<u128> = (0..8).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(
            bounds,
            [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
        );
        backoff.reset();
        assert_eq!(backoff.next(0.5).as_millis(), 500);
        assert_eq!(backoff.next(0.0), Duration::ZERO);
    }

    /// Returns the largest number of times within a tenth of a second, wherever it begins.
    fn densest(times: &[Duration]) -> usize {
        let slot = Duration::from_millis(100);
        let in_slot = |first: &Duration| {
            let within = |time: &&Duration| *time >= first && **time < *first + slot;
            times.iter().filter(within).count()
        };
        times.iter().map(in_slot).max().unwrap_or(0)
    }

    /// Field faults, row 18.
    #[test]
    fn five_hundred_who_lose_a_server_at_once_try_again_spread_in_every_round() {
        let mut random = StdRng::seed_from_u64(18);
        let mut herd = vec![(Backoff::default(), Duration::ZERO); 500];
        for round in 0..8 {
            for (backoff, time) in &mut herd {
                *time += backoff.next(random.random());
            }
            let times: Vec<Duration> = herd.iter().map(|(_, time)| *time).collect();
            assert!(densest(&times) <= times.len() / 5, "round {round}");
        }
    }
}
