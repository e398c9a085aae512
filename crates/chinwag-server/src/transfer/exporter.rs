//! Writes everything that was said, as lines.

use std::{
    collections::HashMap,
    io::{self, Write},
};

use chinwag_core::{
    model::{LogRow, StoredMessage},
    ports::{EngineError, Order, ReadRange},
    transfer::{ChatKeys, Extras, Line, UserLine, exported},
};
use chinwag_proto::{ChatId, EventId, Seq, UserId, shapes::ChatType};

use super::source::Source;

/// Rows read at a time.
const PAGE: usize = 1_000;

/// Calls for every chat that isn't deleted, in order of id.
pub(super) fn for_each_chat<E: From<EngineError>>(
    source: &impl Source,
    mut each: impl FnMut(ChatId) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let chats = source.all_chats(after, PAGE)?;
        let Some(last) = chats.last().copied() else {
            return Ok(());
        };
        for chat in chats {
            if source.chat(chat)?.is_some_and(|row| !row.deleted) {
                each(chat)?;
            }
        }
        after = Some(last);
    }
}

/// An engine's failure on its way out of a thread that writes.
struct Failed(io::Error);

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        Self(io::Error::other(error))
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        failed.0
    }
}

/// Writes users, then chat after chat.
pub(super) fn write(source: &impl Source, out: &mut impl Write) -> io::Result<()> {
    let mut exporter = Exporter {
        source,
        out,
        keys: ChatKeys::default(),
        line: Vec::new(),
    };
    exporter.users()?;
    exporter.chats()
}

struct Exporter<'a, S, W> {
    source: &'a S,
    out: &'a mut W,
    keys: ChatKeys,
    line: Vec<u8>,
}

impl<S: Source, W: Write> Exporter<'_, S, W> {
    fn users(&mut self) -> Result<(), Failed> {
        let mut after: Option<UserId> = None;
        loop {
            let users = self.source.users(after.as_ref(), PAGE)?;
            let Some(last) = users.last().map(|row| row.id.clone()) else {
                return Ok(());
            };
            for row in users {
                if row.name.is_some() || row.disabled {
                    self.write(Line::User(UserLine {
                        user: row.id,
                        name: row.name,
                        disabled: row.disabled,
                    }))?;
                }
            }
            after = Some(last);
        }
    }

    fn chats(&mut self) -> io::Result<()> {
        for_each_chat(self.source, |chat| self.chat(chat)).map_err(io::Error::from)
    }

    fn chat(&mut self, id: ChatId) -> Result<(), Failed> {
        let Some(chat) = self.source.chat(id)? else {
            return Ok(());
        };
        let members = match chat.kind {
            ChatType::Direct => self.source.members(id, 2)?,
            ChatType::Group => Vec::new(),
        };
        let members: Vec<UserId> = members.into_iter().map(|row| row.user).collect();
        let key = self.keys.of(&chat, &members);
        let Some(head) = self.source.head(id)? else {
            return Ok(());
        };
        let mut answered = self.answered(id, head.seq)?;
        let mut number = 0_u64;
        self.for_each_row(id, head.seq, false, |exporter, row| {
            let event = row.id;
            let mut extras = match row.message() {
                Some(stored) => exporter.extras(id, row.seq, stored, &answered)?,
                None => Extras::default(),
            };
            if let Some(place) = answered.get_mut(&event) {
                *place = number + 1;
                extras.id = Some(place.to_string());
            }
            if let Some(line) = exported(&key, row, extras) {
                number += 1;
                exporter.write(line)?;
            }
            Ok(())
        })
    }

    /// Finds the messages that others answer; each gets its line's number in the chat once it is written.
    fn answered(&mut self, chat: ChatId, through: Seq) -> Result<HashMap<EventId, u64>, Failed> {
        let mut answered = HashMap::new();
        self.for_each_row(chat, through, true, |_, row| {
            let replied = row.message().and_then(|stored| stored.reply_to);
            answered.extend(replied.map(|message| (message, 0)));
            Ok(())
        })?;
        Ok(answered)
    }

    fn for_each_row(
        &mut self,
        chat: ChatId,
        through: Seq,
        messages_only: bool,
        mut each: impl FnMut(&mut Self, LogRow) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let mut from = Seq(1);
        loop {
            let range = ReadRange {
                from,
                through,
                limit: PAGE,
                order: Order::Rising,
                messages_only,
            };
            let rows = self.source.read(chat, range)?;
            let Some(last) = rows.last().map(|row| row.seq) else {
                return Ok(());
            };
            for row in rows {
                each(self, row)?;
            }
            from = last.next();
        }
    }

    fn extras(
        &self,
        chat: ChatId,
        seq: Seq,
        stored: &StoredMessage,
        answered: &HashMap<EventId, u64>,
    ) -> Result<Extras, Failed> {
        let reply_to = stored.reply_to.and_then(|message| answered.get(&message));
        let written = reply_to.filter(|number| **number > 0);
        let versions = match stored.edited_at {
            Some(_) => self.source.versions(chat, seq)?,
            None => Vec::new(),
        };
        let reactors = match stored.reactions.as_slice() {
            [] => Vec::new(),
            _ => self.source.reactors(chat, seq)?,
        };
        Ok(Extras {
            id: None,
            reply_to: written.map(u64::to_string),
            versions,
            reactors,
        })
    }

    fn write(&mut self, line: Line) -> io::Result<()> {
        self.line.clear();
        line.write(&mut self.line);
        self.out.write_all(&self.line)
    }
}
