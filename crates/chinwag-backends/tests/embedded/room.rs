//! A full disk: nothing is written, reading goes on, and it comes back by itself.

use chinwag_backends::fjall::{Embedded, Options};
use chinwag_core::ports::EngineError;

use crate::fixture::{CHAT, append, count};

#[tokio::test]
async fn a_full_disk_refuses_appends_and_leaves_reading() {
    let directory = tempfile::tempdir().unwrap();
    append(&crate::fixture::open(directory.path()), CHAT, 1..=5)
        .await
        .unwrap();
    let options = Options {
        min_free_bytes: u64::MAX,
        ..Options::default()
    };
    let store = Embedded::open(directory.path(), options).unwrap();
    let refused = append(&store, CHAT, 6..=6).await;
    assert!(matches!(refused, Err(EngineError::Full(_))), "{refused:?}");
    assert_eq!(count(&store, CHAT).await, 5);
    assert_eq!(store.stats().events, 5, "nothing was written");
}

/// Fills a file system of its own; needs one, so it is for those who may mount.
#[tokio::test]
async fn appends_come_back_when_there_is_room_again() {
    let directory = tempfile::tempdir().unwrap();
    let Some(_mounted) = Mounted::tmpfs(directory.path(), "48m") else {
        eprintln!("not tested: mounting a file system is not permitted here");
        return;
    };
    let options = Options {
        min_free_bytes: 16 << 20,
        write_buffer_bytes: 1 << 20,
        ..Options::default()
    };
    let store = Embedded::open(&directory.path().join("data"), options).unwrap();
    append(&store, CHAT, 1..=5).await.unwrap();
    let filler = directory.path().join("filler");
    std::fs::write(&filler, vec![1; 36 << 20]).unwrap();
    let refused = append(&store, CHAT, 6..=6).await;
    assert!(matches!(refused, Err(EngineError::Full(_))), "{refused:?}");
    assert_eq!(count(&store, CHAT).await, 5);

    std::fs::remove_file(&filler).unwrap();
    append(&store, CHAT, 6..=6).await.unwrap();
    assert_eq!(count(&store, CHAT).await, 6);
}

/// A file system in memory, gone at the end.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn tmpfs(path: &std::path::Path, size: &str) -> Option<Self> {
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(path)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Self(path.into()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: the store may be dropped after this.
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .output();
    }
}
