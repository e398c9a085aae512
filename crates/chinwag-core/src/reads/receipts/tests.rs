use chinwag_proto::{ErrorCode, shapes::HistoryVisible};

use super::*;
use crate::reads::fixture::{Team, by, user};

fn query(cursor: Option<String>) -> PageQuery {
    PageQuery {
        limit: Some(40),
        cursor,
    }
}

#[tokio::test]
async fn a_small_group_shows_the_marks_of_everyone_who_is_in() {
    let team = Team::new(&["ana", "bo", "cy", "dee"]).await;
    let chat = team.group(&["ana", "bo", "cy"], HistoryVisible::All).await;
    let sent = team.send_many("ana", chat, 2).await;
    team.read("bo", chat, sent[1].id).await;
    team.read("cy", chat, sent[0].id).await;
    team.remove("ana", chat, "cy").await;
    let page = team.reads.receipts(&by("ana"), chat, query(None)).await;
    let page = page.unwrap();
    let marks = page.receipts.iter();
    let marks = marks.map(|receipt| (receipt.user_id.as_str(), receipt.last_read_message_id));
    let expected = [("ana", None), ("bo", Some(sent[1].id))];
    assert_eq!(marks.collect::<Vec<_>>(), expected);
    assert_eq!((page.counts, page.next_cursor), (None, None));
    for who in ["cy", "dee"] {
        let refused = team.reads.receipts(&by(who), chat, query(None)).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
    }
}

#[tokio::test]
async fn a_large_group_shows_counts_and_the_marks_by_page() {
    let names: Vec<String> = (0..101).map(|number| format!("user{number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let team = Team::new(&names).await;
    let chat = team.group(&names, HistoryVisible::All).await;
    let sent = team.send_many(names[0], chat, 2).await;
    for name in &names[1..=10] {
        team.read(name, chat, sent[1].id).await;
    }
    team.read(names[11], chat, sent[0].id).await;
    let message = sent[1].id;
    let delivered = crate::owner::Command::Delivered { message };
    team.run(names[12], chat, delivered).await;
    let (mut cursor, mut seen, mut counts) = (None, Vec::new(), Vec::new());
    loop {
        let asking = by(names[0]);
        let page = team.reads.receipts(&asking, chat, query(cursor)).await;
        let page = page.unwrap();
        seen.extend(page.receipts.into_iter().map(|receipt| receipt.user_id));
        counts.push(page.counts);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let everyone: Vec<_> = names.iter().map(|name| user(name)).collect();
    assert_eq!(seen, everyone);
    let first = counts[0].as_ref().unwrap();
    assert_eq!(first.message_id, message);
    assert_eq!((first.delivered, first.read), (11, 10));
    assert!(counts[1..].iter().all(Option::is_none));
}
