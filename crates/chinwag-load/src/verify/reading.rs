//! Those who read: counts, pages of history, searches.

use std::{sync::Arc, time::Duration};

use chinwag_client::ClientError;
use chinwag_proto::{ChatId, ErrorCode, http::HistoryQuery};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{history_file::HistoryWriter, stage::Stage};
use crate::recording::RecordedHttp;

/// How long a reader rests between two readings.
const REST: Duration = Duration::from_millis(200);
/// Messages on a page.
const PAGE: u32 = 70;
/// Pages that are read in each direction at the end, of each chat by each member.
const PAGES: usize = 20;
/// What is searched for: parts of what is said.
const WORDS: [&str; 4] = ["noon", "später", "会議", "quoted"];

/// Reads this and that over HTTP until the run ends; whoever was removed meanwhile is told so.
pub(super) async fn read(stage: Arc<Stage>, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    while stage.goes_on() {
        let person = random.random_range(0..stage.cast.users());
        let chats = stage.cast.chats_of(person);
        let chat = chats[random.random_range(0..chats.len())];
        let http = stage.cast.http(person, "reads");
        let word = WORDS[random.random_range(0..WORDS.len())];
        let within = random.random_bool(0.5).then_some(chat);
        let query = newest(chat);
        let read = async {
            stage.ask(|| http.chat(chat)).await?;
            stage.ask(|| http.history(&query)).await?;
            stage.ask(|| http.search(word, within)).await
        };
        match stage.wait_for(read).await {
            Some(Err(error)) if !is_not_found(&error) => {
                let who = &stage.cast.people[person].id;
                stage
                    .surprises
                    .note(|| format!("{who} read {chat} and was told: {error}"));
            }
            Some(_) => {}
            None => stage
                .surprises
                .note(|| format!("a reading of {chat} got no answer")),
        }
        stage.pause(REST).await;
    }
}

fn is_not_found(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused(problem) if problem.code == ErrorCode::NotFound)
}

/// Reads a chat's counts, and messages in both directions.
pub(super) async fn read_through(stage: &Stage, http: &RecordedHttp<HistoryWriter>, chat: ChatId) {
    stage.surely("reading a chat", || http.chat(chat)).await;
    let mut query = newest(chat);
    for _ in 0..PAGES {
        let page = stage
            .surely("reading history", || http.history(&query))
            .await;
        let Some(page) = page else { return };
        let Some(last) = page.messages.last() else {
            return;
        };
        query.before = Some(last.id.to_string());
        if !page.has_more {
            break;
        }
    }
    query.after = query.before.take();
    for _ in 0..PAGES {
        let page = stage
            .surely("reading history", || http.history(&query))
            .await;
        let last = page.and_then(|page| {
            page.messages
                .last()
                .filter(|_| page.has_more)
                .map(|it| it.id)
        });
        let Some(last) = last else { return };
        query.after = Some(last.to_string());
    }
}

fn newest(chat: ChatId) -> HistoryQuery {
    HistoryQuery {
        chat_id: chat,
        before: None,
        after: None,
        around: None,
        limit: Some(PAGE),
    }
}
