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

/// Says how texts are cut: raise it with every change of what [`analyze`] gives, and engines build their indexes
/// anew. The Unicode tables behind it are named by [`analysis`].
const VERSION: u32 = 1;

/// Names how texts are cut: an index whose texts were cut under another name finds something else.
#[must_use]
pub fn analysis() -> String {
    let letters = char::UNICODE_VERSION;
    let words = unicode_segmentation::UNICODE_VERSION;
    let forms = unicode_normalization::UNICODE_VERSION;
    format!(
        "{VERSION}, Unicode {}.{} {}.{} {}.{}",
        letters.0, letters.1, words.0, words.1, forms.0, forms.1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_texts_are_cut_has_not_changed_under_this_version() {
        let text = "Zoë's C++, 10/2019 ＡＢＣ STRAẞE ﬁne \
            去北京开会 ｵｰﾃﾞｨｵ 회의를 हिन्दी สวัสดี ㍿ İx co\u{ad}op ㅋㅋ 👍🏽";
        let wanted = "zoe@0-4 s@5-6 c@7-8 10@12-14 2019@15-19 abc@20-29 strasse@30-38 fine@39-44 \
            去北@45-51 北京@48-54 京开@51-57 开会@54-60 会@57-60 オー@61-67 ーデ@64-73 ディ@67-76 ィオ@73-79 オ@76-79 \
            회의@80-86 의를@83-89 를@86-89 हिन्दी@90-108 ส@109-112 วั@112-118 ส@118-121 ดี@121-127 \
            株式@128-131 式会@128-131 会社@128-131 社@128-131 ix@132-135 coop@136-142 ㅋㅋ@143-149 ㅋ@146-149";
        let cut = analyze(text)
            .into_iter()
            .map(|token| format!("{}@{}-{}", token.term, token.start_byte, token.end_byte));
        let cut: Vec<String> = cut.collect();
        assert_eq!(cut.join(" "), wanted, "where this is meant, raise VERSION");
    }
}
