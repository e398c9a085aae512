//! What an index of messages is made like.

use chinwag_core::search::Token;
use serde_json::{Value, json};

use super::Options;

/// Ends each word of a text that is sent. No term has it in it, since terms are letters, digits and their marks: a
/// word with it is that word, one without it is a beginning.
const END: char = '.';
/// No term has more characters: a word of 1,000 bytes of marks, and its end.
const MAX_TERM_CHARS: u32 = 1_024;
/// How many hits a request may ask for at most.
pub(super) const MAX_HITS: usize = 10_000;

/// Names of a document's fields.
pub(super) const ID: &str = "id";
pub(super) const CHAT: &str = "chat";
pub(super) const SEQ: &str = "seq";
pub(super) const TIME: &str = "time";
pub(super) const SENDER: &str = "sender";
pub(super) const CONTENT: &str = "content";

/// Writes tokens as a text that the engine cuts into just these.
pub(super) fn written(tokens: &[Token]) -> String {
    let bytes = tokens.iter().map(|token| token.term.len() + 2).sum();
    let mut text = String::with_capacity(bytes);
    for token in tokens {
        push_word(&mut text, &token.term);
    }
    text
}

/// Adds a whole word to a text.
pub(super) fn push_word(text: &mut String, term: &str) {
    push_beginning(text, term);
    text.push(END);
}

/// Adds a beginning of a word to a text.
pub(super) fn push_beginning(text: &mut String, term: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(term);
}

/// Makes the body that creates an index under an alias.
pub(super) fn index(options: &Options, alias: &str) -> Value {
    let words = json!({ "type": "whitespace", "max_token_length": MAX_TERM_CHARS * 2 });
    let beginnings = json!({ "type": "edge_ngram", "min_gram": 1, "max_gram": MAX_TERM_CHARS });
    json!({
        "aliases": { alias: {} },
        "settings": {
            "index": {
                "number_of_shards": options.shards,
                "number_of_replicas": options.replicas,
                "refresh_interval": format!("{}ms", options.refresh.as_millis()),
                "max_result_window": MAX_HITS,
            },
            "analysis": {
                "tokenizer": { "words": words },
                "filter": { "beginnings": beginnings },
                "analyzer": {
                    "written": { "type": "custom", "tokenizer": "words", "filter": ["beginnings"] },
                    "asked": { "type": "custom", "tokenizer": "words" },
                },
            },
        },
        "mappings": {
            "dynamic": "strict",
            // Nothing of a message is kept but what finds it.
            "_source": { "enabled": false },
            "properties": {
                ID: { "type": "long", "index": false },
                CHAT: { "type": "keyword" },
                // Looked at only in messages that have the words and lie in the chat: by column that is one clause of
                // the engine's 1,024 an interval, by an index it would be two.
                SEQ: { "type": "long", "index": false },
                TIME: { "type": "long" },
                SENDER: { "type": "keyword", "doc_values": false },
                CONTENT: {
                    "type": "text",
                    "analyzer": "written",
                    "search_analyzer": "asked",
                    "norms": false,
                },
            },
        },
    })
}

/// Makes the body that creates the index where nodes agree.
pub(super) fn state(options: &Options) -> Value {
    json!({
        "settings": { "index": { "number_of_shards": 1, "number_of_replicas": options.replicas } },
        "mappings": { "dynamic": false },
    })
}

#[cfg(test)]
mod tests {
    use chinwag_core::search::analyze;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_written_as_its_words() {
        assert_eq!(written(&analyze("Don't, 北京!")), "don. t. 北京. 京.");
        assert_eq!(written(&analyze("👍")), "");
    }

    proptest! {
        #[test]
        fn the_engine_cuts_what_is_written_where_it_was_cut(text in "\\PC{0,60}") {
            let tokens = analyze(&text);
            let text = written(&tokens);
            let words: Vec<&str> = text.split_whitespace().collect();
            let wanted: Vec<String> = tokens.iter().map(|token| format!("{}.", token.term)).collect();
            prop_assert_eq!(words, wanted);
        }
    }

    #[test]
    fn no_term_is_too_long_for_the_engine() {
        let marked = format!("a{}", "\u{301}".repeat(3_000));
        let kept = format!("क{}", "\u{93f}".repeat(3_000));
        let wide = "𝔘".repeat(500);
        let long = "x".repeat(5_000);
        for text in [marked, kept, wide, long] {
            for token in analyze(&text) {
                let chars = token.term.chars().count() as u32;
                assert!(chars < MAX_TERM_CHARS, "{chars} characters");
            }
        }
    }
}
