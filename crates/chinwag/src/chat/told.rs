//! What the client tells, and what the person sees of it.

use std::time::Instant;

use chinwag_client::ClientEvent;
use chinwag_proto::{
    ChatId,
    frames::{LogBody, LogFrame, ReceiptFrame},
    shapes::{EventChange, MembershipChange, Message, PresenceStatus, Receipt},
};

use super::{
    render,
    session::{Open, Session},
    text::isolate,
};

impl Session {
    /// Takes what the client tells.
    pub(super) fn told(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Log(frame) => return self.told_log(*frame),
            ClientEvent::Online => return self.told_online(),
            ClientEvent::Offline => self.told_offline(),
            ClientEvent::Retrying { ref reason, .. } => self.told_trouble(reason.clone()),
            ClientEvent::Closed(ref reason) => {
                self.over = Some(format!("the server ended this session: {reason}"));
            }
            ClientEvent::Left(chat) => self.told_left(chat),
            ClientEvent::Restart(chat) if self.is_open(chat) => self.told_restart(),
            _ => {}
        }
        self.chats.apply(&event, Instant::now());
        if self.look().is_plain() {
            self.note_event(&event);
        }
        if let ClientEvent::Chat(sync) = event {
            self.owe_delivery(sync.chat.head.last_message.as_ref());
        }
    }

    /// Writes down what a person sees in the status.
    fn note_event(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Receipt(ReceiptFrame::Member(receipt)) => self.note_receipt(receipt),
            ClientEvent::Typing {
                chat_id, user_ids, ..
            } if self.is_open(*chat_id) => {
                for user in user_ids {
                    let name = self.look().name(&self.chats, user);
                    self.note(&format!("{name} is typing"));
                }
            }
            ClientEvent::Presence(presence) => {
                let name = self.look().name(&self.chats, &presence.user_id);
                let is = match presence.status {
                    PresenceStatus::Online => "online",
                    PresenceStatus::Offline => "away",
                };
                self.note(&format!("{name} is {is}"));
            }
            _ => {}
        }
    }

    fn note_receipt(&mut self, receipt: &Receipt) {
        if receipt.user_id == *self.chats.me() || !self.is_open(receipt.chat_id) {
            return;
        }
        let view = self.chats.get(receipt.chat_id);
        let read = receipt.last_read_message_id;
        let read = read.and_then(|read| view.and_then(|view| view.message(read)));
        if let Some(seq) = read.map(|read| read.seq) {
            let name = self.look().name(&self.chats, &receipt.user_id);
            self.note(&format!("{name} has read up to #{seq}"));
        }
    }

    pub(super) fn is_open(&self, chat: ChatId) -> bool {
        self.open.as_ref().is_some_and(|open| open.chat == chat)
    }

    fn told_online(&mut self) {
        let was_online = std::mem::replace(&mut self.online, true);
        self.trouble = None;
        if !std::mem::replace(&mut self.begun, true) {
            return self.ask_for_names();
        }
        if was_online {
            // A sync in between, as when somebody made a chat.
            return;
        }
        let before = std::mem::take(&mut self.unread_before);
        let mut new = Vec::new();
        for view in self.chats.latest_first() {
            let id = view.chat().id;
            let more = view.chat().unread > before.get(&id).copied().unwrap_or_default();
            if more && !self.is_open(id) {
                let title = render::title(&self.chats, view);
                new.push(format!("{title}: {}", render::unread(view)));
            }
        }
        let mut told = "back online".to_owned();
        if !new.is_empty() {
            told.push_str(&format!("; meanwhile {}", new.join(", ")));
        }
        let lines = self.look().note(&told);
        self.screen.print(&lines);
        if let Some(chat) = self.open.as_ref().map(|open| open.chat) {
            self.ask_for_receipts(chat);
        }
        self.look_at_outbox();
    }

    fn told_offline(&mut self) {
        self.online = false;
        self.unread_before = self
            .chats
            .latest_first()
            .into_iter()
            .map(|view| (view.chat().id, view.chat().unread))
            .collect();
        let lines = self
            .look()
            .problem("the connection is gone; what you say now waits and goes out by itself");
        self.screen.print(&lines);
        self.look_at_outbox();
    }

    fn told_trouble(&mut self, reason: String) {
        let first = self.trouble.is_none();
        self.online = false;
        if first && self.look().is_plain() {
            self.note(&format!("no connection: {reason}"));
        }
        self.trouble = Some(reason);
    }

    fn told_restart(&mut self) {
        self.note("more was said meanwhile than follows here: /history shows it");
        // One scrolls back from what follows, through what is missing.
        if let Some(open) = &mut self.open {
            open.oldest = None;
        }
    }

    fn told_left(&mut self, chat: ChatId) {
        let title = self.chats.get(chat);
        let title = title.map(|view| render::title(&self.chats, view));
        if let Some(title) = title {
            self.note(&format!("you are no longer in {title}"));
        }
        if self.is_open(chat) {
            self.open = None;
        }
    }

    fn told_log(&mut self, frame: LogFrame) {
        let chat = frame.chat_id;
        let head = self.chats.get(chat).map(|view| view.chat().head.seq);
        let is_live = head.is_some_and(|head| frame.seq > head);
        let event = ClientEvent::Log(Box::new(frame));
        self.chats.apply(&event, Instant::now());
        let ClientEvent::Log(frame) = event else {
            return;
        };
        let is_the_end = is_live && self.ends_it(&frame.body);
        if self.is_open(chat) {
            self.show_or_hold(*frame);
        } else if let LogBody::Message { message } = &frame.body
            && is_live
        {
            self.owe_delivery(Some(message));
            self.announce(message);
        }
        if is_the_end {
            self.told(ClientEvent::Left(chat));
        }
    }

    /// Returns whether the person is no longer in the chat after what happened.
    fn ends_it(&self, body: &LogBody) -> bool {
        let (LogBody::Membership { event } | LogBody::Chat { event }) = body else {
            return false;
        };
        match &event.change {
            Some(EventChange::Membership {
                change: MembershipChange::Left | MembershipChange::Removed,
                user_ids,
                ..
            }) => user_ids.contains(self.chats.me()),
            Some(EventChange::Chat { deleted, .. }) => *deleted == Some(true),
            _ => false,
        }
    }

    fn show_or_hold(&mut self, frame: LogFrame) {
        let Some(open) = &mut self.open else { return };
        if open.loading {
            return open.held.push(frame);
        }
        self.show_frame(&frame);
    }

    /// Shows a place of the open chat, unless it is shown already.
    pub(super) fn show_frame(&mut self, frame: &LogFrame) {
        let Some(open) = self.open.as_ref().filter(|open| frame.seq > open.shown) else {
            return;
        };
        let Some(view) = self.chats.get(open.chat) else {
            return;
        };
        let look = self.look();
        let mut lines = Vec::new();
        if let LogBody::Message { message } = &frame.body
            && let Some(before) = open.last_at
            && !look.is_plain()
            && look.day(before) != look.day(message.timestamp)
        {
            lines.push(render::rule(look, &look.day(message.timestamp)));
        }
        lines.extend(render::frame(look, &self.chats, view, frame));
        self.screen.print(&lines);
        self.moved_to(frame);
    }

    fn moved_to(&mut self, frame: &LogFrame) {
        let Some(open) = &mut self.open else { return };
        let Open { chat, shown, .. } = *open;
        open.shown = shown.max(frame.seq);
        let LogBody::Message { message } = &frame.body else {
            return;
        };
        open.oldest.get_or_insert(message.id);
        open.last_at = Some(message.timestamp);
        if message.sender_id != *self.chats.me() {
            self.owe_reading(chat, message);
        }
    }

    /// Tells of a message in a chat that isn't open.
    fn announce(&mut self, message: &Message) {
        if message.sender_id == *self.chats.me() {
            return;
        }
        let Some(view) = self.chats.get(message.chat_id) else {
            return;
        };
        let look = self.look();
        let title = render::title(&self.chats, view);
        let name = isolate(&look.name(&self.chats, &message.sender_id));
        let what = format!(
            "{title} #{} {name}: {}",
            message.seq,
            render::snippet(message)
        );
        let line = look.fit(&what, 2);
        self.note(&line);
    }
}
