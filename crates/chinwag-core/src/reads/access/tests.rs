use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use chinwag_proto::{
    Limits,
    http::{EventsQuery, SyncRequest},
    shapes::HistoryVisible,
};

use super::*;
use crate::{
    model::Interval,
    owner::{Command, NewMessage, Owner},
    reads::{
        Heads, ReadPorts,
        fixture::{Team, by, newest, texts},
    },
};

/// Tells a lower head than the owner's at first: what lies between is in the store and not confirmed.
struct Late {
    owner: Arc<Owner>,
    head: Seq,
    lower_for: usize,
    asked: AtomicUsize,
}

#[async_trait]
impl Heads for Late {
    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        let mut heads = self.owner.heads(chats).await?;
        if self.asked.fetch_add(1, Ordering::SeqCst) < self.lower_for {
            for head in heads.iter_mut().flatten() {
                head.seq = head.seq.min(self.head);
            }
        }
        Ok(heads)
    }
}

fn late(team: &Team, head: u64, lower_for: usize) -> (Arc<Late>, Reads) {
    let late = Arc::new(Late {
        owner: team.owner.clone(),
        head: Seq(head),
        lower_for,
        asked: AtomicUsize::new(0),
    });
    let ports = ReadPorts {
        owner: late.clone(),
        ..team.ports.clone()
    };
    (late, Reads::new(ports, Limits::default(), false))
}

#[tokio::test]
async fn nothing_above_the_confirmed_head_is_shown_or_counted() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let sent = team.send_many("ana", chat, 5).await;
    let (_, reads) = late(&team, 4, usize::MAX);
    let page = reads.history(&by("bo"), newest(chat, 50)).await.unwrap();
    assert_eq!(texts(&page.messages), ["2", "1"]);
    let query = EventsQuery {
        after: Seq(1),
        epoch: None,
        limit: None,
    };
    let events = reads.events(&by("bo"), chat, query).await.unwrap();
    let places: Vec<u64> = events.events.iter().map(|frame| frame.seq.0).collect();
    assert_eq!((places, events.has_more), (vec![2, 3, 4], false));
    let shown = reads.chat(&by("bo"), chat).await.unwrap();
    assert_eq!((shown.head.seq, shown.unread), (Seq(4), 2));
    assert_eq!(shown.head.last_message.unwrap().content, "2");
    let synced = reads.sync(&by("bo"), SyncRequest::default()).await.unwrap();
    assert_eq!(synced.chats[0].chat.head.seq, Seq(4));
    let refused = reads.message(&by("bo"), sent[2].id).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
    let around = chinwag_proto::http::HistoryQuery {
        before: Some(sent[2].id.to_string()),
        ..newest(chat, 50)
    };
    let refused = reads.history(&by("bo"), around).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadCursor);
}

#[tokio::test]
async fn a_change_is_shown_once_it_is_confirmed() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let message = team.send("ana", chat, "one").await;
    team.edit("ana", chat, message.id, "two").await;
    let (heads, reads) = late(&team, 3, 3);
    let page = reads.history(&by("bo"), newest(chat, 50)).await.unwrap();
    assert_eq!(texts(&page.messages), ["two"]);
    assert_eq!(
        heads.asked.load(Ordering::SeqCst),
        4,
        "it waited for the head"
    );
}

#[tokio::test]
async fn who_is_removed_before_a_change_never_sees_it() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let message = team.send("ana", chat, "one").await;
    let (_, reads) = late(&team, 3, 2);
    let view = reads.view(&by("bo"), chat).await.unwrap();
    team.remove("ana", chat, "bo").await;
    team.edit("ana", chat, message.id, "two").await;
    let rows = team.ports.store.rows(&[(chat, message.seq)]).await.unwrap();
    let rows: Vec<_> = rows.into_iter().flatten().collect();
    let refused = reads.messages_of(&view, &rows).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Unavailable);
}

/// Removes a member, and lets the chat go on, in the moment before it tells the heads.
struct Interrupted {
    owner: Arc<Owner>,
    chat: ChatId,
}

#[async_trait]
impl Heads for Interrupted {
    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        let remove = Command::RemoveMember {
            user: by("bo").user,
            client_id: None,
        };
        // Refused the second time, as it is done.
        let _ = self.owner.execute(&by("ana"), self.chat, remove).await;
        let message = NewMessage {
            content: "behind their back".into(),
            ..NewMessage::default()
        };
        let send = Command::Send(message);
        self.owner.execute(&by("ana"), self.chat, send).await?;
        self.owner.heads(chats).await
    }
}

#[tokio::test]
async fn who_is_removed_while_a_read_runs_sees_nothing_that_came_after() {
    for list in [false, true] {
        let team = Team::new(&["ana", "bo"]).await;
        let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
        let owner = team.owner.clone();
        let ports = ReadPorts {
            owner: Arc::new(Interrupted { owner, chat }),
            ..team.ports.clone()
        };
        let reads = Reads::new(ports, Limits::default(), false);
        if list {
            let synced = reads.sync(&by("bo"), SyncRequest::default()).await;
            assert!(synced.unwrap().chats.is_empty());
        } else {
            let refused = reads.history(&by("bo"), newest(chat, 50)).await;
            assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
        }
    }
}

#[test]
fn runs_are_the_visible_places_in_the_order_wanted() {
    let interval = |from, through: Option<u64>| Interval {
        from: Seq(from),
        through: through.map(Seq),
    };
    let head = ConfirmedHead {
        chat: ChatId(1),
        epoch: Epoch(1),
        seq: Seq(20),
    };
    let mut membership = administrator(&head, &by("ana").user);
    let intervals = [
        interval(2, Some(4)),
        interval(8, Some(9)),
        interval(15, None),
    ];
    membership.member.intervals = intervals.into_iter().collect();
    let view = View::new(&head, membership);
    let runs = |from, through, order| {
        let runs = view.runs(Seq(from), Seq(through), order).into_iter();
        runs.map(|(first, last)| (first.0, last.0))
            .collect::<Vec<_>>()
    };
    assert_eq!(runs(1, 99, Order::Rising), [(2, 4), (8, 9), (15, 20)]);
    assert_eq!(runs(3, 16, Order::Falling), [(15, 16), (8, 9), (3, 4)]);
    assert_eq!(runs(5, 7, Order::Rising), []);
    assert_eq!(runs(1, 0, Order::Rising), []);
}
