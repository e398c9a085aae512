//! Marks of one client: at most one a second and chat goes to the owner, and of those that wait the highest wins.

use std::{mem, time::Duration};

use chinwag_core::owner::Command;
use chinwag_proto::{ChatId, MessageId, frames::RequestId};

/// How often a mark of a chat may move.
const EVERY: Duration = Duration::from_secs(1);
/// Chats whose marks one client may move at a time; beyond, each goes to the owner at once.
const CHATS: usize = 256;

/// A mark that the client asked to move.
pub(super) struct Mark {
    pub(super) id: Option<RequestId>,
    pub(super) chat: ChatId,
    pub(super) command: Command,
}

/// What becomes of a mark that was taken.
#[derive(Default)]
pub(super) struct Taken {
    /// What goes to the owner now; where there is none, the mark waits.
    pub(super) now: Option<Mark>,
    /// What is answered as if it had been moved, since one further on covers it.
    pub(super) covered: Option<Mark>,
}

/// The marks of one client that moved within the last second.
#[derive(Default)]
pub(super) struct Marks(Vec<Slot>);

struct Slot {
    chat: ChatId,
    kind: mem::Discriminant<Command>,
    free_at: Duration,
    waiting: Option<Mark>,
}

impl Marks {
    /// Takes a mark.
    pub(super) fn take(&mut self, now: Duration, mark: Mark) -> Taken {
        self.0
            .retain(|slot| slot.free_at > now || slot.waiting.is_some());
        let kind = mem::discriminant(&mark.command);
        // One that may move back says what holds from here on, so none that comes after may cover it.
        let at_once = matches!(mark.command, Command::Read { unread: true, .. });
        let held = |slot: &&mut Slot| slot.chat == mark.chat && slot.kind == kind;
        if let Some(slot) = self.0.iter_mut().find(held) {
            let waiting = slot.waiting.take();
            if at_once {
                return Taken {
                    now: Some(mark),
                    covered: waiting,
                };
            }
            let (kept, covered) = match waiting {
                // One that comes late from a slow part of the client must not take another's place.
                Some(waiting) if message(&waiting) > message(&mark) => (waiting, Some(mark)),
                waiting => (mark, waiting),
            };
            slot.waiting = Some(kept);
            return Taken { now: None, covered };
        }
        if self.0.len() < CHATS {
            self.0.push(Slot {
                chat: mark.chat,
                kind,
                free_at: now + EVERY,
                waiting: None,
            });
        }
        Taken {
            now: Some(mark),
            covered: None,
        }
    }

    /// Returns when the next mark that waits is due.
    pub(super) fn due_at(&self) -> Option<Duration> {
        let waiting = self.0.iter().filter(|slot| slot.waiting.is_some());
        waiting.map(|slot| slot.free_at).min()
    }

    /// Returns the marks whose time has come.
    pub(super) fn due(&mut self, now: Duration) -> Vec<Mark> {
        let mut due = Vec::new();
        for slot in self.0.iter_mut().filter(|slot| slot.free_at <= now) {
            if let Some(mark) = slot.waiting.take() {
                slot.free_at = now + EVERY;
                due.push(mark);
            }
        }
        due
    }

    /// Returns whether nothing is kept any more.
    pub(super) fn is_idle(&self, now: Duration) -> bool {
        self.0
            .iter()
            .all(|slot| slot.waiting.is_none() && slot.free_at <= now)
    }

    /// Returns all that waits, at the end of the session.
    pub(super) fn into_waiting(self) -> impl Iterator<Item = Mark> {
        self.0.into_iter().filter_map(|slot| slot.waiting)
    }
}

/// Returns the message that a mark stands on; ids rise with places.
fn message(mark: &Mark) -> Option<MessageId> {
    match &mark.command {
        Command::Read { message, .. } | Command::Delivered { message } => Some(*message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chinwag_proto::EventId;

    use super::*;

    fn read(message: u64) -> Mark {
        Mark {
            id: Some(message),
            chat: ChatId(1),
            command: Command::Read {
                message: EventId(message),
                unread: false,
            },
        }
    }

    #[test]
    fn one_mark_a_second_moves_and_the_highest_wins() {
        let mut marks = Marks::default();
        let start = Duration::from_secs(9);
        assert!(marks.take(start, read(1)).now.is_some());
        assert!(marks.take(start, read(2)).now.is_none());
        let taken = marks.take(start, read(3));
        assert_eq!(taken.covered.unwrap().id, Some(2));
        assert!(marks.due(start).is_empty());
        let due_at = marks.due_at().unwrap();
        assert_eq!(due_at, start + EVERY);
        let due: Vec<_> = marks.due(due_at).iter().map(|mark| mark.id).collect();
        assert_eq!(due, [Some(3)]);
        assert!(!marks.is_idle(due_at));
        assert!(marks.is_idle(due_at + EVERY));
    }

    #[test]
    fn a_lower_mark_that_comes_late_covers_none_that_waits() {
        let mut marks = Marks::default();
        let now = Duration::ZERO;
        marks.take(now, read(1));
        assert!(marks.take(now, read(100)).covered.is_none());
        assert_eq!(marks.take(now, read(40)).covered.unwrap().id, Some(40));
        let due: Vec<_> = marks.due(EVERY).iter().map(|mark| mark.id).collect();
        assert_eq!(due, [Some(100)]);
    }

    #[test]
    fn a_mark_that_moves_back_is_covered_by_none_that_comes_later() {
        let mut marks = Marks::default();
        let now = Duration::ZERO;
        marks.take(now, read(9));
        marks.take(now, read(10));
        let back = Mark {
            command: Command::Read {
                message: EventId(4),
                unread: true,
            },
            ..read(4)
        };
        let taken = marks.take(now, back);
        assert_eq!(taken.now.unwrap().id, Some(4));
        assert_eq!(taken.covered.unwrap().id, Some(10));
    }

    #[test]
    fn delivered_and_read_do_not_wait_for_each_other() {
        let mut marks = Marks::default();
        let now = Duration::ZERO;
        assert!(marks.take(now, read(1)).now.is_some());
        let delivered = Mark {
            command: Command::Delivered {
                message: EventId(1),
            },
            ..read(1)
        };
        assert!(marks.take(now, delivered).now.is_some());
    }
}
