//! An error with everything that caused it, in one line.

use std::error::Error;

/// Tells an error and its causes, the deepest last: that one says most.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(below) = cause {
        text.push_str(": ");
        text.push_str(&below.to_string());
        cause = below.source();
    }
    text
}
