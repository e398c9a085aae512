//! What every [`SearchIndex`] must show.

mod changing;
mod filtering;
mod rebuilding;
mod words;

pub use changing::*;
pub use filtering::*;
pub use rebuilding::*;
pub use words::*;

use std::sync::Arc;

use chinwag_core::{
    model::Intervals,
    ports::{Scope, SearchDocument, SearchIndex, SearchPage, SearchRequest},
};
use chinwag_proto::{EventId, Seq};

use crate::{SearchIndexEngine, chat, time, user};

/// Lists the cases of [`search_index`](crate::search_index).
#[doc(hidden)]
#[macro_export]
macro_rules! search_index {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments search_index
            all_words_must_be_there_in_any_order
            case_accents_and_width_are_folded
            chinese_japanese_and_korean_match_anywhere
            one_character_alone_is_found
            a_phrase_stands_side_by_side
            the_last_word_is_also_a_beginning
            marks_alone_find_nothing
            marks_in_a_query_are_no_operators
            an_unbalanced_quote_is_text
            words_of_any_script_are_found
            a_query_beyond_all_bounds_finds_nothing

            nothing_outside_the_scope_is_found_or_counted
            a_scope_of_several_intervals_has_holes
            an_empty_scope_finds_nothing
            a_sender_may_be_asked_for
            times_from_and_to_are_inclusive_and_exclusive
            hits_come_newest_first_by_page
            the_total_counts_all_pages
            a_scope_of_many_chats_works
            a_scope_of_many_chats_joined_late_works

            an_upserted_message_is_found_at_once
            an_edited_message_is_found_by_its_new_words_alone
            an_older_change_loses
            the_same_document_again_changes_nothing
            a_deleted_message_is_found_no_more
            an_older_change_brings_no_deleted_message_back
            of_two_changes_in_one_call_the_newer_holds
            removing_a_chat_leaves_the_others
            what_was_upserted_is_there_after_reopening

            a_rebuild_is_searched_once_it_is_finished
            what_changes_during_a_rebuild_holds_in_both
            an_older_change_loses_during_a_rebuild_too
            a_message_added_twice_to_a_rebuild_is_found_once
            a_rebuild_that_is_not_finished_leaves_nothing
            one_rebuild_goes_on_at_a_time
            a_finished_rebuild_is_there_after_reopening
        }
    };
}

/// A message in chat 1, by ana, whose id is its place.
fn document(seq: u64, content: &str) -> SearchDocument {
    document_in(1, seq, content)
}

fn document_in(chat_id: u64, seq: u64, content: &str) -> SearchDocument {
    SearchDocument {
        id: EventId(chat_id * 1_000_000 + seq),
        chat: chat(chat_id),
        seq: Seq(seq),
        sender: user("ana"),
        timestamp: time(i64::try_from(seq).unwrap() * 1_000),
        content: Some(content.into()),
        change_seq: Seq(seq),
    }
}

/// All of some chats.
fn all_of(chats: &[u64]) -> Scope {
    let chats = chats.iter();
    Scope(
        chats
            .map(|id| (chat(*id), Intervals::from(Seq(1))))
            .collect(),
    )
}

/// A search in all of chat 1.
fn request(query: &str) -> SearchRequest {
    SearchRequest {
        query: query.into(),
        scope: all_of(&[1]),
        sender: None,
        from: None,
        to: None,
        before: None,
        limit: 100,
    }
}

/// Fills an index with messages in chat 1, places from 1.
async fn filled<E: SearchIndexEngine>(engine: &E, texts: &[&str]) -> Arc<dyn SearchIndex> {
    let index = engine.search_index();
    let documents = (1..).zip(texts).map(|(seq, text)| document(seq, text));
    index.upsert(documents.collect()).await.unwrap();
    index
}

fn places(page: &SearchPage) -> Vec<u64> {
    page.hits.iter().map(|hit| hit.seq.0).collect()
}

/// Searches all of chat 1 and returns the places, lowest first.
async fn find(index: &Arc<dyn SearchIndex>, query: &str) -> Vec<u64> {
    let page = index.search(request(query)).await.unwrap();
    assert_eq!(page.total, page.hits.len() as u64);
    assert!(!page.has_more);
    let mut places = places(&page);
    places.reverse();
    places
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(
        search_index,
        "changing.rs",
        "filtering.rs",
        "rebuilding.rs",
        "words.rs"
    );
}
