//! The `chinwag` binary.
fn main() {}
