//! What every [`Bus`](chinwag_core::ports::Bus) must show.

mod carrying;
mod losing;

pub use carrying::*;
pub use losing::*;

use std::sync::Arc;

use chinwag_core::{
    model::NodeId,
    ports::{BusEvent, BusMessage, BusSubscription, Topic},
};
use chinwag_proto::UserId;

use crate::{BusEngine, chat, user};

/// Lists the cases of [`bus`](crate::bus).
#[doc(hidden)]
#[macro_export]
macro_rules! bus {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments bus
            a_message_reaches_the_inbox_it_is_addressed_to_and_no_other
            a_topic_reaches_everyone_who_added_it
            messages_of_a_topic_come_in_order
            what_is_published_after_a_topic_was_added_arrives
            nothing_of_a_removed_topic_comes
            a_topic_added_twice_comes_once_and_is_removed_once
            a_topic_that_nobody_has_is_nobodys_loss
            a_node_hears_what_it_publishes_itself
            messages_of_every_kind_arrive_as_they_were_sent
            one_call_publishes_to_many_topics
            removing_a_topic_leaves_the_others
            what_many_publish_at_once_arrives_each_in_their_order
            a_message_of_the_largest_size_arrives_whole

            one_who_does_not_take_is_told_of_a_gap
            after_a_gap_messages_come_again
            one_who_does_not_take_holds_up_nobody
            a_subscription_that_ended_disturbs_nobody
            one_who_stops_waiting_loses_nothing
        }
    };
}

const CHAT: Topic = Topic::Chat(chinwag_proto::ChatId(1));

/// A message that can be told from others by its user.
fn note(from: &str) -> Arc<BusMessage> {
    Arc::new(BusMessage::Typing {
        chat: chat(1),
        user: user(from),
        users: [].into(),
        members: 2,
    })
}

async fn open<E: BusEngine>(engine: &E, node: u16) -> Arc<dyn BusSubscription> {
    engine.bus().open(NodeId(node)).await.unwrap()
}

async fn publish<E: BusEngine>(engine: &E, topic: Topic, from: &str) {
    let messages = vec![(topic, note(from))];
    engine.bus().publish(messages).await.unwrap();
}

/// Waits for the next note, and fails at a gap.
async fn next_note(subscription: &Arc<dyn BusSubscription>) -> (Topic, UserId) {
    match subscription.next().await.unwrap() {
        BusEvent::Message(topic, message) => match &*message {
            BusMessage::Typing { user, .. } => (topic, user.clone()),
            other => panic!("not a note: {other:?}"),
        },
        BusEvent::Gap(topics) => panic!("a gap on {topics:?}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(bus, "carrying.rs", "losing.rs");
}
