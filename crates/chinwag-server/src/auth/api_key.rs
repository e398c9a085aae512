//! Keys of an app's own backend: `ck_`, an id, and a secret that is kept as a hash only.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chinwag_core::model::ApiKey;
use chinwag_proto::Timestamp;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

/// What every API key begins with.
pub(super) const PREFIX: &str = "ck_";
/// The id's characters: 10 random bytes in hexadecimal.
const ID_CHARS: usize = 20;

/// Makes a key: its row, and the text that is shown once.
#[must_use]
pub(super) fn generate(name: &str, now: Timestamp) -> (ApiKey, String) {
    let mut random = [0; ID_CHARS / 2 + 32];
    rand::rng().fill_bytes(&mut random);
    let (id, secret) = random.split_at(ID_CHARS / 2);
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
    let row = ApiKey {
        id,
        name: name.into(),
        hash: hash(&text),
        created_at: now,
        revoked_at: None,
    };
    (row, text)
}

/// Returns the id inside a key's text; none where it can't be a key.
pub(super) fn id_of(text: &str) -> Option<&str> {
    let (id, _) = text.strip_prefix(PREFIX)?.split_at_checked(ID_CHARS)?;
    (text.len() < 128).then_some(id)
}

/// Tells whether a text is the key of a row that still holds, in a time that says nothing of how near it is.
pub(super) fn matches(row: &ApiKey, text: &str) -> bool {
    let given = hash(text);
    let differing = given
        .iter()
        .zip(&row.hash)
        .fold(0, |bits, (one, other)| bits | (one ^ other));
    row.revoked_at.is_none()
        && row.hash.len() == given.len()
        && std::hint::black_box(differing) == 0
}

fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_matches_its_row_until_it_is_revoked_and_is_not_kept() {
        let (mut row, text) = generate("backend", Timestamp::default());
        assert_eq!(id_of(&text), Some(row.id.as_str()));
        assert!(matches(&row, &text));
        assert!(!matches(&row, &format!("{text}x")));
        assert!(!matches(&row, &text[..text.len() - 1]));
        assert!(!format!("{row:?}").contains(&text));
        row.revoked_at = Some(Timestamp::default());
        assert!(!matches(&row, &text));
    }

    #[test]
    fn what_is_no_key_has_no_id() {
        for wrong in [
            "",
            "ck_",
            "ck_short",
            "xx_0123456789abcdef0123_s",
            "ck_ééééééééééééééééééé",
        ] {
            let _ = id_of(wrong);
        }
        assert_eq!(id_of("ck_short"), None);
    }
}
