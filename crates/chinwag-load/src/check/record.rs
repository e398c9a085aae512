//! Writes a history while it happens.

use std::io::{self, BufWriter, Write};
use std::time::Instant;

use serde::Serialize;
use std::sync::Mutex;

use super::history::{Client, What};

/// Bytes held back before they are written; a writer that is slower makes its callers wait.
const BUFFER_BYTES: usize = 256 << 10;

/// Writes records from any thread, one a line, in the order of their times.
///
/// An intent must be recorded before its request leaves, and what was seen after it came: then
/// one line after another means one moment after another, which the rules rely on. The first
/// failure to write is kept and given back by [`Recorder::finish`].
pub struct Recorder<W: Write> {
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    lines: Mutex<Lines<W>>,
}

struct Lines<W: Write> {
    writer: BufWriter<W>,
    last_at: u64,
    written: u64,
    failure: Option<io::Error>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a Client>,
    what: &'a What,
}

impl<W: Write> Recorder<W> {
    /// Records into any writer, by this process's monotonic clock.
    pub fn from_now(writer: W) -> Self {
        let start = Instant::now();
        let clock = move || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Self::new(writer, clock)
    }

    /// Records into any writer, by any clock of nanoseconds.
    pub fn new(writer: W, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        let writer = BufWriter::with_capacity(BUFFER_BYTES, writer);
        let lines = Lines {
            writer,
            last_at: 0,
            written: 0,
            failure: None,
        };
        Self {
            clock: Box::new(clock),
            lines: Mutex::new(lines),
        }
    }

    /// Tells the recorder's time, as a page's `asked` needs it.
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Writes one record, stamped with the time at which it takes its place among the lines.
    pub fn record(&self, client: Option<&Client>, what: &What) {
        // Serialised before the lock is taken: only the stamp needs the order.
        let body = serde_json::to_vec(&Body { client, what });
        let mut lines = self.lock();
        if lines.failure.is_some() {
            return;
        }
        let at = self.now().max(lines.last_at);
        let result = body
            .map_err(io::Error::other)
            .and_then(|body| lines.write(at, &body));
        match result {
            Ok(()) => lines.written += 1,
            Err(error) => lines.failure = Some(error),
        }
        lines.last_at = at;
    }

    /// Writes out what is held back, and tells how many lines there are and the writer.
    pub fn finish(self) -> io::Result<(u64, W)> {
        let lines = self
            .lines
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        match lines.failure {
            Some(error) => Err(error),
            None => {
                let writer = lines
                    .writer
                    .into_inner()
                    .map_err(|error| error.into_error())?;
                Ok((lines.written, writer))
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Lines<W>> {
        self.lines
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<W: Write> Lines<W> {
    fn write(&mut self, at: u64, body: &[u8]) -> io::Result<()> {
        write!(self.writer, "{{\"at\":{at},")?;
        self.writer.write_all(&body[1..])?;
        self.writer.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::history::Close;
    use crate::check::read::Reader;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn what_many_threads_record_comes_back_whole_and_in_order_of_time() {
        let ticks = AtomicU64::new(0);
        let recorder = Recorder::new(Vec::new(), move || ticks.fetch_add(1, Ordering::Relaxed));
        std::thread::scope(|scope| {
            for user in ["ana", "ben", "eva"] {
                let recorder = &recorder;
                scope.spawn(move || {
                    let client = Client {
                        user: user.into(),
                        device: "d".into(),
                        session: "s".into(),
                    };
                    for _ in 0..500 {
                        recorder.record(Some(&client), &What::Close(Close { clean: true }));
                    }
                });
            }
        });
        let (written, text) = recorder.finish().unwrap();
        assert_eq!(written, 1500);
        let records: Vec<_> = Reader::new(&text[..]).map(Result::unwrap).collect();
        assert_eq!(records.len(), 1500);
        assert!(records.is_sorted_by_key(|record| record.at));
    }

    #[test]
    fn a_clock_that_steps_back_doesn_t_turn_the_lines_round() {
        let times = Mutex::new(vec![5, 9, 7]);
        let recorder = Recorder::new(Vec::new(), move || times.lock().unwrap().pop().unwrap());
        for _ in 0..3 {
            recorder.record(None, &What::Quiet);
        }
        let (_, text) = recorder.finish().unwrap();
        let at: Vec<_> = Reader::new(&text[..])
            .map(|record| record.unwrap().at)
            .collect();
        assert_eq!(at, [7, 9, 9]);
    }

    #[test]
    fn a_writer_that_fails_is_told_at_the_end() {
        #[derive(Debug)]
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let recorder = Recorder::new(Full, || 0);
        recorder.record(None, &What::Quiet);
        assert_eq!(
            recorder.finish().unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
    }
}
