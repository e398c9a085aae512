//! The directory of the index: which of its generations holds, and how texts were cut for it.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use ::tantivy::INDEX_FORMAT_VERSION;
use chinwag_core::search;

use crate::disk::sync_directory;

/// The format of documents and queries: raise it when either means something else.
const FORMAT: u32 = 1;
/// Names the generation that holds.
const CURRENT: &str = "current";
/// A generation's directory: this and its number.
const GENERATION: &str = "index-";

/// The directory of the index.
pub(super) struct Home {
    path: PathBuf,
    /// The highest number that a generation had.
    last: u64,
}

/// What is known when it is opened.
pub(super) enum Found {
    /// The generation that holds.
    Generation(PathBuf),
    /// Why none holds.
    Nothing(String),
}

impl Home {
    /// Opens the directory, making it where there is none, and removes what no generation that holds needs.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Found)> {
        fs::create_dir_all(path)?;
        let found = match fs::read_to_string(path.join(CURRENT)) {
            Ok(text) => Self::read(path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Found::Nothing("there is none yet".into())
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Found::Nothing("it is damaged: its name can't be read".into())
            }
            Err(error) => return Err(error),
        };
        let mut home = Self {
            path: path.into(),
            last: 0,
        };
        let keep = match &found {
            Found::Generation(path) => Some(path.clone()),
            Found::Nothing(_) => None,
        };
        for path in home.generations()? {
            home.last = home.last.max(number(&path).unwrap_or(0));
            if Some(&path) != keep.as_ref() {
                fs::remove_dir_all(&path)?;
            }
        }
        Ok((home, found))
    }

    fn read(path: &Path, text: &str) -> Found {
        let mut lines = text.lines();
        if lines.next() != Some(&stamp()) {
            return Found::Nothing("it was made by another version".into());
        }
        let name = lines.next().unwrap_or_default();
        let generation = path.join(name);
        if number(&generation).is_none() || !generation.is_dir() {
            return Found::Nothing("it is damaged: its directory is missing".into());
        }
        Found::Generation(generation)
    }

    /// Makes the directory of the next generation.
    pub(super) fn next(&mut self) -> io::Result<PathBuf> {
        self.last += 1;
        let path = self.path.join(format!("{GENERATION}{}", self.last));
        fs::create_dir(&path)?;
        sync_directory(&self.path)?;
        Ok(path)
    }

    /// Lets a generation hold from now on, durably.
    pub(super) fn set_current(&self, generation: &Path) -> io::Result<()> {
        let name = generation.file_name().unwrap_or_default();
        let new = self.path.join(format!("{CURRENT}.new"));
        let mut file = File::create(&new)?;
        writeln!(file, "{}\n{}", stamp(), name.display())?;
        file.sync_all()?;
        fs::rename(&new, self.path.join(CURRENT))?;
        sync_directory(&self.path)
    }

    /// Lets none hold, durably.
    pub(super) fn forget_current(&self) -> io::Result<()> {
        forget_current(&self.path)
    }

    fn generations(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            if number(&path).is_some() {
                found.push(path);
            }
        }
        Ok(found)
    }
}

/// Lets no generation hold, durably; also where there is no directory.
pub(super) fn forget_current(home: &Path) -> io::Result<()> {
    match fs::remove_file(home.join(CURRENT)) {
        Ok(()) => sync_directory(home),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Names everything that an index depends on besides the messages.
fn stamp() -> String {
    format!(
        "search {FORMAT}, tantivy {INDEX_FORMAT_VERSION}, analysis {}",
        search::analysis()
    )
}

fn number(generation: &Path) -> Option<u64> {
    let name = generation.file_name()?.to_str()?;
    name.strip_prefix(GENERATION)?.parse().ok()
}
