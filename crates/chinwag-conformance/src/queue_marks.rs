//! What every [`QueueMarks`] must show.

use std::sync::Arc;

use chinwag_core::{
    model::{Shard, Term},
    ports::{QueueMark, QueueMarks},
};
use chinwag_proto::{ChatId, Seq};

use crate::{QueueMarksEngine, chat};

/// Lists the cases of [`queue_marks`](crate::queue_marks).
#[doc(hidden)]
#[macro_export]
macro_rules! queue_marks {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments queue_marks
            a_shard_begins_without_marks_at_checkpoint_0
            a_marked_chat_is_found_by_its_lowest_place
            shards_are_apart
            passing_moves_the_checkpoint_and_lets_marks_go
            a_checkpoint_of_a_lower_term_loses_and_takes_no_mark_of_a_higher_one
            many_marks_are_all_found
            marks_and_checkpoints_are_there_after_reopening
        }
    };
}

const SHARD: Shard = Shard(7);

async fn mark(marks: &Arc<dyn QueueMarks>, term: u32, minute: u64, id: u64, first: u64) {
    let mark = QueueMark {
        shard: SHARD,
        minute,
        chat: chat(id),
        first: Seq(first),
        term: Term(term),
    };
    marks.mark(mark).await.unwrap();
}

async fn marked(marks: &Arc<dyn QueueMarks>, above: u64) -> Vec<(ChatId, Seq)> {
    let mut marked = marks.marked(SHARD, above).await.unwrap();
    marked.sort_unstable();
    marked
}

pub async fn a_shard_begins_without_marks_at_checkpoint_0<E: QueueMarksEngine>(engine: E) {
    let marks = engine.queue_marks();
    assert_eq!(marks.checkpoint(SHARD).await.unwrap(), 0);
    assert!(marked(&marks, 0).await.is_empty());
}

pub async fn a_marked_chat_is_found_by_its_lowest_place<E: QueueMarksEngine>(engine: E) {
    let marks = engine.queue_marks();
    // The same chat in the same minute under two terms: neither hides the other.
    for (term, minute, id, first) in [(1, 10, 1, 5), (2, 10, 1, 9), (1, 11, 1, 7), (1, 12, 2, 1)] {
        for _ in 0..2 {
            mark(&marks, term, minute, id, first).await;
        }
    }
    assert_eq!(
        marked(&marks, 0).await,
        [(chat(1), Seq(5)), (chat(2), Seq(1))]
    );
    assert_eq!(
        marked(&marks, 9).await,
        [(chat(1), Seq(5)), (chat(2), Seq(1))]
    );
    assert_eq!(
        marked(&marks, 10).await,
        [(chat(1), Seq(7)), (chat(2), Seq(1))]
    );
    assert_eq!(marked(&marks, 11).await, [(chat(2), Seq(1))]);
    assert!(marked(&marks, 12).await.is_empty());
}

pub async fn shards_are_apart<E: QueueMarksEngine>(engine: E) {
    let marks = engine.queue_marks();
    mark(&marks, 1, 10, 1, 5).await;
    marks.pass(Shard(8), Term(1), 10).await.unwrap();
    assert_eq!(marks.checkpoint(SHARD).await.unwrap(), 0);
    assert_eq!(marks.checkpoint(Shard(8)).await.unwrap(), 10);
    assert_eq!(marked(&marks, 0).await, [(chat(1), Seq(5))]);
    assert!(marks.marked(Shard(8), 0).await.unwrap().is_empty());
}

pub async fn passing_moves_the_checkpoint_and_lets_marks_go<E: QueueMarksEngine>(engine: E) {
    let marks = engine.queue_marks();
    for minute in 10..=12 {
        mark(&marks, 1, minute, minute, 5).await;
    }
    for _ in 0..2 {
        marks.pass(SHARD, Term(1), 11).await.unwrap();
        assert_eq!(marks.checkpoint(SHARD).await.unwrap(), 11);
        assert_eq!(marked(&marks, 0).await, [(chat(12), Seq(5))]);
    }
    // A later owner begins where it finds the checkpoint.
    marks.pass(SHARD, Term(2), 11).await.unwrap();
    assert_eq!(marks.checkpoint(SHARD).await.unwrap(), 11);
    assert_eq!(marked(&marks, 0).await, [(chat(12), Seq(5))]);
}

pub async fn a_checkpoint_of_a_lower_term_loses_and_takes_no_mark_of_a_higher_one<
    E: QueueMarksEngine,
>(
    engine: E,
) {
    let marks = engine.queue_marks();
    marks.pass(SHARD, Term(2), 10).await.unwrap();
    mark(&marks, 2, 11, 1, 5).await;
    marks.pass(SHARD, Term(1), 50).await.unwrap();
    assert_eq!(marks.checkpoint(SHARD).await.unwrap(), 10);
    assert_eq!(marked(&marks, 10).await, [(chat(1), Seq(5))]);
}

pub async fn many_marks_are_all_found<E: QueueMarksEngine>(engine: E) {
    let marks = engine.queue_marks();
    // More than an engine may read at a time.
    let writing = (0..12).map(|part| {
        let marks = engine.queue_marks();
        tokio::spawn(async move {
            for n in 0..500 {
                let id = part * 500 + n;
                mark(&marks, 1, 10 + id % 3, 1 + id, 1).await;
            }
        })
    });
    for written in writing.collect::<Vec<_>>() {
        written.await.unwrap();
    }
    let found = marked(&marks, 0).await;
    assert_eq!(found.len(), 6_000);
    assert!(found.windows(2).all(|two| two[0].0 < two[1].0));
}

pub async fn marks_and_checkpoints_are_there_after_reopening<E: QueueMarksEngine>(engine: E) {
    mark(&engine.queue_marks(), 1, 10, 1, 5).await;
    mark(&engine.queue_marks(), 1, 11, 2, 3).await;
    engine.queue_marks().pass(SHARD, Term(1), 10).await.unwrap();
    let engine = engine.reopen().await;
    let marks = engine.queue_marks();
    assert_eq!(marks.checkpoint(SHARD).await.unwrap(), 10);
    assert_eq!(marked(&marks, 10).await, [(chat(2), Seq(3))]);
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(queue_marks, "queue_marks.rs");
}
