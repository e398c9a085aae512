//! Reading a query.

use super::analyze::{Token, TokenKind, analyze};

/// The longest query, in bytes: a whole paragraph pasted in.
pub const MAX_QUERY_BYTES: usize = 4_096;

/// The most words and phrases of a query: each costs an engine one more list to intersect.
pub const MAX_QUERY_PHRASES: usize = 32;

/// The most terms of a query, those within phrases too.
pub const MAX_QUERY_TERMS: usize = 256;

/// What is searched for: phrases, all of which must be in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    phrases: Vec<Phrase>,
}

/// Terms that must stand side by side, in this order; a word is a phrase of one term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The terms, at least one.
    pub terms: Vec<String>,
    /// Whether any term that begins with the last one will do for it.
    pub last_is_beginning: bool,
}

/// A query above one of its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the query is too long: at most {MAX_QUERY_BYTES} bytes, {MAX_QUERY_PHRASES} words and phrases, \
     {MAX_QUERY_TERMS} terms"
)]
pub struct QueryTooLong;

impl Query {
    /// Reads a query. Every text is one; one without any word finds nothing.
    pub fn parse(text: &str) -> Result<Self, QueryTooLong> {
        if text.len() > MAX_QUERY_BYTES {
            return Err(QueryTooLong);
        }
        let mut query = Self::default();
        let mut rest = text;
        while let Some((plain, quoted, after)) = split_at_quotes(rest) {
            query.add_words(plain, false);
            query.add_piece(quoted, false);
            rest = after;
        }
        query.add_words(rest, true);
        let terms: usize = query.phrases.iter().map(|phrase| phrase.terms.len()).sum();
        if query.phrases.len() > MAX_QUERY_PHRASES || terms > MAX_QUERY_TERMS {
            return Err(QueryTooLong);
        }
        Ok(query)
    }

    /// Returns the phrases, all of which must be in a text.
    #[must_use]
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// Returns whether there is nothing to search for: then nothing is found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// Adds what spaces part; at the query's end the last word is a beginning.
    fn add_words(&mut self, text: &str, at_end: bool) {
        let mut pieces = text.split(char::is_whitespace).peekable();
        while let Some(piece) = pieces.next() {
            let is_last = pieces.peek().is_none();
            self.add_piece(piece, at_end && is_last);
        }
    }

    /// Adds a phrase; `open` says that its last word may go on.
    fn add_piece(&mut self, piece: &str, open: bool) {
        let mut tokens = analyze(piece);
        let Some(last) = tokens.last() else {
            return;
        };
        let mut last_is_beginning = open && last.end_byte == piece.len();
        if last.kind == TokenKind::Single {
            // The pair before it already holds it; alone it begins whatever pair it stands in.
            last_is_beginning = !follows_a_pair(&tokens);
            if !last_is_beginning {
                tokens.pop();
            }
        }
        self.phrases.push(Phrase {
            terms: tokens.into_iter().map(|token| token.term).collect(),
            last_is_beginning,
        });
    }
}

/// Returns whether the last token is the end of a run of at least two characters.
fn follows_a_pair(tokens: &[Token]) -> bool {
    matches!(tokens, [.., before, _] if before.kind == TokenKind::Pair)
}

/// Splits at the first pair of quotes into what is before, in and after it.
fn split_at_quotes(text: &str) -> Option<(&str, &str, &str)> {
    let (plain, rest) = text.split_once('"')?;
    let (quoted, after) = rest.split_once('"')?;
    Some((plain, quoted, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a query's phrases; `*` marks a beginning.
    fn read(text: &str) -> Vec<String> {
        let query = Query::parse(text).unwrap();
        let write = |phrase: &Phrase| {
            let star = if phrase.last_is_beginning { "*" } else { "" };
            phrase.terms.join(" ") + star
        };
        query.phrases().iter().map(write).collect()
    }

    #[test]
    fn the_last_word_is_a_beginning_unless_something_follows() {
        assert_eq!(read("Red App"), ["red", "app*"]);
        assert_eq!(read("red app "), ["red", "app"]);
        assert_eq!(read("red \"app\""), ["red", "app"]);
        assert_eq!(read("red app\u{3000}"), ["red", "app"]);
        assert_eq!(read("c++"), ["c"]);
    }

    #[test]
    fn quotes_make_a_phrase_and_an_unbalanced_one_is_text() {
        assert_eq!(read("\"two words\" more"), ["two words", "more*"]);
        assert_eq!(read("a\"b c\"d"), ["a", "b c", "d*"]);
        assert_eq!(read("\"open two"), ["open", "two*"]);
        assert_eq!(read("5\" disk"), ["5", "disk*"]);
        assert_eq!(read("\"\" \" \""), Vec::<String>::new());
    }

    #[test]
    fn runs_without_spaces_are_phrases_of_pairs() {
        assert_eq!(read("北京大学"), ["北京 京大 大学"]);
        assert_eq!(read("北"), ["北*"]);
        assert_eq!(read("\"北\" 京 "), ["北*", "京*"]);
        assert_eq!(read("了iPhone手机"), ["了 iphone 手机"]);
        assert_eq!(read("iPhone手"), ["iphone 手*"]);
    }

    #[test]
    fn there_are_no_operators() {
        assert_eq!(
            read("NOT x AND y OR (z)"),
            ["not", "x", "and", "y", "or", "z"]
        );
        assert_eq!(read("field:value"), ["field value*"]);
        assert_eq!(read("+a -b ~c a^2"), ["a", "b", "c", "a 2*"]);
        for nothing in ["*", "\"", "(", "?", "\\", "[* TO *]", "", "   ", "👍"] {
            let wanted: &[&str] = if nothing.contains("TO") { &["to"] } else { &[] };
            assert_eq!(read(nothing), wanted, "{nothing}");
        }
    }

    #[test]
    fn a_query_above_its_bounds_is_refused() {
        assert!(Query::parse(&"a".repeat(10_000)).is_err());
        assert!(Query::parse(&"a ".repeat(33)).is_err());
        assert!(Query::parse(&"北".repeat(300)).is_err());
        assert!(Query::parse(&"a ".repeat(32)).is_ok());
        assert!(Query::parse(&"北".repeat(200)).is_ok());
    }
}
