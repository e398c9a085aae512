//! What a message of a run says: who sent it, which of theirs it is, and when it was due.

use std::io::Write as _;

/// How every content begins, so that nothing else is taken for one.
const MARK: &[u8] = b"bench ";
/// What fills a content up to its length: words, since search and compression see them.
const WORDS: &[u8] =
    b"the quick brown fox jumps over the lazy dog and then has a cup of tea with the others ";

/// Tells one message from all others of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The sender's number, unique in the run.
    pub(super) sender: u32,
    /// Counts the sender's messages, from 1.
    pub(super) number: u32,
    /// When it was to be sent, nanoseconds of [`crate::clock::now`].
    pub(super) due: u64,
}

impl Stamp {
    /// Writes a content of `length` bytes, or a few more where the stamp itself needs them.
    pub(super) fn write(self, out: &mut Vec<u8>, length: usize) {
        self.write_with(out, "", length);
    }

    /// Writes the same with something more in it than the stamp, such as `word ` to be found.
    pub(super) fn write_with(self, out: &mut Vec<u8>, more: &str, length: usize) {
        let start = out.len();
        out.extend_from_slice(MARK);
        // Writing to a vector can't fail.
        let _ = write!(out, "{} {} {} {more}", self.sender, self.number, self.due);
        while out.len() - start < length {
            let missing = length - (out.len() - start);
            out.extend_from_slice(&WORDS[..missing.min(WORDS.len())]);
        }
    }

    /// Reads the stamp at the start of a content.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut rest = content.strip_prefix(MARK)?;
        let mut next = || {
            let (number, after) = read_number(rest)?;
            rest = after.strip_prefix(b" ")?;
            Some(number)
        };
        Some(Self {
            sender: u32::try_from(next()?).ok()?,
            number: u32::try_from(next()?).ok()?,
            due: next()?,
        })
    }
}

/// Reads the decimal number at the start, and returns what follows it.
pub(super) fn read_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    let mut value: u64 = 0;
    for digit in number {
        value = value
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    (digits > 0).then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_comes_back_from_a_content_of_the_length_wanted() {
        let stamp = Stamp {
            sender: 17,
            number: 4_000_000_000,
            due: u64::MAX,
        };
        for length in [128, 300, 1_000] {
            let mut content = b"before ".to_vec();
            stamp.write(&mut content, length);
            assert_eq!(content.len(), length + 7);
            assert_eq!(Stamp::read(&content[7..]), Some(stamp));
        }
    }

    #[test]
    fn what_is_no_stamp_is_none() {
        for content in [
            "",
            "hello",
            "bench ",
            "bench 1 2",
            "bench 1 2 x ",
            "bench 4294967296 1 1 ",
        ] {
            assert_eq!(Stamp::read(content.as_bytes()), None, "{content:?}");
        }
        assert_eq!(read_number(b"18446744073709551616"), None);
    }
}
