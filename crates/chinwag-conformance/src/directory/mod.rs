//! What every [`Directory`](chinwag_core::ports::Directory) must show.

mod chats;
mod marks;
mod members;
mod registering;

pub use chats::*;
pub use marks::*;
pub use members::*;
pub use registering::*;

/// Lists the cases of [`directory`](crate::directory).
#[doc(hidden)]
#[macro_export]
macro_rules! directory {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments directory
            a_chat_is_read_as_it_was_last_written
            chats_answer_in_the_order_of_the_question
            a_chat_under_a_lower_stamp_loses
            a_chat_is_not_changed_by_an_event_that_finds_its_place_taken
            all_chats_come_rising_by_page_deleted_ones_too
            a_chat_stays_marked_as_deleted_after_purging

            members_come_in_order_of_user_id_by_page
            members_who_left_stay_and_are_marked
            a_member_under_a_lower_stamp_loses
            nobody_becomes_a_member_by_an_event_that_finds_its_place_taken
            memberships_answer_in_the_order_of_the_question
            chats_of_a_user_come_in_order_of_chat_id_by_page
            users_whose_ids_begin_alike_do_not_mix
            a_membership_is_there_with_its_event
            memberships_are_there_after_reopening

            marks_come_with_the_membership_and_by_page
            a_mark_under_a_lower_stamp_loses
            marks_under_a_higher_stamp_may_move_back
            marks_written_again_are_harmless
            one_call_writes_many_marks
            the_last_settings_hold_for_each_user_alone
            marks_and_settings_are_there_after_reopening

            a_pair_is_one_whoever_asks
            of_two_registrations_of_a_pair_the_first_holds
            of_many_registrations_of_a_pair_at_once_one_holds
            pairs_that_read_alike_when_joined_are_different_pairs
            of_two_registrations_of_a_request_the_first_holds
            the_same_request_id_of_another_user_is_another_request
            registrations_hold_after_reopening
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(
        directory,
        "chats.rs",
        "marks.rs",
        "members.rs",
        "registering.rs"
    );
}
