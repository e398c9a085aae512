//! What tantivy is asked for.

use ::tantivy::{
    query::{BooleanQuery, PhrasePrefixQuery, PhraseQuery, Query, TermQuery},
    schema::IndexRecordOption,
};
use chinwag_core::{
    ports::SearchRequest,
    search::{self, Phrase},
};

use super::{open_phrase::OpenPhrase, schema::Fields};
use crate::reach::Reach;

/// Up to so many chats are looked for by their own lists of messages, which are short where a chat is small; more of
/// them cost less when each message that has the words is asked for its chat.
const CHATS_BY_TERM: usize = 16;

/// Makes the query: all phrases, the sender, and few chats. Everything else is left to the collector.
pub(super) fn of(
    fields: &Fields,
    words: &search::Query,
    request: &SearchRequest,
    reach: &Reach,
) -> Box<dyn Query> {
    let phrases = words.phrases().iter();
    let mut all: Vec<Box<dyn Query>> = phrases.map(|phrase| of_phrase(fields, phrase)).collect();
    if let Some(sender) = &request.sender {
        let term = fields.sender_term(sender.as_str());
        all.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
    }
    if reach.chats().len() <= CHATS_BY_TERM {
        let chats = reach.chats().map(|chat| fields.chat_term(chat)).collect();
        all.push(Box::new(BooleanQuery::new_multiterms_query(chats)));
    }
    match all.pop() {
        Some(only) if all.is_empty() => only,
        Some(last) => {
            all.push(last);
            Box::new(BooleanQuery::intersection(all))
        }
        None => Box::new(::tantivy::query::EmptyQuery),
    }
}

fn of_phrase(fields: &Fields, phrase: &Phrase) -> Box<dyn Query> {
    let mut terms: Vec<_> = phrase.terms.iter().map(|term| fields.word(term)).collect();
    let is_word = terms.len() == 1;
    match (is_word, phrase.last_is_beginning, terms.pop()) {
        (true, false, Some(word)) => Box::new(TermQuery::new(word, IndexRecordOption::Basic)),
        (true, true, Some(word)) => {
            let mut beginning = PhrasePrefixQuery::new(vec![word]);
            beginning.set_max_expansions(u32::MAX);
            Box::new(beginning)
        }
        (false, false, Some(last)) => {
            terms.push(last);
            Box::new(PhraseQuery::new(terms))
        }
        (false, true, Some(last)) => Box::new(OpenPhrase::new(terms, last)),
        (_, _, None) => Box::new(::tantivy::query::EmptyQuery),
    }
}
