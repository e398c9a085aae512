//! Texts of other people, made fit for a terminal: nothing in them may command it, reorder it or overflow its columns.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Code points that one visible character may be made of: the longest emoji have eleven, a stack of accents has no end.
const CLUSTER: usize = 16;
/// First strong isolate: what follows takes its direction from itself alone, up to [`PDI`].
const FSI: char = '\u{2068}';
/// Pop directional isolate.
const PDI: char = '\u{2069}';

/// Makes a text harmless and keeps its line breaks.
///
/// Control characters (and with them every escape sequence) become visible signs, direction overrides go.
pub(crate) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let harmless: String = text.chars().filter_map(harmless).collect();
    let mut clean = String::with_capacity(harmless.len());
    for cluster in harmless.graphemes(true) {
        match cluster {
            "\t" => clean.push_str("    "),
            cluster => clean.extend(cluster.chars().take(CLUSTER)),
        }
    }
    clean
}

/// Makes a text harmless and puts it on one line.
pub(crate) fn clean_line(text: &str) -> String {
    let clean = clean(text.trim());
    clean.replace('\n', " ")
}

fn harmless(character: char) -> Option<char> {
    match character {
        '\n' | '\t' => Some(character),
        // A carriage return alone, and the separators of Unicode, mean a new line.
        '\r' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)),
        '\x7f' => Some('\u{2421}'),
        // C1: to some terminals U+009B is as good as ESC [.
        '\u{80}'..='\u{9f}' => Some('\u{fffd}'),
        // Embeddings, overrides and isolates would reorder what stands beside them; marks (U+200E, U+200F) may stay.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        // Invisible and deprecated.
        '\u{ad}' | '\u{feff}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => None,
        _ => Some(character),
    }
}

/// Returns how many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Lets a text of a right-to-left script take its direction from itself, so that what stands beside it keeps its place.
pub(crate) fn isolate(text: &str) -> String {
    if text.chars().any(is_right_to_left) {
        format!("{FSI}{text}{PDI}")
    } else {
        text.to_owned()
    }
}

fn is_right_to_left(character: char) -> bool {
    matches!(character,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Cuts a text to so many columns; a cut shows as `…`.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut fitting = String::new();
    let mut taken = 0;
    for cluster in text.graphemes(true) {
        taken += width(cluster);
        if taken + 1 > columns {
            break;
        }
        fitting.push_str(cluster);
    }
    if columns > 0 {
        fitting.push('…');
    }
    fitting
}

/// Fills a text with spaces up to so many columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Breaks a text into lines of at most so many columns: after spaces, between wide characters, else anywhere.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        wrap_paragraph(paragraph, columns, &mut lines);
    }
    lines
}

fn wrap_paragraph(paragraph: &str, columns: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    let mut taken = 0;
    // Where the line may be broken, in bytes.
    let mut breakable = None;
    // Some scripts write clusters that are wider than a narrow line.
    let pieces = paragraph.graphemes(true).flat_map(|cluster| {
        let is_cut = width(cluster) > columns;
        cluster.split_inclusive(move |_: char| is_cut)
    });
    for cluster in pieces {
        let wide = width(cluster);
        if taken + wide > columns && cluster != " " {
            let rest = line.split_off(breakable.unwrap_or(line.len()));
            lines.push(line.trim_end().to_owned());
            line = rest;
            taken = width(&line);
            breakable = None;
        }
        if wide > 1 && !line.is_empty() {
            breakable = Some(line.len());
        }
        line.push_str(cluster);
        taken += wide;
        if cluster == " " || wide > 1 {
            breakable = Some(line.len());
        }
    }
    lines.push(line.trim_end().to_owned());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_escape_sequence_reaches_the_terminal() {
        for attack in [
            "\x1b[2J\x1b[H",
            "\x1b]0;title\x07",
            "\x1b]52;c;cm0gLXJm\x07",
            "\u{9b}31m",
            "\u{90}q",
            "a\x08\x08b",
            "a\rb",
            "\x7f",
        ] {
            let clean = clean(attack);
            assert!(
                clean.chars().all(|c| c == '\n' || !c.is_control()),
                "{clean:?}"
            );
        }
        assert_eq!(clean("\x1b[31m"), "\u{241b}[31m");
    }

    #[test]
    fn overrides_go_and_a_right_to_left_text_keeps_to_itself() {
        assert_eq!(clean("abc\u{202e}fdp.exe"), "abcfdp.exe");
        assert_eq!(clean("\u{2067}x\u{2069}"), "x");
        assert_eq!(isolate("مرحبا"), "\u{2068}مرحبا\u{2069}");
        assert_eq!(isolate("hello"), "hello");
    }

    #[test]
    fn emoji_of_many_code_points_stay_whole_and_stacks_of_accents_are_cut() {
        let family = "👩‍👩‍👧‍👦";
        assert_eq!(clean(family), family);
        assert_eq!(width(family), 2);
        let stack = format!("a{}", "\u{301}".repeat(1_000));
        assert_eq!(clean(&stack).chars().count(), CLUSTER);
    }

    #[test]
    fn a_text_is_cut_and_filled_by_columns() {
        assert_eq!(fit("会议纪要", 8), "会议纪要");
        assert_eq!(fit("会议纪要", 7), "会议纪…");
        assert_eq!(fit("会议纪要", 6), "会议…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(pad("会", 4), "会  ");
    }

    #[test]
    fn lines_break_after_spaces_between_wide_characters_and_where_they_must() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("明天下午去北京", 6), ["明天下", "午去北", "京"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("one\n\ntwo", 8), ["one", "", "two"]);
        assert_eq!(wrap("abcd efgh", 4), ["abcd", "efgh"]);
        // One cluster of three columns.
        assert_eq!(wrap("0\u{11347}\u{11341}", 2), ["0\u{11347}", "\u{11341}"]);
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_harmless_and_fits(text in "\\PC*|[\\x00-\\x7f]{0,40}|.{0,40}", columns in 2..30_usize) {
            let clean = clean(&text);
            prop_assert!(clean.chars().all(|c| c == '\n' || !c.is_control()));
            for line in wrap(&clean, columns) {
                prop_assert!(width(&line) <= columns, "{line:?}");
            }
            prop_assert!(width(&fit(&clean, columns)) <= columns);
        }
    }
}
