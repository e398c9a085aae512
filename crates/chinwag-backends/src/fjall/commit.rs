//! What every commit carries, and what the queue's readers learn from it.

use chinwag_core::ports::{EngineResult, GroupSet, QueueGroup};
use chinwag_proto::Timestamp;

use super::{cells, error::undecodable};

/// How many groups read the queue.
pub(super) const GROUPS: usize = QueueGroup::ALL.len();

/// The numbers of one commit; written with its rows, so they are as whole as these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Commit {
    /// Counts commits, from 1.
    pub(super) number: u64,
    /// Events appended up to it, since ever.
    pub(super) events: u64,
    /// When it was made.
    pub(super) at: Timestamp,
    /// The queue's last position.
    pub(super) position: u64,
    /// The number of the commit before it in the journals.
    pub(super) after: u64,
    /// The lowest sequence number that fjall may give it.
    pub(super) seqno: u64,
    /// The first position of the queue that may still have a record: so none is looked for among those removed.
    pub(super) oldest: u64,
    /// Records of each group up to it, since ever.
    pub(super) written: [u64; GROUPS],
}

impl Commit {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let at = self.at.unix_millis().cast_unsigned();
        let [first, second, third, fourth] = self.written;
        cells::numbers([
            self.number,
            self.events,
            at,
            self.position,
            self.after,
            self.seqno,
            self.oldest,
            first,
            second,
            third,
            fourth,
        ])
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> EngineResult<Self> {
        let [
            number,
            events,
            at,
            position,
            after,
            seqno,
            oldest,
            first,
            second,
            third,
            fourth,
        ] = cells::read_numbers(bytes).ok_or_else(|| undecodable("commit"))?;
        Ok(Self {
            number,
            events,
            at: Timestamp::from_unix_millis(at.cast_signed()),
            position,
            after,
            seqno,
            oldest,
            written: [first, second, third, fourth],
        })
    }

    /// Takes the next position of the queue for a record of some groups.
    pub(super) fn next_position(&mut self, groups: GroupSet) -> u64 {
        self.position += 1;
        for (group, written) in QueueGroup::ALL.into_iter().zip(&mut self.written) {
            *written += u64::from(groups.contains(group));
        }
        self.position
    }

    /// Returns how many records of a group there are.
    pub(super) fn written(&self, group: QueueGroup) -> u64 {
        self.written[group as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_comes_back_as_it_was() {
        let mut commit = Commit {
            number: 7,
            events: 12,
            at: Timestamp::from_unix_millis(-5),
            position: 40,
            after: 6,
            seqno: 9,
            oldest: 30,
            written: [1, 2, 3, 4],
        };
        assert_eq!(
            commit.next_position(GroupSet::of(&[QueueGroup::Indexer])),
            41
        );
        assert_eq!(commit.written, [1, 3, 3, 4]);
        assert_eq!(Commit::from_bytes(&commit.to_bytes()).unwrap(), commit);
    }
}
