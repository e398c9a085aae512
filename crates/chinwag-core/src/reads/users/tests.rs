use chinwag_proto::{ErrorCode, Limits, SessionId, shapes::HistoryVisible};

use super::*;
use crate::{
    model::NodeId,
    ports::SessionBeat,
    reads::{
        Reads,
        fixture::{Team, by, user},
    },
};

async fn found(reads: &Reads, who: &str, q: &str) -> Vec<String> {
    paged(reads, who, q, None).await.concat()
}

/// Finds users page by page to the end.
async fn paged(reads: &Reads, who: &str, q: &str, limit: Option<u32>) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = None;
    loop {
        let query = UsersQuery {
            q: q.into(),
            limit,
            cursor,
        };
        let page = reads.users(&by(who), query).await.unwrap();
        let ids = page.users.into_iter().map(|user| user.id.to_string());
        pages.push(ids.collect());
        cursor = page.next_cursor;
        if cursor.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn only_who_shares_a_chat_is_found_unless_accounts_are_stand_alone() {
    let team = Team::new(&["ana", "anton", "bo", "cy", "annika"]).await;
    let group = team
        .group(&["ana", "anton", "bo"], HistoryVisible::All)
        .await;
    let mut named = UserRow::new(user("bo"), team.clock_now());
    named.name = Some("Anselm".into());
    team.ports.accounts.put_user(named).await.unwrap();
    assert_eq!(
        found(&team.reads, "ana", "an").await,
        ["ana", "anton", "bo"]
    );
    assert_eq!(found(&team.reads, "ana", "").await, ["ana", "anton", "bo"]);
    assert_eq!(found(&team.reads, "cy", "a").await, [""; 0]);
    team.remove("ana", group, "anton").await;
    assert_eq!(found(&team.reads, "ana", "an").await, ["ana", "bo"]);
    let refused = team.reads.user(&by("ana"), &user("anton")).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::UnknownUser);
    let read = team.reads.user(&by("ana"), &user("bo")).await.unwrap();
    assert_eq!(read.name.as_deref(), Some("Anselm"));

    let open = Reads::new(team.ports.clone(), Limits::default(), true);
    let everyone = ["ana", "annika", "anton", "bo"];
    assert_eq!(found(&open, "cy", "an").await, everyone);
    let mut disabled = UserRow::new(user("annika"), team.clock_now());
    disabled.disabled = true;
    team.ports.accounts.put_user(disabled).await.unwrap();
    assert_eq!(found(&open, "cy", "an").await, ["ana", "anton", "bo"]);
}

#[tokio::test]
async fn users_come_page_by_page_each_once_and_the_last_page_says_so() {
    let names = ["ana", "bo", "cy", "dee", "eli", "fay", "gus"];
    let team = Team::new(&names).await;
    team.group(&names, HistoryVisible::All).await;
    let mut disabled = UserRow::new(user("cy"), team.clock_now());
    disabled.disabled = true;
    team.ports.accounts.put_user(disabled).await.unwrap();
    let open = Reads::new(team.ports.clone(), Limits::default(), true);
    let pages = [vec!["ana", "bo"], vec!["dee", "eli"], vec!["fay", "gus"]];
    for reads in [&team.reads, &open] {
        assert_eq!(paged(reads, "ana", "", Some(2)).await, pages);
        assert_eq!(paged(reads, "ana", "", Some(6)).await, [pages.concat()]);
        assert_eq!(paged(reads, "ana", "g", Some(1)).await, [["gus"]]);
        let cursor = Some("x".into());
        let query = UsersQuery {
            cursor,
            ..UsersQuery::default()
        };
        let refused = reads.users(&by("ana"), query).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::BadCursor);
    }
}

#[tokio::test]
async fn a_page_of_users_that_outgrows_an_answer_goes_on_where_it_was_cut() {
    let names: Vec<String> = (0..20).map(|number| format!("u{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let team = Team::new(&names).await;
    let limits = Limits {
        answer_bytes: 1_024 + 60,
        ..Limits::default()
    };
    let reads = Reads::new(team.ports.clone(), limits, true);
    let pages = paged(&reads, "u00", "u", None).await;
    assert_eq!(pages.len(), 5, "{pages:?}");
    assert_eq!(pages.concat(), names);
}

#[tokio::test]
async fn presence_is_told_only_to_those_who_share_a_chat() {
    let team = Team::new(&["ana", "bo", "cy"]).await;
    let group = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let beats = ["bo", "cy"].map(|id| SessionBeat {
        user: user(id),
        session: SessionId(7),
        node: NodeId(0),
        device: None,
        connected_at: team.clock_now(),
    });
    team.ports.presence.touch(&beats).await.unwrap();
    let asked = ["cy", "bo", "nobody", "ana", "bo"].map(user);
    let told = team.reads.presence(&by("ana"), &asked).await.unwrap();
    let told = told.iter().map(|presence| presence.user_id.as_str());
    assert_eq!(told.collect::<Vec<_>>(), ["ana", "bo"]);
    // Fewer users than chats are asked for one by one: the same answer.
    for _ in 0..5 {
        team.group(&["ana"], HistoryVisible::All).await;
    }
    let told = team.reads.presence(&by("ana"), &asked).await.unwrap();
    assert_eq!(told.len(), 2);
    team.remove("ana", group, "bo").await;
    let told = team.reads.presence(&by("ana"), &asked[..2]).await.unwrap();
    assert!(told.is_empty());
    let many = (0..1_001).map(|number| user(&number.to_string()));
    let many: Vec<_> = many.collect();
    let refused = team.reads.presence(&by("ana"), &many).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadRequest);
}
