//! What waits for one subscription of the bus: bounded, and what doesn't fit is told as a gap.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::ports::{BusEvent, BusMessage, Topic};

/// A gap that names more topics than these is told as one on all.
const TOPICS_OF_A_GAP: usize = 64;

/// Messages in order, with a gap standing where some were lost.
pub(super) struct Inbox {
    room: usize,
    waiting: Mutex<VecDeque<BusEvent>>,
    arrived: Notify,
}

impl Inbox {
    pub(super) fn new(room: usize) -> Self {
        Self {
            room,
            waiting: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// Puts a message, or a gap where there is no room.
    pub(super) fn put(&self, topic: Topic, message: &Arc<BusMessage>) {
        {
            let mut waiting = self.waiting.lock();
            if waiting.len() < self.room {
                waiting.push_back(BusEvent::Message(topic, Arc::clone(message)));
            } else {
                lose(&mut waiting, topic);
            }
        }
        self.arrived.notify_one();
    }

    /// Waits for what comes next.
    pub(super) async fn take(&self) -> BusEvent {
        loop {
            if let Some(event) = self.waiting.lock().pop_front() {
                return event;
            }
            self.arrived.notified().await;
        }
    }
}

fn lose(waiting: &mut VecDeque<BusEvent>, topic: Topic) {
    match waiting.back_mut() {
        Some(BusEvent::Gap(topics)) => {
            // An empty gap is one on all topics already.
            if !topics.is_empty() && !topics.contains(&topic) {
                topics.push(topic);
            }
            if topics.len() > TOPICS_OF_A_GAP {
                topics.clear();
            }
        }
        _ => waiting.push_back(BusEvent::Gap(vec![topic])),
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
        let inbox = Inbox::new(1);
        let topic = Topic::Chat(ChatId(1));
        for user in ["ana", "bo", "cy"] {
            inbox.put(topic, &typing(user));
        }
        assert!(matches!(inbox.take().await, BusEvent::Message(..)));
        assert!(matches!(inbox.take().await, BusEvent::Gap(topics) if topics == [topic]));
        inbox.put(topic, &typing("di"));
        assert!(
            matches!(inbox.take().await, BusEvent::Message(_, message) if message == typing("di"))
        );
    }

    #[tokio::test]
    async fn an_inbox_that_nobody_empties_stays_bounded() {
        let inbox = Inbox::new(4);
        for number in 0..1_000 {
            inbox.put(Topic::Chat(ChatId(number)), &typing("ana"));
        }
        let waiting = inbox.waiting.lock();
        assert_eq!(waiting.len(), 5);
        assert!(matches!(waiting.back(), Some(BusEvent::Gap(topics)) if topics.is_empty()));
    }
}
