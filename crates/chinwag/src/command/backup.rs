//! `chinwag backup`

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use chinwag_server::{
    config::Config,
    transfer::archive::{Archive, Header},
};
use indicatif::HumanBytes;
use reqwest::Response;

use crate::{operator::Operator, transfer::progress::Progress};

/// Copy everything into one file, while the server runs.
///
/// All of it as it is at one moment, with a checksum: users with their password hashes, API keys, chats, messages,
/// marks, devices, the key that browsers subscribe to notes with. Not in it: the key that tokens are signed with, and the search index, which a restore builds anew.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The file to make; - writes to standard output.
    file: PathBuf,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    let file = arguments.file;
    if file.exists() {
        bail!("{} is there already", file.display());
    }
    let operator = Operator::connect(&config).await?;
    let done = backup(&operator, &file).await;
    operator.close().await;
    done
}

async fn backup(operator: &Operator, file: &Path) -> Result<()> {
    let response = operator.open("/control/backup").await?;
    if file == Path::new("-") {
        write(response, &mut io::stdout().lock()).await?;
        return Ok(());
    }
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let kept = keep(response, &part, file).await;
    if kept.is_err() {
        let _ = fs::remove_file(&part);
    }
    let (bytes, header) = kept?;
    println!(
        "{}: {}, as it was at {}",
        file.display(),
        HumanBytes(bytes),
        header.made_at
    );
    Ok(())
}

/// Writes the file under another name, reads it again to see that it is whole, and gives it its name.
async fn keep(response: Response, part: &Path, file: &Path) -> Result<(u64, Header)> {
    let named = || format!("can't write {}", part.display());
    // It holds password hashes: nobody else reads it.
    let mut out = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(part)
        .with_context(named)?;
    let bytes = write(response, &mut out).await.with_context(named)?;
    out.sync_all().with_context(named)?;
    let header = Archive::check(part).with_context(named)?;
    fs::rename(part, file).with_context(named)?;
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok((bytes, header))
}

async fn write(mut response: Response, out: &mut impl Write) -> Result<u64> {
    let mut progress = Progress::of_bytes(None);
    let mut bytes = 0;
    let cut = "the server has gone before the end";
    while let Some(chunk) = response.chunk().await.context(cut)? {
        out.write_all(&chunk)?;
        bytes += chunk.len() as u64;
        progress.at_bytes(bytes);
    }
    out.flush()?;
    progress.end();
    Ok(bytes)
}
