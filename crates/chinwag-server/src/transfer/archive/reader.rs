//! Reads a backup, after its checksum.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, SeekFrom},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use super::{ArchiveError, Digesting, END, Header, MAGIC, ROW, Row};

const DIGEST_BYTES: usize = 32;
/// No key and no value is as long; a larger length is damage, and must not become memory.
const MAX_BYTES: u32 = 64 << 20;

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
