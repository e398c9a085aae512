//! What a search means, once for all engines.
//!
//! A text is folded (compatibility forms, width, case and accents are one) and cut into tokens: words as Unicode
//! cuts them, and in Chinese, Japanese and Korean, which have no spaces, every two neighbouring characters. A
//! query is words and phrases, all of which must be in the text. An engine indexes what [`analyze`] gives, with
//! positions, and asks for what [`Query::phrases`] gives; [`matches`](fn@matches) says what must come out.
//!
//! - A piece of a query without spaces in it is a phrase: `10/2019`, `a:b`, `100%_done` and `back\slash` are
//!   found where their words stand side by side, whatever marks stand between.
//! - The last word is a beginning, unless a space follows or it stands in quotes.
//! - One Chinese, Japanese or Korean character alone is found wherever it stands.
//! - No text is an operator but a pair of `"`. Marks alone, emoji too, are nothing to search for.

mod analyze;
mod fold;
mod matching;
mod query;

pub use analyze::{Token, TokenKind, analyze};
pub use matching::{match_ranges, matches, tokens_match};
pub use query::{MAX_QUERY_BYTES, MAX_QUERY_PHRASES, MAX_QUERY_TERMS, Phrase, Query, QueryTooLong};
