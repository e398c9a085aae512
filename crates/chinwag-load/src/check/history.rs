//! What a history is made of: one record a line, as `docs/history-format.md` describes it.

use serde::{Deserialize, Serialize};

use super::value::{Digest, Id};

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

/// Holds a request that is about to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Intent {
    /// The chat.
    pub chat: String,
    /// The request's own name, once per chat and user; the recorder's where the wire has none.
    pub client_id: String,
    /// What is asked for.
    pub op: Op,
}

/// Names what a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Op {
    /// To send a message.
    Message {
        /// What stands for its content.
        digest: Digest,
    },
    /// To change a message's content.
    Edit {
        /// The message.
        target: Id,
        /// What stands for the new content.
        digest: Digest,
    },
    /// To delete a message.
    Delete {
        /// The message.
        target: Id,
    },
    /// To add a reaction or to take it back.
    React {
        /// The message.
        target: Id,
    },
    /// To add members; joining is adding oneself.
    Add {
        /// Who is added.
        users: Vec<String>,
    },
    /// To remove members; leaving is removing oneself.
    Remove {
        /// Who is removed.
        users: Vec<String>,
    },
    /// To set the own read mark.
    Read {
        /// The last message read.
        id: Id,
        /// Whether the mark may move back.
        #[serde(default, skip_serializing_if = "is_false")]
        unread: bool,
    },
    /// Anything else that may take a place (a name, a setting).
    Other,
}

/// Holds the success of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ack {
    /// The chat.
    pub chat: String,
    /// The request's own name.
    pub client_id: String,
    /// The event that was placed; may be absent where the answer doesn't tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Given>,
}

/// Holds what the owner gave an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Given {
    /// The event's id.
    pub id: Id,
    /// The chat's epoch.
    pub epoch: u32,
    /// The event's place.
    pub seq: u64,
}

/// Holds the end of one try that didn't succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// The chat.
    pub chat: String,
    /// The request's own name.
    pub client_id: String,
}

/// Holds an event that came live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Live {
    /// The chat.
    pub chat: String,
    /// The event.
    pub event: Event,
}

/// Holds one event as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// The chat's epoch.
    pub epoch: u32,
    /// The event's place.
    pub seq: u64,
    /// What kind of event it is.
    pub kind: Kind,
    /// The event's id; absent only where the frame has none (`hidden`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// Who caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The sender's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The message that it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Id>,
    /// The place of the last change in the message that was shown; the event's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_seq: Option<u64>,
    /// What stands for the text that was shown, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Whether the message was shown as deleted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// Who was added, or is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
    /// What members added from here on may see, if the recorder knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_visible: Option<HistoryVisible>,
}

/// Names the kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A place that the observer may not see, or a `term`.
    #[default]
    Hidden,
    /// A message.
    Message,
    /// A change of a message's text.
    Edit,
    /// The deletion of a message.
    Deletion,
    /// A reaction to a message.
    Reaction,
    /// A change of the members.
    Membership,
    /// A change of the chat itself.
    Chat,
}

/// Holds a change of a chat's members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Membership {
    /// The members that came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// The members that left or were removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
}

/// Says what a member who joins may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HistoryVisible {
    /// Everything.
    All,
    /// What is placed at and after the joining.
    Joined,
}

/// Holds an answer with events of one chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Page {
    /// The chat.
    pub chat: String,
    /// How it was asked for.
    pub via: Via,
    /// When the request left, on the recorder's clock.
    pub asked: u64,
    /// The chat's epoch.
    pub epoch: u32,
    /// The place after which events were asked for (`events`, `sync`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// The event after which messages were asked for (`history`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_id: Option<Id>,
    /// The event before which messages were asked for (`history`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_id: Option<Id>,
    /// Whether the newest stands first.
    #[serde(default, skip_serializing_if = "is_false")]
    pub newest_first: bool,
    /// Whether the answer says that more follows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_more: bool,
    /// Whether a sync left out what came before its events.
    #[serde(default, skip_serializing_if = "is_false")]
    pub limited: bool,
    /// The place of the chat's head, where the answer tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
    /// Whether only messages were asked for (`dump`; always so for `history` and `search`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub only_messages: bool,
    /// The events, in the answer's order.
    pub events: Vec<Event>,
}

/// Names how events were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Via {
    /// The places after one, gap-free.
    Events,
    /// A chat of a sync.
    Sync,
    /// Messages by cursor.
    History,
    /// Hits of a search, or one message by its id.
    Search,
    /// A part of the whole log, by an observer who may see all; the last has no `hasMore`.
    Dump,
}

/// Holds a client's claim to have everything up to a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prefix {
    /// The chat.
    pub chat: String,
    /// The chat's epoch.
    pub epoch: u32,
    /// The last place of the gap-free prefix.
    pub seq: u64,
}

/// Holds a user's read mark as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mark {
    /// The chat.
    pub chat: String,
    /// Whose mark it is.
    pub user: String,
    /// The last message read.
    pub id: Id,
    /// When it was asked for; absent for a live `receipt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
}

/// Holds the own count of unread messages, as of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unread {
    /// The chat.
    pub chat: String,
    /// The chat's epoch.
    pub epoch: u32,
    /// The head's place in the snapshot that the count belongs to.
    pub seq: u64,
    /// The own read mark in that snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Id>,
    /// The count.
    pub count: u64,
    /// Whether the count is only a bound.
    #[serde(default, skip_serializing_if = "is_false")]
    pub capped: bool,
}

/// Holds a chat that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Made {
    /// The chat.
    pub chat: String,
    /// Its members from the start.
    pub members: Vec<String>,
    /// What members who join later may see.
    pub history_visible: HistoryVisible,
}

/// Holds the end of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Close {
    /// Whether the server saw it: false for a cut, a frozen or a killed client.
    pub clean: bool,
}

/// Holds a change of whom a session watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// The users.
    pub users: Vec<String>,
    /// Whether watching starts or stops.
    pub on: bool,
}

/// Holds a user's presence as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Presence {
    /// The user.
    pub user: String,
    /// Whether the user was shown as online.
    pub online: bool,
    /// When it was asked for; absent for a live event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
}

/// Holds that somebody was seen typing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Typing {
    /// The chat.
    pub chat: String,
    /// Who types.
    pub user: String,
}

/// Holds what happened to a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Server {
    /// The node's name.
    pub node: String,
    /// What happened to it.
    pub state: ServerState,
}

/// Names what happened to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServerState {
    /// It is ready.
    Started,
    /// It was told to stop, and did.
    Stopped,
    /// It was killed, frozen or cut off.
    Killed,
    /// It came back from a copy or with loss accepted: from here on epochs may rise, and what was
    /// acknowledged before may be gone.
    Restored,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
