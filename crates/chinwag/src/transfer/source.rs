//! Where an import reads from: a file or standard input, plain or packed by zstd, told apart by how it begins.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, Result, bail};

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZIP: [u8; 2] = *b"PK";

/// How many bytes were read of something.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position(Arc<AtomicU64>);

impl Position {
    /// Follows what is counted elsewhere.
    pub(crate) fn of(bytes: Arc<AtomicU64>) -> Self {
        Self(bytes)
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A file that is being read.
pub(crate) struct Source {
    /// What is in it, unpacked.
    pub(crate) reader: Box<dyn Read + Send>,
    /// How much of it was read, packed as it is.
    pub(crate) position: Position,
    /// Its size; none where it isn't a plain file.
    pub(crate) bytes: Option<u64>,
}

impl Source {
    /// Opens a file, or standard input by the name `-`.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let named = || format!("can't read {}", path.display());
        if path == Path::new("-") {
            return Self::of(io::stdin(), None).context("can't read standard input");
        }
        let file = File::open(path).with_context(named)?;
        let metadata = file.metadata().with_context(named)?;
        if metadata.is_dir() {
            bail!("{} is a directory", path.display());
        }
        let bytes = metadata.is_file().then_some(metadata.len());
        Self::of(file, bytes).with_context(named)
    }

    fn of(inner: impl Read + Send + 'static, bytes: Option<u64>) -> Result<Self> {
        let position = Position::default();
        let mut counted = Counted {
            inner,
            position: position.clone(),
        };
        let mut first = Vec::with_capacity(4);
        (&mut counted).take(4).read_to_end(&mut first)?;
        if first.starts_with(&GZIP) {
            bail!("it is packed by gzip: unpack it first, or pack it by zstd");
        }
        if first.starts_with(&ZIP) {
            bail!("it is a zip: an export of Slack's needs --format slack");
        }
        let is_packed = first == ZSTD;
        let whole = io::Cursor::new(first).chain(counted);
        let reader: Box<dyn Read + Send> = if is_packed {
            Box::new(zstd::Decoder::new(whole)?)
        } else {
            Box::new(whole)
        };
        Ok(Self {
            reader,
            position,
            bytes,
        })
    }
}

struct Counted<R> {
    inner: R,
    position: Position,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.position.add(read as u64);
        Ok(read)
    }
}
