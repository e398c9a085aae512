//! What Prometheus reads.

mod gateway;
mod measured_store;
mod ownership;
mod page;

use std::time::Duration;

use http::{Method, StatusCode};
use parking_lot::Mutex;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

pub use gateway::Sessions;
pub use measured_store::MeasuredStore;
pub use ownership::Ownership;
pub use page::serve_page;

/// The counts of one server.
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    request_time: Family<RouteLabels, Histogram>,
    sends: Counter,
    append_time: Histogram,
    append_failures: Counter,
    queue_lag: Family<GroupLabels, Gauge>,
    commit_time: Histogram,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct GroupLabels {
    group: &'static str,
}

/// 0.1 ms to 6.5 s, each twice the one before.
fn latency() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 17))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("chinwag");
        let metrics = Self {
            requests: Family::default(),
            request_time: Family::new_with_constructor(latency),
            sends: Counter::default(),
            append_time: latency(),
            append_failures: Counter::default(),
            queue_lag: Family::default(),
            commit_time: latency(),
            registry: Mutex::default(),
        };
        let seconds = Unit::Seconds;
        registry.register("http_requests", "HTTP requests", metrics.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer",
            seconds,
            metrics.request_time.clone(),
        );
        registry.register("messages_sent", "Messages stored", metrics.sends.clone());
        registry.register_with_unit(
            "append_duration",
            "Time from handing events to the store until it confirmed",
            Unit::Seconds,
            metrics.append_time.clone(),
        );
        registry.register(
            "append_failures",
            "Appends that the store refused",
            metrics.append_failures.clone(),
        );
        registry.register(
            "queue_lag",
            "Events that a group has yet to take",
            metrics.queue_lag.clone(),
        );
        registry.register_with_unit(
            "store_commit_duration",
            "Time that a commit of the embedded store and its fsync took; who sends at once shares one",
            Unit::Seconds,
            metrics.commit_time.clone(),
        );
        *metrics.registry.lock() = registry;
        metrics
    }
}

impl Metrics {
    /// Lets another part add what it counts; names get the prefix `chinwag_`.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.registry.lock());
    }

    /// Counts an HTTP request.
    pub fn request(
        &self,
        method: &Method,
        route: &'static str,
        status: StatusCode,
        time: Duration,
    ) {
        let labels = RouteLabels {
            method: method.to_string(),
            route,
        };
        self.request_time
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
        let labels = RequestLabels {
            method: labels.method,
            route,
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
    }

    fn appended(&self, messages: u64, time: Duration, confirmed: bool) {
        self.append_time.observe(time.as_secs_f64());
        if confirmed {
            self.sends.inc_by(messages);
        } else {
            self.append_failures.inc();
        }
    }

    /// Keeps how far a group of the queue is behind.
    pub fn set_lag(&self, group: &'static str, lag: u64) {
        let lag = i64::try_from(lag).unwrap_or(i64::MAX);
        self.queue_lag
            .get_or_create(&GroupLabels { group })
            .set(lag);
    }

    /// Counts a commit of the embedded store.
    pub fn committed(&self, time: Duration) {
        self.commit_time.observe(time.as_secs_f64());
    }

    /// Writes everything in Prometheus' text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Err(error) =
            prometheus_client::encoding::text::encode(&mut text, &self.registry.lock())
        {
            tracing::error!(%error, "can't write metrics");
        }
        text
    }
}
