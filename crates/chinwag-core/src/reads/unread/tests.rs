use chinwag_proto::{
    ChatId, MessageId,
    shapes::{Chat, HistoryVisible},
};

use crate::{
    owner::Command,
    reads::{
        access::View,
        fixture::{Team, by},
    },
};

async fn chat_of(team: &Team, who: &str, chat: ChatId) -> Chat {
    team.reads.chat(&by(who), chat).await.unwrap()
}

async fn unread(team: &Team, who: &str, chat: ChatId) -> u64 {
    chat_of(team, who, chat).await.unread
}

#[tokio::test]
async fn own_messages_never_count_and_sending_moves_no_mark() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    team.send_many("ana", chat, 3).await;
    team.send_many("bo", chat, 2).await;
    assert_eq!(unread(&team, "ana", chat).await, 2);
    assert_eq!(unread(&team, "bo", chat).await, 3);
    assert_eq!(chat_of(&team, "ana", chat).await.marks.read, None);
}

#[tokio::test]
async fn only_messages_count_and_deleted_ones_do_not() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let sent = team.send_many("ana", chat, 5).await;
    team.edit("ana", chat, sent[0].id, "edited").await;
    team.react("ana", chat, sent[1].id).await;
    team.delete("ana", chat, sent[2].id).await;
    assert_eq!(unread(&team, "bo", chat).await, 4);
    team.read("bo", chat, sent[3].id).await;
    assert_eq!(unread(&team, "bo", chat).await, 1);
    team.read("bo", chat, sent[0].id).await;
    assert_eq!(
        unread(&team, "bo", chat).await,
        1,
        "a mark never moves back"
    );
    team.read("bo", chat, sent[4].id).await;
    assert_eq!(unread(&team, "bo", chat).await, 0);
}

#[tokio::test]
async fn a_deletion_above_the_head_that_is_told_is_not_counted_ahead() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let sent = team.send_many("ana", chat, 5).await;
    let before = team.reads.view(&by("bo"), chat).await.unwrap();
    team.delete("ana", chat, sent[2].id).await;
    let after = team.reads.view(&by("bo"), chat).await.unwrap();
    let counted = async |view: &View| {
        let read = view.membership.member.joined_seq;
        let counts = team.reads.unread(view, read, 5, 0).await;
        counts.unwrap().unread
    };
    assert_eq!((counted(&before).await, counted(&after).await), (5, 4));
}

#[tokio::test]
async fn unread_goes_up_again_where_the_member_says_so() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let sent = team.send_many("ana", chat, 5).await;
    team.read("bo", chat, sent[4].id).await;
    let back = Command::Read {
        message: sent[1].id,
        unread: true,
    };
    team.run("bo", chat, back).await;
    assert_eq!(unread(&team, "bo", chat).await, 3);
}

#[tokio::test]
async fn the_mark_starts_where_the_member_joined_also_the_second_time() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    team.send_many("ana", chat, 7).await;
    team.add("ana", chat, "bo").await;
    assert_eq!(unread(&team, "bo", chat).await, 0);
    team.send_many("ana", chat, 2).await;
    assert_eq!(unread(&team, "bo", chat).await, 2);
    team.remove("ana", chat, "bo").await;
    team.send_many("ana", chat, 4).await;
    team.add("ana", chat, "bo").await;
    assert_eq!(unread(&team, "bo", chat).await, 0);
}

#[tokio::test]
async fn mentions_are_counted_among_the_unread() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let read = team.send_to("ana", chat, "1", &["bo"]).await;
    team.send_to("ana", chat, "2", &["bo"]).await;
    team.send_to("ana", chat, "3", &["ana"]).await;
    let deleted = team.send_to("ana", chat, "4", &["bo"]).await;
    team.delete("ana", chat, deleted.id).await;
    team.read("bo", chat, read.id).await;
    let chat = chat_of(&team, "bo", chat).await;
    assert_eq!(
        (chat.unread, chat.mentions, chat.unread_capped),
        (2, 1, None)
    );
}

#[tokio::test]
async fn up_to_a_thousand_is_exact_and_above_it_is_a_bound() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let mut last = MessageId::default();
    for text in ["mine", "1", "2"] {
        last = team.send("bo", chat, text).await.id;
    }
    team.send_many("ana", chat, 996).await;
    team.delete("bo", chat, last).await;
    team.send_to("ana", chat, "997", &["bo"]).await;
    let exact = chat_of(&team, "bo", chat).await;
    assert_eq!((exact.unread, exact.unread_capped), (997, None));
    team.send("ana", chat, "998").await;
    let capped = chat_of(&team, "bo", chat).await;
    assert_eq!((capped.unread, capped.unread_capped), (1_001, Some(true)));
    assert_eq!(capped.mentions, 1);
}
