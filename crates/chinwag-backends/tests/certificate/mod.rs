//! A certificate of one test's own.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

/// A certificate that vouches for itself, and its key.
pub(crate) struct Certificate {
    directory: TempDir,
}

impl Certificate {
    /// Makes one of a host.
    pub(crate) fn of(host: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        let directory = TempDir::new().unwrap();
        let certificate = Self { directory };
        fs::write(certificate.path(), made.cert.pem()).unwrap();
        fs::write(certificate.key(), made.signing_key.serialize_pem()).unwrap();
        certificate
    }

    /// Returns where it is, PEM.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("certificate.pem")
    }

    /// Returns where its key is, PEM.
    pub(crate) fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }
}
