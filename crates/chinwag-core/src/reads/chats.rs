//! The caller's chats, latest message first.

use chinwag_proto::{
    ChatId, EventId, Problem, Timestamp,
    http::{ChatsPage, ChatsQuery},
    shapes::{Chat, ChatType},
    snowflake,
};
use minicbor::{Decode, Encode};

use super::{
    Reads,
    access::{BATCH, Listed, View},
    budget::{Budget, page_limit},
    opaque::{self, Kind},
};
use crate::{model::LogRow, owner::Caller};

/// Members that one chat shows; the others by page.
const SHOWN_MEMBERS: usize = 100;

/// Where a chat stands in the list: at its last visible message, or where the member joined while there is none.
/// Edits, reactions and joins don't move a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
struct Rank {
    #[n(0)]
    id: EventId,
    #[n(1)]
    chat: ChatId,
}

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct After {
    /// The last chat shown.
    #[n(0)]
    rank: Rank,
    /// The highest id when the first page was read: later messages move no chat between the pages.
    #[n(1)]
    as_of: EventId,
}

impl Reads {
    /// Reads a page of the caller's chats, latest message first, direct chats with their members.
    ///
    /// The pages of one list are stable: they show the order of the first page's moment. Costs two reads for each
    /// 1,000 of the caller's chats and what the page itself shows.
    pub async fn chats(&self, caller: &Caller, query: ChatsQuery) -> Result<ChatsPage, Problem> {
        let limit = page_limit(query.limit, &self.limits)?;
        let after: Option<After> = opaque::cursor(Kind::Chats, query.cursor.as_deref())?;
        let mut ranked = self.ranked(caller, query.since, after).await?;
        ranked.sort_unstable_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let as_of = match (after, ranked.first()) {
            (Some(after), _) => after.as_of,
            (None, Some((rank, _))) => rank.id,
            (None, None) => EventId(0),
        };
        let more = ranked.len() > limit;
        ranked.truncate(limit);
        let (ranks, views): (Vec<Rank>, Vec<View>) = ranked.into_iter().unzip();
        let mut budget = Budget::new(&self.limits);
        let summaries = self.summaries(&views).await?;
        let complete = summaries.len();
        let fitting = summaries.into_iter().take_while(|chat| budget.take(chat));
        let chats: Vec<Chat> = fitting.collect();
        let last = match chats.last() {
            Some(last) if chats.len() < complete => {
                ranks.iter().find(|rank| rank.chat == last.id).copied()
            }
            _ if more => ranks.last().copied(),
            _ => None,
        };
        Ok(ChatsPage {
            chats,
            next_cursor: last.map(|rank| opaque::write(Kind::Chats, &After { rank, as_of })),
        })
    }

    /// Reads one chat with up to 100 members. An API key reads every chat.
    pub async fn chat(&self, caller: &Caller, chat: ChatId) -> Result<Chat, Problem> {
        let view = self.administered(caller, chat).await?;
        let mut chat = self.one_summary(&view).await?;
        if chat.kind == ChatType::Group {
            let mut budget = Budget::new(&self.limits);
            budget.take(&chat);
            let members = self.first_members(view.chat, SHOWN_MEMBERS).await?;
            let fitting = members.into_iter().take_while(|member| budget.take(member));
            chat.members = Some(fitting.collect());
        }
        Ok(chat)
    }

    /// Ranks the caller's chats that stand after the page before.
    async fn ranked(
        &self,
        caller: &Caller,
        since: Option<Timestamp>,
        after: Option<After>,
    ) -> Result<Vec<(Rank, View)>, Problem> {
        let mut ranked = Vec::new();
        let mut from = None;
        loop {
            let (listed, next) = self.listed(&caller.user, from, BATCH).await?;
            let views: Vec<View> = listed.iter().filter_map(Listed::view).collect();
            let heads = self.head_rows(&views).await?;
            let is_changed = match since {
                Some(since) => self.changed_since(&views, &heads, since).await?,
                None => vec![true; views.len()],
            };
            let changed = views.into_iter().zip(heads).zip(is_changed);
            let changed = changed.filter_map(|(chat, is_changed)| is_changed.then_some(chat));
            let (views, heads): (Vec<View>, Vec<LogRow>) = changed.unzip();
            let lasts = self.last_messages(&views, &heads).await?;
            for (view, last) in views.into_iter().zip(lasts) {
                let rank = self.rank(&view, last, after).await?;
                if after.is_none_or(|after| rank < after.rank) {
                    ranked.push((rank, view));
                }
            }
            match next {
                Some(_) => from = next,
                None => return Ok(ranked),
            }
        }
    }

    /// Ranks a chat as it stood when the first page was read.
    async fn rank(
        &self,
        view: &View,
        mut last: Option<LogRow>,
        after: Option<After>,
    ) -> Result<Rank, Problem> {
        if let (Some(row), Some(after)) = (&last, after)
            && row.id > after.as_of
        {
            let later = self
                .first_place_from(view, EventId(after.as_of.0 + 1))
                .await?;
            last = self.last_message_below(view, later).await?;
        }
        let joined = EventId(snowflake::lowest_at(view.membership.member.joined_at));
        Ok(Rank {
            id: last.map_or(joined, |row| row.id),
            chat: view.chat,
        })
    }
}

#[cfg(test)]
mod tests;
