use chinwag_proto::{
    ErrorCode,
    http::PageQuery,
    shapes::{HistoryVisible, Role},
};

use super::*;
use crate::reads::fixture::{Team, by, user};

async fn page(team: &Team, who: &str, query: ChatsQuery) -> ChatsPage {
    team.reads.chats(&by(who), query).await.unwrap()
}

fn query(limit: u32, cursor: Option<String>) -> ChatsQuery {
    ChatsQuery {
        limit: Some(limit),
        cursor,
        ..ChatsQuery::default()
    }
}

fn ids(page: &ChatsPage) -> Vec<ChatId> {
    page.chats.iter().map(|chat| chat.id).collect()
}

async fn three(team: &Team) -> [ChatId; 3] {
    let mut chats = [ChatId(0); 3];
    for chat in &mut chats {
        *chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
        team.clock.advance(10);
    }
    chats
}

#[tokio::test]
async fn the_latest_message_comes_first_and_nothing_else_moves_a_chat() {
    let team = Team::new(&["ana", "bo", "cy"]).await;
    let [first, second, third] = three(&team).await;
    let message = team.send("bo", first, "early").await;
    team.clock.advance(10);
    team.send("bo", second, "late").await;
    team.clock.advance(10);
    team.edit("bo", first, message.id, "edited").await;
    team.react("ana", first, message.id).await;
    team.add("ana", third, "cy").await;
    let listed = page(&team, "ana", query(50, None)).await;
    assert_eq!(ids(&listed), [second, first, third]);
    let heads = listed.chats.iter().map(|chat| {
        let last = chat.head.last_message.as_ref();
        last.map(|message| message.content.as_str())
    });
    let heads: Vec<_> = heads.collect();
    assert_eq!(heads, [Some("late"), Some("edited"), None]);
    assert_eq!(listed.next_cursor, None);
}

#[tokio::test]
async fn pages_show_every_chat_once_though_messages_come_between_them() {
    let team = Team::new(&["ana", "bo"]).await;
    let mut chats = Vec::new();
    for number in 0..7 {
        let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
        if number != 3 {
            team.send("bo", chat, "hello").await;
        }
        chats.push(chat);
        team.clock.advance(10);
    }
    chats.reverse();
    let (mut cursor, mut shown) = (None, Vec::new());
    loop {
        let listed = page(&team, "ana", query(2, cursor)).await;
        shown.extend(ids(&listed));
        cursor = listed.next_cursor;
        if cursor.is_none() {
            break;
        }
        // One that was not shown yet and one that was move to the top.
        team.send("bo", chats[6], "news").await;
        team.send("bo", chats[0], "news").await;
        team.clock.advance(10);
    }
    assert_eq!(shown, chats);
}

#[tokio::test]
async fn since_keeps_the_chats_that_changed() {
    let team = Team::new(&["ana", "bo"]).await;
    let [first, _, third] = three(&team).await;
    let message = team.send("bo", third, "old").await;
    team.clock.advance(1_000);
    let changed = ChatsQuery {
        since: Some(team.clock_now()),
        ..query(50, None)
    };
    assert!(page(&team, "ana", changed.clone()).await.chats.is_empty());
    team.send("bo", first, "new").await;
    team.read("ana", third, message.id).await;
    assert_eq!(ids(&page(&team, "ana", changed).await), [first, third]);
}

#[tokio::test]
async fn a_direct_chat_shows_both_and_a_late_joiner_no_message_from_before() {
    let team = Team::new(&["ana", "bo", "cy"]).await;
    let direct = team.owner.create_direct(&by("ana"), &user("bo")).await;
    let direct = direct.unwrap();
    let group = team.group(&["ana"], HistoryVisible::Joined).await;
    team.send("ana", group, "before").await;
    team.add("ana", group, "cy").await;
    let listed = page(&team, "bo", query(50, None)).await;
    assert_eq!(ids(&listed), [direct]);
    let chat = &listed.chats[0];
    let members = chat.members.as_ref().unwrap().iter();
    let members: Vec<_> = members.map(|member| member.user_id.as_str()).collect();
    assert_eq!((members, chat.member_count), (vec!["ana", "bo"], 2));
    let listed = page(&team, "cy", query(50, None)).await;
    let chat = &listed.chats[0];
    assert_eq!(chat.head.last_message, None);
    assert_eq!((chat.unread, chat.head.seq.0), (0, 3));
}

#[tokio::test]
async fn who_came_back_sees_the_last_message_of_an_earlier_interval() {
    let team = Team::new(&["ana", "bo"]).await;
    let group = team.group(&["ana", "bo"], HistoryVisible::Joined).await;
    team.send("ana", group, "seen").await;
    team.remove("ana", group, "bo").await;
    team.send("ana", group, "missed").await;
    team.add("ana", group, "bo").await;
    let chat = team.reads.chat(&by("bo"), group).await.unwrap();
    assert_eq!(chat.head.last_message.unwrap().content, "seen");
}

#[tokio::test]
async fn a_chat_is_shown_to_members_and_to_an_api_key() {
    let team = Team::new(&["ana", "bo", "cy"]).await;
    let group = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let chat = team.reads.chat(&by("bo"), group).await.unwrap();
    let roles = chat.members.unwrap().into_iter().map(|member| member.role);
    assert_eq!(roles.collect::<Vec<_>>(), [Role::Owner, Role::Member]);
    let refused = team.reads.chat(&by("cy"), group).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
    let key = Caller {
        api_key: true,
        ..by("cy")
    };
    let chat = team.reads.chat(&key, group).await.unwrap();
    assert_eq!((chat.member_count, chat.unread), (2, 0));
}

#[tokio::test]
async fn members_come_by_page_without_those_who_left() {
    let names = ["ana", "bo", "cy", "dee", "eli"];
    let team = Team::new(&names).await;
    let group = team.group(&names, HistoryVisible::All).await;
    team.remove("ana", group, "cy").await;
    let (mut cursor, mut members) = (None, Vec::new());
    loop {
        let query = PageQuery {
            limit: Some(2),
            cursor,
        };
        let page = team.reads.members(&by("bo"), group, query).await.unwrap();
        members.extend(page.members.into_iter().map(|member| member.user_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(members, ["ana", "bo", "dee", "eli"].map(user));
    let foreign = PageQuery {
        limit: None,
        cursor: Some("AQ".into()),
    };
    let refused = team.reads.members(&by("bo"), group, foreign).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::BadCursor);
}
