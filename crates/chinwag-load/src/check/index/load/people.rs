//! Marks, counts, members and typing.

use super::Loader;
use crate::check::history::*;
use crate::check::index::tables::*;

impl Loader {
    pub(super) fn prefix(&mut self, session: u32, prefix: &Prefix) {
        let chat = self.chat(&prefix.chat);
        let place = Place {
            epoch: prefix.epoch,
            seq: prefix.seq,
        };
        self.index.prefixes.push(PrefixRow {
            chat,
            session,
            place,
            line: self.line,
        });
    }

    pub(super) fn mark(&mut self, session: u32, mark: &Mark) {
        self.index.counts.marks += 1;
        let chat = self.chat(&mark.chat);
        let user = self.index.user_names.number(&mark.user);
        let (at, line, asked) = (self.at, self.line, mark.asked);
        self.index.marks.push(MarkRow {
            chat,
            user,
            id: mark.id.0,
            session,
            at,
            asked,
            line,
        });
    }

    pub(super) fn unread(&mut self, session: u32, unread: &Unread) {
        self.index.counts.unread += 1;
        let chat = self.chat(&unread.chat);
        self.index.unread.push(UnreadRow {
            chat,
            user: self.index.user_of(session),
            place: Place {
                epoch: unread.epoch,
                seq: unread.seq,
            },
            mark: unread.mark.map(|id| id.0),
            count: unread.count,
            capped: unread.capped,
            line: self.line,
        });
    }

    pub(super) fn made(&mut self, made: &Made) {
        let chat = self.chat(&made.chat);
        let members = self.users(&made.members);
        let chat = &mut self.index.chats[chat as usize];
        chat.members = members.into_vec();
        chat.history_visible = Some(made.history_visible);
    }

    pub(super) fn typing(&mut self, session: u32, typing: &Typing) {
        self.index.counts.typing += 1;
        let chat = self.chat(&typing.chat);
        let user = self.index.user_names.number(&typing.user);
        let (at, line) = (self.at, self.line);
        self.index.typing.push(TypingRow {
            chat,
            user,
            session,
            at,
            line,
        });
    }
}
