//! `chinwag import`

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, bail};
use chinwag_proto::UserId;
use chinwag_server::{
    config::Config,
    transfer::report::{ImportQuery, ImportReport},
};
use chinwag_slack::{Export, Note, Origins};
use indicatif::HumanCount;
use tokio::sync::{mpsc, oneshot};

use crate::{
    operator::{Operator, encode},
    transfer::{
        feed::{self, Feeding},
        jsonl,
        reports::Reports,
        source::{Position, Source},
        tally::Tally,
    },
};

/// Bring in chats from elsewhere.
///
/// Each chat of the file becomes a group of its own; the same file again, or a longer one, brings in only what isn't
/// there yet. Nobody gets events, pushes or unread counts for it. docs/import-format.md describes the format.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How the file is written.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// The user who owns the groups; made where there is none.
    #[arg(long, value_name = "USER")]
    owner: UserId,
    /// Bring everything into one group of this name.
    #[arg(long, value_name = "NAME")]
    as_one: Option<String>,
    /// Bring in private channels and direct messages too, as groups that the owner can read (slack).
    #[arg(long)]
    private: bool,
    /// The file, plain or packed by zstd; - reads standard input.
    file: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Lines of JSON, as `chinwag export` writes them.
    Jsonl,
    /// The zip of Slack's export.
    Slack,
}

/// A file that is being read.
struct Reading {
    feeding: Feeding,
    position: Position,
    bytes: Option<u64>,
    origins: Option<Origins>,
    notes: mpsc::Receiver<Note>,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    // Opened before the data directory: a wrong file changes nothing.
    let reading = start(&arguments)?;
    let operator = Operator::connect(&config).await?;
    let done = import(&operator, &arguments, reading).await;
    operator.close().await;
    done
}

fn start(arguments: &Arguments) -> Result<Reading> {
    let file = &arguments.file;
    if arguments.private && arguments.format != Format::Slack {
        bail!("--private is for --format slack");
    }
    match arguments.format {
        Format::Jsonl => {
            let source = Source::open(file)?;
            let (position, bytes) = (source.position.clone(), source.bytes);
            Ok(Reading {
                feeding: feed::start(move |feed| jsonl::send(source, feed)),
                position,
                bytes,
                origins: None,
                notes: mpsc::channel(1).1,
            })
        }
        Format::Slack => {
            let (export, notes) = Export::open(file, arguments.private)?;
            let position = Position::of(Arc::clone(&export.position));
            let bytes = export.bytes;
            let origins = Some(export.origins.clone());
            Ok(Reading {
                feeding: feed::start(move |feed| export.send(feed)),
                position,
                bytes: Some(bytes),
                origins,
                notes,
            })
        }
    }
}

async fn import(operator: &Operator, arguments: &Arguments, reading: Reading) -> Result<()> {
    let path = address(&ImportQuery {
        owner: arguments.owner.clone(),
        as_one: arguments.as_one.clone(),
    });
    let Reading {
        feeding: Feeding { body, stop, read },
        position,
        bytes,
        origins,
        notes,
    } = reading;
    let reports = Reports::of(operator.stream(&path, body).await?);
    let mut tally = Tally::begin(bytes, position, origins);
    let end = follow(reports, notes, stop, &mut tally).await?;
    tally.print();
    match end {
        End::Told(ImportReport::Done) => {}
        End::Told(ImportReport::Failed(problem)) => bail!("{}; {AGAIN}", problem.detail),
        End::Told(ImportReport::Stopped) => bail!("the server is leaving; {AGAIN}"),
        End::Told(ImportReport::Taken(_)) | End::Cut => bail!("the server has gone; {AGAIN}"),
        End::Asked => bail!("stopped; {AGAIN}"),
    }
    match read.await.context("the file was not read to its end")? {
        Err(error) if !feed::was_cut(&error) => return Err(error),
        _ => {}
    }
    match tally.refused() {
        0 => Ok(()),
        1 => bail!("1 line was refused, the rest is in"),
        refused => bail!("{} lines were refused, the rest is in", HumanCount(refused)),
    }
}

/// How an import ended.
enum End {
    /// As the server says.
    Told(ImportReport),
    /// Somebody asked for it, and what was on its way is in.
    Asked,
    /// The server has gone.
    Cut,
}

/// Counts what becomes of the lines until the end, or until somebody asks to stop and what is on its way is in.
async fn follow(
    mut reports: Reports,
    mut notes: mpsc::Receiver<Note>,
    stop: oneshot::Sender<()>,
    tally: &mut Tally,
) -> Result<End> {
    let mut stop = Some(stop);
    let mut asked = std::pin::pin!(chinwag_server::lifecycle::asked_to_leave()?);
    let last = loop {
        tokio::select! {
            report = reports.next() => match report {
                Ok(Some(ImportReport::Taken(lines))) => tally.take(lines),
                Ok(last) => break last,
                Err(_) => break None,
            },
            Some(note) = notes.recv() => tally.note(note),
            () = &mut asked, if stop.is_some() => {
                tally.say("stopping…");
                stop.take().map(|stop| stop.send(()));
            }
        }
    };
    while let Ok(note) = notes.try_recv() {
        tally.note(note);
    }
    Ok(match last {
        None => End::Cut,
        Some(ImportReport::Done) if stop.is_none() => End::Asked,
        Some(last) => End::Told(last),
    })
}

const AGAIN: &str = "the same command goes on where this ended";

fn address(query: &ImportQuery) -> String {
    let owner = encode(query.owner.as_str());
    let as_one = query
        .as_one
        .as_ref()
        .map(|name| format!("&asOne={}", encode(name)));
    format!(
        "/control/import?owner={owner}{}",
        as_one.unwrap_or_default()
    )
}
