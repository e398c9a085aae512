//! Places between two steps of a send where a test holds a process, to kill or to freeze it just there.
//!
//! Compiled in with the feature `failpoints` alone, which only the tests of the binary ask for. There a process that has
//! `FAILPOINTS`, the name of a directory, looks into it: for as long as it holds a file with a failpoint's name,
//! whoever comes to that place waits there, and `NAME.reached` has one byte for each who came. Elsewhere nothing is left of them.

/// A place between two steps.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failpoint {
    /// What a chat's writer has stamped is about to leave for the store.
    Stamped,
    /// The store has confirmed it; nobody was told.
    Stored,
    /// The sender is told; no member was.
    Acknowledged,
    /// The members are told; the queue wasn't.
    Published,
}

impl Failpoint {
    /// Goes on at once.
    #[cfg(not(feature = "failpoints"))]
    pub(super) async fn reach(self) {}

    /// Goes on when no test holds this place.
    #[cfg(feature = "failpoints")]
    pub(super) async fn reach(self) {
        let Some(directory) = directory() else {
            return;
        };
        let name = match self {
            Self::Stamped => "stamped",
            Self::Stored => "stored",
            Self::Acknowledged => "acknowledged",
            Self::Published => "published",
        };
        let held = directory.join(name);
        if !held.exists() {
            return;
        }
        let reached = directory.join(format!("{name}.reached"));
        let reached = std::fs::File::options()
            .create(true)
            .append(true)
            .open(reached);
        // Where it can't be told, the test that waits for it says so.
        let _ = reached.and_then(|mut reached| std::io::Write::write_all(&mut reached, b"."));
        while held.exists() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

#[cfg(feature = "failpoints")]
fn directory() -> Option<&'static std::path::Path> {
    static DIRECTORY: std::sync::OnceLock<Option<std::path::PathBuf>> = std::sync::OnceLock::new();
    let named = || std::env::var_os("FAILPOINTS").map(Into::into);
    DIRECTORY.get_or_init(named).as_deref()
}
