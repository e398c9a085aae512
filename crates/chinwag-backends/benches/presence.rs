//! What renewing presence in a real Redis costs this process and that one: `make engines-up ENGINES=redis`, then
//! `cargo bench -p chinwag-backends --bench presence`. `CHINWAG_BENCH_REDIS` names another Redis.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chinwag_backends::redis::{Options, Redis, RedisPresence};
use chinwag_core::{
    model::NodeId,
    ports::{Presence, SessionBeat},
};
use chinwag_proto::{SessionId, Timestamp, UserId};
use rustix::time::{ClockId, clock_gettime};

/// Renewals a second: a million sessions, each renewed every 20 s.
const RATE: u64 = 50_000;
/// How long each run is.
const SECONDS: u64 = 10;
/// Users whose sessions are renewed.
const USERS: u64 = 200_000;

#[tokio::main]
async fn main() {
    let url = std::env::var("CHINWAG_BENCH_REDIS");
    let url = url.unwrap_or_else(|_| "redis://127.0.0.1:16379".into());
    let options = Options {
        prefix: "bench:".into(),
        // All at once is more than a second's worth; this measures work, not patience.
        timeout: Duration::from_secs(10),
        last_seen: Duration::from_secs(60),
        ..Options::at(vec![url.clone()], false)
    };
    let redis = Redis::connect(options).await.unwrap();
    let presence = RedisPresence::new(Arc::clone(&redis));
    let beats: Vec<SessionBeat> = (0..USERS).map(beat).collect();
    // Sessions that are there already, as nearly all are that are renewed.
    presence.touch(&beats).await.unwrap();

    println!("{RATE} renewals a second for {SECONDS} s, a second's worth in one call:");
    paced(&presence, &beats, &url).await;
    println!("as many as go, {RATE} a call:");
    unpaced(&presence, &beats, &url).await;
    let users: Vec<UserId> = beats.iter().take(1_000).map(|it| it.user.clone()).collect();
    located(&presence, &users).await;
}

fn beat(number: u64) -> SessionBeat {
    SessionBeat {
        user: UserId::new(&format!("user-{number:08}")).unwrap(),
        session: SessionId(number),
        node: NodeId(1),
        device: None,
        connected_at: Timestamp::from_unix_millis(1_790_000_000_000),
    }
}

async fn paced(presence: &RedisPresence, beats: &[SessionBeat], url: &str) {
    let each_second = usize::try_from(RATE).unwrap();
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let measure = Measure::begin(url);
    for second in beats.chunks(each_second).cycle().take(SECONDS as usize) {
        seconds.tick().await;
        presence.touch(second).await.unwrap();
    }
    seconds.tick().await;
    measure.end(RATE * SECONDS);
}

async fn unpaced(presence: &RedisPresence, beats: &[SessionBeat], url: &str) {
    let at_once = usize::try_from(RATE).unwrap();
    let measure = Measure::begin(url);
    for some in beats.chunks(at_once).cycle().take(SECONDS as usize) {
        presence.touch(some).await.unwrap();
    }
    measure.end(RATE * SECONDS);
}

async fn located(presence: &RedisPresence, users: &[UserId]) {
    let begin = Instant::now();
    for _ in 0..100 {
        presence.locate(users, None).await.unwrap();
    }
    let each_ms = begin.elapsed().as_secs_f64() * 10.0;
    println!("where the sessions of 1,000 users are: {each_ms:.2} ms");
}

/// The processor time of both processes over a while.
struct Measure<'a> {
    url: &'a str,
    begin: Instant,
    own: Duration,
    redis: f64,
}

impl<'a> Measure<'a> {
    fn begin(url: &'a str) -> Self {
        Self {
            url,
            begin: Instant::now(),
            own: own_time(),
            redis: redis_time(url),
        }
    }

    fn end(self, renewals: u64) {
        let seconds = self.begin.elapsed().as_secs_f64();
        let own = (own_time() - self.own).as_secs_f64();
        let redis = redis_time(self.url) - self.redis;
        println!(
            "  {:.0} a second; this process {:.3} cores ({:.2} µs a renewal), Redis {:.3} cores ({:.2} µs)",
            renewals as f64 / seconds,
            own / seconds,
            own * 1e6 / renewals as f64,
            redis / seconds,
            redis * 1e6 / renewals as f64,
        );
    }
}

fn own_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}

/// Asks Redis itself, as anybody can.
fn redis_time(url: &str) -> f64 {
    let mut cli = std::process::Command::new("redis-cli");
    let told = cli.args(["-u", url, "info", "cpu"]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let seconds = |name: &str| -> f64 {
        let line = told.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    seconds("used_cpu_user:") + seconds("used_cpu_sys:")
}
