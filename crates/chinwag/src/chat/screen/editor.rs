//! The line that a person writes: edited by keys, kept in a history, laid out in rows.

use unicode_segmentation::UnicodeSegmentation as _;

use super::keys::Key;
use crate::chat::text::{clean, width};

/// Lines kept to be called back.
const HISTORY: usize = 500;
/// A line is no longer than a message may be, whatever is pasted.
const LONGEST: usize = 64 * 1024;

/// What a key did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edited {
    /// Nothing that shows.
    Nothing,
    /// The cursor moved.
    Moved,
    /// The text is another.
    Changed,
    /// The line is done.
    Done(String),
    /// It is for somebody else.
    Key(Key),
}

/// The line being written.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    text: String,
    /// In bytes, between two clusters.
    cursor: usize,
    history: Vec<String>,
    /// Which line of the history is shown, and what was written before.
    recalled: Option<(usize, String)>,
    cut: String,
}

/// Rows of a text and where the cursor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    /// The rows, the prompt in the first one left out.
    pub(crate) rows: Vec<String>,
    /// The cursor's row.
    pub(crate) row: usize,
    /// The cursor's column.
    pub(crate) column: usize,
}

impl Editor {
    /// Returns the text so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text before the cursor.
    pub(crate) fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Puts another text in place of that from a byte to the cursor.
    pub(crate) fn complete(&mut self, from: usize, with: &str) {
        self.text.replace_range(from..self.cursor, with);
        self.cursor = from + with.len();
    }

    /// Empties the line.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
        self.recalled = None;
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: Key) -> Edited {
        match key {
            Key::Character(character) => self.insert(character.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => self.insert(clean(&text).trim_end_matches('\n')),
            Key::Newline => self.insert("\n"),
            Key::Enter => Edited::Done(self.take()),
            Key::Backspace => self.remove(self.left(), self.cursor),
            Key::Delete => self.remove(self.cursor, self.right()),
            Key::EndOfInput if !self.text.is_empty() => self.remove(self.cursor, self.right()),
            Key::CutWord => self.cut(self.word_left(), self.cursor),
            Key::CutBefore => self.cut(0, self.cursor),
            Key::CutAfter => self.cut(self.cursor, self.text.len()),
            Key::PutBack => self.insert(&self.cut.clone()),
            Key::Left => self.move_to(self.left()),
            Key::Right => self.move_to(self.right()),
            Key::WordLeft => self.move_to(self.word_left()),
            Key::WordRight => self.move_to(self.word_right()),
            Key::Home => self.move_to(0),
            Key::End => self.move_to(self.text.len()),
            Key::Up => self.recall_older(),
            Key::Down => self.recall_newer(),
            Key::Tab
            | Key::PageUp
            | Key::Interrupt
            | Key::EndOfInput
            | Key::Redraw
            | Key::Suspend => Edited::Key(key),
        }
    }

    /// Lays the text out in rows of so many columns; the first begins after the prompt.
    pub(crate) fn rows(&self, prompt: usize, columns: usize) -> Rows {
        let mut rows = vec![String::new()];
        let mut column = prompt;
        let mut place = (0, prompt);
        for (at, cluster) in self.text.grapheme_indices(true) {
            let wide = width(cluster);
            if column + wide > columns && cluster != "\n" {
                rows.push(String::new());
                column = 0;
            }
            if at == self.cursor {
                place = (rows.len() - 1, column);
            }
            if cluster == "\n" {
                rows.push(String::new());
                column = 0;
                continue;
            }
            if let Some(row) = rows.last_mut() {
                row.push_str(cluster);
            }
            column += wide;
        }
        if self.cursor == self.text.len() {
            if column >= columns {
                rows.push(String::new());
                column = 0;
            }
            place = (rows.len() - 1, column);
        }
        Rows {
            rows,
            row: place.0,
            column: place.1,
        }
    }

    fn insert(&mut self, text: &str) -> Edited {
        if self.text.len() + text.len() > LONGEST {
            return Edited::Nothing;
        }
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
        // What was inserted may have grown together with what follows.
        while !self.is_boundary(self.cursor) {
            self.cursor = self.right();
        }
        Edited::Changed
    }

    fn is_boundary(&self, at: usize) -> bool {
        let mut starts = self.text.grapheme_indices(true).map(|(start, _)| start);
        at == self.text.len() || starts.any(|start| start == at)
    }

    fn remove(&mut self, from: usize, to: usize) -> Edited {
        if from == to {
            return Edited::Nothing;
        }
        self.text.replace_range(from..to, "");
        self.cursor = from;
        Edited::Changed
    }

    fn cut(&mut self, from: usize, to: usize) -> Edited {
        if from < to {
            self.cut = self.text[from..to].to_owned();
        }
        self.remove(from, to)
    }

    fn move_to(&mut self, cursor: usize) -> Edited {
        self.cursor = cursor;
        Edited::Moved
    }

    fn left(&self) -> usize {
        let mut before = self.text[..self.cursor].grapheme_indices(true);
        before.next_back().map_or(0, |(start, _)| start)
    }

    fn right(&self) -> usize {
        let starts = self.text.grapheme_indices(true).map(|(start, _)| start);
        starts
            .chain([self.text.len()])
            .find(|start| *start > self.cursor)
            .unwrap_or(self.text.len())
    }

    fn word_left(&self) -> usize {
        let mut words = self.text[..self.cursor].unicode_word_indices();
        words.next_back().map_or(0, |(start, _)| start)
    }

    fn word_right(&self) -> usize {
        let words = self.text.unicode_word_indices();
        let ends = words.map(|(start, word)| start + word.len());
        ends.into_iter()
            .find(|end| *end > self.cursor)
            .unwrap_or(self.text.len())
    }

    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.text);
        self.cursor = 0;
        self.recalled = None;
        if !line.trim().is_empty() && self.history.last() != Some(&line) {
            self.history.push(line.clone());
            if self.history.len() > HISTORY {
                self.history.remove(0);
            }
        }
        line
    }

    fn recall_older(&mut self) -> Edited {
        let at = match &self.recalled {
            Some((at, _)) => at.checked_sub(1),
            None => self.history.len().checked_sub(1),
        };
        let Some(at) = at else {
            return Edited::Nothing;
        };
        let draft = match self.recalled.take() {
            Some((_, draft)) => draft,
            None => std::mem::take(&mut self.text),
        };
        self.recalled = Some((at, draft));
        self.show(self.history[at].clone())
    }

    fn recall_newer(&mut self) -> Edited {
        let Some((at, draft)) = self.recalled.take() else {
            return Edited::Nothing;
        };
        match self.history.get(at + 1).cloned() {
            Some(line) => {
                self.recalled = Some((at + 1, draft));
                self.show(line)
            }
            None => self.show(draft),
        }
    }

    fn show(&mut self, text: String) -> Edited {
        self.cursor = text.len();
        self.text = text;
        Edited::Changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(editor: &mut Editor, text: &str) {
        for character in text.chars() {
            editor.key(Key::Character(character));
        }
    }

    fn written(keys: &[Key]) -> String {
        let mut editor = Editor::default();
        write(&mut editor, "one two 会🎉");
        for key in keys {
            editor.key(key.clone());
        }
        editor.text().to_owned()
    }

    #[test]
    fn keys_edit_whole_characters_and_words() {
        use Key::{
            Backspace, Character, CutAfter, CutBefore, CutWord, Delete, End, Home, Left, PutBack,
            WordLeft,
        };
        assert_eq!(written(&[Backspace]), "one two 会");
        assert_eq!(written(&[Left, Delete, Delete]), "one two 会");
        assert_eq!(written(&[Home, Character('x')]), "xone two 会🎉");
        assert_eq!(written(&[CutBefore]), "");
        assert_eq!(written(&[WordLeft, WordLeft, CutAfter]), "one ");
        assert_eq!(written(&[WordLeft, CutWord, End, PutBack]), "one 会🎉two ");
    }

    #[test]
    fn an_emoji_of_many_code_points_goes_by_one_key() {
        let mut editor = Editor::default();
        write(&mut editor, "a👩‍👩‍👧‍👦");
        editor.key(Key::Backspace);
        assert_eq!(editor.text(), "a");
        write(&mut editor, "e\u{301}");
        editor.key(Key::Left);
        assert_eq!(editor.before(), "a");
    }

    #[test]
    fn lines_come_back_and_what_was_being_written_too() {
        let mut editor = Editor::default();
        for line in ["one", "two", "two", " "] {
            write(&mut editor, line);
            assert_eq!(editor.key(Key::Enter), Edited::Done(line.into()));
        }
        write(&mut editor, "draft");
        let mut shown = |key| {
            editor.key(key);
            editor.text().to_owned()
        };
        assert_eq!(shown(Key::Up), "two");
        assert_eq!(shown(Key::Up), "one");
        assert_eq!(shown(Key::Up), "one");
        assert_eq!(shown(Key::Down), "two");
        assert_eq!(shown(Key::Down), "draft");
    }

    #[test]
    fn what_is_pasted_is_harmless_and_keeps_its_lines() {
        let mut editor = Editor::default();
        editor.key(Key::Paste("one\r\n\x1b[2Jtwo\n".into()));
        assert_eq!(editor.text(), "one\n\u{241b}[2Jtwo");
        editor.key(Key::Paste("x".repeat(LONGEST)));
        assert!(editor.text().len() <= LONGEST);
    }

    #[test]
    fn rows_break_before_the_edge_and_the_cursor_is_where_the_next_character_comes() {
        let mut editor = Editor::default();
        write(&mut editor, "abcd会");
        let rows = editor.rows(2, 6);
        assert_eq!(rows.rows, ["abcd", "会"]);
        assert_eq!((rows.row, rows.column), (1, 2));
        editor.key(Key::Left);
        let rows = editor.rows(2, 6);
        assert_eq!((rows.row, rows.column), (1, 0));
        editor.key(Key::Newline);
        let rows = editor.rows(2, 10);
        assert_eq!(rows.rows, ["abcd", "会"]);
        assert_eq!((rows.row, rows.column), (1, 0));
    }

    #[test]
    fn a_row_that_is_full_leaves_the_cursor_a_new_one() {
        let mut editor = Editor::default();
        write(&mut editor, "abcd");
        let rows = editor.rows(2, 6);
        assert_eq!((rows.rows.len(), rows.row, rows.column), (2, 1, 0));
    }
}
