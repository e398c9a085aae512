//! How many messages of a chat a member hasn't read.

use chinwag_proto::{Problem, Seq};

use super::{Reads, access::View};
use crate::ports::{Order, ReadRange};

/// The bound up to which unread messages are counted one by one.
const COUNTED: u64 = 1_000;
/// The newest messages in which mentions are looked for where there are more than can be counted.
const CAPPED_MENTIONS: u64 = 200;
/// Rows read in one step.
const STEP: usize = 200;

/// A member's counts in one chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    /// Messages of others, not deleted, visible, after the read mark; a bound where `capped`.
    pub(super) unread: u64,
    /// Whether `unread` is a bound and `mentions` are those among the newest messages alone.
    pub(super) capped: bool,
    /// How many of them mention the member.
    pub(super) mentions: u64,
}

impl Reads {
    /// Counts what is unread after a place, given the number of messages up to the head and up to that place.
    ///
    /// Reads no row where there is nothing, and at most 1,000 rows else.
    pub(super) async fn unread(
        &self,
        view: &View,
        read: Seq,
        head_count: u64,
        read_count: u64,
    ) -> Result<Counts, Problem> {
        let bound = head_count.saturating_sub(read_count);
        if bound == 0 || read >= view.head || view.administers {
            return Ok(Counts::default());
        }
        if bound <= COUNTED {
            let (unread, mentions) = self.counted(view, read, COUNTED).await?;
            return Ok(Counts {
                unread,
                capped: false,
                mentions,
            });
        }
        let (_, mentions) = self.counted(view, read, CAPPED_MENTIONS).await?;
        Ok(Counts {
            unread: bound,
            capped: true,
            mentions,
        })
    }

    /// Counts the unread, and those that mention the member, among the newest `most` messages after a place.
    async fn counted(&self, view: &View, read: Seq, most: u64) -> Result<(u64, u64), Problem> {
        let (mut unread, mut mentions) = (0, 0);
        let mut left = usize::try_from(most).unwrap_or(usize::MAX);
        for (first, mut last) in view.runs(read.next(), view.head, Order::Falling) {
            while first <= last && left > 0 {
                let limit = left.min(STEP);
                let range = ReadRange {
                    from: first,
                    through: last,
                    limit,
                    order: Order::Falling,
                    messages_only: true,
                };
                let rows = self.ports.store.read(view.chat, range).await?;
                let messages = rows.iter().filter_map(|row| Some((row, row.message()?)));
                for (row, message) in messages {
                    // Deleted above the head that is told: the deletion is still to come, and takes it off then.
                    let deleted = message.deleted.is_some() && message.change_seq <= view.head;
                    let is_others = row.user != *view.user() && !row.is_imported();
                    if is_others && !deleted {
                        unread += 1;
                        mentions += u64::from(message.mentions.contains(view.user()));
                    }
                }
                left -= rows.len();
                match rows.last() {
                    Some(end) if rows.len() == limit => last = Seq(end.seq.0.saturating_sub(1)),
                    _ => break,
                }
            }
        }
        Ok((unread, mentions))
    }
}

#[cfg(test)]
mod tests;
