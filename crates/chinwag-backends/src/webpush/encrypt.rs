//! A payload for one browser (RFC 8291 over RFC 8188, one record).

use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    rand::{SecureRandom as _, SystemRandom},
};

use super::Subscription;

/// The record's size that the header names, and the body that every push service takes (RFC 8030, 7.2).
const RECORD_BYTES: u32 = 4_096;
const SALT_BYTES: usize = 16;
const KEY_ID_BYTES: u8 = 65;
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + KEY_ID_BYTES as usize;
const TAG_BYTES: usize = 16;
/// Ends the last record's plain text (RFC 8188, 2).
const LAST_RECORD: u8 = 2;
/// The longest payload: what the header, the tag and the delimiter leave of a body.
const MAX_PAYLOAD_BYTES: usize = RECORD_BYTES as usize - HEADER_BYTES - TAG_BYTES - 1;

/// Why a payload can't be encrypted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EncryptError {
    #[error("the note has {0} bytes; a push service takes {MAX_PAYLOAD_BYTES}")]
    TooLarge(usize),
    #[error("the subscription's key is no point on the curve")]
    Key,
}

impl From<Unspecified> for EncryptError {
    fn from(_: Unspecified) -> Self {
        Self::Key
    }
}

/// Encrypts a payload so that only the subscription's browser reads it; the key pair and the salt are new each time.
pub(super) fn encrypt(
    payload: &[u8],
    subscription: &Subscription,
) -> Result<Vec<u8>, EncryptError> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(EncryptError::TooLarge(payload.len()));
    }
    let random = SystemRandom::new();
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let public = private.compute_public_key()?;
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt)?;
    let browser = UnparsedPublicKey::new(&ECDH_P256, subscription.public_key);
    let info: [&[u8]; 3] = [
        b"WebPush: info\0",
        &subscription.public_key,
        public.as_ref(),
    ];
    let keying = agree_ephemeral(private, &browser, |shared| {
        let auth = Salt::new(HKDF_SHA256, &subscription.auth);
        expand::<32>(&auth.extract(shared), &info)
    })??;
    let secret = Salt::new(HKDF_SHA256, &salt).extract(&keying);
    let key: [u8; 16] = expand(&secret, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = expand(&secret, &[b"Content-Encoding: nonce\0"])?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    let mut record = [payload, &[LAST_RECORD]].concat();
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)?;
    let header = [
        &salt[..],
        &RECORD_BYTES.to_be_bytes(),
        &[KEY_ID_BYTES],
        public.as_ref(),
    ];
    Ok([header.concat(), record].concat())
}

/// The length of what a derivation makes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const BYTES: usize>(secret: &Prk, info: &[&[u8]]) -> Result<[u8; BYTES], Unspecified> {
    let mut made = [0; BYTES];
    secret.expand(info, Length(BYTES))?.fill(&mut made)?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use web_push_native::{Auth, p256};

    use super::*;

    struct Browser {
        secret: p256::SecretKey,
        subscription: Subscription,
    }

    fn browser() -> Browser {
        use p256::elliptic_curve::sec1::ToEncodedPoint as _;
        let secret = p256::SecretKey::from_slice(&[7; 32]).unwrap();
        let point = secret.public_key().to_encoded_point(false);
        Browser {
            subscription: Subscription {
                endpoint: "https://push.example".parse().unwrap(),
                public_key: point.as_bytes().try_into().unwrap(),
                auth: [9; 16],
            },
            secret,
        }
    }

    fn decrypt(browser: &Browser, body: Vec<u8>) -> Vec<u8> {
        let auth = Auth::from(browser.subscription.auth);
        web_push_native::decrypt(body, &browser.secret, &auth).unwrap()
    }

    #[test]
    fn another_library_reads_what_was_encrypted() {
        let browser = browser();
        let longest = vec![b'x'; MAX_PAYLOAD_BYTES];
        for payload in [&b""[..], "hé 👋".as_bytes(), &longest] {
            let body = encrypt(payload, &browser.subscription).unwrap();
            assert!(body.len() <= RECORD_BYTES as usize);
            assert_eq!(decrypt(&browser, body), payload);
        }
    }

    #[test]
    fn the_same_payload_never_looks_the_same() {
        let browser = browser();
        let one = encrypt(b"same", &browser.subscription).unwrap();
        let other = encrypt(b"same", &browser.subscription).unwrap();
        assert_ne!(one[..SALT_BYTES], other[..SALT_BYTES]);
        assert_ne!(one[21..], other[21..]);
    }

    #[test]
    fn what_is_too_long_or_has_no_key_is_refused() {
        let mut browser = browser();
        let long = vec![b'x'; MAX_PAYLOAD_BYTES + 1];
        let refused = encrypt(&long, &browser.subscription);
        assert_eq!(refused, Err(EncryptError::TooLarge(MAX_PAYLOAD_BYTES + 1)));
        browser.subscription.public_key = [4; 65];
        let refused = encrypt(b"x", &browser.subscription);
        assert_eq!(refused, Err(EncryptError::Key));
    }
}
