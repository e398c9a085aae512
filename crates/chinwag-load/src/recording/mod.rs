//! Records what clients do and see, as the checker wants it: over a WebSocket by a [`Tap`], over HTTP by a
//! [`RecordedHttp`].
//!
//! A tap sits wherever the frames of one connection pass: in a client, or in a proxy before it. It tells nothing that
//! the frames don't say, and forgets nothing that they do, so that what the checker finds is the server's.

mod answers;
mod asked;
mod http;
mod tap;

pub use http::RecordedHttp;
pub use tap::Tap;
