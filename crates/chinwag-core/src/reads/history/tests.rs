use std::collections::BTreeSet;

use chinwag_proto::{ChatId, ErrorCode, Limits, shapes::HistoryVisible};

use super::*;
use crate::reads::fixture::{BEGIN, Team, newest, texts};

async fn all_before(team: &Team, chat: ChatId, limit: u32) -> Vec<Message> {
    let mut query = newest(chat, limit);
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let page = team.history("ana", query.clone()).await.unwrap();
        assert!(page.messages.len() <= limit as usize);
        messages.extend(page.messages);
        if !page.has_more {
            return messages;
        }
        query.before = messages.last().map(|message| message.id.to_string());
    }
}

async fn all_after(team: &Team, chat: ChatId, limit: u32) -> Vec<Message> {
    let mut query = newest(chat, limit);
    query.after = Some("2000-01-01T00:00:00Z".into());
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let page = team.history("ana", query.clone()).await.unwrap();
        messages.extend(page.messages);
        if !page.has_more {
            return messages;
        }
        query.after = messages.last().map(|message| message.id.to_string());
    }
}

#[tokio::test]
async fn pages_joined_are_exactly_the_messages_of_one_millisecond_both_ways() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let sent = team.send_many("bo", chat, 50).await;
    let times: BTreeSet<_> = sent.iter().map(|message| message.timestamp).collect();
    assert_eq!(times.len(), 1, "all in one millisecond");
    let ids: Vec<_> = sent.iter().map(|message| message.id).collect();
    for limit in [1, 7, 49, 50, 51] {
        let forward = all_after(&team, chat, limit).await;
        let forward: Vec<_> = forward.iter().map(|message| message.id).collect();
        assert_eq!(forward, ids, "forward by {limit}");
        let backward = all_before(&team, chat, limit).await;
        let backward: Vec<_> = backward.iter().rev().map(|message| message.id).collect();
        assert_eq!(backward, ids, "backward by {limit}");
    }
}

#[tokio::test]
async fn has_more_tells_whether_another_page_holds_something() {
    let team = Team::new(&["ana"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    let sent = team.send_many("ana", chat, 10).await;
    team.react("ana", chat, sent[9].id).await;
    let whole = team.history("ana", newest(chat, 10)).await.unwrap();
    assert_eq!((whole.messages.len(), whole.has_more), (10, false));
    let part = team.history("ana", newest(chat, 9)).await.unwrap();
    assert_eq!((part.messages.len(), part.has_more), (9, true));
}

#[tokio::test]
async fn a_time_cursor_is_exclusive_whatever_shares_its_millisecond() {
    let team = Team::new(&["ana"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    for text in ["a1", "a2"] {
        team.send("ana", chat, text).await;
    }
    team.clock.advance(5);
    for text in ["b1", "b2", "b3"] {
        team.send("ana", chat, text).await;
    }
    team.clock.advance(5);
    team.send("ana", chat, "c1").await;
    let at = |millis: i64| Some(BEGIN.plus_millis(millis).to_string());
    let page = |before, after| {
        let query = HistoryQuery {
            before,
            after,
            ..newest(chat, 50)
        };
        team.history("ana", query)
    };
    assert_eq!(
        texts(&page(at(5), None).await.unwrap().messages),
        ["a2", "a1"]
    );
    assert_eq!(texts(&page(None, at(5)).await.unwrap().messages), ["c1"]);
    let after_a = page(None, at(4)).await.unwrap();
    assert_eq!(texts(&after_a.messages), ["b1", "b2", "b3", "c1"]);
    assert_eq!(texts(&page(None, at(10)).await.unwrap().messages), [""; 0]);
    assert_eq!(texts(&page(at(0), None).await.unwrap().messages), [""; 0]);
}

#[tokio::test]
async fn around_holds_the_message_itself_in_the_middle() {
    let team = Team::new(&["ana"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    let sent = team.send_many("ana", chat, 9).await;
    let around = |at: usize, limit| {
        let query = HistoryQuery {
            around: Some(sent[at].id.to_string()),
            ..newest(chat, limit)
        };
        team.history("ana", query)
    };
    let middle = around(4, 5).await.unwrap();
    assert_eq!(texts(&middle.messages), ["3", "4", "5", "6", "7"]);
    assert!(middle.has_more);
    let whole = around(4, 50).await.unwrap();
    assert_eq!((whole.messages.len(), whole.has_more), (9, false));
    assert_eq!(texts(&around(0, 1).await.unwrap().messages), ["1"]);
}

#[tokio::test]
async fn a_cursor_that_is_none_of_this_chat_is_refused() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    let other = team.group(&["ana"], HistoryVisible::All).await;
    team.send("ana", chat, "here").await;
    let there = team.send("ana", other, "there").await;
    for wrong in [
        there.id.to_string(),
        "1".into(),
        "soon".into(),
        String::new(),
    ] {
        for side in 0..3 {
            let cursor = |at| (side == at).then(|| wrong.clone());
            let query = HistoryQuery {
                before: cursor(0),
                after: cursor(1),
                around: cursor(2),
                ..newest(chat, 5)
            };
            let code = team.history("ana", query).await.unwrap_err().code;
            assert_eq!(code, ErrorCode::BadCursor, "{wrong:?}");
        }
    }
    let both = HistoryQuery {
        before: Some(BEGIN.to_string()),
        after: Some(BEGIN.to_string()),
        ..newest(chat, 5)
    };
    let code = team.history("ana", both).await.unwrap_err().code;
    assert_eq!(code, ErrorCode::BadRequest);
}

#[tokio::test]
async fn who_joins_late_sees_what_the_rule_said_and_whoever_left_sees_nothing() {
    let team = Team::new(&["ana", "bo", "cy"]).await;
    let chat = team.group(&["ana"], HistoryVisible::Joined).await;
    let early = team.send("ana", chat, "early").await;
    team.add("ana", chat, "bo").await;
    team.send("ana", chat, "late").await;
    let page = team.history("bo", newest(chat, 50)).await.unwrap();
    assert_eq!(
        (texts(&page.messages), page.has_more),
        (vec!["late"], false)
    );
    let hidden_cursor = HistoryQuery {
        after: Some(early.id.to_string()),
        ..newest(chat, 50)
    };
    let refused = team.history("bo", hidden_cursor).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadCursor);

    team.remove("ana", chat, "bo").await;
    let left = team.history("bo", newest(chat, 50)).await.unwrap_err();
    let stranger = team.history("cy", newest(chat, 50)).await.unwrap_err();
    let unknown = team.history("cy", newest(ChatId(1), 50)).await.unwrap_err();
    assert_eq!(left.code, ErrorCode::NotFound);
    assert_eq!((&left, &stranger), (&stranger, &unknown));

    team.send("ana", chat, "missed").await;
    team.add("ana", chat, "bo").await;
    team.send("ana", chat, "again").await;
    let page = team.history("bo", newest(chat, 50)).await.unwrap();
    assert_eq!(texts(&page.messages), ["again", "late"]);
}

#[tokio::test]
async fn a_page_ends_before_the_answers_bytes_and_goes_on() {
    let limits = Limits {
        answer_bytes: 24 * 1024,
        ..Limits::default()
    };
    let team = Team::with_limits(&["ana"], limits).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    let long = "x".repeat(8 * 1024);
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(team.send("ana", chat, &long).await.id);
    }
    let first = team.history("ana", newest(chat, 50)).await.unwrap();
    assert_eq!((first.messages.len(), first.has_more), (2, true));
    assert!(serde_json::to_vec(&first).unwrap().len() < 24 * 1024);
    let backward = all_before(&team, chat, 50).await;
    let backward: Vec<_> = backward.iter().rev().map(|message| message.id).collect();
    assert_eq!(backward, ids);
    let longest = team.send("ana", chat, &"y".repeat(16 * 1024)).await;
    let around = HistoryQuery {
        around: Some(longest.id.to_string()),
        ..newest(chat, 50)
    };
    let page = team.history("ana", around).await.unwrap();
    assert_eq!(
        page.messages.last().map(|message| message.id),
        Some(longest.id)
    );
}

#[tokio::test]
async fn a_reaction_is_marked_as_mine_for_whoever_made_it_alone() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    team.send("ana", chat, "plain").await;
    let message = team.send("ana", chat, "liked").await;
    team.react("bo", chat, message.id).await;
    for (who, mine) in [("ana", false), ("bo", true)] {
        let page = team.history(who, newest(chat, 50)).await.unwrap();
        assert_eq!(page.messages[0].reactions[0].mine, Some(mine), "{who}");
        assert!(page.messages[1].reactions.is_empty());
    }
}

#[test]
fn a_message_lost_between_two_others_is_noticed_from_both_ends() {
    let row = |seq: u64, previous: u64| LogRow {
        term: crate::model::Term(1),
        confirmed: Seq(0),
        seq: Seq(seq),
        id: chinwag_proto::EventId(seq),
        user: crate::reads::fixture::user("ana"),
        timestamp: BEGIN,
        count: 0,
        previous_message: Seq(previous),
        client_id: None,
        digest: None,
        body: crate::model::RowBody::Term,
    };
    let whole = [row(2, 0), row(3, 2), row(7, 3)];
    assert_eq!(lost_between(&whole, Order::Rising), None);
    let holed = [row(2, 0), row(7, 3)];
    assert_eq!(lost_between(&holed, Order::Rising), Some(Seq(3)));
    let holed = [row(7, 3), row(2, 0)];
    assert_eq!(lost_between(&holed, Order::Falling), Some(Seq(3)));
}
