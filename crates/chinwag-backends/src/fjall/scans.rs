//! Reading logs and what follows from their events.

use std::ops::Bound;

use chinwag_core::{
    model::LogRow,
    ports::{EngineResult, Order, ReadRange},
};
use chinwag_proto::{ChatId, ClientId, EventId, Seq, Timestamp, UserId, shapes::Version};

use super::{
    cells,
    error::undecodable,
    keys::{self, Kind},
    view::{Rows, View},
};

/// From how many places on a run of other events is jumped over: a new scan costs as much as a few rows.
const JUMP: u64 = 16;

impl View {
    /// Reads one event.
    pub(super) fn log_row(&self, chat: ChatId, seq: Seq) -> EngineResult<Option<LogRow>> {
        let cell = self.get(&keys::log(chat, seq))?;
        cell.map(|cell| cells::log_row(&cell)).transpose()
    }

    /// Reads a chat's last event.
    pub(super) fn head(&self, chat: ChatId) -> EngineResult<Option<LogRow>> {
        let last = self.prefix(&keys::of_chat(Kind::Log, chat)).next_back();
        last.map(|row| cells::log_row(&row?.1)).transpose()
    }

    /// Reads a run of events.
    pub(super) fn log_rows(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        if range.from > range.through || range.limit == 0 {
            return Ok(Vec::new());
        }
        let rows = self.places(chat, range.from, range.through);
        match range.order {
            Order::Rising => rising(rows, range),
            Order::Falling => self.falling(chat, rows, range),
        }
    }

    fn places(&self, chat: ChatId, from: Seq, through: Seq) -> Rows {
        self.range(
            Bound::Included(keys::log(chat, from)),
            Bound::Included(keys::log(chat, through)),
        )
    }

    fn falling(&self, chat: ChatId, mut rows: Rows, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        let mut found = Vec::with_capacity(range.limit.min(256));
        while found.len() < range.limit
            && let Some(row) = rows.next_back()
        {
            let row = cells::log_row(&row?.1)?;
            if !range.messages_only || row.message().is_some() {
                found.push(row);
                continue;
            }
            if row.previous_message < range.from {
                break;
            }
            if row.seq.0 - row.previous_message.0 > JUMP {
                rows = self.places(chat, range.from, row.previous_message);
            }
        }
        Ok(found)
    }

    /// Finds an event that the log holds.
    pub(super) fn find_event(&self, id: EventId) -> EngineResult<Option<(ChatId, Seq)>> {
        let Some(place) = self.get(&keys::id(id))? else {
            return Ok(None);
        };
        let (chat, seq) = cells::read_place(&place)?;
        let holds = self.log_row(chat, seq)?.is_some_and(|row| row.id == id);
        Ok(holds.then_some((chat, seq)))
    }

    /// Finds a request whose event the log holds.
    pub(super) fn find_sent(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> EngineResult<Option<(Seq, EventId)>> {
        let Some(sent) = self.get(&keys::sent(chat, user, client_id))? else {
            return Ok(None);
        };
        let (seq, id) = cells::read_sent(&sent)?;
        let holds = self.log_row(chat, seq)?.is_some_and(|row| row.id == id);
        Ok(holds.then_some((seq, id)))
    }

    /// Reads what a message was before.
    pub(super) fn versions_of(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        self.prefix(&keys::of_message(Kind::Version, chat, message))
            .map(|row| {
                let (content, timestamp): (String, Timestamp) =
                    cells::unstamped(&row?.1, "version")?;
                Ok(Version { content, timestamp })
            })
            .collect()
    }

    /// Reads which reactions a message has from a user.
    pub(super) fn user_reactions(
        &self,
        chat: ChatId,
        message: Seq,
        user: &UserId,
    ) -> EngineResult<Vec<String>> {
        let prefix = keys::reactions_of(chat, message, user);
        let mut found = Vec::new();
        for row in self.prefix(&prefix) {
            let (key, value) = row?;
            if cells::unstamped::<bool>(&value, "reaction")? {
                let text = keys::text_from(&key, prefix.as_slice().len());
                found.push(text.ok_or_else(|| undecodable("reaction key"))?.into());
            }
        }
        Ok(found)
    }

    /// Reads who reacted to a message with what.
    pub(super) fn all_reactions(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>> {
        let prefix = keys::of_message(Kind::Reaction, chat, message);
        let mut found = Vec::new();
        for row in self.prefix(&prefix) {
            let (key, value) = row?;
            let rest = key.get(prefix.as_slice().len()..).unwrap_or_default();
            // The row without a user only says under which stamp the message was forgotten.
            if rest.is_empty() || !cells::unstamped::<bool>(&value, "reaction")? {
                continue;
            }
            if found.len() == limit {
                break;
            }
            found.push(user_and_key(rest).ok_or_else(|| undecodable("reaction key"))?);
        }
        Ok(found)
    }
}

fn rising(rows: Rows, range: ReadRange) -> EngineResult<Vec<LogRow>> {
    let mut found = Vec::with_capacity(range.limit.min(256));
    for row in rows {
        let row = cells::log_row(&row?.1)?;
        if range.messages_only && row.message().is_none() {
            continue;
        }
        found.push(row);
        if found.len() == range.limit {
            break;
        }
    }
    Ok(found)
}

fn user_and_key(rest: &[u8]) -> Option<(String, UserId)> {
    let (user, key) = std::str::from_utf8(rest).ok()?.split_once('\0')?;
    Some((key.into(), UserId::new(user).ok()?))
}
