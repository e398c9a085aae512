//! What client and server must agree on: ids, frames, HTTP bodies, error and close codes.
