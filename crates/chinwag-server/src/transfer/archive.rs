//! The file of a backup: `chinwag backup 1`, then rows as zstd, then the SHA-256 of all that.
//!
//! Rows are those of the embedded engine's data format, whose number stands in the header; a kind of row that means
//! nothing elsewhere (positions in the queue) isn't among them, nor is the search index, nor the signing key.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, SeekFrom, Write},
    path::Path,
};

use chinwag_proto::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// How every backup begins; the number is that of this layout.
const MAGIC: &[u8] = b"chinwag backup 1\n";
const DIGEST_BYTES: usize = 32;
/// zstd's level: the fastest, which halves what a disk has to write.
const LEVEL: i32 = 1;
/// No key and no value is as long; a larger length is damage, and must not become memory.
const MAX_BYTES: u32 = 64 << 20;

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

/// Writes a backup.
pub(super) struct ArchiveWriter<W: Write> {
    rows: u64,
    out: zstd::Encoder<'static, Digesting<W>>,
}

impl<W: Write> ArchiveWriter<W> {
    pub(super) fn begin(out: W, header: &Header) -> io::Result<Self> {
        let digest = Sha256::new();
        let mut out = Digesting { inner: out, digest };
        out.write_all(MAGIC)?;
        let mut out = zstd::Encoder::new(out, LEVEL)?;
        let header = serde_json::to_vec(header)?;
        write_bytes(&mut out, &header)?;
        Ok(Self { rows: 0, out })
    }

    pub(super) fn row(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.rows += 1;
        self.out.write_all(&[ROW])?;
        write_bytes(&mut self.out, key)?;
        write_bytes(&mut self.out, value)
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        self.out.write_all(&[END])?;
        self.out.write_all(&self.rows.to_be_bytes())?;
        let Digesting { mut inner, digest } = self.out.finish()?;
        inner.write_all(&digest.finalize())?;
        inner.flush()
    }
}

fn write_bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(bytes)
}

/// A backup whose checksum is right.
pub struct Archive {
    header: Header,
    rows: zstd::Decoder<'static, BufReader<io::Take<File>>>,
    count: u64,
    ended: bool,
}

impl Archive {
    /// Reads the whole file once to see that it is whole, and stands before its first row.
    pub fn open(path: &Path, known_format: u32) -> Result<Self, ArchiveError> {
        let mut file = File::open(path)?;
        let length = checked(&mut file)?;
        file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
        let mut rows = zstd::Decoder::new(file.take(length - MAGIC.len() as u64))?;
        let header = read_bytes(&mut rows)?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| ArchiveError::Malformed("its header"))?;
        if header.format > known_format {
            return Err(ArchiveError::Newer {
                found: header.format,
                known: known_format,
            });
        }
        Ok(Self {
            header,
            rows,
            count: 0,
            ended: false,
        })
    }

    /// Reads the whole file, row by row, to see that it is a whole backup.
    pub fn check(path: &Path) -> Result<Header, ArchiveError> {
        let mut archive = Self::open(path, u32::MAX)?;
        while archive.next_row()?.is_some() {}
        Ok(archive.header)
    }

    /// Returns what the backup says of itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next row; none after the last one.
    pub fn next_row(&mut self) -> Result<Option<Row>, ArchiveError> {
        if self.ended {
            return Ok(None);
        }
        let [kind] = read_exact(&mut self.rows)?;
        match kind {
            ROW => {
                self.count += 1;
                let key = read_bytes(&mut self.rows)?;
                Ok(Some((key, read_bytes(&mut self.rows)?)))
            }
            END if u64::from_be_bytes(read_exact(&mut self.rows)?) == self.count => {
                self.ended = true;
                Ok(None)
            }
            END => Err(ArchiveError::Malformed("the number of its rows")),
            _ => Err(ArchiveError::Malformed("a row")),
        }
    }
}

/// Reads over the file, checks its digest, and returns where its content ends.
fn checked(file: &mut File) -> Result<u64, ArchiveError> {
    let bytes = file.metadata()?.len();
    let mut magic = Vec::new();
    file.take(MAGIC.len() as u64).read_to_end(&mut magic)?;
    if magic != MAGIC {
        return Err(ArchiveError::Other);
    }
    let end = bytes.checked_sub(DIGEST_BYTES as u64);
    let end = end.filter(|end| *end > MAGIC.len() as u64);
    let end = end.ok_or(ArchiveError::Damaged)?;
    let mut digesting = Digesting {
        inner: io::sink(),
        digest: Sha256::new_with_prefix(MAGIC),
    };
    io::copy(&mut file.take(end - MAGIC.len() as u64), &mut digesting)?;
    let told: [u8; DIGEST_BYTES] = read_exact(file)?;
    if told != *digesting.digest.finalize() {
        return Err(ArchiveError::Damaged);
    }
    Ok(end)
}

fn read_exact<const N: usize>(from: &mut impl Read) -> Result<[u8; N], ArchiveError> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_bytes(from: &mut impl Read) -> Result<Vec<u8>, ArchiveError> {
    let length = u32::from_be_bytes(read_exact(from)?);
    if length > MAX_BYTES {
        return Err(ArchiveError::Malformed("a length"));
    }
    let mut bytes = vec![0; length as usize];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
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
