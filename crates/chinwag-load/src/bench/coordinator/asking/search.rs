//! The run that searches: each word was said in a few messages of each chat, and none else may be found.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, bail, ensure};
use chinwag_proto::http::SearchAnswer;

use super::{
    Chats, Question,
    chat::{Chat, Said, word},
};
use crate::{
    bench::{coordinator::Run, options, report::Report},
    clock::{SECOND, now},
};

/// What every message says.
const EVERYWHERE: &str = "bench";
/// Hits of a first page.
const PAGE: usize = 50;
/// How long the index may take to hold everything.
const PATIENCE: u64 = 60 * SECOND;
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

pub(in super::super) async fn run(run: &Run<'_>, settings: &options::Search) -> Result<Report> {
    let chats = Chats::filled(run, settings.filled).await?;
    until_indexed(run, &chats).await?;
    super::run(
        run,
        ("search", settings),
        ("searches", "search"),
        settings.asks,
        Search::new(Arc::new(chats)),
    )
    .await
}

/// Waits until everything that was said is found.
pub(in super::super) async fn until_indexed(run: &Run<'_>, chats: &Chats) -> Result<()> {
    run.progress.say("the index takes what was said");
    let give_up_at = now() + PATIENCE;
    for chat in chats.iter() {
        let http = &chat.members[0].http;
        let wanted = chat.said.len() as u64;
        loop {
            let found = http.search(EVERYWHERE, Some(chat.id)).await?.total;
            if found == wanted {
                break;
            }
            if now() > give_up_at {
                bail!(
                    "of {wanted} messages of {} the index holds {found}",
                    chat.id
                );
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok(())
}

/// Searches all words of all chats in turn, in the chat and everywhere, and again.
pub(in super::super) struct Search {
    chats: Arc<Chats>,
}

impl Search {
    pub(in super::super) fn new(chats: Arc<Chats>) -> Self {
        Self { chats }
    }
}

impl Question for Search {
    async fn ask(&self, nth: u64) -> Result<()> {
        let (chat, turn) = self.chats.turn(nth);
        let wanted = u32::try_from(turn / 2)? % chat.words;
        // Nobody is in two of the chats, so that both find the same.
        let within = turn.is_multiple_of(2).then_some(chat.id);
        let http = &chat.members[turn / 2 % 2].http;
        let answer = http.search(&word(wanted), within).await?;
        check(chat, wanted, &answer)
    }
}

/// Checks an answer that must hold all messages with a word, newest first, the word marked.
fn check(chat: &Chat, wanted: u32, answer: &SearchAnswer) -> Result<()> {
    let said = chat.said.iter().rev();
    let said: Vec<Said> = said
        .filter(|said| chat.word_of(said.number) == wanted)
        .copied()
        .collect();
    let (total, count) = (answer.total, said.len());
    ensure!(
        total == count as u64,
        "{total} messages of {} were found instead of {count}",
        chat.id
    );
    let hits: Vec<_> = answer.hits.iter().map(|hit| &hit.message).collect();
    chat.check(hits.into_iter(), said[..count.min(PAGE)].iter())?;
    let word = word(wanted);
    for hit in &answer.hits {
        // A text of a run is ASCII, so that its UTF-16 code units are its bytes.
        let marked = hit.matches.iter();
        let marked: Vec<_> = marked
            .map(|(start, end)| hit.message.content.get(*start as usize..*end as usize))
            .collect();
        ensure!(
            marked == [Some(word.as_str())],
            "{word} is not what is marked: {marked:?}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chinwag_proto::http::SearchHit;

    use super::*;
    use crate::bench::coordinator::asking::chat::known;

    /// Returns what is found of the second of two words, of which something is made.
    fn checked(change: impl FnOnce(&mut SearchAnswer)) -> Result<()> {
        let chat = known::chat(21);
        let found = chat.said.iter().rev().filter(|said| said.number % 2 == 1);
        let hit = |said: &Said| {
            let message = known::shown(&chat, said);
            let start = message.content.find("zq").unwrap() as u32;
            let matches = vec![(start, start + 7)];
            SearchHit { message, matches }
        };
        let hits: Vec<SearchHit> = found.map(hit).collect();
        let mut answer = SearchAnswer {
            total: hits.len() as u64,
            hits,
            next_cursor: None,
        };
        change(&mut answer);
        check(&chat, 1, &answer)
    }

    #[test]
    fn what_is_found_is_what_was_said_with_the_word() {
        checked(|_| {}).unwrap();
        let wrong: [fn(&mut SearchAnswer); 6] = [
            |answer| answer.total += 1,
            |answer| drop(answer.hits.pop()),
            |answer| answer.hits.swap(0, 1),
            |answer| answer.hits[3] = answer.hits[2].clone(),
            |answer| answer.hits[0].message.content.push('!'),
            |answer| answer.hits[0].matches[0].0 += 1,
        ];
        for (nth, change) in wrong.into_iter().enumerate() {
            assert!(checked(change).is_err(), "change {nth}");
        }
    }
}
