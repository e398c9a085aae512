//! Reads a history line by line, in bounded memory, and names the line that can't be read.

use std::io::{self, BufRead, Read as _};

use super::history::Record;

/// The longest line read; an answer of a server is at most 256 KiB, and a record of it is shorter.
pub const MAX_LINE_BYTES: u64 = 4 << 20;

/// Says why a line of a history can't be used.
#[derive(Debug)]
pub enum LineError {
    /// The line is no record; the text says why.
    Malformed(String),
    /// The source failed; nothing follows.
    Io(io::Error),
}

impl std::fmt::Display for LineError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(why) => formatter.write_str(why),
            Self::Io(error) => write!(formatter, "failed to read the history: {error}"),
        }
    }
}

impl std::error::Error for LineError {}

/// Yields one item for each line of a history, in order, so that the n-th item is line n.
pub struct Reader<R> {
    source: R,
    line: Vec<u8>,
    ended: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads from any buffered source.
    pub fn new(source: R) -> Self {
        Self {
            source,
            line: Vec::new(),
            ended: false,
        }
    }

    fn read_line(&mut self) -> io::Result<usize> {
        self.line.clear();
        let mut limited = (&mut self.source).take(MAX_LINE_BYTES);
        limited.read_until(b'\n', &mut self.line)
    }

    fn skip_rest_of_line(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.source.fill_buf()?;
            if buffer.is_empty() {
                return Ok(());
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(buffer.len(), |end| end + 1);
            self.source.consume(length);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    fn too_long(&mut self) -> LineError {
        match self.skip_rest_of_line() {
            Ok(()) => {
                LineError::Malformed(format!("the line is longer than {MAX_LINE_BYTES} bytes"))
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: io::Error) -> LineError {
        self.ended = true;
        LineError::Io(error)
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.read_line() {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(self.fail(error))),
        }
        if !self.line.ends_with(b"\n") && self.line.len() as u64 >= MAX_LINE_BYTES {
            return Some(Err(self.too_long()));
        }
        let record = serde_json::from_slice(&self.line);
        Some(record.map_err(|error| LineError::Malformed(error.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::history::What;

    #[test]
    fn a_malformed_line_doesn_t_hide_the_next() {
        let text = b"{\"at\":1,\"what\":\"quiet\"}\n{\"at\":2}\n{\"at\":3,\"what\":\"quiet\"}";
        let items: Vec<_> = Reader::new(&text[..]).collect();
        assert_eq!(items.len(), 3);
        assert!(matches!(
            items[0],
            Ok(Record {
                at: 1,
                what: What::Quiet,
                ..
            })
        ));
        assert!(items[1].as_ref().unwrap_err().to_string().contains("what"));
        assert!(matches!(items[2], Ok(Record { at: 3, .. })));
    }

    #[test]
    fn a_misspelt_field_is_refused_since_it_would_make_a_check_empty() {
        let text =
            br#"{"at":1,"what":{"unread":{"chat":"c","epoch":1,"seq":1,"Count":1,"count":1}}}"#;
        let error = Reader::new(&text[..]).next().unwrap().unwrap_err();
        assert!(error.to_string().contains("Count"), "{error}");
    }

    #[test]
    fn a_line_that_never_ends_is_refused_in_bounded_memory_and_the_next_is_read() {
        let mut text = vec![b' '; MAX_LINE_BYTES as usize * 2 + 5];
        text.extend_from_slice(b"\n{\"at\":3,\"what\":\"quiet\"}\n");
        let mut reader = Reader::new(&text[..]);
        assert!(
            reader
                .next()
                .unwrap()
                .unwrap_err()
                .to_string()
                .contains("longer")
        );
        assert_eq!(reader.next().unwrap().unwrap().at, 3);
        assert!(reader.next().is_none());
        assert!(reader.line.capacity() <= MAX_LINE_BYTES as usize * 2);
    }
}
