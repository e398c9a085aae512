//! Reads everything that a user may, as clients do, and searches for it.

use std::time::Duration;

use chinwag_client::Http;
use chinwag_load::recording::RecordedHttp;
use chinwag_proto::{ChatId, http::HistoryQuery, shapes::Message};

use crate::{answered::until_answered, fixture::PATIENCE};

/// Reads the counts, and all messages in both directions.
pub(crate) async fn read_everything(http: &RecordedHttp<Vec<u8>>, chats: &[ChatId]) {
    for chat in chats {
        until_answered(async || http.chat(*chat).await).await;
        let query = HistoryQuery {
            chat_id: *chat,
            before: None,
            after: None,
            around: None,
            limit: Some(70),
        };
        let mut backward = query.clone();
        loop {
            let page = until_answered(async || http.history(&backward).await).await;
            let Some(last) = page.messages.last().filter(|_| page.has_more) else {
                // The oldest: all pages after it, from the other side.
                let oldest = page.messages.last().map(|oldest| oldest.id.to_string());
                forward(http, query, oldest).await;
                break;
            };
            backward.before = Some(last.id.to_string());
        }
    }
}

async fn forward(http: &RecordedHttp<Vec<u8>>, query: HistoryQuery, oldest: Option<String>) {
    let mut forward = HistoryQuery {
        after: oldest,
        ..query
    };
    loop {
        let page = until_answered(async || http.history(&forward).await).await;
        match page.messages.last().filter(|_| page.has_more) {
            Some(last) => forward.after = Some(last.id.to_string()),
            None => return,
        }
    }
}

/// Checks that of a chat's messages that have a word, as history shows them, each is found, and none twice.
pub(crate) async fn finds_what_history_shows(http: &Http, chat: ChatId, words: &[&str]) {
    let shown = history(http, chat).await;
    for word in words {
        let with_word = shown
            .iter()
            .filter(|message| message.content.split(' ').any(|part| part == *word));
        let wanted = with_word.count() as u64;
        let query = format!("{word} ");
        until(
            &format!("{wanted} messages with {word} are found"),
            async || {
                let found = async || http.search(&query, Some(chat)).await;
                until_answered(found).await.total == wanted
            },
        )
        .await;
    }
}

async fn history(http: &Http, chat: ChatId) -> Vec<Message> {
    let mut query = HistoryQuery {
        chat_id: chat,
        before: None,
        after: None,
        around: None,
        limit: Some(200),
    };
    let mut all: Vec<Message> = Vec::new();
    loop {
        let page = until_answered(async || http.history(&query).await).await;
        all.extend(page.messages);
        match all.last().filter(|_| page.has_more) {
            Some(last) => query.before = Some(last.id.to_string()),
            None => return all,
        }
    }
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "never: {what}");
}
