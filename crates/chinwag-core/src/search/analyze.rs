//! Cutting a text into tokens: what is indexed, and what is looked for.

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::fold::Folded;

/// A longer word is cut, so that every engine can hold its terms; its pieces stand side by side.
const MAX_WORD_CHARS: usize = 100;

/// A word whose marks make it longer than this counts as ended.
const MAX_WORD_BYTES: usize = 1_000;

/// A character with more marks than this counts as ended.
const MAX_CHARACTER_BYTES: usize = 64;

/// What is found of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The folded text of it.
    pub term: String,
    /// Where it starts in the text.
    pub start_byte: usize,
    /// Where it ends in the text.
    pub end_byte: usize,
    /// Its number in the text, from 0; a phrase is tokens of consecutive positions.
    pub position: u32,
    /// How it was cut.
    pub kind: TokenKind,
}

/// How a token was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A word.
    Word,
    /// Two neighbouring characters of a run of Chinese, Japanese or Korean; the second one starts the next token.
    Pair,
    /// The last character of such a run.
    Single,
}

/// Cuts a text into tokens, in order; every word, and every character of a Chinese, Japanese or Korean run,
/// starts one.
#[must_use]
pub fn analyze(text: &str) -> Vec<Token> {
    let folded = Folded::of(text);
    let mut cutter = Cutter::new(&folded);
    if text.is_ascii() {
        cutter.cut(0, &folded.text);
    } else {
        for (start, segment) in folded.text.split_word_bound_indices() {
            cutter.end_word();
            cutter.cut(start, segment);
        }
    }
    cutter.end_word();
    cutter.end_run();
    cutter.tokens
}

/// A range of the folded text.
type Span = (usize, usize);

struct Cutter<'a> {
    folded: &'a Folded,
    tokens: Vec<Token>,
    /// The word being read and how many characters it has.
    word: Option<(Span, usize)>,
    /// The characters of the run being read.
    run: Vec<Span>,
}

impl<'a> Cutter<'a> {
    fn new(folded: &'a Folded) -> Self {
        Self {
            folded,
            tokens: Vec::with_capacity(folded.text.len() / 5),
            word: None,
            run: Vec::new(),
        }
    }

    /// Reads a piece within which a word may go on.
    fn cut(&mut self, start: usize, piece: &str) {
        for (offset, c) in piece.char_indices() {
            let span = (start + offset, start + offset + c.len_utf8());
            let is_mark = !c.is_ascii() && is_combining_mark(c);
            if is_mark && self.extend(span) {
                continue;
            }
            if is_cjk(c) {
                self.end_word();
                self.run.push(span);
            } else if c.is_alphanumeric() && !is_mark {
                self.end_run();
                self.grow_word(span);
            } else {
                self.end_word();
                self.end_run();
            }
        }
    }

    /// Adds a mark to the character before it; without one it counts as punctuation.
    fn extend(&mut self, mark: Span) -> bool {
        let (span, bound) = match (&mut self.word, self.run.last_mut()) {
            (Some((span, _)), _) => (span, MAX_WORD_BYTES),
            (None, Some(character)) => (character, MAX_CHARACTER_BYTES),
            (None, None) => return false,
        };
        let fits = mark.1 - span.0 <= bound;
        if fits {
            span.1 = mark.1;
        }
        fits
    }

    fn grow_word(&mut self, c: Span) {
        match &mut self.word {
            Some((span, chars)) if *chars < MAX_WORD_CHARS => {
                span.1 = c.1;
                *chars += 1;
            }
            _ => {
                self.end_word();
                self.word = Some((c, 1));
            }
        }
    }

    fn end_word(&mut self) {
        if let Some((span, _)) = self.word.take() {
            self.push(span, TokenKind::Word);
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        for pair in run.windows(2) {
            self.push((pair[0].0, pair[1].1), TokenKind::Pair);
        }
        if let Some(last) = run.last() {
            self.push(*last, TokenKind::Single);
        }
        self.run = run;
        self.run.clear();
    }

    fn push(&mut self, (start, end): Span, kind: TokenKind) {
        let (start_byte, end_byte) = self.folded.source_range(start, end);
        self.tokens.push(Token {
            term: self.folded.text[start..end].to_owned(),
            start_byte,
            end_byte,
            position: u32::try_from(self.tokens.len()).unwrap_or(u32::MAX),
            kind,
        });
    }
}

/// Returns whether a letter belongs to the scripts that are cut into pairs: Han, kana, Hangul, bopomofo.
fn is_cjk(c: char) -> bool {
    matches!(
        c,
        '\u{1100}'..='\u{11ff}'
            | '\u{2e80}'..='\u{2fdf}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{3029}'
            | '\u{3031}'..='\u{3035}'
            | '\u{3038}'..='\u{303b}'
            | '\u{3041}'..='\u{3096}'
            | '\u{309d}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{3105}'..='\u{318e}'
            | '\u{31a0}'..='\u{31bf}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{a960}'..='\u{a97c}'
            | '\u{ac00}'..='\u{d7fb}'
            | '\u{f900}'..='\u{faff}'
            | '\u{1aff0}'..='\u{1b16f}'
            | '\u{ffa0}'..='\u{ffdc}'
            | '\u{20000}'..='\u{323af}'
    ) && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fold::is_dropped, *};

    fn terms(text: &str) -> Vec<String> {
        analyze(text).into_iter().map(|token| token.term).collect()
    }

    #[test]
    fn words_are_cut_at_marks_and_scripts() {
        for (text, wanted) in [
            ("", vec![]),
            (" .,!? ", vec![]),
            ("Hello, World!", vec!["hello", "world"]),
            ("C++", vec!["c"]),
            ("10/2019", vec!["10", "2019"]),
            ("100%_done", vec!["100", "done"]),
            ("back\\slash", vec!["back", "slash"]),
            ("iPhone15 v2", vec!["iphone15", "v2"]),
            ("don't don’t", vec!["don", "t", "don", "t"]),
            ("Привет, Ёлка", vec!["привет", "елка"]),
            ("हिन्दी भाषा", vec!["हिन्दी", "भाषा"]),
        ] {
            assert_eq!(terms(text), wanted, "{text}");
        }
    }

    #[test]
    fn runs_without_spaces_are_cut_into_pairs_and_their_last_character() {
        assert_eq!(terms("北"), ["北"]);
        assert_eq!(terms("去北京。"), ["去北", "北京", "京"]);
        assert_eq!(
            terms("我买了iPhone手机"),
            ["我买", "买了", "了", "iphone", "手机", "机"]
        );
        assert_eq!(terms("オーディオ"), ["オー", "ーデ", "ディ", "ィオ", "オ"]);
        assert_eq!(terms("ｵｰﾃﾞｨｵ"), terms("オーディオ"));
        assert_eq!(terms("회의를"), ["회의", "의를", "를"]);
        assert_eq!(terms("10月3日"), ["10", "月", "3", "日"]);
    }

    #[test]
    fn thai_is_found_by_its_characters() {
        assert_eq!(terms("สวัสดี"), ["ส", "วั", "ส", "ดี"]);
    }

    #[test]
    fn a_long_word_is_cut_and_its_pieces_stand_side_by_side() {
        let tokens = analyze(&"x".repeat(250));
        let lengths: Vec<usize> = tokens.iter().map(|token| token.term.len()).collect();
        assert_eq!(lengths, [100, 100, 50]);
    }

    proptest! {
        #[test]
        fn any_text_is_cut_at_its_character_bounds_in_order(text in any_text()) {
            let tokens = analyze(&text);
            let mut before = (0, 0);
            for (index, token) in tokens.iter().enumerate() {
                prop_assert_eq!(token.position as usize, index);
                prop_assert!(!token.term.is_empty());
                let range = (token.start_byte, token.end_byte);
                prop_assert!(range.0 < range.1 && range.1 <= text.len());
                prop_assert!(text.is_char_boundary(range.0) && text.is_char_boundary(range.1));
                prop_assert!(range >= before);
                before = range;
            }
        }

        #[test]
        fn a_word_alone_is_the_word_that_it_was_in_the_text(text in any_text()) {
            // What keeps letters of Hangul syllables apart is folded away: alone they would be one character.
            let text: String = text.chars().filter(|c| !is_dropped(*c) && !is_jamo(*c)).collect();
            for token in analyze(&text) {
                let again = terms(&token.term);
                prop_assert_eq!(&again[0], &token.term);
                let wanted = if token.kind == TokenKind::Pair { 2 } else { 1 };
                prop_assert_eq!(again.len(), wanted);
            }
        }
    }

    fn is_jamo(c: char) -> bool {
        matches!(
            c,
            '\u{1100}'..='\u{11ff}'
                | '\u{a960}'..='\u{a97f}'
                | '\u{d7b0}'..='\u{d7ff}'
        )
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "\\PC{0,40}",
            "[a-zé北京オｵﾞ가\u{1100}\u{1161}\u{301}\u{3099}\u{200d}0-9 '\"._/-]{0,30}",
            "[\\p{Lo}\\p{M}\\p{Nd}\\p{Cf} ]{0,20}",
        ]
    }
}
