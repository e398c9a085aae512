//! Damaged journals: all that was acknowledged is there, or the start is refused and says what is missing.

use std::{
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use chinwag_backends::fjall::{Embedded, OpenError, Options};
use chinwag_core::ports::{Directory, MessageStore};
use chinwag_proto::Epoch;

use crate::fixture::{CHAT, append, count, message, open, with_chat};

const EVENTS: u64 = 40;

/// A closed directory with [`EVENTS`] events in several commits, and its journal.
struct Original {
    directory: tempfile::TempDir,
    journal: Vec<u8>,
}

impl Original {
    async fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        store
            .append(vec![with_chat(message(CHAT, 1))])
            .await
            .unwrap();
        for seq in (2..EVENTS).step_by(3) {
            append(&store, CHAT, seq..=(seq + 2).min(EVENTS))
                .await
                .unwrap();
        }
        assert_eq!(count(&store, CHAT).await, EVENTS);
        drop(store);
        let mut journal = std::fs::read(journal(directory.path())).unwrap();
        let used = journal.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        journal.truncate(used);
        Self { directory, journal }
    }

    /// Makes a copy of the directory with another journal.
    fn copy_with(&self, bytes: &[u8]) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_directory(self.directory.path(), copy.path());
        std::fs::write(journal(copy.path()), bytes).unwrap();
        copy
    }
}

fn journal(directory: &Path) -> PathBuf {
    directory.join("store/0.jnl")
}

fn copy_directory(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy_directory(&entry.path(), &target);
        } else if entry.path().extension().is_none_or(|name| name != "jnl") {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Opens a damaged directory; returns whether it was refused.
async fn check(directory: &Path, what: &str) -> bool {
    let before = std::fs::read(journal(directory)).unwrap();
    let missing = match Embedded::open(directory, Options::default()) {
        Ok(store) => {
            assert_eq!(count(&store, CHAT).await, EVENTS, "{what}: silently less");
            return false;
        }
        Err(OpenError::Lost { events, .. }) => events,
        Err(other) => panic!("{what}: {other}"),
    };
    assert!(missing > 0, "{what}");
    let again = Embedded::open(directory, Options::default()).err();
    assert!(
        matches!(again, Some(OpenError::Lost { events, .. }) if events == missing),
        "{what}: the second start must be refused like the first, {again:?}"
    );
    let after = std::fs::read(journal(directory)).unwrap();
    assert!(before == after, "{what}: a refused start changes nothing");

    let options = Options {
        accept_loss: true,
        ..Options::default()
    };
    let store = Embedded::open(directory, options).unwrap();
    let found = count(&store, CHAT).await;
    assert_eq!(
        found + missing,
        EVENTS,
        "{what}: the error told the wrong number"
    );
    assert_eq!(store.loss().unwrap().events, Some(missing));
    if found > 0 {
        let chat = store.chats(&[CHAT]).await.unwrap().remove(0).unwrap();
        assert_eq!(chat.epoch, Epoch(2), "{what}");
    }
    append(&store, CHAT, found + 1..=EVENTS).await.unwrap();
    drop(store);
    assert_eq!(
        count(&open(directory), CHAT).await,
        EVENTS,
        "{what}: whole again"
    );
    true
}

#[tokio::test]
async fn a_journal_cut_anywhere_is_refused_or_loses_nothing() {
    let original = Original::make().await;
    let end = original.journal.len();
    // All cuts near the end, where a torn write would be, and some everywhere.
    let cuts = (0..end).step_by(211).chain(end - 40..end);
    let mut refused = 0;
    for cut in cuts {
        let copy = original.copy_with(&original.journal[..cut]);
        refused += u32::from(check(copy.path(), &format!("cut at {cut} of {end}")).await);
    }
    assert!(refused > 40, "cuts must have been noticed, {refused} were");
}

#[tokio::test]
async fn a_journal_with_a_flipped_bit_anywhere_is_refused_or_loses_nothing() {
    let original = Original::make().await;
    let end = original.journal.len();
    for at in (0..end).step_by(97) {
        let mut journal = original.journal.clone();
        journal[at] ^= 1 << (at % 8);
        let copy = original.copy_with(&journal);
        let refused = check(copy.path(), &format!("bit flipped at {at} of {end}")).await;
        assert!(refused, "a flipped bit at {at} went unnoticed");
    }
}

#[tokio::test]
async fn a_torn_end_that_nobody_was_told_of_is_dropped() {
    let original = Original::make().await;
    let torn = [&original.journal[..], &original.journal[..100]].concat();
    let copy = original.copy_with(&torn);
    assert!(!check(copy.path(), "torn end").await);
    let kept: Vec<_> = std::fs::read_dir(copy.path())
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("damaged")
        })
        .collect();
    assert!(kept.is_empty(), "nothing is kept of what nobody misses");
}

#[tokio::test]
async fn damage_is_found_behind_a_table_that_was_flushed_since() {
    let directory = tempfile::tempdir().unwrap();
    let options = || Options {
        // So small that tables are written and the rows of later commits reach the disk by another way.
        write_buffer_bytes: 16 << 10,
        ..Options::default()
    };
    let store = Embedded::open(directory.path(), options()).unwrap();
    for seq in (1..2_000).step_by(10) {
        append(&store, CHAT, seq..seq + 10).await.unwrap();
    }
    drop(store);
    let path = journal(directory.path());
    let mut journal = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut bytes = Vec::new();
    journal.read_to_end(&mut bytes).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let at = used - 2_000;
    journal.seek(SeekFrom::Start(at as u64)).unwrap();
    journal.write_all(&[bytes[at] ^ 4]).unwrap();
    drop(journal);
    match Embedded::open(directory.path(), options()) {
        Ok(store) => assert_eq!(count(&store, CHAT).await, 2_000, "silently less"),
        Err(OpenError::Lost { events, .. }) => {
            let options = Options {
                accept_loss: true,
                ..options()
            };
            let store = Embedded::open(directory.path(), options).unwrap();
            assert_eq!(count(&store, CHAT).await + events, 2_000);
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_journal_damaged_in_front_of_another_is_no_silent_hole() {
    const TRAILER: &[u8] = b"FJL\x03";
    let original = Original::make().await;
    let ends: Vec<_> = (0..original.journal.len() - 4)
        .filter(|at| original.journal[*at..].starts_with(TRAILER))
        .map(|at| at + TRAILER.len())
        .collect();
    let middle = ends[ends.len() / 2];
    let (first, second) = original.journal.split_at(middle);
    let split = |first: &[u8]| {
        let copy = original.copy_with(first);
        std::fs::write(copy.path().join("store/1.jnl"), second).unwrap();
        copy
    };
    assert!(!check(split(first).path(), "split and whole").await);

    let mut damaged = first.to_vec();
    damaged[ends[2] + 50] ^= 1;
    assert!(check(split(&damaged).path(), "bit flipped in front").await);
    let cut = &first[..ends[3]];
    assert!(check(split(cut).path(), "batches missing in front").await);
}
