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
    let query = UsersQuery {
        q: q.into(),
        limit: None,
    };
    let page = reads.users(&by(who), query).await.unwrap();
    let ids = page.users.into_iter().map(|user| user.id.to_string());
    ids.collect()
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
