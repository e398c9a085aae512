//! What an operator decides about pushes, and the bounds that nobody needs to.

use std::time::Duration;

/// What a note says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Who wrote, where, and the text.
    Full,
    /// Who wrote, and where.
    Sender,
    /// That there is a message.
    None,
}

/// How the push role works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSettings {
    /// What a note says.
    pub content: Content,
    /// How long a session may take to acknowledge a message before the user's devices are told.
    pub delay: Duration,
    /// How long a message that a session acknowledged may stay unread before they are; zero: for ever.
    pub unread_delay: Duration,
    /// How old a message may be that is still told.
    pub ttl: Duration,
    /// Whether a mention is told though the chat is muted.
    pub mentions_override_mute: bool,
    /// Members up to which all are told of a message; in larger chats those whom it mentions.
    pub all_members_max: u32,
    /// Requests under way for each provider, for Web Push for each host.
    pub concurrency: usize,
}

/// Records taken at a time.
pub(super) const BATCH: usize = 256;
/// How long records are left to gather after few were there: one look at the queue for many commits.
pub(super) const GATHER: Duration = Duration::from_millis(20);
/// How long to wait after a failure of the queue at most.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Looks at messages under way at a time.
pub(super) const LOOKS_AT_ONCE: usize = 32;
/// Messages that wait to be looked at, with the users that each is looked at for; above, no record is taken.
pub(super) const LOOKS_WAITING: usize = 500_000;
/// Notes that wait for lanes that work; above, no record is taken.
pub(super) const READY_NOTES: usize = 10_000;
/// Notes that wait in all lanes together; above, a lane's oldest go.
pub(super) const WAITING_NOTES: usize = 100_000;
/// Hosts of Web Push with a lane of their own; more share one.
pub(super) const HOSTS: usize = 1_000;
/// Records that are held back from being acknowledged, those that are through included.
pub(super) const HELD_RECORDS: u64 = 1_000_000;
/// How often records are acknowledged.
pub(super) const ACK_EVERY: Duration = Duration::from_millis(250);
/// Users' chats whose note is remembered as standing on screens.
pub(super) const STANDING: usize = 100_000;
/// Members read in one step; the embedded store reads no more without another thread.
pub(super) const PAGE: usize = 256;
/// Users whose devices are read at a time, where each is a question of its own to a cluster.
pub(super) const USERS_AT_ONCE: usize = 32;
/// How long to wait before what the store couldn't tell is looked at again.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The wait after a note's first failure, and the longest; twice as long after each, half of it by chance.
pub(super) const FIRST_RETRY: Duration = Duration::from_secs(1);
pub(super) const LONGEST_RETRY: Duration = Duration::from_secs(60);
