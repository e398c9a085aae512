//! What tells lines, chats and labels of imports apart, in 16 bytes.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chinwag_proto::ClientId;
use sha2::{Digest as _, Sha256};

/// A digest that nobody can find two texts for; it becomes the identity of a line for ever, so what goes in must never
/// change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Digests parts, each with its length, so that no two lists of parts are the same text.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.finalize()[..16]);
        Self(bytes)
    }

    /// Makes another one for what comes the `count`th time after the first.
    pub(super) fn again(self, count: u32) -> Self {
        if count == 0 {
            return self;
        }
        Self::of(&[b"again", &self.0, &count.to_be_bytes()])
    }

    /// Returns it as the id of a request; none that an app makes begins so.
    pub(super) fn client_id(self) -> ClientId {
        let text = format!("import-{}", BASE64_URL_SAFE_NO_PAD.encode(self.0));
        ClientId::new(&text).expect("29 characters of ASCII are a client id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_same_in_every_version() {
        let first = Fingerprint::of(&[b"message", b"tea"]);
        assert_eq!(first.client_id().as_str(), "import-EsIGLPS9CJ2POSCbj5da1w");
        assert_eq!(first.again(0), first);
        let second = first.again(1).client_id();
        assert_eq!(second.as_str(), "import-VNDaLL54Q2K_1r2Hghui9w");
        assert_ne!(Fingerprint::of(&[b"messaget", b"ea"]), first);
    }
}
