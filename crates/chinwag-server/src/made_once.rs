//! Secrets that a server makes at its first start and keeps in its data directory.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// Reads a file of the data directory, making it (mode 0600) where there is none: complete or absent, also after a
/// crash in between.
pub(crate) fn read_or_make(
    data_dir: &Path,
    name: &str,
    make: impl FnOnce() -> io::Result<Vec<u8>>,
) -> io::Result<Vec<u8>> {
    let path = data_dir.join(name);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let secret = make()?;
    write(data_dir, name, &secret)?;
    Ok(secret)
}

/// Writes a file of the data directory (mode 0600): complete or absent, also after a crash in between.
pub(crate) fn write(data_dir: &Path, name: &str, secret: &[u8]) -> io::Result<()> {
    let new = data_dir.join(format!("{name}.new"));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(secret)?;
    file.sync_all()?;
    fs::rename(&new, data_dir.join(name))?;
    fs::File::open(data_dir)?.sync_all()
}
