//! Work for each of many, on several threads.

use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder, prelude::*};

/// From how many on it pays: a send takes some 5 µs, to wake a thread and to wait for it some 50.
const SPREAD_FROM: usize = 256;
/// How many a thread takes at a time.
const AT_A_TIME: usize = 64;
/// Threads by default at most: the sends of one event are to take a part of a large machine, not all of it.
const THREADS: usize = 8;

/// Does what is to be done for each of many, such as sends to the members of a large chat.
pub(super) struct Spread {
    threads: usize,
    /// Made when it is first needed; none where the system has no threads to give.
    pool: OnceLock<Option<ThreadPool>>,
}

impl Spread {
    /// Makes one of so many threads; 0: as many as there are processors, up to 8.
    pub(super) fn new(threads: usize) -> Self {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = match threads {
            0 => processors().min(THREADS),
            threads => threads,
        };
        Self {
            threads,
            pool: OnceLock::new(),
        }
    }

    /// Does the work once for each, in no order, and returns when all is done.
    pub(super) fn each<T: Sync>(&self, all: &[T], work: impl Fn(&T) + Sync) {
        let pool = match self.threads {
            2.. if all.len() >= SPREAD_FROM => self.pool(),
            _ => None,
        };
        match pool {
            Some(pool) => pool.install(|| {
                let parts = all.par_chunks(AT_A_TIME);
                parts.for_each(|part| part.iter().for_each(&work));
            }),
            None => all.iter().for_each(work),
        }
    }

    fn pool(&self) -> Option<&ThreadPool> {
        let build = || {
            ThreadPoolBuilder::new()
                .num_threads(self.threads)
                .thread_name(|number| format!("deliver-{number}"))
                .build()
                .inspect_err(|error| {
                    tracing::warn!(%error, "large chats are delivered by one thread");
                })
                .ok()
        };
        self.pool.get_or_init(build).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    #[test]
    fn each_gets_its_work_once_however_many_there_are() {
        for (threads, count) in [(1, 1_000), (2, 0), (2, 255), (2, 256), (3, 1_000), (0, 777)] {
            let spread = Spread::new(threads);
            let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            spread.each(&done, |one| {
                one.fetch_add(1, Relaxed);
            });
            let all_once = done.iter().all(|one| one.load(Relaxed) == 1);
            assert!(all_once, "{threads} threads, {count} to do");
        }
    }

    #[test]
    fn few_start_no_thread() {
        let spread = Spread::new(2);
        spread.each(&[(); SPREAD_FROM - 1], |()| {});
        assert!(spread.pool.get().is_none());
        spread.each(&[(); SPREAD_FROM], |()| {});
        assert!(spread.pool.get().is_some());
    }
}
