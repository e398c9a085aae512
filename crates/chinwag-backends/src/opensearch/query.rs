//! What the engine is asked for.

use std::time::Duration;

use chinwag_core::{
    ports::SearchRequest,
    search::{Phrase, Query},
};
use serde_json::{Map, Value, json};

use super::layout::{CHAT, CONTENT, ID, MAX_HITS, SENDER, SEQ, TIME, push_beginning, push_word};

/// One more than this is asked for, to know whether there are more.
pub(super) const MAX_PAGE: usize = MAX_HITS - 1;

/// Makes the body of a search in a part of the scope. The engine gives up after a time, with what it found so far.
pub(super) fn body(
    words: &Query,
    request: &SearchRequest,
    scope: Value,
    limit: usize,
    within: Duration,
) -> Value {
    let mut filter: Vec<Value> = words.phrases().iter().map(phrase).collect();
    if let Some(sender) = &request.sender {
        filter.push(json!({ "term": { SENDER: sender.as_str() } }));
    }
    filter.extend(times(request));
    filter.push(scope);
    let mut body = json!({
        "query": { "bool": { "filter": filter } },
        "sort": [{ ID: "desc" }],
        "size": limit + 1,
        "track_total_hits": true,
        "_source": false,
        "docvalue_fields": [CHAT, SEQ],
        "timeout": format!("{}ms", within.as_millis()),
    });
    // An id above the engine's numbers is above all ids: nothing lies before the page.
    if let Some(Ok(before)) = request.before.map(|id| i64::try_from(id.0)) {
        body["search_after"] = json!([before]);
    }
    body
}

fn times(request: &SearchRequest) -> Option<Value> {
    let mut range = Map::new();
    if let Some(from) = request.from {
        range.insert("gte".into(), from.unix_millis().into());
    }
    if let Some(to) = request.to {
        range.insert("lt".into(), to.unix_millis().into());
    }
    (!range.is_empty()).then(|| json!({ "range": { TIME: range } }))
}

fn phrase(phrase: &Phrase) -> Value {
    let text = written(phrase);
    match phrase.terms.len() {
        1 => json!({ "term": { CONTENT: text } }),
        _ => json!({ "match_phrase": { CONTENT: text } }),
    }
}

fn written(phrase: &Phrase) -> String {
    let mut text = String::new();
    let mut terms = phrase.terms.iter().peekable();
    while let Some(term) = terms.next() {
        match terms.peek() {
            None if phrase.last_is_beginning => push_beginning(&mut text, term),
            _ => push_word(&mut text, term),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Vec<Value> {
        Query::parse(query)
            .unwrap()
            .phrases()
            .iter()
            .map(phrase)
            .collect()
    }

    #[test]
    fn words_beginnings_and_phrases_are_terms_of_one_field() {
        for (query, wanted) in [
            (
                "red app",
                json!([{ "term": { "content": "red." } }, { "term": { "content": "app" } }]),
            ),
            ("red ", json!([{ "term": { "content": "red." } }])),
            (
                "don't",
                json!([{ "match_phrase": { "content": "don. t" } }]),
            ),
            (
                "\"a b c\"",
                json!([{ "match_phrase": { "content": "a. b. c." } }]),
            ),
            (
                "北京大",
                json!([{ "match_phrase": { "content": "北京. 京大." } }]),
            ),
            ("北", json!([{ "term": { "content": "北" } }])),
        ] {
            assert_eq!(Value::from(asked(query)), wanted, "{query}");
        }
    }
}
