//! Whom a connection to an engine trusts, where its certificate is of an authority that browsers don't know.

use std::{fs, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// Makes ring what this process encrypts with wherever nobody names a provider: with two of them built in (the driver of
/// Cassandra brings its own), a library that is left to choose would give up.
pub fn choose_provider() {
    // An error says that it was chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Certificates of authorities.
pub(crate) struct Authorities {
    /// As the file has them.
    pub(crate) pem: Vec<u8>,
    roots: RootCertStore,
}

impl Authorities {
    /// Reads a file of them, PEM; one at least. What is wrong is told with the file's name.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let pem = fs::read(path).map_err(|error| wrong(&error))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| wrong(&error))?;
            roots.add(certificate).map_err(|error| wrong(&error))?;
        }
        if roots.is_empty() {
            return Err(wrong(&"there is no certificate in it"));
        }
        Ok(Self { pem, roots })
    }

    /// Makes what encrypts a connection to whom one of them vouches for.
    pub(crate) fn client_config(self) -> Result<ClientConfig, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let config = config.with_root_certificates(self.roots);
        Ok(config.with_no_client_auth())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_told_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        let told = |path: &Path| Authorities::read(path).map(|_| ()).unwrap_err();
        assert!(
            told(&path).contains("ca.pem: No such file"),
            "{}",
            told(&path)
        );
        fs::write(&path, "").unwrap();
        assert!(told(&path).contains("no certificate"), "{}", told(&path));
        let rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        fs::write(&path, rubbish).unwrap();
        assert!(told(&path).contains("ca.pem"), "{}", told(&path));
    }
}
