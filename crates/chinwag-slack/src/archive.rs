//! The zip of an export: its files by name, each read as a stream, none beyond its bound.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::de::{DeserializeOwned, DeserializeSeed, SeqAccess, Visitor};
use zip::ZipArchive;

/// One file's bytes unpacked: a busy channel's day has a few megabytes.
const FILE_BYTES: u64 = 256 << 20;
/// How much larger all files may be than the zip: JSON packs to a tenth, what is made to burst to a thousandth.
const MOST_TIMES: u64 = 200;
/// A small zip may unpack to so much all the same.
const FREE_BYTES: u64 = 64 << 20;

/// Where a zip is read from.
trait Bytes: Read + Seek + Send {}

impl<R: Read + Seek + Send> Bytes for R {}

/// An export.
pub(crate) struct Archive {
    zip: ZipArchive<Box<dyn Bytes>>,
    /// Files by their names within the export.
    files: BTreeMap<String, usize>,
    /// Bytes that may still be unpacked.
    left: u64,
}

impl Archive {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            bail!("a zip is read from its end: it needs a file, not standard input");
        }
        let named = || format!("can't read {}", path.display());
        let file = File::open(path).with_context(named)?;
        let bytes = file.metadata().with_context(named)?.len();
        Self::over(&path.display().to_string(), BufReader::new(file), bytes)
    }

    /// Reads a zip of so many bytes.
    pub(crate) fn over(
        named: &str,
        zip: impl Read + Seek + Send + 'static,
        bytes: u64,
    ) -> Result<Self> {
        let zip = ZipArchive::new(Box::new(zip) as Box<dyn Bytes>);
        let zip = zip.with_context(|| format!("{named} is no zip"))?;
        let names = (0..zip.len()).filter_map(|at| Some((zip.name_for_index(at)?.to_owned(), at)));
        let names: Vec<(String, usize)> = names.collect();
        let users = names
            .iter()
            .filter(|(name, _)| is_named(name, "users.json"));
        let Some((users, _)) = users.min_by_key(|(name, _)| name.len()) else {
            bail!("{named} holds no users.json: it is no export of Slack's");
        };
        // Some pack the folder, not what is in it.
        let folder = users.len() - "users.json".len();
        let folder = users[..folder].to_owned();
        let files = names.into_iter().filter_map(|(name, at)| {
            let name = name.strip_prefix(&folder)?;
            Some((name.to_owned(), at))
        });
        Ok(Self {
            files: files.collect(),
            left: bytes.saturating_mul(MOST_TIMES).max(FREE_BYTES),
            zip,
        })
    }

    /// Returns the packed size of everything.
    pub(crate) fn packed_bytes(&mut self) -> Result<u64> {
        let mut bytes = 0;
        for at in self.files.values() {
            bytes += self.zip.by_index_raw(*at)?.compressed_size();
        }
        Ok(bytes)
    }

    /// Returns the packed size of one file.
    pub(crate) fn packed_bytes_of(&mut self, name: &str) -> Result<u64> {
        match self.files.get(name) {
            Some(at) => Ok(self.zip.by_index_raw(*at)?.compressed_size()),
            None => Ok(0),
        }
    }

    /// Returns the days of a channel, in order.
    pub(crate) fn days(&self, folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        let below = self.files.range(prefix.clone()..);
        below
            .map(|(name, _)| name)
            .take_while(|name| name.starts_with(&prefix))
            .filter(|name| name.ends_with(".json") && !name[prefix.len()..].contains('/'))
            .cloned()
            .collect()
    }

    /// Reads a file that holds an array, one item at a time; an absent one holds none. Returns whether it is there.
    pub(crate) fn for_each<T: DeserializeOwned>(
        &mut self,
        name: &str,
        each: impl FnMut(T) -> Result<()>,
    ) -> Result<bool> {
        let Some(at) = self.files.get(name) else {
            return Ok(false);
        };
        let bound = FILE_BYTES.min(self.left);
        let file = self.zip.by_index(*at);
        let mut bounded = Bounded {
            inner: file.with_context(|| format!("can't read {name}"))?,
            left: bound,
        };
        let mut failed = None;
        let items = Items {
            each,
            failed: &mut failed,
            kind: std::marker::PhantomData,
        };
        let mut json = serde_json::Deserializer::from_reader(BufReader::new(&mut bounded));
        let read = items.deserialize(&mut json).and_then(|()| json.end());
        self.left = self.left.saturating_sub(bound - bounded.left);
        if let Some(error) = failed {
            return Err(error);
        }
        read.map_err(|error| anyhow!("{name} can't be read: {error}"))?;
        Ok(true)
    }
}

fn is_named(path: &str, name: &str) -> bool {
    path == name
        || path
            .strip_suffix(name)
            .is_some_and(|folder| folder.ends_with('/'))
}

/// Fails where more comes than a file may hold.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other("it unpacks to far more than an export's file may hold")
        })?;
        Ok(read)
    }
}

/// Takes an array's items one by one.
struct Items<'a, T, F> {
    each: F,
    failed: &'a mut Option<anyhow::Error>,
    kind: std::marker::PhantomData<T>,
}

impl<'de, T: DeserializeOwned, F: FnMut(T) -> Result<()>> DeserializeSeed<'de> for Items<'_, T, F> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned, F: FnMut(T) -> Result<()>> Visitor<'de> for Items<'_, T, F> {
    type Value = ();

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<T>()? {
            if let Err(error) = (self.each)(item) {
                *self.failed = Some(error);
                return Err(serde::de::Error::custom("ended early"));
            }
        }
        Ok(())
    }
}
