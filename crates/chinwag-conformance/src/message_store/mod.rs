//! What every [`MessageStore`](chinwag_core::ports::MessageStore) must show.

mod appending;
mod extras;
mod finding;
mod paging;
mod reading;
mod reserving;
mod stamps;

pub use appending::*;
pub use extras::*;
pub use finding::*;
pub use paging::*;
pub use reading::*;
pub use reserving::*;
pub use stamps::*;

/// Lists the cases of [`message_store`](crate::message_store).
#[doc(hidden)]
#[macro_export]
macro_rules! message_store {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments message_store
            an_appended_row_is_read_as_it_was_written
            events_of_every_kind_come_back_as_they_were
            append_is_harmless_when_repeated
            what_was_appended_is_there_after_reopening
            appends_of_one_chat_in_one_call_take_effect_in_the_order_given
            a_thousand_appends_go_in_one_call
            an_append_of_nothing_does_nothing
            many_writers_at_once_lose_nothing
            who_sees_a_row_sees_what_follows_from_it
            a_long_text_comes_back_whole

            a_write_under_a_lower_stamp_loses
            a_row_of_a_higher_term_takes_the_place
            a_repeated_append_does_not_undo_an_edit
            an_older_amendment_does_not_undo_a_newer_one
            an_amendment_under_a_lower_term_loses
            amending_keeps_the_term_that_placed_the_message
            a_deletion_beats_the_edit_before_it_whichever_lands_last
            a_late_row_above_the_later_terms_head_gives_way_to_the_next_one
            a_row_written_again_under_a_later_term_gives_way_to_no_term_between

            a_row_is_found_by_its_id
            an_unknown_id_is_not_found
            an_id_that_lost_its_place_is_not_found
            a_request_is_found_by_its_senders_id
            the_same_id_of_another_sender_or_chat_is_another_request
            a_request_that_lost_its_place_is_not_found
            a_request_is_found_however_old_it_is

            an_id_is_reserved_for_one_chat_alone
            chats_that_want_the_same_ids_at_once_share_none
            an_id_that_an_event_has_is_reserved_for_nobody

            rising_pages_join_without_gap_or_repetition
            falling_pages_are_the_exact_reverse_of_rising_ones
            falling_pages_of_messages_skip_other_events
            rising_pages_of_messages_skip_other_events
            a_page_from_above_the_head_begins_at_the_head
            a_page_holds_at_most_its_limit
            a_range_reads_its_ends_too
            an_empty_range_reads_nothing
            messages_are_found_beyond_a_long_run_of_other_events

            rows_answer_in_the_order_of_the_question
            heads_answer_in_the_order_of_the_question
            a_head_may_be_any_kind_of_event
            chats_do_not_mix
            an_unknown_chat_reads_as_empty

            versions_come_oldest_first
            one_event_keeps_several_versions
            a_repeated_edit_keeps_one_version
            a_deletion_forgets_versions_and_reactions
            a_late_edit_brings_nothing_back_after_a_deletion
            reactions_are_kept_by_user_and_key
            a_reaction_taken_off_is_gone
            a_late_reaction_loses_to_a_newer_one
            reactors_are_at_most_the_limit
            purging_removes_a_chat_and_no_other
            purging_keeps_the_event_that_deleted_the_chat
            purging_again_is_harmless
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(
        message_store,
        "appending.rs",
        "extras.rs",
        "finding.rs",
        "paging.rs",
        "reading.rs",
        "reserving.rs",
        "stamps.rs"
    );
}
