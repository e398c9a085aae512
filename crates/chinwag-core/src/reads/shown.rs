//! Turns rows into the messages that the asking user gets, their own reactions marked.

use chinwag_proto::{Problem, Seq, shapes::Message};

use super::{Reads, access::View};
use crate::{model::LogRow, render};

impl Reads {
    /// Renders the messages among `rows`, in their order, once everything that they show is confirmed.
    pub(super) async fn messages_of(
        &self,
        view: &View,
        rows: &[LogRow],
    ) -> Result<Vec<Message>, Problem> {
        let messages = || {
            let stored = rows.iter().map(|row| (row, row.message()));
            stored.filter_map(|(row, message)| Some((row, message?)))
        };
        let last_change = messages().map(|(_, message)| message.change_seq).max();
        self.settled(view, last_change.unwrap_or_default()).await?;
        let reacted: Vec<Seq> = messages()
            .filter(|(_, message)| !message.reactions.is_empty())
            .map(|(row, _)| row.seq)
            .collect();
        let mut mine = match reacted.as_slice() {
            [] => Vec::new(),
            reacted => {
                let store = &self.ports.store;
                store.reactions_of(view.chat, reacted, view.user()).await?
            }
        }
        .into_iter();
        let rendered = messages().map(|(row, message)| {
            let keys = match message.reactions.is_empty() {
                true => Vec::new(),
                false => mine.next().unwrap_or_default(),
            };
            render::message(view.chat, row, message, Some(&keys))
        });
        Ok(rendered.collect())
    }
}
