//! UTF-8 checked piece by piece, so that a bad text fails at its first bad byte.

use std::str;

/// Remembers the start of a character that a piece ended within.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    started: [u8; 4],
    length: usize,
}

/// The bytes cannot become UTF-8, whatever follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8;

impl Utf8 {
    /// Checks the next piece of the text.
    pub(super) fn check(&mut self, mut piece: &[u8]) -> Result<(), NotUtf8> {
        while self.length > 0 {
            let Some((&byte, rest)) = piece.split_first() else {
                return Ok(());
            };
            piece = rest;
            self.continue_character(byte)?;
        }
        let Err(error) = str::from_utf8(piece) else {
            return Ok(());
        };
        if error.error_len().is_some() {
            return Err(NotUtf8);
        }
        let tail = &piece[error.valid_up_to()..];
        self.started[..tail.len()].copy_from_slice(tail);
        self.length = tail.len();
        Ok(())
    }

    /// Tells whether the text may end here, between two characters.
    pub(super) fn is_whole(&self) -> bool {
        self.length == 0
    }

    fn continue_character(&mut self, byte: u8) -> Result<(), NotUtf8> {
        // An unfinished character has at most three bytes, so the fourth has its place.
        self.started[self.length] = byte;
        self.length += 1;
        match str::from_utf8(&self.started[..self.length]) {
            Ok(_) => self.length = 0,
            Err(error) if error.error_len().is_none() => {}
            Err(_) => return Err(NotUtf8),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_of_a_valid_text_is_valid() {
        let text = "aé北🙂\u{10FFFF}z".as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let mut utf8 = Utf8::default();
                for piece in [&text[..first], &text[first..second], &text[second..]] {
                    assert_eq!(utf8.check(piece), Ok(()));
                }
                assert!(utf8.is_whole());
            }
        }
    }

    #[test]
    fn it_fails_at_the_first_byte_that_cannot_be_right() {
        // An overlong form, a surrogate, one above U+10FFFF: each bad at its second byte.
        for bad in [[0xE0, 0x80], [0xED, 0xA0], [0xF4, 0x90]] {
            let mut utf8 = Utf8::default();
            assert_eq!(utf8.check(&bad[..1]), Ok(()));
            assert_eq!(utf8.check(&bad[1..]), Err(NotUtf8));
        }
        for bad in [0x80, 0xC0, 0xF5, 0xFF] {
            assert_eq!(Utf8::default().check(&[bad]), Err(NotUtf8));
        }
    }

    #[test]
    fn a_text_that_ends_within_a_character_is_not_whole() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.check(&"🙂".as_bytes()[..3]), Ok(()));
        assert!(!utf8.is_whole());
    }
}
