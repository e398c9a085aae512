//! WebSocket frames as a client writes and reads them, on raw bytes.

/// The longest header of a frame that a server sends.
const LONG: u64 = u16::MAX as u64;
/// No answer of a server is larger; what says that it is isn't a frame.
const LARGEST: u64 = 1024 * 1024;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Text,
    Close,
    Ping,
    Pong,
}

/// A whole frame at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) opcode: Opcode,
    pub(super) payload: &'a [u8],
    /// How many bytes it takes.
    pub(super) bytes: usize,
}

/// Reads the frame at the start; none where it isn't whole.
///
/// The protocol's servers send each message as one frame of text: anything else is told as what it is.
pub(super) fn read(input: &[u8]) -> Result<Option<Frame<'_>>, &'static str> {
    let &[first, second, ref rest @ ..] = input else {
        return Ok(None);
    };
    let opcode = match first {
        0x81 => Opcode::Text,
        0x88 => Opcode::Close,
        0x89 => Opcode::Ping,
        0x8A => Opcode::Pong,
        _ => return Err("a frame that is neither whole text nor control"),
    };
    let (length, header) = match second {
        0..126 => (u64::from(second), 2),
        126 => match rest.first_chunk::<2>() {
            Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(length) => (u64::from_be_bytes(*length), 10),
            None => return Ok(None),
        },
        _ => return Err("a frame of a server that is masked"),
    };
    if length > LARGEST {
        return Err("a frame larger than any answer may be");
    }
    let bytes = header + usize::try_from(length).unwrap_or(usize::MAX);
    Ok(input.get(header..bytes).map(|payload| Frame {
        opcode,
        payload,
        bytes,
    }))
}

/// Writes a frame as a client does, masked.
pub(super) fn write(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], mask: [u8; 4]) {
    out.push(match opcode {
        Opcode::Text => 0x81,
        Opcode::Close => 0x88,
        Opcode::Ping => 0x89,
        Opcode::Pong => 0x8A,
    });
    let length = payload.len() as u64;
    match length {
        0..126 => out.push(0x80 | length as u8),
        126..=LONG => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&length.to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    let start = out.len();
    out.extend_from_slice(payload);
    for piece in out[start..].chunks_mut(4) {
        for (byte, key) in piece.iter_mut().zip(mask) {
            *byte ^= key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the mask off what [`write`] wrote, as the server does.
    fn unmasked(masked: &[u8], header: usize) -> Vec<u8> {
        let (head, rest) = masked.split_at(header);
        let (mask, payload) = rest.split_at(4);
        let mut frame = head.to_vec();
        frame[1] &= 0x7F;
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
        frame
    }

    #[test]
    fn what_was_written_is_read_once_it_is_whole() {
        for (length, header) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let mut masked = Vec::new();
            write(&mut masked, Opcode::Text, &payload, [1, 2, 3, 4]);
            let mut frame = unmasked(&masked, header);
            let bytes = frame.len();
            for cut in [0, 1, header - 1, bytes - 1] {
                assert_eq!(read(&frame[..cut]), Ok(None));
            }
            frame.push(0x81);
            let read = read(&frame).unwrap().unwrap();
            assert_eq!((read.opcode, read.bytes), (Opcode::Text, bytes));
            assert_eq!(read.payload, payload);
        }
    }

    #[test]
    fn what_no_server_of_the_protocol_sends_is_refused() {
        for bytes in [&[0x01, 0][..], &[0x82, 0], &[0x81, 0x80], &[0xC1, 0]] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
        let huge = [&[0x81, 127][..], &u64::MAX.to_be_bytes()].concat();
        assert!(read(&huge).is_err());
    }
}
