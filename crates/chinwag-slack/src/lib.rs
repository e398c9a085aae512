//! Reads Slack's export as lines that an import takes.
//!
//! An export is a zip with `users.json`, `channels.json`, and a file a day in a folder a channel.

mod archive;
mod channel;
mod content;
mod emoji;
mod message;
mod origins;
mod people;
mod text;

use std::{
    io::{Read, Seek, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, Result};
use chinwag_core::transfer::Line;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use archive::Archive;
use channel::Channel;
use message::{Converted, SlackMessage, convert};
use people::People;

pub use origins::Origins;

/// Notes that wait to be shown.
const NOTES_WAITING: usize = 100;

/// A channel as an export lists it.
#[derive(Debug, Deserialize)]
struct SlackChannel {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    members: Vec<String>,
}

/// What is said while an export is read.
#[derive(Debug)]
pub enum Note {
    /// Something that could not be read, and why.
    Refused(String, String),
    /// Something to know.
    Said(String),
}

/// An export that is being read.
pub struct Export {
    archive: Archive,
    with_private: bool,
    /// Where lines come from.
    pub origins: Origins,
    /// How many packed bytes of it were read.
    pub position: Arc<AtomicU64>,
    /// How many packed bytes there are.
    pub bytes: u64,
    notes: mpsc::Sender<Note>,
    left_out: u64,
}

impl Export {
    /// Opens an export, and where its notes come; `with_private` reads private channels and direct messages too.
    pub fn open(path: &Path, with_private: bool) -> Result<(Self, mpsc::Receiver<Note>)> {
        Self::of(Archive::open(path)?, with_private)
    }

    /// Reads an export out of a zip of so many bytes, as [`open`](Self::open) does.
    pub fn over(
        zip: impl Read + Seek + Send + 'static,
        bytes: u64,
        with_private: bool,
    ) -> Result<(Self, mpsc::Receiver<Note>)> {
        Self::of(Archive::over("the zip", zip, bytes)?, with_private)
    }

    fn of(mut archive: Archive, with_private: bool) -> Result<(Self, mpsc::Receiver<Note>)> {
        let bytes = archive.packed_bytes()?;
        let (notes, coming) = mpsc::channel(NOTES_WAITING);
        let export = Self {
            archive,
            with_private,
            origins: Origins::default(),
            position: Arc::default(),
            bytes,
            notes,
            left_out: 0,
        };
        Ok((export, coming))
    }

    /// Writes its lines, for a thread that may block: users, then channel after channel.
    ///
    /// What can't be read of it is noted and left out; errors: a file that is no list, one that unpacks to far too much,
    /// a writer that fails.
    pub fn send(mut self, feed: &mut impl Write) -> Result<()> {
        let (mut people, lines) = People::read(&mut self.archive)?;
        for line in lines {
            self.put(feed, line, "users.json")?;
        }
        self.add_read("users.json")?;
        for mut channel in self.channels(&people)? {
            for day in self.archive.days(&channel.folder) {
                self.day(feed, &day, &mut channel, &mut people)?;
                self.add_read(&day)?;
            }
            for line in channel.end(&people) {
                self.put(
                    feed,
                    Line::Event(line),
                    &format!("members of {}", channel.key),
                )?;
            }
        }
        if self.left_out > 0 {
            let count = self.left_out;
            self.note(Note::Said(format!(
                "left out {count} records of edits and deletions: messages come as they are now"
            )));
        }
        Ok(())
    }

    fn channels(&mut self, people: &People) -> Result<Vec<Channel>> {
        let mut channels = Vec::new();
        self.list("channels.json", |listed| channels.push(named(listed)))?;
        let mut private = Vec::new();
        for file in ["groups.json", "mpims.json"] {
            self.list(file, |listed| private.push(named(listed)))?;
        }
        self.list("dms.json", |listed| private.push(between(listed, people)))?;
        if self.with_private {
            channels.append(&mut private);
        } else if !private.is_empty() {
            let count = private.len();
            self.note(Note::Said(format!(
                "left out {count} private channels and direct messages: the owner would read them; \
                 --private brings them in"
            )));
        }
        Ok(channels)
    }

    fn list(&mut self, file: &str, mut each: impl FnMut(SlackChannel)) -> Result<()> {
        self.archive.for_each(file, |listed: SlackChannel| {
            each(listed);
            Ok(())
        })?;
        self.add_read(file)
    }

    fn add_read(&mut self, file: &str) -> Result<()> {
        let bytes = self.archive.packed_bytes_of(file)?;
        self.position.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn day(
        &mut self,
        feed: &mut impl Write,
        day: &str,
        channel: &mut Channel,
        people: &mut People,
    ) -> Result<()> {
        let (origins, notes) = (self.origins.clone(), self.notes.clone());
        let mut left_out = 0;
        let mut number = 0_u64;
        let mut line = Vec::new();
        let mut put = |origin: &str, sent: Line| {
            line.clear();
            sent.write(&mut line);
            origins.sent(origin.to_owned());
            feed.write_all(&line)
        };
        self.archive.for_each(day, |raw: Box<RawValue>| {
            number += 1;
            let origin = format!("{day}, message {number}");
            let message: Result<SlackMessage, _> = serde_json::from_str(raw.get());
            let converted = message
                .map_err(|error| error.to_string())
                .and_then(|message| convert(message, channel, people));
            match converted {
                Ok(Converted::Line(named, event)) => {
                    if let Some(named) = named {
                        put(&origin, named)?;
                    }
                    put(&origin, Line::Event(*event))?;
                }
                Ok(Converted::LeftOut) => left_out += 1,
                Err(reason) => {
                    let _ = notes.blocking_send(Note::Refused(origin, reason));
                }
            }
            Ok(())
        })?;
        self.left_out += left_out;
        Ok(())
    }

    fn put(&self, feed: &mut impl Write, line: Line, origin: &str) -> Result<()> {
        let mut bytes = Vec::new();
        line.write(&mut bytes);
        self.origins.sent(origin.to_owned());
        feed.write_all(&bytes).context("can't send a line")
    }

    fn note(&self, note: Note) {
        let _ = self.notes.blocking_send(note);
    }
}

fn named(listed: SlackChannel) -> Channel {
    let name = listed.name.unwrap_or(listed.id);
    Channel::new(name.clone(), name, listed.members)
}

/// Makes a channel of a direct chat: called by its two, in the folder of its id.
fn between(listed: SlackChannel, people: &People) -> Channel {
    let called = listed.members.iter().filter_map(|id| people.called(id));
    let mut names: Vec<String> = called.map(|user| user.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    let key = if names.is_empty() {
        listed.id.clone()
    } else {
        names.join(", ")
    };
    Channel::new(key, listed.id, listed.members)
}
