//! From the bytes that a terminal sends to keys.

/// A key, or what several do together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character to insert.
    Character(char),
    /// A text to insert as it is, pasted between brackets.
    Paste(String),
    /// Enter.
    Enter,
    /// Alt-Enter: a line break within the text.
    Newline,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Left.
    Left,
    /// Right.
    Right,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Home, Ctrl-A.
    Home,
    /// End, Ctrl-E.
    End,
    /// Alt-B, Ctrl-Left.
    WordLeft,
    /// Alt-F, Ctrl-Right.
    WordRight,
    /// Ctrl-W, Alt-Backspace.
    CutWord,
    /// Ctrl-U.
    CutBefore,
    /// Ctrl-K.
    CutAfter,
    /// Ctrl-Y.
    PutBack,
    /// Page Up.
    PageUp,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
    /// Ctrl-L.
    Redraw,
    /// Ctrl-Z.
    Suspend,
}

const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// No escape sequence of a key is longer; what is longer is dropped.
const LONGEST_SEQUENCE: usize = 32;

/// Reads keys out of bytes that come in any pieces.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pending: Vec<u8>,
}

/// What the beginning of the bytes is.
enum Read {
    /// A key, or nothing worth one, and how many bytes it took.
    Key(Option<Key>, usize),
    /// Not all of it has come.
    Unfinished,
}

impl Keys {
    /// Takes bytes and returns the keys that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while let Read::Key(key, taken) = read(&self.pending) {
            keys.extend(key);
            self.pending.drain(..taken);
        }
        keys
    }
}

fn read(bytes: &[u8]) -> Read {
    let Some(first) = bytes.first() else {
        return Read::Unfinished;
    };
    match first {
        0x1b => escaped(bytes),
        0x00..=0x1f | 0x7f => Read::Key(control(*first), 1),
        _ => character(bytes),
    }
}

fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x7f | 0x08 => Key::Backspace,
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x03 => Key::Interrupt,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x0b => Key::CutAfter,
        0x0c => Key::Redraw,
        0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::CutBefore,
        0x17 => Key::CutWord,
        0x19 => Key::PutBack,
        0x1a => Key::Suspend,
        _ => return None,
    })
}

fn character(bytes: &[u8]) -> Read {
    let end = bytes.len().min(4);
    let text = match std::str::from_utf8(&bytes[..end]) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) => {
            return match error.error_len() {
                Some(wrong) => Read::Key(None, wrong),
                None => Read::Unfinished,
            };
        }
    };
    match text.chars().next() {
        // C1 control characters come by no key.
        Some(character) if character.is_control() => Read::Key(None, character.len_utf8()),
        Some(character) => Read::Key(Some(Key::Character(character)), character.len_utf8()),
        None => Read::Unfinished,
    }
}

/// Reads what begins with an escape character. One that stands alone waits for what follows: `Esc b` is Alt-B.
fn escaped(bytes: &[u8]) -> Read {
    match bytes.get(1) {
        None => Read::Unfinished,
        Some(b'[') => sequence(bytes),
        Some(b'O') => match bytes.get(2) {
            None => Read::Unfinished,
            Some(last) => Read::Key(arrow(*last, b""), 3),
        },
        Some(0x1b) => Read::Key(None, 1),
        Some(other) => {
            let key = match other {
                b'b' => Some(Key::WordLeft),
                b'f' => Some(Key::WordRight),
                b'\r' | b'\n' => Some(Key::Newline),
                0x7f | 0x08 => Some(Key::CutWord),
                _ => None,
            };
            Read::Key(key, 2)
        }
    }
}

fn sequence(bytes: &[u8]) -> Read {
    if bytes.starts_with(PASTE_BEGINS) {
        return paste(bytes);
    }
    // CSI: parameters, then one byte from @ to ~ that ends it.
    let parameters = &bytes[2..];
    let Some(end) = parameters
        .iter()
        .position(|byte| (0x40..=0x7e).contains(byte))
    else {
        return match bytes.len() {
            0..LONGEST_SEQUENCE => Read::Unfinished,
            length => Read::Key(None, length),
        };
    };
    let (parameters, last) = (&parameters[..end], parameters[end]);
    let key = match (last, parameters) {
        (b'~', b"1" | b"7") => Some(Key::Home),
        (b'~', b"4" | b"8") => Some(Key::End),
        (b'~', b"3") => Some(Key::Delete),
        (b'~', b"5") => Some(Key::PageUp),
        _ => arrow(last, parameters),
    };
    Read::Key(key, end + 3)
}

fn arrow(last: u8, parameters: &[u8]) -> Option<Key> {
    // 1;5 and 1;3: with Ctrl, with Alt.
    let by_word = matches!(parameters, b"1;5" | b"1;3" | b"5" | b"3");
    Some(match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' if by_word => Key::WordRight,
        b'D' if by_word => Key::WordLeft,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        _ => return None,
    })
}

fn paste(bytes: &[u8]) -> Read {
    let body = &bytes[PASTE_BEGINS.len()..];
    let end = body
        .windows(PASTE_ENDS.len())
        .position(|window| window == PASTE_ENDS);
    match end {
        None => Read::Unfinished,
        Some(end) => {
            let text = String::from_utf8_lossy(&body[..end]).into_owned();
            Read::Key(
                Some(Key::Paste(text)),
                PASTE_BEGINS.len() + end + PASTE_ENDS.len(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        Keys::default().feed(bytes)
    }

    #[test]
    fn characters_of_any_script_come_whole_however_their_bytes_are_cut() {
        let text = "aé会🎉";
        let expected: Vec<Key> = text.chars().map(Key::Character).collect();
        assert_eq!(keys(text.as_bytes()), expected);
        let mut one_by_one = Keys::default();
        let cut: Vec<Key> = text
            .bytes()
            .flat_map(|byte| one_by_one.feed(&[byte]))
            .collect();
        assert_eq!(cut, expected);
    }

    #[test]
    fn keys_are_known_in_the_ways_that_terminals_write_them() {
        for (bytes, key) in [
            (&b"\x1b[A"[..], Key::Up),
            (b"\x1bOA", Key::Up),
            (b"\x1b[1;5D", Key::WordLeft),
            (b"\x1bb", Key::WordLeft),
            (b"\x1b[H", Key::Home),
            (b"\x1b[1~", Key::Home),
            (b"\x1b[3~", Key::Delete),
            (b"\x1b[5~", Key::PageUp),
            (b"\x1b\r", Key::Newline),
            (b"\x1b\x7f", Key::CutWord),
            (b"\r", Key::Enter),
            (b"\x03", Key::Interrupt),
        ] {
            assert_eq!(keys(bytes), [key], "{bytes:?}");
        }
        assert_eq!(keys(b"\x1b[99;99ux"), [Key::Character('x')]);
    }

    #[test]
    fn what_is_pasted_is_text_whatever_it_holds() {
        assert_eq!(
            keys(b"\x1b[200~one\r\x1b[Atwo\x03\x1b[201~x"),
            [Key::Paste("one\r\x1b[Atwo\x03".into()), Key::Character('x')]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_stop_it_and_no_key_is_a_control_character(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut read = Keys::default();
            for key in bytes.chunks(3).flat_map(|some| read.feed(some)) {
                if let Key::Character(character) = key {
                    prop_assert!(!character.is_control());
                }
            }
        }
    }
}
