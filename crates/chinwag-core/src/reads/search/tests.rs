use chinwag_proto::{Limits, shapes::HistoryVisible};

use super::*;
use crate::{
    ports::SearchDocument,
    reads::fixture::{Team, by, user},
};

/// Brings every message of a chat into the index, as the indexer would.
async fn index(team: &Team, chat: ChatId) {
    let range = crate::ports::ReadRange {
        from: chinwag_proto::Seq(1),
        through: chinwag_proto::Seq(u64::MAX),
        limit: 1_000,
        order: crate::ports::Order::Rising,
        messages_only: true,
    };
    let rows = team.ports.store.read(chat, range).await.unwrap();
    let documents = rows.iter().filter_map(|row| SearchDocument::of(chat, row));
    let documents = documents.collect();
    team.ports.search.upsert(documents).await.unwrap();
}

fn query(q: &str) -> SearchQuery {
    SearchQuery {
        q: q.into(),
        ..SearchQuery::default()
    }
}

async fn found(team: &Team, who: &str, query: SearchQuery) -> (Vec<String>, u64) {
    let answer = team.reads.search(&by(who), query).await.unwrap();
    let texts = answer.hits.into_iter().map(|hit| hit.message.content);
    (texts.collect(), answer.total)
}

#[tokio::test]
async fn only_what_one_may_read_is_found_and_counted() {
    let team = Team::new(&["ana", "bo", "cy"]).await;
    let chat = team.group(&["ana"], HistoryVisible::Joined).await;
    team.send("ana", chat, "apple early").await;
    team.add("ana", chat, "bo").await;
    team.send("ana", chat, "apple late").await;
    index(&team, chat).await;
    let both = (vec!["apple late".into(), "apple early".into()], 2);
    assert_eq!(found(&team, "ana", query("apple")).await, both);
    let late = (vec!["apple late".to_string()], 1);
    assert_eq!(found(&team, "bo", query("apple")).await, late);
    assert_eq!(found(&team, "cy", query("apple")).await, (vec![], 0));
    let here = SearchQuery {
        chat_id: Some(chat),
        ..query("apple")
    };
    assert_eq!(found(&team, "bo", here.clone()).await, late);
    let refused = team.reads.search(&by("cy"), here.clone()).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
    team.remove("ana", chat, "bo").await;
    assert_eq!(found(&team, "bo", query("apple")).await, (vec![], 0));
    let refused = team.reads.search(&by("bo"), here).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_hit_is_shown_as_it_is_now_and_what_matched_is_marked() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let gone = team.send("ana", chat, "apple gone").await;
    let kept = team.send("ana", chat, "🍏 an Apple").await;
    index(&team, chat).await;
    team.delete("ana", chat, gone.id).await;
    team.react("bo", chat, kept.id).await;
    let answer = team.reads.search(&by("bo"), query("apple")).await.unwrap();
    assert_eq!(answer.hits.len(), 1, "a deleted message is not shown");
    let hit = &answer.hits[0];
    assert_eq!(hit.matches, [(6, 11)]);
    assert_eq!(hit.message.reactions[0].mine, Some(true));
}

#[tokio::test]
async fn pages_lead_through_all_hits_newest_first() {
    let limits = Limits {
        answer_bytes: 8 * 1024,
        ..Limits::default()
    };
    let team = Team::with_limits(&["ana"], limits).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    let mut sent = Vec::new();
    for number in 0..9 {
        let text = format!("apple {number} {}", "x".repeat(1_500));
        sent.push(team.send("ana", chat, &text).await.id);
    }
    index(&team, chat).await;
    let mut shown = Vec::new();
    let mut page = SearchQuery {
        limit: Some(7),
        ..query("apple")
    };
    loop {
        let answer = team.reads.search(&by("ana"), page.clone()).await.unwrap();
        assert!(serde_json::to_vec(&answer).unwrap().len() <= 8 * 1024);
        assert_eq!(answer.total, 9);
        shown.extend(answer.hits.iter().map(|hit| hit.message.id));
        page.cursor = answer.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    sent.reverse();
    assert_eq!(shown, sent);
}

#[tokio::test]
async fn filters_narrow_and_a_query_that_is_none_is_refused() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    team.send("ana", chat, "apple one").await;
    team.clock.advance(1_000);
    let middle = team.clock_now();
    team.send("bo", chat, "apple two").await;
    index(&team, chat).await;
    let by_bo = SearchQuery {
        sender_id: Some(user("bo")),
        ..query("apple")
    };
    assert_eq!(found(&team, "ana", by_bo).await.0, ["apple two"]);
    let earlier = SearchQuery {
        to: Some(middle),
        ..query("apple")
    };
    assert_eq!(found(&team, "ana", earlier).await.0, ["apple one"]);
    let later = SearchQuery {
        from: Some(middle),
        ..query("apple")
    };
    assert_eq!(found(&team, "ana", later.clone()).await.0, ["apple two"]);
    let reversed = SearchQuery {
        to: Some(middle),
        ..later
    };
    let refused = team.reads.search(&by("ana"), reversed).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadRequest);
    let long = "x".repeat(20_000);
    for wrong in ["", "  ", "\"", "*", "🍏", &long] {
        let refused = team.reads.search(&by("ana"), query(wrong)).await;
        assert_eq!(
            refused.unwrap_err().code,
            ErrorCode::BadQuery,
            "{wrong:.10}"
        );
    }
}
