//! The high-water mark: how much was acknowledged, in a file that the database knows nothing of.
//!
//! Two slots take turns, each with a checksum, so a write that is cut leaves the one before. The file never grows:
//! raising the mark costs the write of one sector.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use chinwag_proto::Timestamp;

use super::commit::Commit;

/// The mark's file in the data directory.
pub(super) const FILE: &str = "high-water";
/// Slots lie a page apart, so that no torn write touches both.
const SLOT_BYTES: u64 = 4_096;
const MAGIC: [u8; 8] = *b"chinwagW";
/// Magic, commit, events, time, checksum.
const RECORD_BYTES: usize = 40;

/// What the mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The last commit that was acknowledged.
    pub(super) commit: u64,
    /// Events up to it, since ever.
    pub(super) events: u64,
    /// When.
    pub(super) at: Timestamp,
}

/// The mark, open for writing.
pub(super) struct HighWater {
    file: File,
    /// Counts writes: its last bit says which slot is next.
    turn: u64,
}

impl HighWater {
    /// Makes the mark anew, durable when it returns.
    pub(super) fn create(path: &Path, commit: &Commit) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(path)?;
        file.write_all_at(&[0; 2 * SLOT_BYTES as usize], 0)?;
        let mut mark = Self { file, turn: 0 };
        mark.raise(commit)?;
        mark.file.sync_all()?;
        Ok(mark)
    }

    /// Opens a mark that [`read`] could read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let newer = |one: Option<Mark>, other: Option<Mark>| {
            one.map(|mark| mark.commit) > other.map(|mark| mark.commit)
        };
        // The slot with the newest mark must not be the next to be written.
        let turn = u64::from(newer(read_slot(&file, 0), read_slot(&file, 1)));
        Ok(Self { file, turn })
    }

    /// Moves the mark, durable when it returns.
    pub(super) fn raise(&mut self, commit: &Commit) -> io::Result<()> {
        let mut record = Vec::with_capacity(RECORD_BYTES);
        record.extend_from_slice(&MAGIC);
        record.extend_from_slice(&commit.number.to_be_bytes());
        record.extend_from_slice(&commit.events.to_be_bytes());
        record.extend_from_slice(&commit.at.unix_millis().to_be_bytes());
        let checksum = xxhash_rust::xxh3::xxh3_64(&record);
        record.extend_from_slice(&checksum.to_be_bytes());
        self.file
            .write_all_at(&record, (self.turn % 2) * SLOT_BYTES)?;
        self.file.sync_data()?;
        self.turn += 1;
        Ok(())
    }
}

/// Reads the mark; `None` where there is none or neither slot is whole.
pub(super) fn read(path: &Path) -> io::Result<Option<Mark>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let slots = [read_slot(&file, 0), read_slot(&file, 1)];
    Ok(slots.into_iter().flatten().max_by_key(|mark| mark.commit))
}

fn read_slot(file: &File, slot: u64) -> Option<Mark> {
    let mut record = [0; RECORD_BYTES];
    file.read_exact_at(&mut record, slot * SLOT_BYTES).ok()?;
    let (said, checksum) = record.split_at(RECORD_BYTES - 8);
    let number = |at: usize| Some(u64::from_be_bytes(record.get(at..at + 8)?.try_into().ok()?));
    let whole = u64::from_be_bytes(checksum.try_into().ok()?) == xxhash_rust::xxh3::xxh3_64(said);
    if !whole || !said.starts_with(&MAGIC) {
        return None;
    }
    Some(Mark {
        commit: number(8)?,
        events: number(16)?,
        at: Timestamp::from_unix_millis(number(24)?.cast_signed()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(number: u64) -> Commit {
        Commit {
            number,
            events: number * 10,
            at: Timestamp::from_unix_millis(number.cast_signed()),
            ..Commit::default()
        }
    }

    fn garble(path: &Path, slot: u64) {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(&[0xff], slot * SLOT_BYTES + 10).unwrap();
    }

    #[test]
    fn the_newest_mark_is_read_back_and_written_over_last() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        let mut mark = HighWater::create(&path, &commit(1)).unwrap();
        mark.raise(&commit(2)).unwrap();
        mark.raise(&commit(3)).unwrap();
        drop(mark);
        let read_back = read(&path).unwrap().unwrap();
        assert_eq!((read_back.commit, read_back.events), (3, 30));

        HighWater::open(&path).unwrap().raise(&commit(4)).unwrap();
        let newest = u64::from(read_slot(&File::open(&path).unwrap(), 1).unwrap().commit == 4);
        garble(&path, newest);
        assert_eq!(
            read(&path).unwrap().unwrap().commit,
            3,
            "the other slot holds the one before"
        );
    }

    #[test]
    fn a_mark_without_a_whole_slot_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE);
        assert_eq!(read(&path).unwrap(), None);
        HighWater::create(&path, &commit(1)).unwrap();
        garble(&path, 0);
        garble(&path, 1);
        assert_eq!(read(&path).unwrap(), None);
    }
}
