//! A new term's first append comes after a `term` event (rule T2).

use chinwag_core::{
    model::{RowBody, Shard, Term},
    owner::OwnerSettings,
};
use chinwag_proto::Seq;

use crate::fixture::{Node, text_once};

#[tokio::test]
async fn a_term_event_comes_before_the_first_append_of_a_new_term() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    node.run("ana", chat, text_once("one", "1")).await.unwrap();
    let term = node.owner.take_over(Shard::of(chat)).await.unwrap();
    assert_eq!(term, Term(2));
    node.run("ana", chat, text_once("two", "2")).await.unwrap();
    node.run("ana", chat, text_once("one", "1")).await.unwrap();
    let log = node.log(chat).await;
    let terms: Vec<u32> = log.iter().map(|row| row.term.0).collect();
    assert_eq!(terms, [1, 1, 1, 2, 2]);
    assert_eq!(log[3].body, RowBody::Term);
    assert_eq!(
        (log[4].seq, log[4].count, log[4].previous_message),
        (Seq(5), 2, Seq(3))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_at_random_places_lose_and_double_nothing() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let sending = {
        let owner = node.owner.clone();
        tokio::spawn(async move {
            for n in 0..300 {
                let command = text_once(&format!("m{n}"), &format!("c{n}"));
                let mut tries = 0;
                while let Err(problem) = owner
                    .execute(&crate::fixture::caller("ana"), chat, command.clone())
                    .await
                {
                    assert!(problem.retryable && tries < 50, "{problem}");
                    tries += 1;
                    tokio::task::yield_now().await;
                }
            }
        })
    };
    for _ in 0..20 {
        node.owner.take_over(Shard::of(chat)).await.unwrap();
        tokio::task::yield_now().await;
    }
    sending.await.unwrap();
    let log = node.log(chat).await;
    let said: Vec<&str> = log
        .iter()
        .filter_map(|row| Some(row.message()?.content.as_str()))
        .collect();
    let expected: Vec<String> = (0..300).map(|n| format!("m{n}")).collect();
    assert_eq!(said, expected);
    assert!(
        log.iter()
            .zip(1..)
            .all(|(row, place)| row.seq == Seq(place))
    );
    assert!(log.windows(2).all(|pair| pair[0].term <= pair[1].term));
}

#[tokio::test]
async fn the_only_node_keeps_its_term_over_a_restart_and_another_kind_takes_the_next() {
    let mut node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    node.restart(OwnerSettings::default()).await;
    node.run("ana", chat, text_once("one", "1")).await.unwrap();
    assert!(node.log(chat).await.iter().all(|row| row.term == Term(1)));
    node.restart(OwnerSettings {
        sole: false,
        ..OwnerSettings::default()
    })
    .await;
    node.run("ana", chat, text_once("two", "2")).await.unwrap();
    assert_eq!(node.log(chat).await.last().unwrap().term, Term(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_send_while_terms_change_is_there_once() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let sending = (0..4).map(|sender| {
        let owner = node.owner.clone();
        tokio::spawn(async move {
            for n in 0..300 {
                let command = text_once(&format!("s{sender} m{n}"), &format!("s{sender}-{n}"));
                let caller = crate::fixture::caller("ana");
                while let Err(problem) = owner.execute(&caller, chat, command.clone()).await {
                    assert!(problem.retryable, "{problem}");
                    tokio::task::yield_now().await;
                }
            }
        })
    });
    let sending: Vec<_> = sending.collect();
    while !sending.iter().all(|sender| sender.is_finished()) {
        node.owner.take_over(Shard::of(chat)).await.unwrap();
        tokio::task::yield_now().await;
    }
    for sender in sending {
        sender.await.unwrap();
    }
    let log = node.log(chat).await;
    let mut said: Vec<&str> = log
        .iter()
        .filter_map(|row| Some(row.message()?.content.as_str()))
        .collect();
    said.sort_unstable();
    let mut expected: Vec<String> = (0..4)
        .flat_map(|sender| (0..300).map(move |n| format!("s{sender} m{n}")))
        .collect();
    expected.sort_unstable();
    assert_eq!(said, expected);
}
