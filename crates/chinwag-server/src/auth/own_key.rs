//! This server's own signing key: made at the first start, kept in the data directory.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rand::RngCore as _;

const FILE: &str = "signing.key";
const BYTES: usize = 32;

/// Reads the key of a data directory, making it (mode 0600) where there is none.
pub fn own_key(data_dir: &Path) -> io::Result<Vec<u8>> {
    let path = data_dir.join(FILE);
    match fs::read(&path) {
        Ok(key) if key.len() == BYTES => return Ok(key),
        Ok(_) => {
            let detail = format!(
                "{} is damaged; without it nobody's token is valid",
                path.display()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut key = vec![0; BYTES];
    rand::rng().fill_bytes(&mut key);
    // Complete or absent, also after a crash in between.
    let new = data_dir.join("signing.key.new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    fs::File::open(data_dir)?.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_for_the_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let key = own_key(directory.path()).unwrap();
        assert_eq!(own_key(directory.path()).unwrap(), key);
        let mode = fs::metadata(directory.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(directory.path().join(FILE), b"short").unwrap();
        assert!(own_key(directory.path()).is_err());
    }
}
