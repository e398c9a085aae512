//! Pages: both ways, messages alone or every event, nothing skipped or repeated at their edges.

use std::sync::Arc;

use chinwag_core::{
    model::{LogRow, RowBody},
    ports::{MessageStore, Order, ReadRange},
};
use chinwag_proto::Seq;

use super::appending::all;
use crate::{Conversation, MessageStoreEngine, chat};

const LIMITS: [usize; 5] = [1, 7, 49, 50, 51];

/// Reads a chat page by page and returns the places.
async fn walk(store: &Arc<dyn MessageStore>, range: ReadRange) -> Vec<u64> {
    let mut places = Vec::new();
    let mut range = range;
    loop {
        let page = store.read(chat(1), range).await.unwrap();
        assert!(page.len() <= range.limit);
        places.extend(page.iter().map(|row| row.seq.0));
        let Some(last) = page.last() else {
            return places;
        };
        match range.order {
            Order::Rising => range.from = last.seq.next(),
            Order::Falling => range.through = Seq(last.seq.0 - 1),
        }
    }
}

/// Writes fifty messages with runs of other events before, between and after them; returns the messages' places.
async fn write_mixed(store: &Arc<dyn MessageStore>) -> Vec<u64> {
    let mut talk = Conversation::of(chat(1));
    let mut appends = vec![talk.join(&["ana"])];
    let mut messages = Vec::new();
    for number in 0..50 {
        let message = talk.message("ana", "x");
        messages.push(message.row.seq.0);
        appends.push(message.clone());
        for key in 0..number % 5 {
            appends.push(talk.react(&message.row, "bo", &format!("{key}"), true));
        }
    }
    store.append(appends).await.unwrap();
    messages
}

pub async fn rising_pages_join_without_gap_or_repetition<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let appends = (0..50).map(|_| talk.message("ana", "x")).collect();
    store.append(appends).await.unwrap();
    for limit in LIMITS {
        let places = walk(&store, ReadRange { limit, ..all() }).await;
        assert_eq!(places, (1..=50).collect::<Vec<_>>(), "limit {limit}");
    }
}

pub async fn falling_pages_are_the_exact_reverse_of_rising_ones<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    write_mixed(&store).await;
    for messages_only in [false, true] {
        for limit in LIMITS {
            let rising = ReadRange {
                limit,
                messages_only,
                ..all()
            };
            let falling = ReadRange {
                order: Order::Falling,
                ..rising
            };
            let mut reverse = walk(&store, falling).await;
            reverse.reverse();
            assert_eq!(walk(&store, rising).await, reverse, "limit {limit}");
        }
    }
}

pub async fn falling_pages_of_messages_skip_other_events<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut messages = write_mixed(&store).await;
    messages.reverse();
    for limit in LIMITS {
        let range = ReadRange {
            limit,
            order: Order::Falling,
            messages_only: true,
            ..all()
        };
        assert_eq!(walk(&store, range).await, messages, "limit {limit}");
    }
}

pub async fn rising_pages_of_messages_skip_other_events<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let messages = write_mixed(&store).await;
    for limit in LIMITS {
        let range = ReadRange {
            limit,
            messages_only: true,
            ..all()
        };
        assert_eq!(walk(&store, range).await, messages, "limit {limit}");
    }
}

pub async fn a_page_from_above_the_head_begins_at_the_head<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let appends = (0..3).map(|_| talk.message("ana", "x")).collect();
    store.append(appends).await.unwrap();
    for messages_only in [false, true] {
        let range = ReadRange {
            from: Seq::ZERO,
            through: Seq(u64::MAX >> 1),
            order: Order::Falling,
            messages_only,
            ..all()
        };
        assert_eq!(walk(&store, range).await, [3, 2, 1]);
        let above = ReadRange {
            from: Seq(4),
            ..range
        };
        assert!(walk(&store, above).await.is_empty());
    }
}

pub async fn a_page_holds_at_most_its_limit<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    write_mixed(&store).await;
    for order in [Order::Rising, Order::Falling] {
        for messages_only in [false, true] {
            for limit in [0, 1, 2, 50] {
                let range = ReadRange {
                    limit,
                    order,
                    messages_only,
                    ..all()
                };
                let page = store.read(chat(1), range).await.unwrap();
                assert_eq!(page.len(), limit);
            }
        }
    }
}

pub async fn a_range_reads_its_ends_too<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let appends = (0..9).map(|_| talk.message("ana", "x")).collect();
    store.append(appends).await.unwrap();
    for messages_only in [false, true] {
        let range = ReadRange {
            from: Seq(3),
            through: Seq(5),
            messages_only,
            ..all()
        };
        assert_eq!(walk(&store, range).await, [3, 4, 5]);
        let falling = ReadRange {
            order: Order::Falling,
            ..range
        };
        assert_eq!(walk(&store, falling).await, [5, 4, 3]);
        let one = ReadRange {
            through: Seq(3),
            ..range
        };
        assert_eq!(walk(&store, one).await, [3]);
    }
}

pub async fn an_empty_range_reads_nothing<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    write_mixed(&store).await;
    for (from, through) in [(5, 4), (9, 1), (100_000, 200_000), (0, 0)] {
        for order in [Order::Rising, Order::Falling] {
            for messages_only in [false, true] {
                let range = ReadRange {
                    from: Seq(from),
                    through: Seq(through),
                    order,
                    messages_only,
                    ..all()
                };
                let page = store.read(chat(1), range).await.unwrap();
                assert_eq!(page, Vec::<LogRow>::new(), "{from} to {through}");
            }
        }
    }
}

pub async fn messages_are_found_beyond_a_long_run_of_other_events<E: MessageStoreEngine>(
    engine: E,
) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let mut appends = vec![talk.message("ana", "x")];
    appends.extend((0..5_000).map(|_| talk.event("ana", RowBody::Term)));
    appends.push(talk.message("ana", "y"));
    appends.push(talk.event("ana", RowBody::Term));
    for part in appends.chunks(1_000) {
        store.append(part.to_vec()).await.unwrap();
    }
    let range = ReadRange {
        limit: 1,
        messages_only: true,
        ..all()
    };
    assert_eq!(walk(&store, range).await, [1, 5_002]);
    let falling = ReadRange {
        order: Order::Falling,
        ..range
    };
    assert_eq!(walk(&store, falling).await, [5_002, 1]);
}
