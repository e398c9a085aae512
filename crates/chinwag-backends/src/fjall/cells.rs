//! Values of rows. What can be written under different stamps begins with its stamp.

use chinwag_core::{
    model::{LogRow, NodeId, Term},
    ports::{EngineResult, GroupSet, Stamp},
};
use chinwag_proto::{ChatId, EventId, Seq};
use minicbor::{Decode, Encode};

use super::error::undecodable;

const STAMP_BYTES: usize = 12;
/// The log row's stamp is its own term and place: nearly all rows.
const OWN_STAMP: u8 = 0;
/// The log row was amended, and the amending event's stamp follows.
const AMENDED: u8 = 1;

fn put_stamp(bytes: &mut Vec<u8>, stamp: Stamp) {
    bytes.extend_from_slice(&stamp.term.0.to_be_bytes());
    bytes.extend_from_slice(&stamp.seq.0.to_be_bytes());
}

fn take_stamp(bytes: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, rest) = bytes.split_at_checked(STAMP_BYTES)?;
    let (term, seq) = stamp.split_at_checked(4)?;
    let stamp = Stamp {
        term: Term(u32::from_be_bytes(term.try_into().ok()?)),
        seq: Seq(u64::from_be_bytes(seq.try_into().ok()?)),
    };
    Some((stamp, rest))
}

/// Writes a value under a stamp.
pub(super) fn stamped<T: Encode<()>>(stamp: Stamp, value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    put_stamp(&mut bytes, stamp);
    encode_into(&mut bytes, value);
    bytes
}

/// Reads the stamp of a value.
pub(super) fn stamp_of(bytes: &[u8]) -> EngineResult<Stamp> {
    take_stamp(bytes)
        .map(|(stamp, _)| stamp)
        .ok_or_else(|| undecodable("stamp"))
}

/// Reads a value under a stamp.
pub(super) fn unstamped<'b, T: Decode<'b, ()>>(
    bytes: &'b [u8],
    what: &'static str,
) -> EngineResult<T> {
    let (_, value) = take_stamp(bytes).ok_or_else(|| undecodable(what))?;
    plain(value, what)
}

/// Writes a value that has no stamp.
pub(super) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    encode_into(&mut bytes, value);
    bytes
}

fn encode_into<T: Encode<()>>(bytes: &mut Vec<u8>, value: &T) {
    minicbor::encode(value, bytes).expect("writing to memory can't fail");
}

/// Reads a value that has no stamp.
pub(super) fn plain<'b, T: Decode<'b, ()>>(bytes: &'b [u8], what: &'static str) -> EngineResult<T> {
    minicbor::decode(bytes).map_err(|_| undecodable(what))
}

/// Writes an event, under its own stamp or that of the event that amended it.
pub(super) fn log(row: &LogRow, amended_by: Option<Stamp>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    match amended_by {
        None => bytes.push(OWN_STAMP),
        Some(stamp) => {
            bytes.push(AMENDED);
            put_stamp(&mut bytes, stamp);
        }
    }
    encode_into(&mut bytes, row);
    bytes
}

/// Reads an event.
pub(super) fn log_row(bytes: &[u8]) -> EngineResult<LogRow> {
    log_parts(bytes).map(|(_, row)| row)
}

/// Reads an event and the stamp under which it was last written.
pub(super) fn log_parts(bytes: &[u8]) -> EngineResult<(Stamp, LogRow)> {
    let damaged = || undecodable("log row");
    let (amended_by, cell) = match bytes.split_first().ok_or_else(damaged)? {
        (&OWN_STAMP, cell) => (None, cell),
        (&AMENDED, rest) => {
            let (stamp, cell) = take_stamp(rest).ok_or_else(damaged)?;
            (Some(stamp), cell)
        }
        _ => return Err(damaged()),
    };
    let row: LogRow = plain(cell, "log row")?;
    let own = Stamp {
        term: row.term,
        seq: row.seq,
    };
    Ok((amended_by.unwrap_or(own), row))
}

/// Writes numbers, eight bytes each.
pub(super) fn numbers<const N: usize>(numbers: [u64; N]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}

/// Reads numbers, eight bytes each.
pub(super) fn read_numbers<const N: usize>(bytes: &[u8]) -> Option<[u64; N]> {
    if bytes.len() != N * 8 {
        return None;
    }
    let mut numbers = [0; N];
    for (number, bytes) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
        *number = u64::from_be_bytes(bytes.try_into().ok()?);
    }
    Some(numbers)
}

/// Writes where an event is.
pub(super) fn place(chat: ChatId, seq: Seq) -> Vec<u8> {
    numbers([chat.0, seq.0])
}

/// Reads where an event is.
pub(super) fn read_place(bytes: &[u8]) -> EngineResult<(ChatId, Seq)> {
    let [chat, seq] = read_numbers(bytes).ok_or_else(|| undecodable("place"))?;
    Ok((ChatId(chat), Seq(seq)))
}

/// Writes what became of a request.
pub(super) fn sent(seq: Seq, id: EventId) -> Vec<u8> {
    numbers([seq.0, id.0])
}

/// Reads what became of a request.
pub(super) fn read_sent(bytes: &[u8]) -> EngineResult<(Seq, EventId)> {
    let [seq, id] = read_numbers(bytes).ok_or_else(|| undecodable("sent row"))?;
    Ok((Seq(seq), EventId(id)))
}

/// Writes a number.
pub(super) fn number(number: u64) -> Vec<u8> {
    numbers([number])
}

/// Reads a number.
pub(super) fn read_number(bytes: &[u8]) -> EngineResult<u64> {
    let [number] = read_numbers(bytes).ok_or_else(|| undecodable("number"))?;
    Ok(number)
}

/// Writes a record of the queue.
pub(super) fn record(chat: ChatId, seq: Seq, groups: GroupSet) -> Vec<u8> {
    let mut bytes = numbers([chat.0, seq.0]);
    bytes.push(groups.bits());
    bytes
}

/// Reads a record of the queue.
pub(super) fn read_record(bytes: &[u8]) -> EngineResult<(ChatId, Seq, GroupSet)> {
    let (groups, place) = bytes
        .split_last()
        .ok_or_else(|| undecodable("queue record"))?;
    let (chat, seq) = read_place(place)?;
    Ok((chat, seq, GroupSet::from_bits(*groups)))
}

/// How far a group of the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Acked {
    /// The last position acknowledged.
    pub(super) position: u64,
    /// How many records of the group lie up to there, since ever.
    pub(super) count: u64,
}

impl Acked {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        numbers([self.position, self.count])
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> EngineResult<Self> {
        let [position, count] = read_numbers(bytes).ok_or_else(|| undecodable("queue position"))?;
        Ok(Self { position, count })
    }
}

/// Writes who owns a shard.
pub(super) fn shard(owner: NodeId, term: Term) -> Vec<u8> {
    numbers([u64::from(owner.0), u64::from(term.0)])
}

/// Reads who owns a shard.
pub(super) fn read_shard(bytes: &[u8]) -> EngineResult<(NodeId, Term)> {
    let read = || {
        let [owner, term] = read_numbers(bytes)?;
        Some((NodeId(owner.try_into().ok()?), Term(term.try_into().ok()?)))
    };
    read().ok_or_else(|| undecodable("shard"))
}
