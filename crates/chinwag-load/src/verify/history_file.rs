//! Where a run's history is written: JSON lines, compressed where the file's name ends in `.gz`.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use tempfile::{Builder, TempPath};

/// The file: one that was named, or one of the run's own.
pub(super) enum HistoryFile {
    Named(PathBuf),
    /// Removed when it is dropped.
    Own(TempPath),
}

impl HistoryFile {
    pub(super) fn new(named: Option<&Path>) -> Result<Self> {
        match named {
            Some(path) => Ok(Self::Named(path.to_owned())),
            None => {
                let file = Builder::new()
                    .prefix("chinwag-verify-")
                    .suffix(".jsonl")
                    .tempfile();
                Ok(Self::Own(
                    file.context("can't make a file for the history")?
                        .into_temp_path(),
                ))
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Own(path) => path,
        }
    }

    /// Empties it, to be written.
    pub(super) fn writer(&self) -> Result<HistoryWriter> {
        let file = File::create(self.path()).context("can't write the history")?;
        Ok(match is_compressed(self.path()) {
            true => HistoryWriter::Compressed(Box::new(GzEncoder::new(file, Compression::fast()))),
            false => HistoryWriter::Plain(file),
        })
    }

    /// Ends it; answers where it is kept: where it was asked for, or where there is something to look at.
    pub(super) fn end(self, worth_keeping: bool) -> Result<Option<PathBuf>> {
        match self {
            Self::Named(path) => Ok(Some(path)),
            Self::Own(path) if worth_keeping => Ok(Some(path.keep()?)),
            Self::Own(_) => Ok(None),
        }
    }
}

/// Reads the lines of a history that was kept.
pub(super) fn lines_of(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let file = File::open(path)?;
    Ok(match is_compressed(path) {
        true => Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(file)))),
        false => Box::new(BufReader::new(file)),
    })
}

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "gz")
}

/// Writes a history's lines.
pub(super) enum HistoryWriter {
    Plain(File),
    Compressed(Box<GzEncoder<File>>),
}

impl HistoryWriter {
    /// Writes what is still held back.
    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Compressed(encoder) => encoder.finish().map(drop),
        }
    }
}

impl Write for HistoryWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Compressed(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Compressed(encoder) => encoder.flush(),
        }
    }
}
