//! The run that proves a server's promises: people chat over a line that fails, every frame is recorded, and the
//! checker decides.
//!
//! [`run`] starts servers of its own or takes one that runs, makes users and chats, and lets devices of the Rust
//! client send, edit, delete, react, read and type, members come and go, readers read, and visitors vanish, while
//! connections are cut and servers are killed. In the end everybody mends what they miss, every member reads every
//! chat, and the owners write the whole logs down.

mod cast;
mod chatter;
mod device;
mod doors;
mod ending;
mod faults;
mod history_file;
mod line;
mod newcomers;
mod options;
mod progress;
mod reading;
mod report;
mod stage;
mod surprises;
mod visitors;
mod world;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use chinwag_client::{Http, Network};
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

pub use line::Plant;
pub use options::{Disturbance, Fault, Options};
pub use report::{Report, Run, Verdict};
pub use world::{Scene, World, run_in};

use self::{
    cast::Cast,
    ending::Owned,
    faults::{Faults, Happened},
    history_file::{HistoryFile, lines_of},
    line::{History, Line},
    progress::Progress,
    report::Planted,
    stage::Stage,
};
use crate::{
    check::{self, read::Reader, record::Recorder},
    open_files,
    site::{Own, Site, TokenMaker},
};

/// Readers over HTTP that there are at any time.
const READERS: u64 = 2;
/// First devices of so many users watch those who come and go.
const WATCHERS: usize = 3;

/// Does a run, or checks a history that is there.
///
/// Errors: what keeps the run from its end. What was broken is told in the report.
pub async fn run(options: &Options) -> Result<Report> {
    match &options.check {
        Some(path) => {
            let check = checked(path, options)?;
            let mut report = Report::of(check, None);
            report.evidence = report::evidence(path, &report.check)?;
            Ok(report)
        }
        None => {
            open_files::allow_all()?;
            play(options).await
        }
    }
}

async fn play(options: &Options) -> Result<Report> {
    let (began, progress) = (Instant::now(), Progress::new());
    let file = HistoryFile::new(options.history.as_deref())?;
    let history = Arc::new(Recorder::from_now(file.writer()?));
    progress.say("the server starts");
    // Some groups go directly to their members, the first one by its topic.
    let direct_max_members = direct_max_members(options).to_string();
    let settings = [("CHINWAG_DIRECT_MAX_MEMBERS", direct_max_members.as_str())];
    let own = Own {
        settings: &settings,
        nodes: options.nodes,
        disk: options.own_disk(),
    };
    let mut site = Site::open(&options.site, own).await?;
    progress.say("users and chats are made");
    let reach = Reach {
        url: site.url.clone(),
        network: None,
        tokens: &site.tokens,
    };
    let stage = Arc::new(set(options, reach, &history).await?);
    let faults = Faults::of(options, &site, Duration::from_secs_f64(options.duration));
    let calm = faults.server_after;
    let going_wrong = faults.happen(Arc::clone(&stage), &mut site, options.seed);
    let happened = act(&stage, options, calm, going_wrong, &progress).await?;
    progress.say("the server stops");
    let url = site.url.clone();
    if let Err(error) = site.close().await {
        stage.surprises.note(|| error.to_string());
    }
    let stage = alone(stage, options).await?;
    let run = finish(stage, options, url, happened, began).await;
    judge(history, file, run, options, &progress).await
}

/// From so many members on the groups of a run are large ones.
pub(super) fn direct_max_members(options: &Options) -> u32 {
    (options.users * 2 / 3).max(3)
}

/// Ends a run's history and judges it.
async fn judge(
    history: History,
    file: HistoryFile,
    run: Run,
    options: &Options,
    progress: &Progress,
) -> Result<Report> {
    let recorder = alone(history, options).await?;
    let written = recorder.finish().and_then(|(_, writer)| writer.finish());
    written.context("can't write the history")?;
    progress.say("the history is checked");
    let mut report = Report::of(checked(file.path(), options)?, Some(run));
    report.evidence = report::evidence(file.path(), &report.check)?;
    report.history = file.end(report.verdict != Verdict::Kept)?;
    Ok(report)
}

/// How a run's servers are reached, and where its users' tokens come from.
struct Reach<'a> {
    url: String,
    /// None: TCP.
    network: Option<Arc<dyn Network>>,
    tokens: &'a TokenMaker,
}

/// Makes the people, their chats and the line.
async fn set(options: &Options, reach: Reach<'_>, history: &History) -> Result<Stage> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let http = match &reach.network {
        None => Http::new(&reach.url),
        Some(network) => Http::new(&reach.url).over(Arc::clone(network)),
    };
    let cast = Cast::make(http, reach.tokens, history, options, &mut random).await?;
    let plant = options.plant.map(|plant| (plant, cast.private()));
    let line = Line::open(&reach.url, reach.network, Arc::clone(history), plant).await?;
    Ok(Stage::new(cast, line, Arc::clone(history), options))
}

/// Lets everybody do what they do for the run's time, and brings all to its end; answers what went wrong meanwhile. For
/// `calm` servers are left alone, so that presence can be judged.
async fn act(
    stage: &Arc<Stage>,
    options: &Options,
    calm: Duration,
    going_wrong: impl Future<Output = Result<Happened>>,
    progress: &Progress,
) -> Result<Happened> {
    progress.say("devices connect");
    let devices = connect(stage, options).await?;
    let watchers: Vec<_> = devices
        .iter()
        .take(WATCHERS)
        .map(|it| Arc::clone(&it.1))
        .collect();
    visitors::watch(stage, &watchers).await;
    let time = Duration::from_secs_f64(options.duration);
    let mut acting = JoinSet::new();
    let per_second = options.rate / devices.len() as f64;
    for ((person, device), seed) in devices.iter().zip(options.seed..) {
        let (stage, device) = (Arc::clone(stage), Arc::clone(device));
        let chats = stage.cast.talks_in(*person);
        acting.spawn(chatter::chatter(stage, device, chats, seed, per_second));
    }
    for (number, chat) in stage.cast.chats.iter().enumerate() {
        // Nobody leaves a direct chat.
        if !chat.comers.is_empty() {
            acting.spawn(doors::come_and_go(Arc::clone(stage), number));
        }
    }
    for seed in options.seed..options.seed + READERS {
        acting.spawn(reading::read(Arc::clone(stage), seed));
    }
    acting.spawn(newcomers::come(Arc::clone(stage), options.seed));
    let promised = options.promised();
    acting.spawn(visitors::visit(Arc::clone(stage), calm, promised));
    let lasting = async {
        progress.follow(stage, time, options.messages).await;
        stage.end();
    };
    let (happened, ()) = tokio::join!(going_wrong, lasting);
    let happened = happened.context("the server of the run doesn't come back")?;
    progress.say("what is under way ends");
    while let Some(ended) = acting.join_next().await {
        ended.context("a part of the run failed")?;
    }
    drop(watchers);
    progress.say("everybody mends what they miss");
    ending::settle(stage, &devices).await;
    progress.say("everything is read");
    ending::read_everything(stage).await;
    for (_, device) in devices {
        if let Some(device) = Arc::into_inner(device) {
            device.close(stage.patience).await;
        }
    }
    Ok(happened)
}

/// Connects everybody's devices: each has one, every second a second one, and so on.
async fn connect(stage: &Stage, options: &Options) -> Result<Vec<Owned>> {
    let mut devices = Vec::new();
    for nth in 0..options.devices {
        let owners = (0..stage.cast.users()).step_by(nth as usize + 1);
        for person in owners {
            let device =
                stage.device(&stage.cast.people[person], &format!("device-{nth}"), None)?;
            devices.push((person, Arc::new(device)));
        }
    }
    let online = async {
        for (_, device) in &devices {
            device.until_online().await;
        }
    };
    let online = tokio::time::timeout(stage.patience, online).await;
    online.context("the devices of the run don't get in sync")?;
    Ok(devices)
}

/// Waits until nobody else holds something.
async fn alone<T>(shared: Arc<T>, options: &Options) -> Result<T> {
    let patience = Duration::from_secs_f64(options.patience);
    let waiting = async {
        while Arc::strong_count(&shared) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(patience, waiting)
        .await
        .ok()
        .and_then(|()| Arc::into_inner(shared))
        .context("somebody goes on after the run's end")
}

async fn finish(
    stage: Stage,
    options: &Options,
    url: String,
    faults: Happened,
    began: Instant,
) -> Run {
    let (asked_again, longest_wait_ms) = (stage.asked_again(), stage.longest_wait_ms());
    let messages = stage.messages();
    let Stage {
        line, surprises, ..
    } = stage;
    let connections = line.connections();
    let planted = options.plant.zip(line.breaches());
    let unknown = line.unknown_frames();
    if unknown > 0 {
        surprises.note(|| format!("{unknown} frames of the server are none of the protocol's"));
    }
    if !line.close(Duration::from_secs_f64(options.patience)).await {
        surprises.note(|| "connections didn't end when they were cut".into());
    }
    Run {
        settings: options.clone(),
        url,
        seconds: began.elapsed().as_secs_f64(),
        connections,
        messages,
        faults,
        planted: planted.map(|(plant, breaches)| Planted { plant, breaches }),
        asked_again,
        longest_wait_ms,
        surprises: surprises.all(),
    }
}

fn checked(path: &Path, options: &Options) -> Result<check::report::Report> {
    let lines = lines_of(path).with_context(|| format!("can't read {}", path.display()))?;
    let records = Reader::new(lines);
    Ok(check::check_with(records, &options.promised()))
}
