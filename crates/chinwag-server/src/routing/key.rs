//! The key by which nodes know each other.

use sha2::{Digest as _, Sha256};
use tonic::metadata::{Ascii, MetadataValue};

/// A shared key.
#[derive(Clone)]
pub(super) struct Key {
    header: MetadataValue<Ascii>,
    digest: [u8; 32],
}

impl Key {
    /// Makes one from the configuration's text.
    pub(super) fn new(text: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(text).into();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        // Not the key itself: it may hold characters that a header can't.
        let mut header: MetadataValue<Ascii> =
            hex.parse().expect("hexadecimal digits fit into a header");
        header.set_sensitive(true);
        Self {
            header,
            digest: Sha256::digest(&hex).into(),
        }
    }

    /// Returns what a call carries.
    pub(super) fn header(&self) -> MetadataValue<Ascii> {
        self.header.clone()
    }

    /// Returns whether a call carries this key. Digests are compared, so the time that it takes says nothing of the key.
    pub(super) fn opens(&self, header: Option<&[u8]>) -> bool {
        header.is_some_and(|header| <[u8; 32]>::from(Sha256::digest(header)) == self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens() {
        let key = Key::new("a key of at least thirty-two bytes");
        let same = Key::new("a key of at least thirty-two bytes").header();
        let other = Key::new("a key of at least thirty-two bytez").header();
        assert!(key.opens(Some(same.as_encoded_bytes())));
        assert!(!key.opens(Some(other.as_encoded_bytes())));
        assert!(!key.opens(Some(b"")));
        assert!(!key.opens(None));
    }
}
