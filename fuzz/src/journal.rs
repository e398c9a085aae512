//! The journal of the embedded store.

use std::cell::RefCell;

use chinwag_backends::fjall::journals_end;
use tempfile::TempDir;

thread_local! {
    static DIRECTORY: RefCell<TempDir> = RefCell::new(tempfile::tempdir().unwrap());
}

/// Plays an input that is a journal: where it ends lies in it, and what follows an end is no more than damage.
pub fn journal(input: &[u8]) {
    DIRECTORY.with_borrow(|directory| {
        let file = directory.path().join("0.jnl");
        std::fs::write(&file, input).unwrap();
        let ends = journals_end(directory.path()).unwrap();
        let [end] = ends.as_slice() else {
            panic!("one journal: {ends:?}");
        };
        let end = usize::try_from(*end).unwrap();
        // What is whole stays so without what follows.
        std::fs::write(&file, &input[..end]).unwrap();
        assert_eq!(journals_end(directory.path()).unwrap(), [end as u64]);
    });
}
