//! How many files this process may hold open.

use anyhow::{Context as _, Result};
use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit to what this process may have; each connection is a file.
pub(crate) fn allow_all() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("can't raise the number of open files")
}
