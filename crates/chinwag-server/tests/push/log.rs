//! What servers of this process logged about devices.

use std::sync::{Mutex, Once, PoisonError};

use tracing::{Event, Subscriber, field::Visit};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt as _, registry};

static STARTED: Once = Once::new();
static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

/// An event about a device.
#[derive(Debug, Default, Clone)]
struct Line {
    message: String,
    user: String,
    device: String,
    reason: String,
}

/// What is logged from when it is made; all tests of the process share it.
pub(crate) struct Log {
    from: usize,
}

impl Log {
    pub(crate) fn new() -> Self {
        STARTED.call_once(|| {
            let subscriber = registry().with(Keep);
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        Self {
            from: lines().len(),
        }
    }

    /// Returns user, device and reason of each event with this message.
    pub(crate) fn of(&self, message: &str) -> Vec<String> {
        let lines = lines();
        let wanted = lines[self.from..]
            .iter()
            .filter(|line| line.message == message);
        wanted
            .map(|line| format!("{} {}: {}", line.user, line.device, line.reason))
            .collect()
    }
}

fn lines() -> std::sync::MutexGuard<'static, Vec<Line>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Keep;

impl<S: Subscriber> Layer<S> for Keep {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        if !line.device.is_empty() {
            lines().push(line);
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let text = match field.name() {
            "message" => &mut self.message,
            "user" => &mut self.user,
            "device" => &mut self.device,
            "reason" => &mut self.reason,
            _ => return,
        };
        *text = format!("{value:?}");
    }
}
