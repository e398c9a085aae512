//! Lines of an import.

use std::sync::Arc;

use chinwag_core::transfer::{ImportLine, ImportPorts, ImportTarget, Importer, Line, Taken};
use chinwag_proto::UserId;

use crate::stage::{self, Stage};

/// Lines of one input.
const LINES: usize = 100;

/// Plays an input whose lines are imported. What can be read is written as what reads the same, and the same file again
/// brings nothing in.
pub fn imports(input: &[u8]) {
    let lines = || {
        input
            .split(|byte| *byte == b'\n')
            .take(LINES)
            .map(Line::read)
    };
    for line in lines().flatten() {
        let mut written = Vec::new();
        line.clone().write(&mut written);
        assert_eq!(Line::read(&written), Ok(line));
    }
    stage::play(async |stage| {
        let numbered = || {
            let numbered = (1..).zip(lines());
            numbered
                .map(|(number, line)| ImportLine { number, line })
                .collect::<Vec<_>>()
        };
        let first = import(stage, numbered()).await;
        let again = import(stage, numbered()).await;
        assert_eq!(again.imported, 0, "after {first:?}: {again:?}");
        // The reasons may tell the time.
        let numbers = |taken: &Taken| taken.refused.iter().map(|it| it.number).collect::<Vec<_>>();
        assert_eq!(numbers(&first), numbers(&again));
    });
}

/// Each input's groups are of an owner of their own.
async fn import(stage: &Stage, lines: Vec<ImportLine>) -> Taken {
    let node = stage.node();
    let ports = ImportPorts {
        owner: Arc::clone(node.owner()),
        chats: Arc::clone(node.chats()) as _,
        accounts: Arc::clone(&node.ports().accounts),
        clock: Arc::clone(node.clock()),
    };
    let target = ImportTarget {
        owner: UserId::new(&format!("owner-{}", stage.inputs)).unwrap(),
        as_one: None,
    };
    let mut importer = Importer::begin(ports, target).unwrap();
    importer.take(lines).await.unwrap()
}
