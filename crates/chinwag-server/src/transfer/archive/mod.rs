//! The file of a backup: `chinwag backup 1`, then rows as zstd, then the SHA-256 of all that.
//!
//! Rows are those of the embedded engine's data format, whose number stands in the header; a kind of row that means
//! nothing elsewhere (positions in the queue) isn't among them, nor is the search index, nor the
//! signing key. The key that browsers know the server by is in the header: without it none of them is told anything.

mod kept_key;
mod reader;
mod writer;

use std::io::{self, Write};

use chinwag_proto::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use kept_key::KeptKey;
pub use reader::Archive;
pub(super) use writer::ArchiveWriter;

/// How every backup begins; the number is that of this layout.
const MAGIC: &[u8] = b"chinwag backup 1\n";

const ROW: u8 = b'R';
const END: u8 = b'E';

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The version that made it.
    pub version: String,
    /// The format of its rows.
    pub format: u32,
    /// The moment that it shows.
    pub made_at: Timestamp,
    /// The key pair that browsers know the server by, as its file holds it; none where it was never made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vapid_key: Option<KeptKey>,
}

/// Why a file is no whole backup.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is something else.
    #[error("is no backup of Chinwag's")]
    Other,
    /// Its checksum is wrong.
    #[error("is damaged or cut short: its checksum is wrong")]
    Damaged,
    /// Its checksum is right and its content is not: another program made it.
    #[error("can't be read: {0}")]
    Malformed(&'static str),
    /// A newer version made it.
    #[error("has rows of format {found}, this version knows up to {known}: use a newer version")]
    Newer {
        /// The format found.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// The file system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Counts a digest of what passes through.
struct Digesting<T> {
    inner: T,
    digest: Sha256,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: u32 = 1;

    fn written(rows: u64) -> Vec<u8> {
        let header = Header {
            version: "0.1.0".into(),
            format: HEADER,
            made_at: Timestamp::default(),
            vapid_key: None,
        };
        let mut bytes = Vec::new();
        let mut writer = ArchiveWriter::begin(&mut bytes, &header).unwrap();
        for row in 0..rows {
            writer.row(&row.to_be_bytes(), b"value").unwrap();
        }
        writer.end().unwrap();
        bytes
    }

    fn opened(bytes: &[u8]) -> Result<Archive, ArchiveError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Archive::open(file.path(), HEADER)
    }

    #[test]
    fn every_row_comes_back() {
        let mut archive = opened(&written(1_000)).unwrap();
        assert_eq!(archive.header().version, "0.1.0");
        for row in 0_u64..1_000 {
            let (key, value) = archive.next_row().unwrap().unwrap();
            assert_eq!(
                (key, value),
                (row.to_be_bytes().to_vec(), b"value".to_vec())
            );
        }
        for _ in 0..2 {
            assert!(archive.next_row().unwrap().is_none());
        }
    }

    #[test]
    fn a_backup_that_is_cut_anywhere_or_has_one_wrong_bit_is_refused() {
        let whole = written(3);
        for length in 0..whole.len() {
            assert!(opened(&whole[..length]).is_err(), "cut at {length}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            assert!(opened(&damaged).is_err(), "byte {at}");
        }
        let longer = [whole.as_slice(), b"\n"].concat();
        assert!(opened(&longer).is_err());
    }

    #[test]
    fn a_backup_of_a_newer_format_is_refused_naming_both() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), written(1)).unwrap();
        let refused = Archive::open(file.path(), HEADER - 1);
        let known = HEADER - 1;
        assert!(
            matches!(refused, Err(ArchiveError::Newer { found: HEADER, known: k }) if k == known)
        );
    }
}
