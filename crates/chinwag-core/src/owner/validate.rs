//! What a request must be, before anything is looked up.

use chinwag_proto::{ErrorCode, Limits, Metadata, Problem, UserId, shapes::MembershipChange};

use super::{
    command::NewMessage,
    import::{ImportedBody, ImportedMembership, ImportedMessage},
};

/// Earlier contents that an imported message may have: more than anybody reads, and what one append may write.
const IMPORTED_VERSIONS: usize = 1_000;

/// Checks a message's own bounds; nothing is cut, nothing is normalised.
pub(super) fn message(message: &NewMessage, limits: &Limits) -> Result<(), Problem> {
    content(&message.content, limits)?;
    metadata(&message.metadata, limits)?;
    mentions(&message.mentions, limits)
}

/// Checks what an import brings: it is held to the same bounds as what is sent.
pub(super) fn imported(body: &ImportedBody, limits: &Limits) -> Result<(), Problem> {
    match body {
        ImportedBody::Message(message) => imported_message(message, limits),
        ImportedBody::Membership(change) => imported_membership(change, limits),
    }
}

fn imported_message(message: &ImportedMessage, limits: &Limits) -> Result<(), Problem> {
    if message.deleted.is_none() {
        content(&message.content, limits)?;
    } else if *message
        != (ImportedMessage {
            deleted: message.deleted.clone(),
            ..ImportedMessage::default()
        })
    {
        let detail = "a deleted message keeps nothing: no text, no replyTo, no reactions";
        return Err(Problem::field("/deleted", detail));
    }
    metadata(&message.metadata, limits)?;
    mentions(&message.mentions, limits)?;
    if message.versions.len() > IMPORTED_VERSIONS {
        let detail = format!("at most {IMPORTED_VERSIONS} versions");
        return Err(Problem::field("/edited/versions", detail));
    }
    for version in &message.versions {
        content(&version.content, limits)?;
    }
    if message.reactions.len() > limits.reaction_keys as usize {
        let detail = format!("at most {} different keys", limits.reaction_keys);
        return Err(Problem::field("/reactions", detail));
    }
    for (key, _) in &message.reactions {
        reaction(key, limits)?;
    }
    Ok(())
}

fn imported_membership(change: &ImportedMembership, limits: &Limits) -> Result<(), Problem> {
    let most = limits.members_per_request as usize;
    if change.users.is_empty() || change.users.len() > most {
        let detail = format!("expected 1 to {most} users");
        return Err(Problem::field("/membership/users", detail));
    }
    if change.change == MembershipChange::Role && change.role.is_none() {
        return Err(Problem::field("/membership/role", "is missing"));
    }
    Ok(())
}

fn metadata(metadata: &Metadata, limits: &Limits) -> Result<(), Problem> {
    if metadata.is_empty() {
        return Ok(());
    }
    let bytes = metadata.to_text().len();
    if bytes > limits.metadata_bytes as usize {
        return Err(too_large("/metadata", bytes, limits.metadata_bytes));
    }
    Ok(())
}

fn mentions(mentions: &[UserId], limits: &Limits) -> Result<(), Problem> {
    if mentions.len() > limits.mentions as usize {
        let detail = format!("at most {} users", limits.mentions);
        return Err(Problem::field("/mentions", detail));
    }
    Ok(())
}

/// Checks a message's text.
pub(super) fn content(text: &str, limits: &Limits) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::field("/content", "is empty"));
    }
    if text.len() > limits.content_bytes as usize {
        return Err(too_large("/content", text.len(), limits.content_bytes));
    }
    no_nul("/content", text)
}

/// Checks a chat's name.
pub(super) fn name(text: &str, limits: &Limits) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::field("/name", "is empty"));
    }
    if text.len() > limits.name_bytes as usize {
        return Err(too_large("/name", text.len(), limits.name_bytes));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::field("/name", "holds control characters"));
    }
    Ok(())
}

/// Checks a reaction's key.
pub(super) fn reaction(key: &str, limits: &Limits) -> Result<(), Problem> {
    if key.is_empty() || key.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Problem::field(
            "/key",
            "expected 1 or more characters without white space or controls",
        ));
    }
    if key.len() > limits.reaction_key_bytes as usize {
        return Err(too_large("/key", key.len(), limits.reaction_key_bytes));
    }
    Ok(())
}

fn no_nul(pointer: &str, text: &str) -> Result<(), Problem> {
    if text.contains('\0') {
        Err(Problem::field(pointer, "holds U+0000"))
    } else {
        Ok(())
    }
}

fn too_large(pointer: &str, bytes: usize, limit: u32) -> Problem {
    let mut problem = Problem::field(pointer, format!("{bytes} bytes of UTF-8, at most {limit}"));
    let sized = Problem::new(ErrorCode::TooLarge, problem.detail.clone());
    problem = Problem {
        errors: problem.errors,
        ..sized
    };
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_bytes_of_utf_8() {
        let limits = Limits {
            content_bytes: 8,
            ..Limits::default()
        };
        assert!(content("👨‍👩", &limits).is_err(), "11 bytes");
        assert!(content("12345678", &limits).is_ok());
        let problem = content("123456789", &limits).unwrap_err();
        assert_eq!((problem.code, problem.status), (ErrorCode::TooLarge, 413));
        assert!(problem.detail.contains("at most 8"));
    }

    #[test]
    fn empty_and_nul_are_refused() {
        let limits = Limits::default();
        assert!(content("", &limits).is_err());
        assert!(content("a\0b", &limits).is_err());
        assert!(
            content(" \u{200d}\u{202e}", &limits).is_ok(),
            "what people write is kept byte for byte"
        );
    }
}
