//! Typing: never more often than somebody can read, in sums where many may.

use chinwag_proto::shapes::HistoryVisible;
use serde_json::json;

use crate::node::Node;

#[tokio::test]
async fn typing_reaches_the_others_once_in_three_seconds() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    let (mut ana, mut ben) = (node.session("ana").await, node.session("ben").await);
    for _ in 0..5 {
        ana.say(&json!({"type": "typing", "chatId": chat})).await;
    }
    ana.send(chat, "done").await;
    let before = ben.before_message("done").await;
    assert_eq!(before.len(), 1, "{before:?}");
    assert_eq!(before[0]["type"], "typing");
    assert_eq!(before[0]["userId"], "ana");
    assert!(ana.settled().await.is_empty(), "nobody is told of oneself");
}

#[tokio::test]
async fn typing_in_a_group_above_100_comes_as_a_sum_without_oneself() {
    let node = Node::start().await;
    let ids: Vec<String> = (0..101).map(|number| format!("user{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let chat = node.group(&ids, HistoryVisible::All).await;
    let mut reader = node.session("user0").await;
    let mut typists = Vec::new();
    for id in &ids[1..6] {
        typists.push(node.session(id).await);
    }
    for typist in &mut typists {
        typist.say(&json!({"type": "typing", "chatId": chat})).await;
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut most = 0;
    while most < 5 && seen.len() < 5 {
        let sum = reader.until_type("typing").await;
        let names = sum["userIds"].as_array().unwrap();
        assert!(names.len() <= 3 && sum.get("userId").is_none(), "{sum}");
        seen.extend(names.iter().map(|name| name.as_str().unwrap().to_owned()));
        most = most.max(sum["count"].as_u64().unwrap());
    }
    let own = typists[0].until_type("typing").await;
    assert!(!own["userIds"].to_string().contains("\"user1\""), "{own}");
}
