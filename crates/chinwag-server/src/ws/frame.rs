//! Frames on the wire (RFC 6455, 5.2): headers read piece by piece, frames to clients written.

use bytes::Bytes;

use super::close::Violation;

/// The longest header: two bytes, a length of eight, a mask of four.
pub(super) const MAX_HEADER_BYTES: usize = 14;

/// The longest payload of a control frame.
pub(super) const MAX_CONTROL_BYTES: usize = 125;

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A further piece of a message.
    Continuation,
    /// A text message, or its first piece.
    Text,
    /// A binary message, or its first piece.
    Binary,
    /// The closing handshake.
    Close,
    /// A question whether the peer is there.
    Ping,
    /// The answer to a ping.
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The header of a frame from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Whether this frame ends its message.
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    pub(super) payload_bytes: usize,
    /// How long the header itself was.
    pub(super) header_bytes: usize,
}

/// Reads the header at the start of `input`; `None` when it goes on beyond.
///
/// Refuses as soon as the bytes at hand show a breach, and a piece of a message above
/// `max_payload` by the length it declares, before anything is allocated for it.
pub(super) fn decode_header(input: &[u8], max_payload: usize) -> Result<Option<Header>, Violation> {
    let Some(&first) = input.first() else {
        return Ok(None);
    };
    if first & 0x70 != 0 {
        return Err(Violation::protocol("reserved bit set"));
    }
    let fin = first & 0x80 != 0;
    let Some(opcode) = Opcode::from_bits(first & 0x0F) else {
        return Err(Violation::protocol("unknown opcode"));
    };
    if opcode.is_control() && !fin {
        return Err(Violation::protocol("fragmented control frame"));
    }
    let Some(&second) = input.get(1) else {
        return Ok(None);
    };
    if second & 0x80 == 0 {
        return Err(Violation::protocol("frame without mask"));
    }
    let short_length = second & 0x7F;
    if opcode.is_control() && usize::from(short_length) > MAX_CONTROL_BYTES {
        return Err(Violation::protocol("control frame too long"));
    }
    let Some((length, after_length)) = decode_length(short_length, &input[2..])? else {
        return Ok(None);
    };
    if !opcode.is_control() && length > max_payload as u64 {
        return Err(Violation::too_big("message too big"));
    }
    let Some(mask) = after_length.first_chunk::<4>() else {
        return Ok(None);
    };
    Ok(Some(Header {
        fin,
        opcode,
        mask: *mask,
        // Not above 125 or `max_payload`, so it fits.
        payload_bytes: length as usize,
        header_bytes: input.len() - after_length.len() + mask.len(),
    }))
}

/// Reads the payload's length, which must take the fewest bytes that hold it, and tells it
/// with what follows it.
fn decode_length(short_length: u8, input: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    let (length, least, rest) = match short_length {
        126 => match input.split_first_chunk::<2>() {
            Some((bytes, rest)) => (u64::from(u16::from_be_bytes(*bytes)), 126, rest),
            None => return Ok(None),
        },
        127 => match input.split_first_chunk::<8>() {
            Some((bytes, rest)) => (u64::from_be_bytes(*bytes), 1 << 16, rest),
            None => return Ok(None),
        },
        short => (u64::from(short), 0, input),
    };
    if length >> 63 != 0 {
        return Err(Violation::protocol("length with its top bit set"));
    }
    if length < least {
        return Err(Violation::protocol("length in more bytes than it needs"));
    }
    Ok(Some((length, rest)))
}

/// Takes the mask off a piece of a payload that starts `offset` bytes into it.
pub(super) fn unmask(piece: &mut [u8], mask: [u8; 4], offset: usize) {
    let mut mask = mask;
    mask.rotate_left(offset % 4);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut words = piece.chunks_exact_mut(8);
    for word in &mut words {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(word);
        word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// Encodes one whole frame for a client: made once, it can be sent to any number of them.
pub fn encode(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(payload.len() + 10);
    frame.push(0x80 | opcode.bits());
    match payload.len() {
        length @ 0..126 => frame.push(length as u8),
        length @ 126..0x1_0000 => {
            frame.push(126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    Bytes::from(frame)
}

/// Encodes a text message for a client.
pub fn encode_text(text: &str) -> Bytes {
    encode(Opcode::Text, text.as_bytes())
}

/// Encodes a close frame; a reason above 123 bytes is cut between two characters.
pub fn encode_close(code: Option<u16>, reason: &str) -> Bytes {
    let Some(code) = code else {
        return encode(Opcode::Close, &[]);
    };
    let kept = &reason[..reason.floor_char_boundary(MAX_CONTROL_BYTES - 2)];
    encode(
        Opcode::Close,
        &[&code.to_be_bytes()[..], kept.as_bytes()].concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::close::{PROTOCOL_ERROR, TOO_BIG};

    const LIMIT: usize = 1 << 20;

    fn refused(input: &[u8]) -> u16 {
        decode_header(input, LIMIT).unwrap_err().code
    }

    #[test]
    fn a_header_is_read_once_its_last_byte_is_there() {
        let input = [0x81, 0xFE, 0x01, 0x00, 1, 2, 3, 4, b'x'];
        for cut in 0..8 {
            assert_eq!(decode_header(&input[..cut], LIMIT), Ok(None), "{cut}");
        }
        let header = Header {
            fin: true,
            opcode: Opcode::Text,
            mask: [1, 2, 3, 4],
            payload_bytes: 256,
            header_bytes: 8,
        };
        assert_eq!(decode_header(&input, LIMIT), Ok(Some(header)));
    }

    #[test]
    fn a_frame_without_mask_is_a_protocol_error() {
        assert_eq!(refused(&[0x81, 0x05]), PROTOCOL_ERROR);
    }

    #[test]
    fn reserved_bits_are_a_protocol_error() {
        for first in [0xC1, 0xA1, 0x91] {
            assert_eq!(refused(&[first]), PROTOCOL_ERROR);
        }
    }

    #[test]
    fn unknown_opcodes_are_a_protocol_error() {
        for opcode in (3..8).chain(11..16) {
            assert_eq!(refused(&[0x80 | opcode]), PROTOCOL_ERROR);
        }
    }

    #[test]
    fn control_frames_that_are_long_or_in_pieces_are_a_protocol_error() {
        assert_eq!(refused(&[0x09]), PROTOCOL_ERROR);
        assert_eq!(refused(&[0x89, 0xFE]), PROTOCOL_ERROR);
        assert_eq!(refused(&[0x88, 0xFF]), PROTOCOL_ERROR);
    }

    #[test]
    fn a_length_with_its_top_bit_set_is_a_protocol_error() {
        assert_eq!(
            refused(&[0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            PROTOCOL_ERROR
        );
    }

    #[test]
    fn a_length_in_more_bytes_than_it_needs_is_a_protocol_error() {
        assert_eq!(refused(&[0x81, 0xFE, 0, 125]), PROTOCOL_ERROR);
        assert_eq!(
            refused(&[0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
            PROTOCOL_ERROR
        );
    }

    #[test]
    fn a_declared_length_above_the_limit_is_refused_before_its_mask_is_there() {
        assert_eq!(refused(&[0x82, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0]), TOO_BIG);
        assert!(decode_header(&[0x82, 0xFE, 1, 0], 256).is_ok());
        assert!(decode_header(&[0x82, 0xFE, 1, 1], 256).is_err());
    }

    #[test]
    fn unmasking_is_the_same_in_one_piece_and_in_any_two() {
        let mask = [0x11, 0x22, 0x33, 0x44];
        let masked: Vec<u8> = (0..40_u8).map(|i| i ^ mask[usize::from(i) % 4]).collect();
        for cut in 0..=masked.len() {
            let mut payload = masked.clone();
            let (start, end) = payload.split_at_mut(cut);
            unmask(start, mask, 0);
            unmask(end, mask, cut);
            assert!(payload.iter().copied().eq(0..40));
        }
    }

    #[test]
    fn a_frame_says_its_length_in_the_fewest_bytes() {
        for (length, start) in [
            (125, &[0x82, 125][..]),
            (126, &[0x82, 126, 0, 126]),
            (65535, &[0x82, 126, 0xFF, 0xFF]),
            (65536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = encode(Opcode::Binary, &vec![7; length]);
            assert!(frame.starts_with(start));
            assert_eq!(frame.len(), start.len() + length);
        }
    }

    #[test]
    fn a_long_close_reason_is_cut_between_two_characters() {
        let frame = encode_close(Some(4008), &"é".repeat(100));
        assert_eq!(frame[..4], [0x88, 124, 0x0F, 0xA8]);
        assert_eq!(&frame[4..], "é".repeat(61).as_bytes());
    }
}
