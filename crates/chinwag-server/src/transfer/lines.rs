//! Splits what comes in pieces into lines, and holds no more than one.

use bytes::{Buf as _, Bytes, BytesMut};

/// A longer line is refused: twenty reactions of ten thousand users each fit into it.
pub const MAX_LINE_BYTES: usize = 4 << 20;

/// A line, or that it was too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Split {
    Line(Bytes),
    TooLong,
}

/// Splits at line ends; holds at most one line.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// What is there of the line that has no end yet.
    begun: BytesMut,
    /// Whether what comes still belongs to a line that is too long.
    skipping: bool,
}

impl Splitter {
    /// Takes the next line out of a piece; nothing where its end is still to come.
    pub(super) fn next(&mut self, piece: &mut Bytes) -> Option<Split> {
        let Some(end) = piece.iter().position(|byte| *byte == b'\n') else {
            self.hold(piece);
            piece.clear();
            return None;
        };
        let mut last = piece.split_to(end);
        piece.advance(1);
        if self.skipping {
            self.skipping = false;
            return Some(Split::TooLong);
        }
        if self.begun.is_empty() && last.len() <= MAX_LINE_BYTES {
            return Some(Split::Line(last));
        }
        self.hold(&mut last);
        if std::mem::take(&mut self.skipping) {
            return Some(Split::TooLong);
        }
        Some(Split::Line(self.begun.split().freeze()))
    }

    /// Returns whether there is something of a line that has no end yet.
    pub(super) fn has_begun(&self) -> bool {
        self.skipping || !self.begun.is_empty()
    }

    fn hold(&mut self, piece: &mut Bytes) {
        if self.skipping {
            return;
        }
        if self.begun.len() + piece.len() > MAX_LINE_BYTES {
            self.begun = BytesMut::new();
            self.skipping = true;
            return;
        }
        self.begun.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<Split> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for piece in pieces {
            let mut piece = Bytes::copy_from_slice(piece);
            while let Some(line) = splitter.next(&mut piece) {
                lines.push(line);
            }
        }
        lines
    }

    fn line(text: &str) -> Split {
        Split::Line(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn lines_are_the_same_however_they_come_in_pieces() {
        let text = b"one\n\ntwo three\nfour\nfi";
        let wanted = [line("one"), line(""), line("two three"), line("four")];
        for size in 1..text.len() {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(split(&pieces), wanted, "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_one_refusal_and_is_not_held() {
        let long = vec![b'x'; MAX_LINE_BYTES + 1];
        let whole = [b"a\n", long.as_slice(), b"\nb\n"].concat();
        let wanted = [line("a"), Split::TooLong, line("b")];
        assert_eq!(split(&[&whole]), wanted);
        let pieces: Vec<&[u8]> = whole.chunks(100_000).collect();
        assert_eq!(split(&pieces), wanted);
        let mut splitter = Splitter::default();
        for piece in whole[2..].chunks(100_000).take(20) {
            splitter.next(&mut Bytes::copy_from_slice(piece));
            assert!(splitter.begun.len() <= MAX_LINE_BYTES);
        }
        let longest = [&long[1..], b"\n"].concat();
        assert_eq!(split(&[&longest]).len(), 1);
        assert_ne!(split(&[&longest]), [Split::TooLong]);
    }
}
