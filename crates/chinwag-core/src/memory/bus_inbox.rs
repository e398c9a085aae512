//! What waits for one subscription of the bus, whatever carries it: bounded, and what doesn't fit is told as a gap.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::ports::{BusEvent, BusMessage, Topic};

/// A gap that names more topics than these is told as one on all.
const TOPICS_OF_A_GAP: usize = 64;

/// Messages in order, with a gap standing where some were lost; for one task to take from.
pub struct BusInbox {
    room: usize,
    room_bytes: usize,
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Each with its bytes.
    events: VecDeque<(BusEvent, usize)>,
    bytes: usize,
}

impl BusInbox {
    /// Makes one that holds so many messages, of so many bytes together; more is told as a gap.
    #[must_use]
    pub fn new(room: usize, room_bytes: usize) -> Self {
        Self {
            room,
            room_bytes,
            waiting: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// Puts a message of so many bytes (0 where its memory is shared), or a gap where there is no room.
    pub fn put(&self, topic: Topic, message: &Arc<BusMessage>, bytes: usize) {
        {
            let mut waiting = self.waiting.lock();
            let fits = waiting.bytes + bytes <= self.room_bytes || waiting.events.is_empty();
            if waiting.events.len() < self.room && fits {
                let event = BusEvent::Message(topic, Arc::clone(message));
                waiting.events.push_back((event, bytes));
                waiting.bytes += bytes;
            } else {
                waiting.lose(&[topic]);
            }
        }
        self.arrived.notify_one();
    }

    /// Puts a gap on these topics; on all where none is named.
    pub fn lose(&self, topics: &[Topic]) {
        self.waiting.lock().lose(topics);
        self.arrived.notify_one();
    }

    /// Waits for what comes next.
    pub async fn take(&self) -> BusEvent {
        loop {
            let next = {
                let mut waiting = self.waiting.lock();
                let next = waiting.events.pop_front();
                waiting.bytes -= next.as_ref().map_or(0, |(_, bytes)| *bytes);
                next
            };
            if let Some((event, _)) = next {
                return event;
            }
            self.arrived.notified().await;
        }
    }
}

impl Waiting {
    fn lose(&mut self, lost: &[Topic]) {
        if !matches!(self.events.back(), Some((BusEvent::Gap(_), _))) {
            self.events.push_back((BusEvent::Gap(lost.to_vec()), 0));
        }
        let Some((BusEvent::Gap(topics), _)) = self.events.back_mut() else {
            return;
        };
        // An empty gap is one on all topics already.
        if topics.is_empty() {
            return;
        }
        for topic in lost {
            if !topics.contains(topic) {
                topics.push(*topic);
            }
        }
        if lost.is_empty() || topics.len() > TOPICS_OF_A_GAP {
            topics.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{ChatId, UserId};

    use super::*;

    fn typing(user: &str) -> Arc<BusMessage> {
        Arc::new(BusMessage::Typing {
            chat: ChatId(1),
            user: UserId::new(user).unwrap(),
            users: [].into(),
            members: 2,
        })
    }

    #[tokio::test]
    async fn a_gap_stands_where_messages_were_lost() {
        let inbox = BusInbox::new(1, 0);
        let topic = Topic::Chat(ChatId(1));
        for user in ["ana", "bo", "cy"] {
            inbox.put(topic, &typing(user), 0);
        }
        assert!(matches!(inbox.take().await, BusEvent::Message(..)));
        assert!(matches!(inbox.take().await, BusEvent::Gap(topics) if topics == [topic]));
        inbox.put(topic, &typing("di"), 0);
        assert!(
            matches!(inbox.take().await, BusEvent::Message(_, message) if message == typing("di"))
        );
    }

    #[tokio::test]
    async fn an_inbox_that_nobody_empties_stays_bounded() {
        let inbox = BusInbox::new(4, 0);
        for number in 0..1_000 {
            inbox.put(Topic::Chat(ChatId(number)), &typing("ana"), 0);
        }
        let waiting = inbox.waiting.lock();
        assert_eq!(waiting.events.len(), 5);
        let last = waiting.events.back();
        assert!(matches!(last, Some((BusEvent::Gap(topics), _)) if topics.is_empty()));
    }

    #[tokio::test]
    async fn bytes_are_bounded_too_but_one_message_always_fits() {
        let inbox = BusInbox::new(100, 1_000);
        let topic = Topic::Chat(ChatId(1));
        inbox.put(topic, &typing("ana"), 5_000);
        inbox.put(topic, &typing("bo"), 1);
        assert!(matches!(inbox.take().await, BusEvent::Message(..)));
        assert!(matches!(inbox.take().await, BusEvent::Gap(topics) if topics == [topic]));
        inbox.put(topic, &typing("cy"), 600);
        inbox.put(topic, &typing("di"), 400);
        for user in ["cy", "di"] {
            assert!(
                matches!(inbox.take().await, BusEvent::Message(_, message) if message == typing(user))
            );
        }
    }

    #[tokio::test]
    async fn a_gap_on_all_topics_swallows_those_on_some() {
        let inbox = BusInbox::new(1, 0);
        inbox.lose(&[Topic::Chat(ChatId(1))]);
        inbox.lose(&[]);
        inbox.lose(&[Topic::Chat(ChatId(2))]);
        assert!(matches!(inbox.take().await, BusEvent::Gap(topics) if topics.is_empty()));
    }
}
