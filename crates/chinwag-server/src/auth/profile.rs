//! The name that people see.

/// A name longer than this is no name.
const MAX_BYTES: usize = 256;

/// Tells whether a text can be a name that people see: not blank, bounded, on one line.
#[must_use]
pub(super) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_BYTES && !text.chars().any(char::is_control)
}
