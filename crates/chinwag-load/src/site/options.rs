//! Which server, as it is said on a command line.

use std::path::PathBuf;

use clap::Args;

/// Which server, and where its users' tokens come from.
#[derive(Debug, Clone, Default, Args)]
pub struct SiteOptions {
    /// The server, such as http://127.0.0.1:8080; without one, a server of its own on a new directory.
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// The secret that the server takes tokens by (its auth.jwt_secret), to sign those of the run's users.
    #[arg(
        long,
        global = true,
        value_name = "SECRET",
        env = "CHINWAG_BENCH_JWT_SECRET",
        hide_env_values = true
    )]
    pub jwt_secret: Option<String>,
    /// The data directory of that server, where it runs on this machine: users and tokens by its control socket.
    #[arg(
        long,
        global = true,
        value_name = "DIRECTORY",
        conflicts_with = "jwt_secret"
    )]
    pub data_dir: Option<PathBuf>,
    /// Where the server of its own keeps its data: take a directory on the disk that matters.
    #[arg(
        long,
        global = true,
        value_name = "DIRECTORY",
        conflicts_with = "server"
    )]
    pub store_in: Option<PathBuf>,
    /// What the server of its own is configured by, beside what a run sets.
    #[arg(skip)]
    pub config: Option<PathBuf>,
    /// What several nodes share by that configuration.
    #[arg(skip)]
    pub shared: Shared,
}

/// What nodes share.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shared {
    /// Whether chats are kept by an engine that all nodes reach.
    pub store: bool,
    /// Whether the search index is one that all nodes reach.
    pub index: bool,
}
