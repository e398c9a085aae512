//! What goes in and out as a stream: files of several formats, and what a person sees meanwhile.

pub(crate) mod feed;
pub(crate) mod jsonl;
pub(crate) mod progress;
pub(crate) mod reports;
pub(crate) mod source;
pub(crate) mod tally;
