//! Scope, filters and pages.

use chinwag_core::{
    model::{Interval, Intervals},
    ports::{Scope, SearchDocument, SearchRequest},
};
use chinwag_proto::Seq;

use super::{all_of, document, document_in, filled, places, request};
use crate::{SearchIndexEngine, chat, time, user};

fn interval(from: u64, through: Option<u64>) -> Interval {
    Interval {
        from: Seq(from),
        through: through.map(Seq),
    }
}

pub async fn nothing_outside_the_scope_is_found_or_counted<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    let documents = (1..=3).flat_map(|id| (1..=10).map(move |seq| document_in(id, seq, "word")));
    index.upsert(documents.collect()).await.unwrap();
    let scope = Scope(vec![
        (chat(1), Intervals::from(Seq(8))),
        (chat(3), [interval(1, Some(2))].into_iter().collect()),
    ]);
    let request = SearchRequest {
        scope,
        ..request("word")
    };
    let page = index.search(request).await.unwrap();
    let found: Vec<_> = page
        .hits
        .iter()
        .map(|hit| (hit.chat.0, hit.seq.0))
        .collect();
    assert_eq!(found, [(3, 2), (3, 1), (1, 10), (1, 9), (1, 8)]);
    assert_eq!((page.total, page.has_more), (5, false));
}

pub async fn a_scope_of_several_intervals_has_holes<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word"; 30]).await;
    let intervals = [
        interval(1, Some(2)),
        interval(5, Some(5)),
        interval(28, None),
    ];
    let request = SearchRequest {
        scope: Scope(vec![(chat(1), intervals.into_iter().collect())]),
        ..request("word")
    };
    let page = index.search(request).await.unwrap();
    assert_eq!(places(&page), [30, 29, 28, 5, 2, 1]);
    assert_eq!(page.total, 6);
}

pub async fn an_empty_scope_finds_nothing<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word"]).await;
    let nothing_of_it = Scope(vec![(chat(1), Intervals::default())]);
    for scope in [all_of(&[]), all_of(&[2]), nothing_of_it] {
        let request = SearchRequest {
            scope,
            ..request("word")
        };
        let page = index.search(request).await.unwrap();
        assert_eq!((page.hits.len(), page.total), (0, 0));
    }
}

pub async fn a_sender_may_be_asked_for<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    let senders = ["ana", "Ana", "ana b", "bo", "ana"];
    let documents = (1..).zip(senders).map(|(seq, sender)| SearchDocument {
        sender: user(sender),
        ..document(seq, "word")
    });
    index.upsert(documents.collect()).await.unwrap();
    for (sender, wanted) in [
        ("ana", vec![5, 1]),
        ("Ana", vec![2]),
        ("ana b", vec![3]),
        ("an", vec![]),
        ("word", vec![]),
    ] {
        let request = SearchRequest {
            sender: Some(user(sender)),
            ..request("word")
        };
        let page = index.search(request).await.unwrap();
        assert_eq!(places(&page), wanted, "{sender}");
        assert_eq!(page.total, wanted.len() as u64);
    }
}

pub async fn times_from_and_to_are_inclusive_and_exclusive<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word"; 5]).await;
    let second = |number: Option<i64>| number.map(|number| time(number * 1_000));
    for (from, to, wanted) in [
        (Some(2), Some(4), vec![3, 2]),
        (Some(2), None, vec![5, 4, 3, 2]),
        (None, Some(2), vec![1]),
        (Some(3), Some(3), vec![]),
        (Some(9), None, vec![]),
    ] {
        let request = SearchRequest {
            from: second(from),
            to: second(to),
            ..request("word")
        };
        let page = index.search(request).await.unwrap();
        assert_eq!(places(&page), wanted);
        assert_eq!(page.total, wanted.len() as u64);
    }
    // To the millisecond.
    let request = SearchRequest {
        from: Some(time(2_001)),
        ..request("word")
    };
    let page = index.search(request).await.unwrap();
    assert_eq!(places(&page), [5, 4, 3]);
}

pub async fn hits_come_newest_first_by_page<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    // Written in another order than that of their ids, and in two calls.
    for part in [[5, 1, 9, 3, 7], [2, 8, 4, 10, 6]] {
        let documents = part.map(|seq| document(seq, "word"));
        index.upsert(documents.into()).await.unwrap();
    }
    for limit in [1, 3, 9, 10, 11] {
        let mut all = Vec::new();
        let mut before = None;
        loop {
            let request = SearchRequest {
                before,
                limit,
                ..request("word")
            };
            let page = index.search(request).await.unwrap();
            assert!(page.hits.len() <= limit);
            all.extend(places(&page));
            assert_eq!(page.has_more, all.len() < 10, "limit {limit}");
            before = page.hits.last().map(|hit| hit.id);
            if !page.has_more {
                break;
            }
        }
        let wanted: Vec<u64> = (1..=10).rev().collect();
        assert_eq!(all, wanted, "limit {limit}");
    }
}

pub async fn the_total_counts_all_pages<E: SearchIndexEngine>(engine: E) {
    let mut texts = vec!["word"; 25];
    texts.extend(["other"; 5]);
    let index = filled(&engine, &texts).await;
    let first = SearchRequest {
        limit: 10,
        ..request("word")
    };
    let page = index.search(first.clone()).await.unwrap();
    assert_eq!((page.hits.len(), page.total), (10, 25));
    let next = SearchRequest {
        before: page.hits.last().map(|hit| hit.id),
        ..first
    };
    let page = index.search(next).await.unwrap();
    assert_eq!((page.hits.len(), page.total), (10, 25));
}

pub async fn a_scope_of_many_chats_works<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    let documents = (1..=2_000).map(|id| document_in(id, 1, "word"));
    index.upsert(documents.collect()).await.unwrap();
    let own: Vec<u64> = (1..=2_000).step_by(2).collect();
    let request = SearchRequest {
        scope: all_of(&own),
        ..request("word")
    };
    let page = index.search(request).await.unwrap();
    assert_eq!((page.total, page.hits.len()), (1_000, 100));
    assert!(page.hits.iter().all(|hit| hit.chat.0 % 2 == 1));
}

pub async fn a_scope_of_many_chats_joined_late_works<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    let documents = (1..=1_200).flat_map(|id| (1..=3).map(move |seq| document_in(id, seq, "word")));
    index.upsert(documents.collect()).await.unwrap();
    let joined = (1..=1_200).map(|id| (chat(id), Intervals::from(Seq(2 + id % 2))));
    let mut all = SearchRequest {
        scope: Scope(joined.collect()),
        ..request("word")
    };
    let mut found = Vec::new();
    loop {
        let page = index.search(all.clone()).await.unwrap();
        assert_eq!(page.total, 1_800);
        found.extend(page.hits.iter().map(|hit| (hit.chat.0, hit.seq.0)));
        all.before = page.hits.last().map(|hit| hit.id);
        if !page.has_more {
            break;
        }
    }
    let wanted = (1..=1_200)
        .rev()
        .flat_map(|id| (2 + id % 2..=3).rev().map(move |seq| (id, seq)));
    assert_eq!(found, wanted.collect::<Vec<_>>());
}
