//! What a history is made of: one record a line, as `docs/history-format.md` describes it.

mod event;
mod page;
mod people;
mod request;

use serde::{Deserialize, Serialize};

pub use event::{Event, HistoryVisible, Kind, Live, Membership};
pub use page::{Page, Prefix, Via};
pub use people::{Close, Made, Mark, Presence, Server, ServerState, Typing, Unread, Watch};
pub use request::{Ack, Given, Intent, Op, Outcome};

/// Holds one line of a history: who saw or did what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// Nanoseconds of the recorder's monotonic clock; never falls from line to line.
    pub at: u64,
    /// Names who acted or saw; absent where nobody did (a server's crash, a quiet moment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// Says what was done or seen.
    pub what: What,
}

/// Names one session of one device of one user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Client {
    /// The user who acts; for an API key the user in whose name it acts.
    pub user: String,
    /// The device.
    pub device: String,
    /// The session, different for each connection.
    pub session: String,
}

/// Says what was done or seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum What {
    /// A request is about to leave; again for each retry, with the same `clientId`.
    Intent(Intent),
    /// The request succeeded.
    Ack(Ack),
    /// Nobody knows what became of one try: a time-out, a cut, `unknownOutcome`.
    UnknownOutcome(Outcome),
    /// One try was refused for good.
    Refused(Outcome),
    /// An event came live.
    Live(Live),
    /// An answer with events came.
    Page(Page),
    /// The client says that it holds everything it may see up to a place.
    Prefix(Prefix),
    /// A user's read mark was seen.
    Mark(Mark),
    /// The own count of unread messages was seen.
    Unread(Unread),
    /// A chat was made, with these members from its start.
    Made(Made),
    /// The session is open: `ready` came.
    Open,
    /// The session ended.
    Close(Close),
    /// The server told the session to fetch what it misses.
    Resync,
    /// The session starts or stops to watch the presence of users.
    Watch(Watch),
    /// A user's presence was seen.
    Presence(Presence),
    /// A user was seen typing.
    Typing(Typing),
    /// Something happened to a server.
    Server(Server),
    /// All open sessions had time to receive and to repair; nothing is in flight.
    Quiet,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
