//! Rows 10 and 11: words are found in any script, and a query is text and nothing else.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    people, say,
    signs::{FOUND, TEXTS},
    without_rates,
};
use crate::{
    fixture::{PATIENCE, Person, Running},
    rest::Rest,
};

/// Says texts, and waits until the last one is found.
async fn library(running: &Running, ana: &Person, ben: &Person, texts: &[&str]) -> Rest {
    let chat = ana.direct(ben).await;
    let mut socket = ana.socket().await;
    for text in texts.iter().chain(&["theverylastone"]) {
        say(&mut socket, chat, text).await;
    }
    let rest = Rest::new(&running.url(), &ben.token);
    let indexed = async {
        while rest.get("/search?q=theverylastone").await.body["total"] != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, indexed)
        .await
        .expect("the index follows");
    rest
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Searches; answers the texts found, or the code of the refusal.
async fn search(rest: &Rest, query: &str) -> Result<Vec<String>, String> {
    let reply = rest.get(&format!("/search?q={}", encode(query))).await;
    assert!(reply.status < 500, "{query:?}: {reply:?}");
    if reply.status == 414 || reply.status == 431 {
        return Err("too long for an address".into());
    }
    if let Some(code) = reply.code() {
        assert_eq!(reply.status, 400, "{query:?}: {reply:?}");
        return Err(code.to_owned());
    }
    let hits = reply.body["hits"].as_array();
    let hits = hits.unwrap_or_else(|| panic!("{query:?}: {reply:?}"));
    let text = |hit: &Value| hit["message"]["content"].as_str().unwrap().to_owned();
    Ok(hits.iter().map(text).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn words_without_spaces_between_are_found_anywhere() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let texts = [
        "明天下午去北京开会",
        "金曜日に会議があります",
        "회의를 시작합니다",
        "我买了iPhone手机",
    ];
    let rest = library(&running, &ana, &ben, &texts).await;
    for (query, text) in [
        ("北京", texts[0]),
        ("下午去北", texts[0]),
        ("会議", texts[1]),
        ("회의", texts[2]),
        ("手机", texts[3]),
        ("iphone", texts[3]),
    ] {
        assert_eq!(
            search(&rest, query).await,
            Ok(vec![text.to_owned()]),
            "{query}"
        );
    }
    assert_eq!(search(&rest, "京北").await, Ok(Vec::new()));
    // One character is found, or said to be too short.
    match search(&rest, "京").await {
        Ok(found) => assert_eq!(found, [texts[0]]),
        Err(code) => assert_eq!(code, "badRequest"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_text_whatever_signs_it_holds() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let texts = TEXTS;
    let rest = library(&running, &ana, &ben, &texts).await;
    for (query, number) in FOUND {
        let found = search(&rest, query).await.unwrap();
        assert!(
            found.iter().any(|text| text == texts[number]),
            "{query}: {found:?}"
        );
        assert!(
            found.len() < texts.len(),
            "{query} is no wildcard: {found:?}"
        );
    }
    let everything = texts.len() + 1;
    let mut queries: Vec<String> = (' '..='~')
        .filter(char::is_ascii_punctuation)
        .map(String::from)
        .collect();
    let more = [
        "\"unbalanced",
        "(unbalanced",
        "[1 TO 2",
        "NOT x",
        "*",
        "*:*",
        "field:value",
        "chatId:1",
        "a OR b",
        "+ -",
        "\\",
        "\"\"",
        "~1",
        "^2",
        "{}",
        "\u{0}",
        "😀",
        "  ",
    ];
    queries.extend(more.map(str::to_owned));
    queries.push("long ".repeat(2_000));
    for query in queries {
        let found = search(&rest, &query).await.unwrap_or_default();
        assert!(found.len() < everything, "{query:?} finds everything");
        let letters = query.chars().any(char::is_alphanumeric);
        assert!(letters || found.is_empty(), "{query:?} finds {found:?}");
    }
    let strangers = running.person("stranger").await;
    let rest = Rest::new(&running.url(), &strangers.token);
    for query in ["*", "10/2019", "a OR b", "NOT x"] {
        assert_eq!(
            search(&rest, query).await.unwrap_or_default(),
            Vec::<String>::new()
        );
    }
    let reply = rest.get("/search?q=*").await;
    assert!(reply.body["total"].is_null() || reply.body["total"] == json!(0));
}
