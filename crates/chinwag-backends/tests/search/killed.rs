//! kill -9 of a process that writes: what was answered is found, once.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use chinwag_core::ports::SearchIndex;

use crate::{
    documents::{document, find},
    fixture::{open, open_whole, options},
};

const ROUNDS: u64 = 6;
/// Messages that a round writes at most; far more than it gets to.
const PER_ROUND: u64 = 1_000_000;
const DIRECTORY: &str = "CHINWAG_TEST_SEARCH";
const FROM: &str = "CHINWAG_TEST_SEARCH_FROM";

/// The process that is killed: writes message after message, tells of each that was answered, and rebuilds meanwhile.
#[tokio::test]
#[ignore = "runs in a process of its own, which another test kills"]
async fn writes_until_it_is_killed() {
    let (Ok(directory), Ok(from)) = (std::env::var(DIRECTORY), std::env::var(FROM)) else {
        return;
    };
    let index = open(directory.as_ref());
    let from: u64 = from.parse().unwrap();
    let mut rebuild = None;
    for seq in from..from + PER_ROUND {
        if seq % 7 == 0 {
            drop(rebuild.take());
            let mut begun = index.rebuild().await.unwrap();
            begun.add(vec![document(seq, "word")]).await.unwrap();
            rebuild = Some(begun);
        }
        let again = document(from.max(seq - 1), "word");
        let batch = vec![again, document(seq, "word")];
        index.upsert(batch).await.unwrap();
        println!("answered {seq}");
    }
    drop(rebuild);
}

#[tokio::test]
async fn what_was_answered_is_found_once_after_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    drop(open_whole(directory.path(), options()).await);
    let mut answered: Vec<u64> = Vec::new();
    for round in 0..ROUNDS {
        let from = 1 + round * PER_ROUND;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["killed::writes_until_it_is_killed", "--exact"])
            .args(["--ignored", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .env(FROM, from.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut in_round: u64 = 0;
        for line in lines.map_while(Result::ok) {
            // The harness prints a name before the first line.
            let Some((_, seq)) = line.split_once("answered ") else {
                continue;
            };
            answered.push(seq.parse().unwrap());
            in_round += 1;
            if in_round == 5 + 9 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(in_round >= 5 + 9 * round, "it was killed in time");
        let index = open(directory.path());
        let found = find(&index, "word").await;
        // One more may be there, whose answer came too late.
        let unanswered = found.len() - answered.len();
        assert!(
            unanswered <= usize::try_from(round).unwrap() + 1,
            "{unanswered}"
        );
        assert!(answered.iter().all(|seq| found.binary_search(seq).is_ok()));
        // The queue brings what it was not told of once more.
        let last = answered[answered.len() - 1];
        let again = (from..=last + 1).map(|seq| document(seq, "word"));
        index.upsert(again.collect()).await.unwrap();
        answered.push(last + 1);
        assert_eq!(find(&index, "word").await, answered);
    }
}
