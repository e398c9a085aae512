//! One group's writes on their way into one batch, and who wins where two write the same row.

use std::collections::HashSet;

use ::fjall::{Database, Keyspace, OwnedWriteBatch, PersistMode, Slice};
use chinwag_core::ports::{EngineResult, GroupSet, Stamp};
use chinwag_proto::{ChatId, EventId, Seq, Timestamp};

use super::{
    cells,
    commit::Commit,
    error::write_failed,
    heights::Heights,
    keys::{self, Key, Kind},
    view::{Rows, View},
};

/// The writes of one group.
///
/// Reads go to what is committed; where a row was written in this batch already, what there is of the batch is
/// committed first, so that a read always shows the last write.
pub(super) struct Batch {
    database: Database,
    rows: Keyspace,
    view: View,
    writes: OwnedWriteBatch,
    /// Keys in `writes` that later requests of the group may read.
    readable: HashSet<Key>,
    heights: Heights,
    commit: Commit,
    /// The last commit in the journals: after a start on tables that hold more than the journals do, it is not the
    /// last one that there is.
    journalled: u64,
    /// Groups that read the queue; the others get no records.
    groups: GroupSet,
    /// Whether something was committed since the last sync.
    unsynced: bool,
}

/// One event with its rows, encoded by who appends it, so that the one writing thread has less to do.
pub(super) struct EncodedAppend {
    pub(super) chat: ChatId,
    pub(super) stamp: Stamp,
    pub(super) event: EventId,
    /// The event's own rows.
    pub(super) log: (Key, Slice),
    pub(super) id: (Key, Slice),
    pub(super) sent: Option<(Key, Slice)>,
    /// What follows from it.
    pub(super) follows: Vec<EncodedFollow>,
    pub(super) groups: GroupSet,
}

/// A row that follows from an event.
pub(super) enum EncodedFollow {
    /// A row whose value begins with its stamp.
    Stamped(Key, Vec<u8>),
    /// A row that says only that there is one.
    Index(Key),
    /// Another event's row, amended.
    Amend(Key, Vec<u8>),
    /// A row of a message, unless the message was forgotten under a higher stamp.
    OfMessage {
        message: Seq,
        key: Key,
        value: Vec<u8>,
    },
    /// A message's versions and reactions go.
    Forget { message: Seq },
}

impl Batch {
    pub(super) fn new(
        database: Database,
        rows: Keyspace,
        commit: Commit,
        journalled: u64,
        groups: GroupSet,
    ) -> Self {
        Self {
            view: View::live(rows.clone()),
            writes: database.batch(),
            readable: HashSet::new(),
            heights: Heights::default(),
            database,
            rows,
            commit,
            journalled,
            groups,
            unsynced: false,
        }
    }

    /// Reads a row as it is after all that was written before.
    pub(super) fn get(&mut self, key: &Key) -> EngineResult<Option<Slice>> {
        if self.readable.contains(key) {
            self.settle()?;
        }
        self.view.get(key)
    }

    /// Reads rows as they are after all that was written before.
    pub(super) fn prefix(&mut self, prefix: &Key) -> EngineResult<Rows> {
        self.settle()?;
        Ok(self.view.prefix(prefix))
    }

    /// Reads rows after one of them, as they are after all that was written before.
    pub(super) fn prefix_after(&mut self, prefix: &Key, after: Option<Key>) -> EngineResult<Rows> {
        self.settle()?;
        Ok(self.view.prefix_after(prefix, after))
    }

    /// Writes a row.
    pub(super) fn put(&mut self, key: Key, value: Vec<u8>) {
        self.writes.insert(&self.rows, key.as_slice(), value);
        self.readable.insert(key);
    }

    /// Removes a row.
    pub(super) fn remove(&mut self, key: Key) {
        self.writes.remove(&self.rows, key.as_slice());
        self.readable.insert(key);
    }

    /// Writes a value that begins with its stamp, unless there is one under a higher stamp.
    pub(super) fn put_stamped(&mut self, key: Key, value: Vec<u8>) -> EngineResult<()> {
        let lower = match self.get(&key)? {
            Some(there) => cells::stamp_of(&there)? > cells::stamp_of(&value)?,
            None => false,
        };
        if !lower {
            self.put(key, value);
        }
        Ok(())
    }

    /// Writes an event and what follows from it.
    pub(super) fn append(&mut self, append: EncodedAppend) -> EngineResult<()> {
        let is_new = match self.heights.get(append.chat) {
            Some(highest) => append.stamp.seq > highest.seq && append.stamp.term >= highest.term,
            None => self.is_above_stored(append.chat, append.stamp)?,
        };
        self.heights.raise(append.chat, append.stamp);
        self.commit.events += 1;
        if is_new {
            self.append_new(append)
        } else {
            self.append_late(append)
        }
    }

    /// Returns whether an event is above all that a chat has that was not written lately, so that nothing of it is in
    /// this batch. Looks at single places: a log has no holes but in a tail that nobody confirmed, and a scan for the
    /// highest place costs ten times as much.
    fn is_above_stored(&self, chat: ChatId, stamp: Stamp) -> EngineResult<bool> {
        let is_taken = |seq| Ok(self.view.get(&keys::log(chat, seq))?.is_some());
        if is_taken(stamp.seq)? {
            return Ok(false);
        }
        if stamp.seq <= Seq(1) {
            return Ok(true);
        }
        let before = self.view.log_row(chat, Seq(stamp.seq.0 - 1))?;
        Ok(!is_taken(stamp.seq.next())? && before.is_none_or(|row| row.term <= stamp.term))
    }

    /// Writes an event above all that its chat has: whatever it writes wins.
    fn append_new(&mut self, append: EncodedAppend) -> EngineResult<()> {
        for follow in append.follows {
            match follow {
                EncodedFollow::Index(key) => self.put(key, Vec::new()),
                EncodedFollow::Stamped(key, value)
                | EncodedFollow::Amend(key, value)
                | EncodedFollow::OfMessage { key, value, .. } => self.put(key, value),
                EncodedFollow::Forget { message } => {
                    self.forget(append.chat, message, append.stamp)?;
                }
            }
        }
        self.write_event(append.log, append.id, append.sent);
        self.queue(append.chat, append.stamp.seq, append.groups);
        Ok(())
    }

    /// Writes an event again, or late: each row only where none stands under a higher stamp (rule S3).
    fn append_late(&mut self, append: EncodedAppend) -> EngineResult<()> {
        self.settle()?;
        let there = match self.view.get(&append.log.0)? {
            Some(cell) => Some(cells::log_parts(&cell)?),
            None => None,
        };
        if let Some((stamp, row)) = there {
            let is_there = row.term == append.stamp.term && row.id == append.event;
            // Appends are atomic, so all of this one is there, or was overwritten since by what came after it; and
            // where another event has the place under a higher stamp, nothing follows from one that isn't there.
            if is_there || stamp > append.stamp {
                return Ok(());
            }
        }
        for follow in append.follows {
            match follow {
                EncodedFollow::Index(key) => self.put(key, Vec::new()),
                EncodedFollow::Stamped(key, value) => self.put_stamped(key, value)?,
                EncodedFollow::Amend(key, value) => self.amend_late(key, value, append.stamp)?,
                EncodedFollow::OfMessage {
                    message,
                    key,
                    value,
                } => {
                    let forgotten = keys::of_message(Kind::Reaction, append.chat, message);
                    let lower = match self.get(&forgotten)? {
                        Some(stamp) => cells::stamp_of(&stamp)? > append.stamp,
                        None => false,
                    };
                    if !lower {
                        self.put_stamped(key, value)?;
                    }
                }
                EncodedFollow::Forget { message } => {
                    self.forget(append.chat, message, append.stamp)?;
                }
            }
        }
        let sent = match append.sent {
            Some((key, _)) if self.is_sent_higher(append.chat, &key, append.stamp)? => None,
            sent => sent,
        };
        self.write_event(append.log, append.id, sent);
        self.queue(append.chat, append.stamp.seq, append.groups);
        // What comes next may read these rows, and they are not in `readable`.
        self.settle()
    }

    /// Returns whether a request is known as one of an event under a higher stamp.
    fn is_sent_higher(&self, chat: ChatId, key: &Key, stamp: Stamp) -> EngineResult<bool> {
        let Some(sent) = self.view.get(key)? else {
            return Ok(false);
        };
        let (seq, id) = cells::read_sent(&sent)?;
        let event = self.view.log_row(chat, seq)?;
        Ok(event.is_some_and(|row| {
            let own = Stamp {
                term: row.term,
                seq,
            };
            row.id == id && own > stamp
        }))
    }

    /// Writes an event's row unless it stands there under a higher stamp.
    pub(super) fn amend_late(
        &mut self,
        key: Key,
        value: Vec<u8>,
        stamp: Stamp,
    ) -> EngineResult<()> {
        let lower = match self.get(&key)? {
            Some(there) => cells::log_parts(&there)?.0 > stamp,
            None => false,
        };
        if !lower {
            self.put(key, value);
        }
        Ok(())
    }

    /// Writes the event's own rows, the log's last: a reader meets a batch's rows one by one while it is applied, and
    /// who sees an event finds it by its id and by its request.
    fn write_event(&mut self, log: (Key, Slice), id: (Key, Slice), sent: Option<(Key, Slice)>) {
        for (key, value) in [sent, Some(id), Some(log)].into_iter().flatten() {
            self.writes.insert(&self.rows, key.as_slice(), value);
        }
    }

    fn queue(&mut self, chat: ChatId, seq: Seq, groups: GroupSet) {
        let groups = GroupSet::from_bits(groups.bits() & self.groups.bits());
        if groups.is_empty() {
            return;
        }
        let position = self.commit.next_position(groups);
        let record = cells::record(chat, seq, groups);
        self.writes
            .insert(&self.rows, keys::queue(position).as_slice(), record);
    }

    /// Removes a message's versions and reactions, and leaves the stamp below which none comes back.
    fn forget(&mut self, chat: ChatId, message: Seq, stamp: Stamp) -> EngineResult<()> {
        for kind in [Kind::Version, Kind::Reaction] {
            for row in self.prefix(&keys::of_message(kind, chat, message))? {
                let (key, _) = row?;
                self.writes.remove(&self.rows, key);
            }
        }
        let mark = keys::of_message(Kind::Reaction, chat, message);
        self.put(mark, cells::stamped(stamp, &()));
        Ok(())
    }

    /// Forgets what is remembered of a chat whose rows are removed.
    pub(super) fn forget_height(&mut self, chat: ChatId) {
        self.heights.forget(chat);
    }

    /// Removes records of the queue up to a position, or all, a bounded number at a time.
    pub(super) fn trim_queue(&mut self, through: u64) {
        let oldest = self.commit.oldest.max(1);
        let end = through
            .min(self.commit.position)
            .min(oldest.saturating_add(TRIM_AT_ONCE - 1));
        for position in oldest..=end {
            self.writes
                .remove(&self.rows, keys::queue(position).as_slice());
        }
        self.commit.oldest = oldest.max(end + 1);
    }

    /// Returns whether what waits should be committed before more is added.
    pub(super) fn is_large(&self) -> bool {
        self.writes.len() >= LARGE
    }

    /// Stamps what is committed from now on.
    pub(super) fn begin(&mut self, at: Timestamp) {
        self.commit.at = at;
    }

    /// Commits what there is so far; it becomes durable with the next sync.
    pub(super) fn settle(&mut self) -> EngineResult<()> {
        if self.writes.is_empty() {
            return Ok(());
        }
        self.write(PersistMode::Buffer)?;
        self.unsynced = true;
        Ok(())
    }

    /// Commits, and returns the numbers of the commit once all is durable.
    pub(super) fn sync(&mut self) -> EngineResult<Commit> {
        if self.unsynced || !self.writes.is_empty() {
            self.write(PersistMode::SyncData)?;
            self.unsynced = false;
        }
        Ok(self.commit)
    }

    fn write(&mut self, mode: PersistMode) -> EngineResult<()> {
        self.commit.after = self.journalled;
        self.commit.number += 1;
        self.journalled = self.commit.number;
        self.commit.seqno = self.database.seqno();
        let fresh = self.database.batch();
        let mut writes = std::mem::replace(&mut self.writes, fresh);
        writes.insert(
            &self.rows,
            keys::commit().as_slice(),
            self.commit.to_bytes(),
        );
        self.readable.clear();
        // Synced before the rows are shown: what a reader sees is durable.
        writes
            .durability(Some(mode))
            .commit()
            .map_err(|error| write_failed(&error))
    }
}

/// How many records one acknowledgement removes at most; at least what one brings, or the queue would grow.
const TRIM_AT_ONCE: u64 = 4_096;
/// From how many rows on a long change is committed in parts.
const LARGE: usize = 10_000;
