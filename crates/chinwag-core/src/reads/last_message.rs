//! The last message of a chat that a member may see.

use chinwag_proto::{Problem, Seq};

use super::{Reads, access::View};
use crate::{
    model::LogRow,
    ports::{Order, ReadRange},
};

/// Where the last visible message of a chat is, as far as the head's row tells.
enum Last {
    /// It is the head.
    Head,
    /// It is at this place.
    At(Seq),
    /// It is below this place, in an earlier interval.
    Below(Seq),
    /// There is none.
    None,
}

impl Reads {
    /// Reads the rows at the heads of chats; the answer has the order and length of the question.
    pub(super) async fn head_rows(&self, views: &[View]) -> Result<Vec<LogRow>, Problem> {
        let places: Vec<_> = views.iter().map(|view| (view.chat, view.head)).collect();
        let mut heads = Vec::with_capacity(views.len());
        for (row, (chat, seq)) in self.rows(&places).await?.into_iter().zip(places) {
            match row {
                Some(row) => heads.push(row),
                None => return Err(self.missing(chat, seq).await),
            }
        }
        Ok(heads)
    }

    /// Finds each chat's last visible message, given the rows at the heads, with one more read for all of them.
    pub(super) async fn last_messages(
        &self,
        views: &[View],
        heads: &[LogRow],
    ) -> Result<Vec<Option<LogRow>>, Problem> {
        let lasts: Vec<Last> = views
            .iter()
            .zip(heads)
            .map(|(view, head)| last(view, head))
            .collect();
        let places: Vec<_> = views
            .iter()
            .zip(&lasts)
            .filter_map(|(view, last)| match last {
                Last::At(seq) => Some((view.chat, *seq)),
                Last::Head | Last::Below(_) | Last::None => None,
            })
            .collect();
        let mut before_heads = self.rows(&places).await?.into_iter();
        let mut messages = Vec::with_capacity(views.len());
        for ((view, head), last) in views.iter().zip(heads).zip(lasts) {
            messages.push(match last {
                Last::Head => Some(head.clone()),
                Last::At(seq) => match before_heads.next().flatten() {
                    Some(row) => Some(row),
                    None => return Err(self.missing(view.chat, seq).await),
                },
                Last::Below(seq) => self.last_message_below(view, seq).await?,
                Last::None => None,
            });
        }
        Ok(messages)
    }

    /// Finds the last visible message below a place.
    pub(super) async fn last_message_below(
        &self,
        view: &View,
        seq: Seq,
    ) -> Result<Option<LogRow>, Problem> {
        let through = Seq(seq.0.saturating_sub(1));
        for (first, last) in view.runs(Seq(1), through, Order::Falling) {
            let range = ReadRange {
                from: first,
                through: last,
                limit: 1,
                order: Order::Falling,
                messages_only: true,
            };
            let rows = self.ports.store.read(view.chat, range).await?;
            if let Some(row) = rows.into_iter().next() {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Reads single rows; a question of none costs nothing.
    pub(super) async fn rows(
        &self,
        places: &[(chinwag_proto::ChatId, Seq)],
    ) -> Result<Vec<Option<LogRow>>, Problem> {
        match places {
            [] => Ok(Vec::new()),
            places => Ok(self.ports.store.rows(places).await?),
        }
    }
}

fn last(view: &View, head: &LogRow) -> Last {
    let before = head.previous_message;
    if head.message().is_some() && view.sees(head) {
        Last::Head
    } else if before == Seq::ZERO {
        Last::None
    } else if view.intervals().contains(before) {
        Last::At(before)
    } else {
        Last::Below(before)
    }
}
