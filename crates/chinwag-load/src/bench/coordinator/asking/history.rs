//! The run that reads pages of history, from the newest message backwards.

use std::sync::Arc;

use anyhow::{Result, ensure};
use chinwag_proto::http::{HistoryQuery, MessagesPage};

use super::{Chats, Question, chat::Chat};
use crate::bench::{coordinator::Run, options, report::Report};

/// A page's texts have room in one answer, beside all else that it tells of its messages.
const PAGE_BYTES: u32 = 128 * 1024;

pub(in super::super) async fn run(run: &Run<'_>, settings: &options::History) -> Result<Report> {
    let page_bytes = settings.page.saturating_mul(settings.filled.content_bytes);
    ensure!(
        page_bytes <= PAGE_BYTES,
        "so long a page has no room in one answer"
    );
    let chats = Chats::filled(run, settings.filled).await?;
    let question = History::new(Arc::new(chats), settings.page);
    super::run(
        run,
        ("history", settings),
        ("pages", "page of history"),
        settings.asks,
        question,
    )
    .await
}

/// Reads all pages of all chats in turn, and again.
pub(in super::super) struct History {
    chats: Arc<Chats>,
    page: usize,
}

impl History {
    pub(in super::super) fn new(chats: Arc<Chats>, page: u32) -> Self {
        let page = page as usize;
        Self { chats, page }
    }
}

impl Question for History {
    async fn ask(&self, nth: u64) -> Result<()> {
        let (chat, turn) = self.chats.turn(nth);
        let pages = chat.said.len().div_ceil(self.page);
        let end = chat.said.len() - turn % pages * self.page;
        let query = HistoryQuery {
            chat_id: chat.id,
            before: chat.said.get(end).map(|said| said.id.to_string()),
            after: None,
            around: None,
            limit: u32::try_from(self.page).ok(),
        };
        let page = chat.members[turn % 2].http.history(&query).await?;
        check(chat, &page, end.saturating_sub(self.page), end)
    }
}

/// Checks a page that must hold what was said from a number on to before another, newest first.
fn check(chat: &Chat, page: &MessagesPage, begin: usize, end: usize) -> Result<()> {
    chat.check(page.messages.iter(), chat.said[begin..end].iter().rev())?;
    let told = page.has_more;
    ensure!(
        told == (begin > 0),
        "a page of {} says hasMore: {told}",
        chat.id
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::coordinator::asking::chat::known;

    /// Returns the page of the messages 3 to 5, of which something is made.
    fn checked(change: impl FnOnce(&mut MessagesPage)) -> Result<()> {
        let chat = known::chat(8);
        let said = chat.said[3..6].iter().rev();
        let mut page = MessagesPage {
            messages: said.map(|said| known::shown(&chat, said)).collect(),
            has_more: true,
        };
        change(&mut page);
        check(&chat, &page, 3, 6)
    }

    #[test]
    fn a_page_holds_what_was_said_and_nothing_else() {
        checked(|_| {}).unwrap();
        let wrong: [fn(&mut MessagesPage); 6] = [
            |page| page.messages.truncate(2),
            |page| page.messages.reverse(),
            |page| page.messages[1] = page.messages[0].clone(),
            |page| page.messages.push(page.messages[0].clone()),
            |page| page.messages[2].content.push('!'),
            |page| page.has_more = false,
        ];
        for (nth, change) in wrong.into_iter().enumerate() {
            assert!(checked(change).is_err(), "change {nth}");
        }
    }
}
