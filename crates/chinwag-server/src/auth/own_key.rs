//! This server's own signing key: made at the first start, kept in the data directory.

use std::{io, path::Path};

use rand::RngCore as _;

use crate::made_once;

/// The file of the data directory that it is in.
pub(crate) const FILE: &str = "signing.key";
const BYTES: usize = 32;

/// Reads the key of a data directory, making it (mode 0600) where there is none.
pub fn own_key(data_dir: &Path) -> io::Result<Vec<u8>> {
    let key = made_once::read_or_make(data_dir, FILE, || {
        let mut key = vec![0; BYTES];
        rand::rng().fill_bytes(&mut key);
        Ok(key)
    })?;
    if key.len() != BYTES {
        let path = data_dir.join(FILE);
        let detail = format!(
            "{} is damaged; without it nobody's token is valid",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

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
