//! Bringing chats in from elsewhere and taking them out: lines of JSON, one event a line (`docs/import-format.md`).
//!
//! Everything here works on a few hundred lines at a time, whatever the size of the file.

mod chats;
mod export;
mod fields;
mod fingerprint;
mod import;
mod line;
mod moving;

pub use export::{ChatKeys, Extras, exported};
pub use import::{ImportLine, ImportPorts, ImportTarget, Importer, Refusal, Taken};
pub use line::{
    Edited, EventBody, EventLine, Line, MembershipLine, MessageLine, Reactions, TextVersion,
    UserLine,
};
pub use moving::{Amount, MadeByRequest, Moving, MovingError, Stores};
