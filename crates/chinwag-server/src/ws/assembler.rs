//! Bytes from a client to whole messages.
//!
//! Most messages come as one frame in one read: they are taken straight from the read
//! buffer. An [`Assembler`] exists only while a frame or a message is in pieces, and keeps
//! only the bytes of that message, however many fragments it comes in.

use bytes::Bytes;

use super::close::{Violation, decode_close};
use super::frame::{
    Header, MAX_CONTROL_BYTES, MAX_HEADER_BYTES, Opcode, decode_header, encode, unmask,
};
use super::limits::Limits;
use super::utf8::Utf8;

/// Something whole that came from a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Text(String),
    Binary(Vec<u8>),
    /// A ping, with the frame that answers it.
    Ping {
        pong: Bytes,
    },
    Pong,
    Close(Option<u16>),
}

/// Takes the next whole thing off the start of `input`, if it holds one, and tells how many
/// bytes are used up: all of them when there is nothing whole.
///
/// `assembler` is where pieces are kept; it is `None` again when nothing is in pieces.
pub(super) fn receive(
    assembler: &mut Option<Box<Assembler>>,
    input: &mut [u8],
    limits: &Limits,
) -> Result<(usize, Option<Received>), Violation> {
    if assembler.is_none() {
        if let Some((used, received)) = whole_frame(input, limits)? {
            return Ok((used, Some(received)));
        }
        if input.is_empty() {
            return Ok((0, None));
        }
    }
    let pieces = assembler.get_or_insert_default();
    let outcome = pieces.feed(input, limits)?;
    if pieces.is_empty() {
        *assembler = None;
    }
    Ok(outcome)
}

/// Reads a message that is one frame and lies wholly in `input`.
fn whole_frame(input: &mut [u8], limits: &Limits) -> Result<Option<(usize, Received)>, Violation> {
    let Some(header) = decode_header(input, limits.message_bytes)? else {
        return Ok(None);
    };
    if !header.fin || header.opcode == Opcode::Continuation {
        return Ok(None);
    }
    let end = header.header_bytes + header.payload_bytes;
    let Some(payload) = input.get_mut(header.header_bytes..end) else {
        return Ok(None);
    };
    unmask(payload, header.mask, 0);
    let received = match header.opcode {
        Opcode::Text => Received::Text(text(payload.to_vec())?),
        Opcode::Binary => Received::Binary(payload.to_vec()),
        control => whole_control(control, payload)?,
    };
    Ok(Some((end, received)))
}

fn whole_control(opcode: Opcode, payload: &[u8]) -> Result<Received, Violation> {
    Ok(match opcode {
        Opcode::Close => Received::Close(decode_close(payload)?),
        Opcode::Ping => Received::Ping {
            pong: encode(Opcode::Pong, payload),
        },
        _ => Received::Pong,
    })
}

fn text(bytes: Vec<u8>) -> Result<String, Violation> {
    String::from_utf8(bytes).map_err(|_| Violation::not_utf8())
}

/// A frame or message in pieces.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// The start of a header that isn't whole yet.
    head: [u8; MAX_HEADER_BYTES],
    head_bytes: usize,
    /// The frame whose payload is coming, and how much of it came.
    frame: Option<(Header, usize)>,
    /// The payload so far of a control frame, which may stand between two fragments.
    control: Vec<u8>,
    message: Option<Message>,
}

/// A data message of which not all came yet.
#[derive(Debug)]
struct Message {
    is_text: bool,
    fragments: u32,
    bytes: Vec<u8>,
    utf8: Utf8,
}

impl Assembler {
    fn is_empty(&self) -> bool {
        self.head_bytes == 0 && self.frame.is_none() && self.message.is_none()
    }

    fn feed(
        &mut self,
        input: &mut [u8],
        limits: &Limits,
    ) -> Result<(usize, Option<Received>), Violation> {
        let mut used = 0;
        loop {
            let (header, came) = match self.frame {
                Some(frame) => frame,
                None => {
                    used += self.take_header(&input[used..], limits)?;
                    match self.frame {
                        Some(frame) => frame,
                        None => return Ok((used, None)),
                    }
                }
            };
            let piece_bytes = (header.payload_bytes - came).min(input.len() - used);
            let piece = &mut input[used..used + piece_bytes];
            unmask(piece, header.mask, came);
            self.take_payload(header, piece)?;
            used += piece_bytes;
            if came + piece_bytes < header.payload_bytes {
                self.frame = Some((header, came + piece_bytes));
                return Ok((used, None));
            }
            self.frame = None;
            if let Some(received) = self.end_frame(header)? {
                return Ok((used, Some(received)));
            }
        }
    }

    /// Takes what is missing of a header; `self.frame` is set once it is whole.
    fn take_header(&mut self, input: &[u8], limits: &Limits) -> Result<usize, Violation> {
        let held = self.head_bytes;
        let copied = (MAX_HEADER_BYTES - held).min(input.len());
        self.head[held..held + copied].copy_from_slice(&input[..copied]);
        let assembled = self
            .message
            .as_ref()
            .map_or(0, |message| message.bytes.len());
        let room = limits.message_bytes.saturating_sub(assembled);
        let Some(header) = decode_header(&self.head[..held + copied], room)? else {
            self.head_bytes += copied;
            return Ok(copied);
        };
        self.head_bytes = 0;
        self.begin_frame(header, limits)?;
        Ok(header.header_bytes - held)
    }

    fn begin_frame(&mut self, header: Header, limits: &Limits) -> Result<(), Violation> {
        match (header.opcode, &mut self.message) {
            (Opcode::Continuation, None) => {
                return Err(Violation::protocol("continuation of nothing"));
            }
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::protocol("message within a message"));
            }
            (Opcode::Continuation, Some(message)) => {
                message.fragments += 1;
                if message.fragments > limits.fragments {
                    return Err(Violation::too_big("message in too many fragments"));
                }
            }
            (Opcode::Text | Opcode::Binary, message @ None) => {
                *message = Some(Message {
                    is_text: header.opcode == Opcode::Text,
                    fragments: 1,
                    bytes: Vec::new(),
                    utf8: Utf8::default(),
                });
            }
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {}
        }
        self.frame = Some((header, 0));
        Ok(())
    }

    fn take_payload(&mut self, header: Header, piece: &[u8]) -> Result<(), Violation> {
        if header.opcode.is_control() {
            debug_assert!(self.control.len() + piece.len() <= MAX_CONTROL_BYTES);
            self.control.extend_from_slice(piece);
            return Ok(());
        }
        let Some(message) = &mut self.message else {
            return Ok(());
        };
        if message.is_text && message.utf8.check(piece).is_err() {
            return Err(Violation::not_utf8());
        }
        message.bytes.extend_from_slice(piece);
        Ok(())
    }

    fn end_frame(&mut self, header: Header) -> Result<Option<Received>, Violation> {
        if header.opcode.is_control() {
            let payload = std::mem::take(&mut self.control);
            return whole_control(header.opcode, &payload).map(Some);
        }
        if !header.fin {
            return Ok(None);
        }
        let Some(message) = self.message.take() else {
            return Ok(None);
        };
        if !message.is_text {
            return Ok(Some(Received::Binary(message.bytes)));
        }
        if !message.utf8.is_whole() {
            return Err(Violation::not_utf8());
        }
        text(message.bytes).map(|text| Some(Received::Text(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::close::{NOT_UTF8, PROTOCOL_ERROR, TOO_BIG};

    const FIN: u8 = 0x80;

    /// A masked frame; `start` is its first byte.
    fn frame(start: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [0x37, 0xFA, 0x21, 0x3D];
        let mut frame = vec![start];
        if payload.len() < 126 {
            frame.push(0x80 | payload.len() as u8);
        } else {
            frame.push(0xFE);
            frame.extend((payload.len() as u16).to_be_bytes());
        }
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
        frame
    }

    /// Feeds the bytes in reads of `read_bytes`, and tells what came and what is kept.
    fn receive_all(
        bytes: &[u8],
        read_bytes: usize,
        limits: &Limits,
    ) -> (Result<Vec<Received>, Violation>, Option<Box<Assembler>>) {
        let mut assembler = None;
        let mut received = Vec::new();
        for read in bytes.chunks(read_bytes) {
            let mut read = read.to_vec();
            let mut input = &mut read[..];
            while !input.is_empty() {
                match receive(&mut assembler, input, limits) {
                    Ok((used, one)) => {
                        received.extend(one);
                        input = &mut input[used..];
                    }
                    Err(violation) => return (Err(violation), assembler),
                }
            }
        }
        (Ok(received), assembler)
    }

    fn refused(bytes: &[u8]) -> u16 {
        let limits = Limits::default();
        let codes = [1, 2, 7, bytes.len()].map(|read_bytes| {
            let (outcome, _) = receive_all(bytes, read_bytes, &limits);
            outcome.unwrap_err().code
        });
        assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
        codes[0]
    }

    #[test]
    fn any_cut_of_the_stream_gives_the_same_messages() {
        let long = "北".repeat(500);
        let stream = [
            frame(FIN | 1, b"one"),
            frame(1, "t\u{e9}".as_bytes()),
            frame(FIN | 9, b"are you there?"),
            frame(0, &"北".as_bytes()[..1]),
            frame(FIN | 10, b""),
            frame(FIN, &"北".as_bytes()[1..]),
            frame(FIN | 2, &[0xFF; 300]),
            frame(FIN | 1, long.as_bytes()),
            frame(FIN | 8, &[0x03, 0xE8]),
        ]
        .concat();
        for read_bytes in 1..=stream.len() {
            let (received, assembler) = receive_all(&stream, read_bytes, &Limits::default());
            let expected = vec![
                Received::Text("one".to_owned()),
                Received::Ping {
                    pong: encode(Opcode::Pong, b"are you there?"),
                },
                Received::Pong,
                Received::Text("té北".to_owned()),
                Received::Binary(vec![0xFF; 300]),
                Received::Text(long.clone()),
                Received::Close(Some(1000)),
            ];
            assert_eq!(received, Ok(expected), "reads of {read_bytes}");
            assert!(assembler.is_none(), "reads of {read_bytes}");
        }
    }

    #[test]
    fn a_continuation_of_nothing_is_a_protocol_error() {
        assert_eq!(refused(&frame(FIN, b"x")), PROTOCOL_ERROR);
        assert_eq!(refused(&frame(0, b"x")), PROTOCOL_ERROR);
    }

    #[test]
    fn a_message_within_a_message_is_a_protocol_error() {
        let stream = [frame(1, b"a"), frame(FIN | 1, b"b")].concat();
        assert_eq!(refused(&stream), PROTOCOL_ERROR);
    }

    #[test]
    fn bad_text_fails_before_its_frame_or_message_is_whole() {
        let bad = frame(1, b"ok\xC0never read");
        assert_eq!(refused(&bad[..9]), NOT_UTF8);
        let split = [frame(1, &[0xED]), frame(0, &[0xA0])].concat();
        assert_eq!(refused(&split), NOT_UTF8);
    }

    #[test]
    fn a_text_that_ends_within_a_character_fails() {
        assert_eq!(refused(&frame(FIN | 1, &[b'a', 0xC3])), NOT_UTF8);
        let split = [frame(1, &[0xC3]), frame(FIN, b"")].concat();
        assert_eq!(refused(&split), NOT_UTF8);
    }

    #[test]
    fn fragments_are_bounded_in_their_sum_by_what_they_declare() {
        let limits = Limits {
            message_bytes: 10,
            ..Limits::default()
        };
        let start = frame(1, b"123456");
        let (kept, _) = receive_all(&[start.clone(), frame(FIN, b"7890")].concat(), 3, &limits);
        assert_eq!(kept, Ok(vec![Received::Text("1234567890".to_owned())]));
        // The header alone is enough to refuse the second one.
        let over = [&start[..], &frame(FIN, b"78901")[..2]].concat();
        let (refused, _) = receive_all(&over, 3, &limits);
        assert_eq!(refused.unwrap_err().code, TOO_BIG);
    }

    #[test]
    fn a_full_message_still_lets_a_ping_through() {
        let limits = Limits {
            message_bytes: 3,
            ..Limits::default()
        };
        let stream = [frame(1, b"abc"), frame(FIN | 9, b"ping"), frame(FIN, b"")].concat();
        let (received, _) = receive_all(&stream, stream.len(), &limits);
        assert_eq!(received.unwrap().len(), 2);
    }

    #[test]
    fn one_byte_fragments_are_bounded_in_number_and_kept_as_one_buffer() {
        let limits = Limits {
            fragments: 100,
            ..Limits::default()
        };
        let mut stream = frame(1, b"x");
        for _ in 1..100 {
            stream.extend(frame(0, b"x"));
        }
        let (outcome, assembler) = receive_all(&stream, 16 * 1024, &limits);
        assert_eq!(outcome, Ok(vec![]));
        let message = assembler.unwrap().message.unwrap();
        assert_eq!(message.bytes.len(), 100);
        assert!(message.bytes.capacity() <= 256);

        stream.extend(frame(0, b""));
        let (outcome, _) = receive_all(&stream, 16 * 1024, &limits);
        assert_eq!(outcome.unwrap_err().code, TOO_BIG);
    }

    #[test]
    fn a_declared_length_allocates_nothing_before_its_bytes_come() {
        let start = [FIN | 2, 0xFE, 0xFF, 0xFF, 1, 2, 3, 4];
        let (_, assembler) = receive_all(&start, start.len(), &Limits::default());
        assert_eq!(assembler.unwrap().message.unwrap().bytes.capacity(), 0);
    }
}
