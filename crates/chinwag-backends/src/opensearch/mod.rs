//! OpenSearch (or Elasticsearch 8, which has the same API as far as it is used here): `SearchIndex` of a cluster.
//!
//! - Texts are cut by the core, not by the engine: what is sent is the tokens, each with a mark at its end, and the
//!   engine indexes every beginning of each ([`layout`]). So every query means what it means elsewhere, and each of its
//!   phrases is one query of the engine, whether its last word is a beginning or not ([`query`]).
//! - A message is one document under its id, written with the place of its last change as an external version: what
//!   comes late or again is a conflict, and that counts as done ([`bulk`]). A deleted message stays as a document
//!   without text, since the engine forgets a deletion after a minute, and a late copy would bring the text back.
//! - The index is named with how its texts were cut, and searched by an alias. A rebuild fills another one beside it;
//!   whoever writes asks before each write which there are, and writes to both ([`indices`]).
//! - One rebuild goes on in a cluster, by a lease in a document; what a node that died has left is cleared away by
//!   another one ([`lease`]).

mod begin;
mod bulk;
mod call;
mod client;
mod connecting;
mod document;
mod error;
mod examine;
mod found;
mod gate;
mod index;
mod indices;
mod layout;
mod lease;
mod link;
mod names;
mod options;
mod query;
mod rebuild;
mod remove;
mod scope;

pub use connecting::ConnectError;
pub use examine::examine;
pub use index::OpenSearch;
pub use options::{Credentials, Options};
