//! What all [`Accounts`](chinwag_core::ports::Accounts) must show.

mod devices;
mod finding;
mod users;

pub use devices::*;
pub use finding::*;
pub use users::*;

/// Lists the cases of [`accounts`](crate::accounts).
#[doc(hidden)]
#[macro_export]
macro_rules! accounts {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments accounts
            creating_leaves_users_who_exist_as_they_are
            of_one_user_created_twice_in_a_call_the_first_holds
            of_many_creating_one_user_at_once_one_does
            a_user_is_read_as_last_written
            users_answer_in_the_order_of_the_question
            a_removed_user_is_gone_with_the_devices
            a_removed_user_can_be_created_again
            users_are_there_after_reopening
            api_keys_stay_also_when_revoked

            users_are_found_by_the_beginning_of_id_or_name
            a_name_is_found_whatever_its_case
            found_users_come_in_order_of_id_by_page
            a_renamed_user_is_found_by_the_new_name_alone
            an_empty_prefix_finds_everyone
            marks_in_a_prefix_mean_themselves
            users_changed_since_a_time_come_in_order_of_change
            a_user_changed_twice_comes_once
            changes_are_at_most_the_limit

            a_device_is_read_as_last_written
            an_address_belongs_to_the_last_device_that_named_it
            a_device_may_change_its_address
            removing_a_device_says_whether_it_was_there
            devices_are_there_after_reopening
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(accounts, "devices.rs", "finding.rs", "users.rs");
}
