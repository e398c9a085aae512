//! Many seeds, each in a process of its own, and what came of them.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, bail};
use chinwag_load::verify::{Report, Verdict};
use clap::ValueEnum as _;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{chance, plant::Plant, play::play};

/// Where a process is told that it logs, as `RUST_LOG` has it.
const LOG: &str = "SIMULATION_LOG";

/// Seeds that follow one another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    from: u64,
    to: u64,
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is no number"));
        match text.split_once("..") {
            Some((from, to)) => Ok(Self {
                from: number(from)?,
                to: number(to)?,
            }),
            None => {
                let from = number(text)?;
                Ok(Self { from, to: from + 1 })
            }
        }
    }
}

/// What came of a seed.
#[derive(Debug, Serialize, Deserialize)]
struct Played {
    seed: u64,
    /// Whether a promise was broken, or somebody was told what nobody should be.
    is_broken: bool,
    /// The rules that were broken, and other surprises in words.
    found: Vec<String>,
    /// Rules that had something to check.
    proven: Vec<String>,
    messages: u64,
    connections: u64,
    happened: BTreeMap<String, u64>,
    history: Option<PathBuf>,
}

impl Played {
    fn of(seed: u64, report: Report) -> Self {
        let rules = report.check.rules.iter();
        let found = rules.clone().filter(|rule| rule.found > 0).map(|rule| {
            let first = rule.violations.first();
            let first = first.map_or_else(String::new, |it| format!(": {}", it.text));
            format!("{}{first}", rule.rule)
        });
        let run = report.run.as_ref();
        let surprises = run.map_or_else(Vec::new, |run| run.surprises.told.clone());
        Self {
            seed,
            is_broken: report.verdict == Verdict::Broken,
            found: found.chain(surprises).collect(),
            proven: rules
                .filter(|rule| rule.checked > 0)
                .map(|rule| rule.rule.to_string())
                .collect(),
            messages: run.map_or(0, |run| run.messages),
            connections: run.map_or(0, |run| run.connections),
            happened: report.run.map(|run| run.faults).unwrap_or_default(),
            history: report.history,
        }
    }
}

/// Plays a single seed in this process and prints what came of it, as JSON.
pub(crate) fn play_here(
    seeds: &Range,
    plant: Option<Plant>,
    history: Option<PathBuf>,
) -> Result<ExitCode> {
    if let Ok(filter) = std::env::var(LOG) {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .without_time()
            .init();
    }
    let seed = seeds.from;
    chance::fix(seed);
    // A new thread: what this one drew before isn't by the seed.
    let playing = std::thread::Builder::new().stack_size(16 << 20);
    let playing = playing.spawn(move || play(seed, plant, history))?;
    let Ok(report) = playing.join() else {
        bail!("the simulation panicked");
    };
    println!("{}", serde_json::to_string(&Played::of(seed, report?))?);
    Ok(ExitCode::SUCCESS)
}

/// Plays seeds, some at a time; tells each that broke a promise, and in the end what there was.
pub(crate) fn play_all(
    seeds: &Range,
    plant: Option<Plant>,
    history: Option<PathBuf>,
    at_a_time: Option<usize>,
) -> Result<ExitCode> {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let at_a_time = at_a_time.unwrap_or_else(processors);
    let next = AtomicU64::new(seeds.from);
    let total = Mutex::new(Total::default());
    std::thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.to || (plant.is_some() && total.lock().is_found) {
                        return;
                    }
                    let played = in_a_process(seed, plant, history.as_ref());
                    total.lock().take(seed, played, plant);
                }
            });
        }
    });
    Ok(total.into_inner().told(plant))
}

fn in_a_process(seed: u64, plant: Option<Plant>, history: Option<&PathBuf>) -> Result<Played> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--here", &seed.to_string()]);
    if let Some(plant) = plant.and_then(|plant| plant.to_possible_value()) {
        command.args(["--plant", plant.get_name()]);
    }
    if let Some(history) = history {
        command.arg("--history").arg(history);
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{}: {}", output.status, told.trim());
    }
    eprint!("{told}");
    serde_json::from_slice(&output.stdout).context("what the process printed")
}

/// What came of all seeds.
#[derive(Default)]
struct Total {
    played: u64,
    broken: u64,
    /// Whether the planted fault was found, by a rule that it breaks.
    is_found: bool,
    messages: u64,
    connections: u64,
    happened: BTreeMap<String, u64>,
    proven: BTreeMap<String, u64>,
}

impl Total {
    fn take(&mut self, seed: u64, played: Result<Played>, plant: Option<Plant>) {
        self.played += 1;
        let played = match played {
            Ok(played) => played,
            Err(error) => {
                self.broken += 1;
                println!("seed {seed} FAILED: {error:#}");
                return;
            }
        };
        self.messages += played.messages;
        self.connections += played.connections;
        for (kind, count) in played.happened {
            *self.happened.entry(kind).or_default() += count;
        }
        for rule in played.proven {
            *self.proven.entry(rule).or_default() += 1;
        }
        let breaks = plant.map_or(&[][..], Plant::breaks);
        let is_of_plant = |found: &String| breaks.iter().any(|rule| found.starts_with(rule));
        self.is_found |= played.found.iter().any(is_of_plant);
        if played.is_broken {
            self.broken += 1;
            println!("seed {seed} BROKEN: {}", played.found.join("; "));
            if let Some(history) = played.history {
                println!("  its history: {}", history.display());
            }
            println!("  again: chinwag-simulation {seed}");
        }
    }

    fn told(self, plant: Option<Plant>) -> ExitCode {
        println!(
            "{} seeds, {} broken; {} messages over {} connections",
            self.played, self.broken, self.messages, self.connections
        );
        println!("what went wrong: {:?}", self.happened);
        println!(
            "seeds in which a rule had something to check: {:?}",
            self.proven
        );
        let is_well = match plant {
            Some(_) => self.is_found,
            None => self.broken == 0,
        };
        match is_well {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        }
    }
}
