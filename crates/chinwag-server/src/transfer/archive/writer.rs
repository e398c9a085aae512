//! Writes a backup.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::{Digesting, END, Header, MAGIC, ROW};

/// zstd's level: the fastest, which halves what a disk has to write.
const LEVEL: i32 = 1;

/// Writes a backup.
pub(in crate::transfer) struct ArchiveWriter<W: Write> {
    rows: u64,
    out: zstd::Encoder<'static, Digesting<W>>,
}

impl<W: Write> ArchiveWriter<W> {
    pub(in crate::transfer) fn begin(out: W, header: &Header) -> io::Result<Self> {
        let digest = Sha256::new();
        let mut out = Digesting { inner: out, digest };
        out.write_all(MAGIC)?;
        let mut out = zstd::Encoder::new(out, LEVEL)?;
        let header = serde_json::to_vec(header)?;
        write_bytes(&mut out, &header)?;
        Ok(Self { rows: 0, out })
    }

    pub(in crate::transfer) fn row(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.rows += 1;
        self.out.write_all(&[ROW])?;
        write_bytes(&mut self.out, key)?;
        write_bytes(&mut self.out, value)
    }

    pub(in crate::transfer) fn end(mut self) -> io::Result<()> {
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
