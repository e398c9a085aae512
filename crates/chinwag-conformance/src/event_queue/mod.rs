//! What every [`EventQueue`](chinwag_core::ports::EventQueue) must show.

mod acknowledging;
mod delivering;
mod groups;

pub use acknowledging::*;
pub use delivering::*;
pub use groups::*;

use chinwag_core::ports::{Append, Consumer, QueueRecord};

use crate::EventQueueEngine;

/// Lists the cases of [`event_queue`](crate::event_queue).
#[doc(hidden)]
#[macro_export]
macro_rules! event_queue {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments event_queue
            a_record_holds_the_event_as_it_was_appended
            records_of_a_chat_come_in_order_of_place
            positions_rise
            next_waits_until_there_is_something
            next_gives_at_most_as_many_as_asked_for
            a_repeated_append_loses_nothing
            nothing_is_lost_while_events_are_appended
            a_consumer_that_stops_waiting_loses_nothing
            the_end_of_a_purged_chat_still_comes

            every_group_named_gets_the_event
            a_group_gets_only_its_records
            an_event_for_no_group_reaches_nobody
            a_group_acknowledges_for_itself

            a_consumer_gets_a_record_again_until_it_is_acknowledged
            acknowledging_a_part_leaves_the_rest
            acknowledging_again_or_lower_changes_nothing
            a_consumer_goes_on_without_acknowledging
            lag_counts_what_is_not_acknowledged
            what_is_not_acknowledged_is_there_after_reopening
            what_comes_after_reopening_follows
        }
    };
}

/// Appends events and hands them over, as an owner does.
async fn hand_over<E: EventQueueEngine>(engine: &E, appends: Vec<Append>) {
    engine
        .message_store()
        .append(appends.clone())
        .await
        .unwrap();
    let events = appends
        .into_iter()
        .map(|append| (append.chat, append.row, append.groups));
    engine
        .event_queue()
        .publish(events.collect())
        .await
        .unwrap();
}

/// Reads records until so many different events came.
async fn take(consumer: &mut dyn Consumer, count: usize) -> Vec<QueueRecord> {
    let mut records: Vec<QueueRecord> = Vec::new();
    while records.len() < count {
        for record in consumer.next(count - records.len()).await.unwrap() {
            let is_new = records.iter().all(|there| there.row.id != record.row.id);
            if is_new {
                records.push(record);
            }
        }
    }
    records
}

fn texts(records: &[QueueRecord]) -> Vec<&str> {
    let messages = records.iter().map(|record| record.row.message().unwrap());
    messages.map(|message| message.content.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(
        event_queue,
        "acknowledging.rs",
        "delivering.rs",
        "groups.rs"
    );
}
