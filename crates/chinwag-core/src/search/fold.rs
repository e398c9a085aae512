//! Folding: texts that a reader takes for the same become the same.

use unicode_normalization::{UnicodeNormalization, char::canonical_combining_class};
use unicode_segmentation::UnicodeSegmentation;

/// A folded text with the way back to the text that it came from.
pub(super) struct Folded {
    /// The folded text.
    pub(super) text: String,
    /// Where each piece came from, rising; none where every byte stayed in its place.
    origins: Option<Vec<Origin>>,
}

/// A piece of the folded text, which ends at `folded_end`, and where it came from.
struct Origin {
    folded_end: usize,
    start: usize,
    end: usize,
}

impl Folded {
    /// Folds a text.
    ///
    /// Works grapheme by grapheme, so that a range of the folded text leads back to whole graphemes.
    pub(super) fn of(source: &str) -> Self {
        if source.is_ascii() {
            return Self {
                text: source.to_ascii_lowercase(),
                origins: None,
            };
        }
        let mut text = String::with_capacity(source.len());
        let mut origins = Vec::with_capacity(source.len() / 2);
        for (start, grapheme) in source.grapheme_indices(true) {
            let before = text.len();
            fold_grapheme(grapheme, &mut text);
            if text.len() > before {
                origins.push(Origin {
                    folded_end: text.len(),
                    start,
                    end: start + grapheme.len(),
                });
            }
        }
        Self {
            text,
            origins: Some(origins),
        }
    }

    /// Returns the byte range of the source that a range of the folded text came from.
    pub(super) fn source_range(&self, start: usize, end: usize) -> (usize, usize) {
        let Some(origins) = &self.origins else {
            return (start, end);
        };
        let first = origins.partition_point(|origin| origin.folded_end <= start);
        let last = origins.partition_point(|origin| origin.folded_end < end);
        (origins[first].start, origins[last].end)
    }
}

fn fold_grapheme(grapheme: &str, out: &mut String) {
    if let [byte] = grapheme.as_bytes() {
        out.push(char::from(byte.to_ascii_lowercase()));
        return;
    }
    if grapheme.starts_with(is_lone_jamo) {
        out.push_str(grapheme);
        return;
    }
    // Lower, upper, lower is full case folding but for scripts without case: ẞ and ß become ss, ς becomes σ.
    let folded = grapheme
        .nfkd()
        .filter(|c| !is_dropped(*c))
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|c| !is_dropped(*c))
        .nfc();
    out.extend(folded);
}

/// Single Korean letters, as in ㅋㅋㅋ: their compatibility forms would grow together with their neighbours.
fn is_lone_jamo(c: char) -> bool {
    matches!(c, '\u{3131}'..='\u{318e}' | '\u{ffa0}'..='\u{ffdc}')
}

/// Returns whether a character makes no difference to a reader who searches.
pub(super) fn is_dropped(c: char) -> bool {
    is_accent(c) || is_invisible(c)
}

/// Accents by their combining class. Others are kept because they make another letter of it: voicing of kana (8),
/// nukta and virama (7, 9), vowel and tone marks of South and South-East Asia (0, 84 to 132).
fn is_accent(c: char) -> bool {
    matches!(canonical_combining_class(c), 1..=6 | 10..=35 | 200..=240)
        || matches!(c, '\u{20d0}'..='\u{20f0}')
}

/// Characters without width that Unicode counts as ignorable, apart from the zero width space, which parts words.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200c}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(text: &str) -> String {
        Folded::of(text).text
    }

    #[test]
    fn case_width_and_accents_are_one() {
        for (text, folded) in [
            ("Zoë", "zoe"),
            ("Zoe\u{308}", "zoe"),
            ("ＡＢＣ１２３", "abc123"),
            ("STRASSE straße STRAẞE", "strasse strasse strasse"),
            ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
            ("İstanbul ısı", "istanbul isi"),
            ("ﬁne", "fine"),
            ("ﾊﾟｿｺﾝ", "パソコン"),
            ("co\u{ad}op", "coop"),
            ("\u{1100}\u{1161}", "가"),
            ("ㅋㅋ ㅎㅏ", "ㅋㅋ ㅎㅏ"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn marks_that_make_another_letter_stay() {
        assert_ne!(fold("が"), fold("か"));
        assert_ne!(fold("कि"), fold("की"));
        assert_ne!(fold("ไม้"), fold("ไม"));
    }

    #[test]
    fn a_folded_range_leads_back_to_whole_graphemes() {
        let folded = Folded::of("aé㍿x");
        assert_eq!(folded.text, "ae株式会社x");
        assert_eq!(folded.source_range(1, 2), (1, 3));
        assert_eq!(folded.source_range(2, 5), (3, 6));
        assert_eq!(folded.source_range(14, 15), (6, 7));
    }
}
