//! Messages by their words, among those that the caller may read.

use std::collections::HashMap;

use chinwag_proto::{
    ChatId, ErrorCode, MessageId, Problem,
    http::{SearchAnswer, SearchHit as ShownHit, SearchQuery},
};

use super::{
    Reads,
    access::View,
    budget::{Budget, page_limit},
    opaque::{self, Kind},
};
use crate::{
    model::LogRow,
    owner::Caller,
    ports::{Scope, SearchHit, SearchRequest},
    search::{Query, match_ranges},
};

impl Reads {
    /// Finds messages that the caller may read, newest first, what matched marked.
    ///
    /// Hits that were deleted or became invisible since they were indexed are left out. Errors: `badQuery`,
    /// `badCursor`, `badRequest`, `notFound` for a chat that the caller isn't in.
    pub async fn search(
        &self,
        caller: &Caller,
        query: SearchQuery,
    ) -> Result<SearchAnswer, Problem> {
        let limit = page_limit(query.limit, &self.limits)?;
        let before: Option<MessageId> = opaque::cursor(Kind::Search, query.cursor.as_deref())?;
        let words = words(&query)?;
        let views = match query.chat_id {
            Some(chat) => vec![self.view(caller, chat).await?],
            None => self.views(&caller.user).await?,
        };
        let scope = views
            .iter()
            .map(|view| (view.chat, view.intervals().clone()));
        let request = SearchRequest {
            query: query.q.clone(),
            scope: Scope(scope.collect()),
            sender: query.sender_id,
            from: query.from,
            to: query.to,
            before,
            limit,
        };
        let page = self.ports.search.search(request).await?;
        let last_found = page.hits.last().map(|hit| hit.id);
        let shown = self.shown(&views, &page.hits, &words).await?;
        let mut budget = Budget::new(&self.limits);
        let complete = shown.len();
        let fitting = shown.into_iter().take_while(|hit| budget.take(hit));
        let hits: Vec<ShownHit> = fitting.collect();
        let next = match hits.last() {
            Some(last) if hits.len() < complete => Some(last.message.id),
            _ => last_found.filter(|_| page.has_more),
        };
        Ok(SearchAnswer {
            hits,
            total: page.total,
            next_cursor: next.map(|id| opaque::write(Kind::Search, &id)),
        })
    }

    /// Renders the hits that still stand, in their order.
    async fn shown(
        &self,
        views: &[View],
        hits: &[SearchHit],
        words: &Query,
    ) -> Result<Vec<ShownHit>, Problem> {
        let places: Vec<_> = hits.iter().map(|hit| (hit.chat, hit.seq)).collect();
        let rows = self.rows(&places).await?;
        let mut by_chat: HashMap<ChatId, Vec<LogRow>> = HashMap::new();
        for (hit, row) in hits.iter().zip(rows) {
            if let Some(row) = row.filter(|row| row.id == hit.id) {
                by_chat.entry(hit.chat).or_default().push(row);
            }
        }
        let mut shown = Vec::new();
        for view in views {
            let Some(mut rows) = by_chat.remove(&view.chat) else {
                continue;
            };
            rows.retain(|row| {
                let stands = row
                    .message()
                    .is_some_and(|message| message.deleted.is_none());
                stands && view.sees(row)
            });
            let messages = self.messages_of(view, &rows).await?;
            shown.extend(messages.into_iter().map(|message| ShownHit {
                matches: match_ranges(words, &message.content),
                message,
            }));
        }
        shown.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.message.id));
        Ok(shown)
    }
}

/// Reads the query's words; `badQuery` where there are none, or too many.
fn words(query: &SearchQuery) -> Result<Query, Problem> {
    if let (Some(from), Some(to)) = (query.from, query.to)
        && from >= to
    {
        return Err(Problem::field("/to", "must be later than from"));
    }
    let refused = |detail: String| Problem::new(ErrorCode::BadQuery, detail);
    let words = Query::parse(&query.q).map_err(|error| refused(error.to_string()))?;
    if words.is_empty() {
        return Err(refused("the query has no word to search for".into()));
    }
    Ok(words)
}

#[cfg(test)]
mod tests;
