//! Raises every chat's epoch: places may be given twice from here on, and clients take the chats anew.

use chinwag_core::{
    model::ChatRow,
    ports::{EngineResult, Stamp},
};
use chinwag_proto::Epoch;

use super::{
    batch::Batch,
    cells,
    keys::{Key, Kind},
};

/// Raises the epoch of every chat by one, under the stamps that the chats have.
pub(super) fn raise_all(batch: &mut Batch) -> EngineResult<()> {
    for row in batch.prefix(&Key::of(Kind::Chat))? {
        let (key, value) = row?;
        let stamp: Stamp = cells::stamp_of(&value)?;
        let mut chat: ChatRow = cells::unstamped(&value, "chat")?;
        chat.epoch = Epoch(chat.epoch.0.saturating_add(1));
        batch.put(Key::from_bytes(&key), cells::stamped(stamp, &chat));
        if batch.is_large() {
            batch.settle()?;
        }
    }
    Ok(())
}
