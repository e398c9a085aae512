//! One chat as an app shows it.

use std::collections::{BTreeMap, HashMap};

use chinwag_proto::{
    EventId, MessageId, Seq, Timestamp, UserId,
    frames::{LogBody, LogFrame},
    shapes::{
        Chat, ChatType, EventChange, Member, MembershipChange, Message, MessageStatus, Reaction,
        Receipt, ReceiptCount, Role,
    },
};

use super::Progress;

/// Messages kept of one chat; beyond, the oldest go.
pub(super) const MESSAGES: usize = 2_000;

/// One chat: as the server last told it, and what has happened since.
#[derive(Debug)]
pub struct ChatView {
    chat: Chat,
    messages: BTreeMap<MessageId, Message>,
    marks: HashMap<UserId, Receipt>,
    counts: Option<ReceiptCount>,
}

impl ChatView {
    pub(super) fn new(chat: Chat) -> Self {
        let mut view = Self {
            chat,
            messages: BTreeMap::new(),
            marks: HashMap::new(),
            counts: None,
        };
        if let Some(last) = view.chat.head.last_message.clone() {
            view.remember(last);
        }
        view
    }

    /// Returns the chat; counts, marks and head as they are now.
    #[must_use]
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// Returns the other user of a direct chat.
    #[must_use]
    pub fn other(&self, me: &UserId) -> Option<&UserId> {
        let members = self.chat.members.as_deref().unwrap_or_default();
        let mut others = members.iter().map(|member| &member.user_id);
        others.find(|user| *user != me && self.chat.kind == ChatType::Direct)
    }

    /// Returns the members, as far as they are known.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        self.chat.members.as_deref().unwrap_or_default()
    }

    /// Returns the messages known, oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.values()
    }

    /// Returns a message that is known.
    #[must_use]
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(&id)
    }

    /// Returns the known message at a place.
    #[must_use]
    pub fn message_at(&self, seq: Seq) -> Option<&Message> {
        self.messages.values().rev().find(|found| found.seq == seq)
    }

    pub(super) fn order(&self) -> (Option<EventId>, Seq) {
        let last = self.chat.head.last_message.as_ref();
        let last = last.map_or(EventId(self.chat.id.0), |last| EventId(last.id.0));
        (Some(last), self.chat.head.seq)
    }

    /// Takes the chat as the server told it again; members stay where it tells none. What has come since an answer was
    /// made stays counted.
    pub(super) fn replace(&mut self, chat: Chat) {
        let members = chat.members.clone().or(self.chat.members.take());
        let overtaken = chat.epoch == self.chat.epoch && chat.head.seq < self.chat.head.seq;
        self.chat = if overtaken {
            Chat {
                members,
                ..self.chat.clone()
            }
        } else {
            Chat { members, ..chat }
        };
        if let Some(last) = self.chat.head.last_message.clone() {
            self.remember(last);
        }
    }

    pub(super) fn remember(&mut self, message: Message) {
        let newer = |known: &Message| known.change_seq > message.change_seq;
        if self.messages.get(&message.id).is_some_and(newer) {
            return;
        }
        self.messages.insert(message.id, message);
        while self.messages.len() > MESSAGES {
            self.messages.pop_first();
        }
    }

    pub(super) fn forget_messages(&mut self) {
        self.messages.clear();
    }

    /// Takes a place of the log. What the chat's head covers already is counted already.
    pub(super) fn log(&mut self, frame: &LogFrame, me: &UserId) {
        let live = frame.seq > self.chat.head.seq;
        self.chat.head.seq = self.chat.head.seq.max(frame.seq);
        match &frame.body {
            LogBody::Message { message } => {
                if live {
                    self.count_unread(message, me);
                    self.chat.head.last_message = Some(message.clone());
                }
                self.remember(message.clone());
            }
            LogBody::MessageEdited { message, .. } => self.changed(message),
            LogBody::MessageDeleted { message, .. } => {
                if live {
                    self.uncount(message, me);
                }
                self.changed(message);
            }
            LogBody::Reaction { event } => {
                if let Some(change) = &event.change {
                    self.reacted(frame.seq, &event.user_id, change, me);
                }
            }
            LogBody::Membership { event } => {
                if let (true, Some(change)) = (live, &event.change) {
                    self.members_changed(change, event.timestamp);
                }
            }
            LogBody::Chat { event } => {
                if let Some(EventChange::Chat {
                    name: Some(name), ..
                }) = &event.change
                {
                    self.chat.name = Some(name.clone());
                }
            }
            LogBody::Hidden => {}
        }
    }

    fn count_unread(&mut self, message: &Message, me: &UserId) {
        if message.sender_id != *me && message.status != MessageStatus::Deleted {
            self.chat.unread += 1;
            self.chat.mentions += u64::from(message.mentions.contains(me));
        }
    }

    fn uncount(&mut self, message: &Message, me: &UserId) {
        let unread = self.chat.marks.read.is_none_or(|read| message.id > read);
        if message.sender_id == *me || !unread {
            return;
        }
        self.chat.unread = self.chat.unread.saturating_sub(1);
        let before = self.messages.get(&message.id);
        let mentioned = before.is_some_and(|before| before.mentions.contains(me));
        self.chat.mentions = self.chat.mentions.saturating_sub(u64::from(mentioned));
    }

    fn changed(&mut self, message: &Message) {
        if let Some(last) = &mut self.chat.head.last_message
            && last.id == message.id
            && last.change_seq < message.change_seq
        {
            *last = message.clone();
        }
        self.remember(message.clone());
    }

    fn reacted(&mut self, seq: Seq, by: &UserId, change: &EventChange, me: &UserId) {
        let EventChange::Reaction {
            message_id,
            key,
            on,
            count,
        } = change
        else {
            return;
        };
        let Some(message) = self.messages.get_mut(message_id) else {
            return;
        };
        if message.change_seq >= seq {
            return;
        }
        message.change_seq = seq;
        let mine = (by == me).then_some(*on);
        match message.reactions.iter_mut().find(|known| known.key == *key) {
            Some(known) => {
                known.count = *count;
                known.mine = mine.or(known.mine);
            }
            None => message.reactions.push(Reaction {
                key: key.clone(),
                count: *count,
                mine,
            }),
        }
        message.reactions.retain(|reaction| reaction.count > 0);
    }

    fn members_changed(&mut self, change: &EventChange, at: Timestamp) {
        let EventChange::Membership {
            change,
            user_ids,
            role,
            heir,
        } = change
        else {
            return;
        };
        let count = u32::try_from(user_ids.len()).unwrap_or(u32::MAX);
        match change {
            MembershipChange::Added => self.chat.member_count += count,
            MembershipChange::Removed | MembershipChange::Left => {
                self.chat.member_count = self.chat.member_count.saturating_sub(count);
            }
            MembershipChange::Role => {}
        }
        let Some(members) = &mut self.chat.members else {
            return;
        };
        members.retain(|member| {
            *change == MembershipChange::Role || !user_ids.contains(&member.user_id)
        });
        if *change == MembershipChange::Added {
            members.extend(user_ids.iter().map(|user| Member {
                user_id: user.clone(),
                name: None,
                role: role.unwrap_or(Role::Member),
                joined_at: at,
            }));
        }
        for member in members {
            if *change == MembershipChange::Role && user_ids.contains(&member.user_id) {
                member.role = role.unwrap_or(member.role);
            }
            if heir.as_ref() == Some(&member.user_id) {
                member.role = Role::Owner;
            }
        }
    }

    pub(super) fn own_read(&mut self, read: MessageId, me: &UserId) {
        self.chat.marks.read = self.chat.marks.read.max(Some(read));
        let after = self.messages.range(read..).filter(|(id, message)| {
            **id > read && message.sender_id != *me && message.status != MessageStatus::Deleted
        });
        let after: Vec<&Message> = after.map(|(_, message)| message).collect();
        let mentions = after
            .iter()
            .filter(|message| message.mentions.contains(me))
            .count();
        self.chat.unread = self.chat.unread.min(after.len() as u64);
        self.chat.mentions = self.chat.mentions.min(mentions as u64);
    }

    pub(super) fn mark(&mut self, receipt: Receipt) {
        let known = self.marks.entry(receipt.user_id.clone());
        let known = known.or_insert_with(|| receipt.clone());
        known.delivered_message_id = known.delivered_message_id.max(receipt.delivered_message_id);
        known.last_read_message_id = known.last_read_message_id.max(receipt.last_read_message_id);
    }

    pub(super) fn count(&mut self, counts: ReceiptCount) {
        self.counts = Some(counts);
    }

    /// Returns the others' marks that are known.
    pub fn marks(&self) -> impl Iterator<Item = &Receipt> {
        self.marks.values()
    }

    pub(super) fn progress(&self, message: &Message, me: &UserId) -> Progress {
        let others = self.chat.member_count.saturating_sub(1);
        if let Some(counts) = &self.counts
            && counts.message_id >= message.id
        {
            // Marks at or past a later message are past this one too.
            return Progress {
                delivered: counts.delivered,
                read: counts.read,
                others,
            };
        }
        let marks = || self.marks.values().filter(|mark| mark.user_id != *me);
        let reached = |mark: Option<MessageId>| mark.is_some_and(|mark| mark >= message.id);
        let read = marks()
            .filter(|mark| reached(mark.last_read_message_id))
            .count();
        let delivered = marks().filter(|mark| {
            reached(mark.delivered_message_id) || reached(mark.last_read_message_id)
        });
        Progress {
            delivered: u32::try_from(delivered.count()).unwrap_or(u32::MAX),
            read: u32::try_from(read).unwrap_or(u32::MAX),
            others,
        }
    }
}

/// Returns who types no more by what stands at a place: who said it there, and who is no member any more.
pub(super) fn done_typing(frame: &LogFrame) -> &[UserId] {
    match &frame.body {
        LogBody::Message { message } => std::slice::from_ref(&message.sender_id),
        LogBody::Membership { event } => match &event.change {
            Some(EventChange::Membership {
                change: MembershipChange::Removed | MembershipChange::Left,
                user_ids,
                ..
            }) => user_ids,
            _ => &[],
        },
        _ => &[],
    }
}
