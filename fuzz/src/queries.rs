//! What people search for.

use chinwag_core::search::{Query, analyze, match_ranges, matches, tokens_match};

/// Plays an input whose first line is searched for in the rest.
pub fn queries(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (query, content) = text.split_once('\n').unwrap_or((&text, ""));
    if let Ok(query) = Query::parse(query) {
        look(&query, content);
        look(&query, &text);
    }
    // A text finds itself, but for the marks that are operators.
    let plain = content.replace('"', " ");
    if let Ok(itself) = Query::parse(&plain) {
        look(&itself, &plain);
        assert!(itself.is_empty() || matches(&itself, &plain), "{plain:?}");
    }
}

fn look(query: &Query, content: &str) {
    let tokens = analyze(content);
    for token in &tokens {
        assert!(!token.term.is_empty());
        assert!(content.get(token.start_byte..token.end_byte).is_some());
    }
    let is_found = matches(query, content);
    assert_eq!(is_found, tokens_match(query, &tokens));
    let ranges = match_ranges(query, content);
    assert_eq!(is_found, !ranges.is_empty());
    let units = content.encode_utf16().count();
    let mut end = 0;
    for (begins, ends) in ranges {
        assert!(begins >= end && begins < ends, "apart and rising");
        end = ends;
    }
    assert!(end as usize <= units);
}
