//! Whether a text is what a query looks for, and where.

use super::{
    analyze::{Token, TokenKind, analyze},
    query::{Phrase, Query},
};

/// Returns whether all phrases of a query are in a text.
#[must_use]
pub fn matches(query: &Query, content: &str) -> bool {
    !query.is_empty() && tokens_match(query, &analyze(content))
}

/// Returns whether all phrases of a query are among a text's tokens.
#[must_use]
pub fn tokens_match(query: &Query, tokens: &[Token]) -> bool {
    !query.is_empty()
        && query
            .phrases()
            .iter()
            .all(|phrase| places(phrase, tokens).next().is_some())
}

/// Returns where a query's phrases stand in a text: ranges in UTF-16 code units, start inclusive, end exclusive,
/// rising, apart from each other. None where the text doesn't match.
#[must_use]
pub fn match_ranges(query: &Query, content: &str) -> Vec<(u32, u32)> {
    let tokens = analyze(content);
    if !tokens_match(query, &tokens) {
        return Vec::new();
    }
    let mut ranges: Vec<(usize, usize)> = query
        .phrases()
        .iter()
        .flat_map(|phrase| places(phrase, &tokens).map(|first| byte_range(phrase, &tokens, first)))
        .collect();
    ranges.sort_unstable();
    to_utf16(content, &merged(ranges))
}

/// Returns the positions at which a phrase begins.
fn places<'a>(phrase: &'a Phrase, tokens: &'a [Token]) -> impl Iterator<Item = usize> + 'a {
    let (last, head) = phrase.terms.split_last().unzip();
    let last = last.map_or("", String::as_str);
    let head = head.unwrap_or_default();
    tokens
        .windows(phrase.terms.len())
        .enumerate()
        .filter(move |(_, window)| {
            let end = &window[head.len()].term;
            let ends = if phrase.last_is_beginning {
                end.starts_with(last)
            } else {
                end == last
            };
            ends && window
                .iter()
                .zip(head)
                .all(|(token, term)| token.term == *term)
        })
        .map(|(first, _)| first)
}

/// Returns the bytes that a phrase covers: of a pair found by its first character, that character alone.
fn byte_range(phrase: &Phrase, tokens: &[Token], first: usize) -> (usize, usize) {
    let end = first + phrase.terms.len() - 1;
    let token = &tokens[end];
    let shorter = phrase.terms.last().is_some_and(|term| *term != token.term);
    let second_character = tokens.get(end + 1).map(|next| next.start_byte);
    let end_byte = match second_character {
        Some(start) if token.kind == TokenKind::Pair && shorter && start > token.start_byte => {
            start
        }
        _ => token.end_byte,
    };
    (tokens[first].start_byte, end_byte)
}

/// Joins sorted ranges that overlap or touch.
fn merged(ranges: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let mut merged: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

fn to_utf16(content: &str, ranges: &[(usize, usize)]) -> Vec<(u32, u32)> {
    let mut byte = 0;
    let mut unit = 0;
    let mut unit_at = |target: usize| {
        let units: usize = content[byte..target].chars().map(char::len_utf16).sum();
        byte = target;
        unit += u32::try_from(units).unwrap_or(u32::MAX);
        unit
    };
    ranges
        .iter()
        .map(|(start, end)| (unit_at(*start), unit_at(*end)))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(query: &str, content: &str) -> bool {
        matches(&Query::parse(query).unwrap(), content)
    }

    /// Returns the marked pieces of a text.
    fn marked(query: &str, content: &str) -> Vec<String> {
        let units: Vec<u16> = content.encode_utf16().collect();
        match_ranges(&Query::parse(query).unwrap(), content)
            .into_iter()
            .map(|(start, end)| String::from_utf16(&units[start as usize..end as usize]).unwrap())
            .collect()
    }

    /// Row 10 of the field's faults.
    #[test]
    fn chinese_japanese_and_korean_are_found_anywhere() {
        for (query, content) in [
            ("北京", "明天下午去北京开会"),
            ("会議", "金曜日に会議があります"),
            ("회의", "회의를 시작합니다"),
            ("手机", "我买了iPhone手机"),
            ("iphone", "我买了iPhone手机"),
            ("了iphone手", "我买了iPhone手机"),
            ("京", "明天下午去北京开会"),
            ("会", "明天下午去北京开会"),
            ("明", "明天下午去北京开会"),
            ("パソコン", "新しいﾊﾟｿｺﾝ"),
        ] {
            assert!(found(query, content), "{query} in {content}");
        }
        for query in ["京北", "\"京北\"", "北开", "\"北 京\" 天明"] {
            assert!(!found(query, "明天下午去北京开会"), "{query}");
        }
    }

    /// Row 11 of the field's faults.
    #[test]
    fn marks_never_break_a_query_and_words_are_found_literally() {
        let texts = [
            "10/2019",
            "C++",
            "a:b",
            "(x)",
            "100%_done",
            "back\\slash",
            "AND",
            "\"quoted\"",
        ];
        for text in texts {
            assert!(found(text, &format!("so {text} it is")), "{text}");
            assert!(!found(text, "nothing of it here"), "{text}");
        }
        assert!(!found("10/2019", "2019/10"));
        assert!(!found("NOT x", "x"));
        assert!(found("NOT x", "x not"));
        for nothing in [
            "*", "\"", "(", ")", "?", "\\", "/", ":", "%", "", " ", "\u{0}",
        ] {
            assert!(
                !found(nothing, "all * \" ( ) ? \\ / : % of it"),
                "{nothing}"
            );
        }
    }

    #[test]
    fn all_words_must_be_there_in_any_order_and_phrases_side_by_side() {
        let text = "The quick brown fox";
        assert!(found("fox quick", text));
        assert!(found("BRO", text));
        assert!(!found("bro ", text));
        assert!(!found("fox cat", text));
        assert!(found("\"quick brown\"", text));
        assert!(!found("\"brown quick\"", text));
        assert!(!found("\"quick bro\"", text));
        assert!(found("quick-bro", text));
    }

    #[test]
    fn matches_are_marked_in_utf16_units() {
        assert_eq!(marked("fox", "😀 Fox, foxes"), ["Fox", "foxes"]);
        assert_eq!(
            match_ranges(&Query::parse("fox").unwrap(), "😀 Fox"),
            [(3, 6)]
        );
        assert_eq!(marked("北京", "去北京，北京"), ["北京", "北京"]);
        assert_eq!(marked("京", "去北京开会"), ["京"]);
        assert_eq!(marked("北京开", "去北京开会"), ["北京开"]);
        assert_eq!(marked("zoe", "Zoe\u{308}!"), ["Zoe\u{308}"]);
        assert_eq!(marked("\"b c\" c", "a b, c d"), ["b, c"]);
        assert_eq!(marked("株", "㍿"), ["㍿"]);
        assert!(marked("b x", "a b").is_empty());
    }

    proptest! {
        #[test]
        fn no_query_and_no_text_panics(query in any::<String>(), content in any::<String>()) {
            if let Ok(query) = Query::parse(&query) {
                let marked = match_ranges(&query, &content);
                prop_assert_eq!(marked.is_empty(), !matches(&query, &content));
            }
        }

        #[test]
        fn a_text_is_found_by_each_of_its_words_and_marked_there(content in "\\PC{0,60}") {
            let units: Vec<u16> = content.encode_utf16().collect();
            for token in analyze(&content) {
                // A ligature's text may hold more words than this one.
                let word = &content[token.start_byte..token.end_byte];
                let is_all = analyze(word).iter().all(|part| part.term == token.term);
                let word = if is_all { word } else { &token.term };
                for text in [word, &token.term, &format!("{word} "), &format!("\"{word}\"")] {
                    let query = Query::parse(text).unwrap();
                    prop_assert!(matches(&query, &content), "{text:?} in {content:?}");
                    let covered = match_ranges(&query, &content).into_iter().any(|(start, end)| {
                        let piece = String::from_utf16(&units[start as usize..end as usize]);
                        piece.is_ok_and(|piece| matches(&query, &piece))
                    });
                    prop_assert!(covered, "{text:?} marked in {content:?}");
                }
            }
        }

        #[test]
        fn a_text_is_found_by_any_beginning_of_its_words(content in "[a-zé北京 ./]{1,30}", cut in 1usize..5) {
            for token in analyze(&content) {
                let beginning: String = token.term.chars().take(cut).collect();
                prop_assert!(found(&beginning, &content), "{beginning:?} in {content:?}");
            }
        }
    }
}
