//! Reads fjall's journals before fjall does, and changes nothing.
//!
//! fjall cuts a journal at the first batch that it takes for torn and drops what follows (its issue 311), also in
//! the middle of a journal, also in one that another journal follows; some damage it refuses with an error. So
//! where a journal ends is found out here first. The layout is that of fjall's disk format 3: a batch is a start
//! (tag 1, item count, sequence number), its items (tag 2), and an end (tag 3, XXH3 of the items, `FJL` 3); what
//! was never written is zero. The sequence number has no checksum, so each batch's commit row tells it again, and
//! says which commit stands before it, so that none is missing in between.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use super::{commit::Commit, keys};

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const CLEAR: u8 = 4;
const TRAILER: [u8; 4] = [b'F', b'J', b'L', 3];

/// One journal.
#[derive(Debug)]
pub(super) struct Journal {
    /// Its file; names are numbers that rise.
    pub(super) path: PathBuf,
    /// Where its last whole batch ends.
    pub(super) whole_through: u64,
    /// Whether anything but zeros follows.
    pub(super) damaged: bool,
}

/// What the journals of a database hold.
#[derive(Debug, Default)]
pub(super) struct Journals {
    /// The journals, oldest first; what follows a damaged one counts as damaged from its start.
    pub(super) all: Vec<Journal>,
    /// The last commit before any damage; none where there is none.
    pub(super) last_commit: Option<u64>,
}

impl Journals {
    /// Reads the journals of a database.
    pub(super) fn read(database: &Path) -> io::Result<Self> {
        let mut journals = Self::default();
        for path in paths(database)? {
            let is_behind_damage = journals.all.last().is_some_and(|before| before.damaged);
            let journal = if is_behind_damage {
                Journal {
                    path,
                    whole_through: 0,
                    damaged: true,
                }
            } else {
                read(path, &mut journals.last_commit)?
            };
            journals.all.push(journal);
        }
        Ok(journals)
    }
}

/// Finds where the whole batches of each journal of a database end, oldest first, as an open does; changes nothing.
pub fn journals_end(database: &Path) -> io::Result<Vec<u64>> {
    let journals = Journals::read(database)?.all.into_iter();
    Ok(journals.map(|journal| journal.whole_through).collect())
}

/// Finds the journals of a database, oldest first.
fn paths(database: &Path) -> io::Result<Vec<PathBuf>> {
    let mut numbered = Vec::new();
    let entries = match std::fs::read_dir(database) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".jnl")?.parse::<u64>().ok());
        if let Some(number) = number {
            numbered.push((number, path));
        }
    }
    numbered.sort();
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}

fn read(path: PathBuf, last_commit: &mut Option<u64>) -> io::Result<Journal> {
    let mut reader = Counting {
        inner: BufReader::with_capacity(1 << 16, File::open(&path)?),
        position: 0,
    };
    let mut whole_through = 0;
    while let Some(commit) = read_batch(&mut reader, *last_commit)? {
        whole_through = reader.position;
        *last_commit = commit.or(*last_commit);
    }
    let damaged = !is_zero_from(&path, whole_through)?;
    Ok(Journal {
        path,
        whole_through,
        damaged,
    })
}

/// Counts what was read.
struct Counting<R> {
    inner: R,
    position: u64,
}

impl<R: Read> Counting<R> {
    /// Reads so many bytes; `None` where the file ends before.
    fn take<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        match self.inner.read_exact(&mut bytes) {
            Ok(()) => {
                self.position += N as u64;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Appends so many bytes, or as many as there are: a length that damage made must not become memory.
    fn append(&mut self, bytes: &mut Vec<u8>, count: usize) -> io::Result<bool> {
        let mut piece = Read::take(&mut self.inner, count as u64);
        let read = piece.read_to_end(bytes)?;
        self.position += read as u64;
        Ok(read == count)
    }
}

/// Reads over one batch and returns the number of its commit, if it has one; `None` where no whole batch begins here
/// that follows the commit before.
fn read_batch<R: Read>(
    reader: &mut Counting<R>,
    last_commit: Option<u64>,
) -> io::Result<Option<Option<u64>>> {
    let Some([START]) = reader.take()? else {
        return Ok(None);
    };
    let Some(items) = reader.take()?.map(u32::from_le_bytes) else {
        return Ok(None);
    };
    let Some(seqno) = reader.take()?.map(u64::from_le_bytes) else {
        return Ok(None);
    };
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    let mut buffer = Vec::new();
    let mut number = None;
    for _ in 0..items {
        if read_item(reader, &mut buffer)?.is_none() {
            return Ok(None);
        }
        hasher.update(&buffer);
        if let Some(commit) = commit_row(&buffer) {
            let follows = last_commit.is_none_or(|last| commit.after == last);
            let taken_between = seqno.checked_sub(commit.seqno);
            if !follows || taken_between.is_none_or(|taken| taken >= TAKEN_BETWEEN) {
                return Ok(None);
            }
            number = Some(commit.number);
        }
    }
    let Some([END]) = reader.take()? else {
        return Ok(None);
    };
    let checksum = reader.take()?.map(u64::from_le_bytes);
    let whole = checksum == Some(hasher.digest()) && reader.take()? == Some(TRAILER);
    Ok(whole.then_some(number))
}

/// Sequence numbers that fjall's own threads may take between the writing of a commit's row and the commit.
const TAKEN_BETWEEN: u64 = 1_024;

/// Reads what a batch's commit row says; nothing from other rows.
fn commit_row(item: &[u8]) -> Option<Commit> {
    let key = keys::commit();
    let value = item.get(1 + HEAD..)?.strip_prefix(key.as_slice())?;
    Commit::from_bytes(value).ok()
}

/// Value type, compression, keyspace, key length, value length, length in the file.
const HEAD: usize = 1 + 1 + 8 + 2 + 4 + 4;

/// Reads one item as it stands in the file.
fn read_item<R: Read>(reader: &mut Counting<R>, item: &mut Vec<u8>) -> io::Result<Option<()>> {
    /// No row is as large; a larger length is damage.
    const MAX_BYTES: usize = 64 << 20;
    item.clear();
    match reader.take()? {
        Some([ITEM]) => {}
        Some([CLEAR]) => {
            let Some(keyspace) = reader.take::<8>()? else {
                return Ok(None);
            };
            item.push(CLEAR);
            item.extend_from_slice(&keyspace);
            return Ok(Some(()));
        }
        _ => return Ok(None),
    }
    let Some(head) = reader.take::<HEAD>()? else {
        return Ok(None);
    };
    let [.., k0, k1, v0, v1, v2, v3, s0, s1, s2, s3] = head;
    let key = usize::from(u16::from_le_bytes([k0, k1]));
    let value = u32::from_le_bytes([v0, v1, v2, v3]);
    let stored = u32::from_le_bytes([s0, s1, s2, s3]);
    // Journals are written without compression, so both lengths are the same.
    let stored = stored as usize;
    if value as usize != stored || stored > MAX_BYTES {
        return Ok(None);
    }
    item.push(ITEM);
    item.extend_from_slice(&head);
    Ok(reader.append(item, key + stored)?.then_some(()))
}

/// Returns whether nothing but zeros, or nothing, follows; holes are not read.
fn is_zero_from(path: &Path, position: u64) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;

    let file = File::open(path)?;
    let mut position = position;
    let mut buffer = vec![0; 1 << 16];
    loop {
        position = match rustix::fs::seek(&file, rustix::fs::SeekFrom::Data(position)) {
            Ok(data) => data,
            // Past the last data.
            Err(rustix::io::Errno::NXIO) => return Ok(true),
            // A file system that doesn't tell holes: everything is read.
            Err(_) => position,
        };
        let read = file.read_at(&mut buffer, position)?;
        if read == 0 {
            return Ok(true);
        }
        if buffer[..read].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        position += read as u64;
    }
}
