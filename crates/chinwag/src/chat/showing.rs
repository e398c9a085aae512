//! What was asked for, shown.

use chinwag_proto::{
    ChatId, MessageId,
    frames::Request,
    http::{MembersPage, ReceiptsPage, SearchAnswer},
    shapes::Message,
};

use super::{
    answers::{Opened, Shown},
    paint::Ink,
    render,
    session::Session,
    status,
    text::{clean_line, isolate},
};

impl Session {
    pub(super) fn opened(&mut self, opened: Opened) {
        let id = opened.chat.id;
        let Some(open) = self.open.as_mut().filter(|open| open.chat == id) else {
            return;
        };
        let unread_after =
            (opened.chat.unread > 0).then(|| opened.chat.marks.read.unwrap_or_default());
        let messages = &opened.shown.page.messages;
        let last = messages.last();
        open.loading = false;
        open.before = None;
        open.shown = opened
            .chat
            .head
            .seq
            .max(last.map_or(opened.chat.head.seq, |last| last.seq));
        open.oldest = messages.first().map(|first| first.id);
        open.last_at = last.map(|last| last.timestamp);
        let held = std::mem::take(&mut open.held);
        let has_more = opened.shown.page.has_more;
        self.chats.put(opened.chat);
        if let Some(receipts) = &opened.receipts {
            self.chats.learn_receipts(id, receipts);
        }
        self.learn(id, &opened.shown);
        self.show_opened(id, &opened.shown, unread_after, has_more);
        for frame in held {
            self.show_frame(&frame);
        }
        self.watch(id);
    }

    fn show_opened(
        &mut self,
        id: ChatId,
        shown: &Shown,
        unread_after: Option<MessageId>,
        has_more: bool,
    ) {
        let Some(view) = self.chats.get(id) else {
            return;
        };
        let look = self.look();
        let title = render::title(&self.chats, view);
        let mut lines = vec![String::new()];
        if look.is_plain() {
            lines = vec![format!("-- {title}")];
        } else {
            let title = look.paint.ink(Ink::Strong, &title);
            lines.push(title);
        }
        if has_more {
            lines.extend(look.note("there is more before: /history or Page Up"));
        }
        let messages = &shown.page.messages;
        if messages.is_empty() {
            lines.extend(look.note("nothing was said here yet"));
        }
        lines.extend(render::page(
            look,
            &self.chats,
            view,
            messages,
            unread_after,
        ));
        self.screen.print(&lines);
        let mine = self.chats.me().clone();
        let last = messages.iter().rev().find(|last| last.sender_id != mine);
        if let Some(last) = last {
            self.owe_reading(id, last);
            self.send_marks();
        }
    }

    fn learn(&mut self, chat: ChatId, shown: &Shown) {
        self.chats.learn_users(&shown.users);
        self.chats.remember(chat, shown.quoted.iter().cloned());
        self.chats
            .remember(chat, shown.page.messages.iter().cloned());
    }

    pub(super) fn older(&mut self, chat: ChatId, shown: Shown) {
        self.learn(chat, &shown);
        let Some(open) = self.open.as_mut().filter(|open| open.chat == chat) else {
            return;
        };
        let messages = &shown.page.messages;
        let Some(first) = messages.first() else {
            return self.note("nothing was said before");
        };
        open.oldest = Some(first.id);
        let title = if shown.page.has_more {
            "earlier (there is more)"
        } else {
            "earlier, from the beginning"
        };
        self.show_aside(chat, title, messages);
    }

    pub(super) fn around(&mut self, chat: ChatId, shown: Shown) {
        self.learn(chat, &shown);
        self.show_aside(chat, "around that message", &shown.page.messages);
    }

    /// Shows messages out of the order of what stands on the screen, between two lines.
    fn show_aside(&mut self, chat: ChatId, title: &str, messages: &[Message]) {
        let Some(view) = self.chats.get(chat) else {
            return;
        };
        let look = self.look();
        let mut lines = vec![render::rule(look, title)];
        lines.extend(render::page(look, &self.chats, view, messages, None));
        lines.push(render::rule(look, "back to now"));
        self.screen.print(&lines);
    }

    pub(super) fn found(&mut self, found: &SearchAnswer) {
        let look = self.look();
        let mut lines = Vec::new();
        // The newest nearest to where one writes.
        for hit in found.hits.iter().rev() {
            lines.push(render::hit(look, &self.chats, hit, self.clock.now()));
        }
        let total = match (found.total, found.hits.len() as u64) {
            (0, _) => "nothing was found".to_owned(),
            (total, shown) if shown < total => format!("the newest {shown} of {total} found"),
            (total, _) => format!("{total} found"),
        };
        lines.extend(look.note(&total));
        self.screen.print(&lines);
    }

    pub(super) fn members(&mut self, page: &MembersPage) {
        self.chats.learn_members(&page.members);
        let look = self.look();
        let mut lines = Vec::new();
        for member in &page.members {
            let here = member.user_id == *self.chats.me() || self.chats.is_online(&member.user_id);
            let mark = if here {
                look.paint.ink(Ink::Good, "●")
            } else {
                look.paint.ink(Ink::Faint, "○")
            };
            let name = isolate(&clean_line(self.chats.name(&member.user_id)));
            let name = look.person(&self.chats, &member.user_id, &name);
            let id = isolate(&clean_line(member.user_id.as_str()));
            let role = format!("{:?}", member.role).to_lowercase();
            let rest = look.paint.ink(Ink::Faint, &format!("{id} · {role}"));
            lines.push(format!("  {mark} {name}  {rest}"));
        }
        if page.next_cursor.is_some() {
            lines.extend(look.note("and more"));
        }
        self.screen.print(&lines);
    }

    pub(super) fn readers(&mut self, message: &Message, page: &ReceiptsPage) {
        self.chats.learn_receipts(message.chat_id, page);
        let Some(view) = self.chats.get(message.chat_id) else {
            return;
        };
        let look = self.look();
        let others = view
            .marks()
            .filter(|mark| mark.user_id != message.sender_id);
        let (mut read, mut delivered) = (Vec::new(), Vec::new());
        for mark in others {
            let name = isolate(&look.name(&self.chats, &mark.user_id));
            if mark.last_read_message_id >= Some(message.id) {
                read.push(name);
            } else if mark.delivered_message_id >= Some(message.id) {
                delivered.push(name);
            }
        }
        let listed = |mut names: Vec<String>| match names.len() {
            0 => "nobody".to_owned(),
            _ => {
                names.sort_unstable();
                names.join(", ")
            }
        };
        let told = match &page.counts {
            Some(counts) => format!(
                "#{}: read by {}, delivered to {}",
                message.seq, counts.read, counts.delivered
            ),
            None => format!(
                "#{} {}: read by {}; delivered to {}",
                message.seq,
                render::snippet(message),
                listed(read),
                listed(delivered)
            ),
        };
        self.note(&told);
    }

    pub(super) fn list_outbox(&mut self, outbox: Vec<(ChatId, Request)>) {
        if outbox.is_empty() {
            self.note("nothing waits: the server has everything");
        }
        for (chat, request) in &outbox {
            let waits = status::waits(&self.chats, *chat, request);
            self.note(&waits);
        }
        self.outbox = outbox;
    }
}
