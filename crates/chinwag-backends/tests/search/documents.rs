//! Messages to put into an index, and what is found of them.

use chinwag_core::{
    model::Intervals,
    ports::{Scope, SearchDocument, SearchIndex, SearchRequest},
};
use chinwag_proto::{ChatId, EventId, Seq, Timestamp, UserId};

/// A message in chat 1, whose id is its place.
pub(crate) fn document(seq: u64, content: &str) -> SearchDocument {
    SearchDocument {
        id: EventId(seq),
        chat: ChatId(1),
        seq: Seq(seq),
        sender: UserId::new("ana").unwrap(),
        timestamp: Timestamp::from_unix_millis(i64::try_from(seq).unwrap()),
        content: Some(content.into()),
        change_seq: Seq(seq),
    }
}

/// That message as it was deleted at a later place.
pub(crate) fn deleted(seq: u64, by: u64) -> SearchDocument {
    SearchDocument {
        content: None,
        change_seq: Seq(by),
        ..document(seq, "")
    }
}

/// A search in all of chat 1.
pub(crate) fn request(query: &str) -> SearchRequest {
    SearchRequest {
        query: query.into(),
        scope: Scope(vec![(ChatId(1), Intervals::from(Seq(1)))]),
        sender: None,
        from: None,
        to: None,
        before: None,
        limit: 1_000,
    }
}

/// Searches all of chat 1, page by page, and returns the places, lowest first; each is there once.
pub(crate) async fn find(index: &dyn SearchIndex, query: &str) -> Vec<u64> {
    let mut asked = request(query);
    let mut places: Vec<u64> = Vec::new();
    let total = loop {
        let page = index.search(asked.clone()).await.unwrap();
        places.extend(page.hits.iter().map(|hit| hit.seq.0));
        if !page.has_more {
            break page.total;
        }
        asked.before = page.hits.last().map(|hit| hit.id);
    };
    assert_eq!(total, places.len() as u64);
    places.reverse();
    assert!(
        places.windows(2).all(|two| two[0] < two[1]),
        "a document is doubled: {places:?}"
    );
    places
}
