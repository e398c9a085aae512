//! Pages of a long chat join to exactly what its reader may see, both ways, at every length and every kind of edge.

use std::collections::BTreeMap;

use chinwag_core::owner::{
    Caller, Command, ImportedBody, ImportedChat, ImportedEvent, ImportedMessage, NewMessage,
    Outcome,
};
use chinwag_proto::{
    ChatId, ClientId, EventId, MessageId, Timestamp,
    frames::{LogBody, LogFrame},
    http::{EventsPage, MessagesPage},
    shapes::{EventChange, HistoryVisible, MembershipChange, Message, Role},
};

use crate::{
    fixture::{Running, user},
    rest::Rest,
    tokens::{SECRET, token},
};

const LIMITS: [usize; 7] = [1, 7, 49, 50, 51, 199, 200];
/// When the imported messages begin.
const BEGIN: Timestamp = Timestamp::from_unix_millis(1_300_000_000_000);
/// Messages that share one millisecond.
const AT_ONCE: i64 = 50;
const BLOCKS: i64 = 8;

/// A chat of imported messages, changes, and a guest who came, left and came back.
struct Chat {
    running: Running,
    id: ChatId,
    imported: Vec<MessageId>,
}

impl Chat {
    async fn make() -> Self {
        let settings = [("auth.jwt_secret", SECRET), ("limits.rates", "off")];
        let running = Running::start_with(&settings).await;
        for name in ["ana", "ben", "guest", "stranger"] {
            running.person(name).await;
        }
        let owner = running.server.node().owner();
        let request = ClientId::new("long").unwrap();
        let id = owner.chat_for_import(&request).await.unwrap();
        let mut chat = Self {
            running,
            id,
            imported: Vec::new(),
        };
        chat.import().await;
        chat.change().await;
        chat.visits().await;
        chat
    }

    /// Brings in blocks of messages of one millisecond each, and lines between them that run backwards in time.
    async fn import(&mut self) {
        let target = ImportedChat {
            id: self.id,
            name: "long".into(),
            owner: user("ana"),
        };
        let owner = self.running.server.node().owner();
        for block in 0..BLOCKS {
            let number = |at: i64| block * 100 + at;
            let at_once = (0..AT_ONCE).map(|at| (number(at), block * 10));
            let backwards = (AT_ONCE..AT_ONCE + 5).map(|at| (number(at), block * 10 - at));
            let lines = at_once
                .chain(backwards)
                .map(|(number, millis)| ImportedEvent {
                    user: user(["ana", "ben"][number as usize % 2]),
                    at: BEGIN.plus_millis(millis),
                    identity: ClientId::new(&format!("line-{number}")).unwrap(),
                    body: ImportedBody::Message(Box::new(ImportedMessage {
                        content: format!("line {number}"),
                        ..ImportedMessage::default()
                    })),
                });
            let brought = owner.import(&target, lines.collect()).await.unwrap();
            let brought = brought.into_iter().map(|line| line.unwrap().id);
            self.imported.extend(brought);
        }
    }

    async fn run(&self, who: &str, command: Command) -> Outcome {
        let owner = self.running.server.node().owner();
        let caller = Caller::user(user(who));
        owner.execute(&caller, self.id, command).await.unwrap()
    }

    async fn say(&self, who: &str, content: String) -> MessageId {
        let message = NewMessage {
            content,
            ..NewMessage::default()
        };
        match self.run(who, Command::Send(message)).await {
            Outcome::Message { message, .. } => message.id,
            other => panic!("{other:?}"),
        }
    }

    /// Edits, deletes, and reacts in long runs.
    async fn change(&self) {
        for (number, message) in self.imported.iter().enumerate().step_by(9) {
            let who = ["ana", "ben"][number / 55 * 100 % 2 + number % 55 % 2];
            let edit = Command::Edit {
                message: *message,
                content: format!("edited {number}"),
                client_id: None,
            };
            self.run(who, edit).await;
        }
        for message in self.imported.iter().step_by(13) {
            let delete = Command::Delete {
                message: *message,
                client_id: None,
            };
            self.run("ana", delete).await;
        }
        let reacted = self.imported[1];
        for turn in 0..120 {
            let react = Command::React {
                message: reacted,
                key: "+".into(),
                on: turn % 4 < 2,
                client_id: None,
            };
            self.run(["ana", "ben"][turn % 2], react).await;
            if turn % 60 == 59 {
                self.say("ben", format!("after {turn} reactions")).await;
            }
        }
    }

    /// A guest sees what is said while they are in, twice.
    async fn visits(&self) {
        let visible = Command::Update {
            name: None,
            history_visible: Some(HistoryVisible::Joined),
            client_id: None,
        };
        self.run("ana", visible).await;
        for (visit, messages) in [(1, 60), (2, 75)] {
            let add = Command::AddMembers {
                users: vec![user("guest")],
                role: Role::Member,
                client_id: None,
            };
            self.run("ana", add).await;
            self.talk(messages, visit).await;
            if visit == 1 {
                let remove = Command::RemoveMember {
                    user: user("guest"),
                    client_id: None,
                };
                self.run("ana", remove).await;
                self.talk(53, 0).await;
            }
        }
    }

    /// Two people talk; long messages make an answer shorter than was asked for.
    async fn talk(&self, messages: usize, visit: usize) {
        for number in 0..messages {
            let long = if (20..45).contains(&number) {
                12_000
            } else {
                0
            };
            let content = format!("{visit} {number} {}", "x".repeat(long));
            let said = self.say(["ana", "ben"][number % 2], content).await;
            if number % 10 == 3 {
                let edit = Command::Edit {
                    message: said,
                    content: format!("{visit} {number} edited"),
                    client_id: None,
                };
                self.run(["ana", "ben"][number % 2], edit).await;
            }
        }
    }

    fn rest(&self, who: &str) -> Rest {
        Rest::new(&self.running.url(), token(who))
    }

    /// Reads the log as one who sees all of it.
    async fn log(&self) -> Vec<LogFrame> {
        let rest = self.rest("ana");
        let mut log: Vec<LogFrame> = Vec::new();
        loop {
            let after = log.last().map_or(0, |last| last.seq.0);
            let path = format!("/chats/{}/events?after={after}&limit=200", self.id);
            let page: EventsPage = rest.get(&path).await.ok();
            log.extend(page.events);
            if !page.has_more {
                return log;
            }
        }
    }
}

/// Says which messages somebody may see, by the memberships that the log tells.
fn visible(log: &[LogFrame], who: &str) -> Vec<MessageId> {
    let mut inside = who != "guest";
    let mut visible = Vec::new();
    for frame in log {
        match &frame.body {
            LogBody::Message { message } if inside => visible.push(message.id),
            LogBody::Membership { event } => {
                if let Some(EventChange::Membership {
                    change, user_ids, ..
                }) = &event.change
                    && user_ids.iter().any(|moved| moved.as_str() == who)
                    && *change != MembershipChange::Role
                {
                    inside = *change == MembershipChange::Added;
                }
            }
            _ => {}
        }
    }
    visible
}

/// Reads pages until there is no more.
struct Pages<'a> {
    rest: &'a Rest,
    chat: ChatId,
    limit: usize,
}

impl Pages<'_> {
    async fn page(&self, cursor: &str) -> MessagesPage {
        let path = format!(
            "/messages?chatId={}&limit={}{cursor}",
            self.chat, self.limit
        );
        let page: MessagesPage = self.rest.get(&path).await.ok();
        assert!(page.messages.len() <= self.limit);
        assert!(
            !page.has_more || !page.messages.is_empty(),
            "{cursor}: more of nothing"
        );
        page
    }

    /// Goes on from a cursor by the ids of the last messages.
    async fn all(&self, direction: &str, cursor: Option<String>) -> Vec<Message> {
        let mut messages: Vec<Message> = Vec::new();
        let mut cursor = cursor;
        loop {
            let text = cursor.map(|cursor| format!("&{direction}={cursor}"));
            let page = self.page(&text.unwrap_or_default()).await;
            messages.extend(page.messages);
            if !page.has_more {
                return messages;
            }
            cursor = messages.last().map(|last| last.id.to_string());
        }
    }
}

fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}

fn reversed(mut ids: Vec<MessageId>) -> Vec<MessageId> {
    ids.reverse();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_joined_are_exactly_the_visible_messages_of_the_log() {
    let chat = Chat::make().await;
    let log = chat.log().await;
    for who in ["ana", "ben", "guest"] {
        let rest = chat.rest(who);
        let wanted = visible(&log, who);
        assert!(wanted.len() > 100);
        let mut shown: BTreeMap<EventId, Message> = BTreeMap::new();
        for limit in LIMITS {
            // A page of one message each is slow, and enough where every kind of edge lies.
            let pages = Pages {
                rest: &rest,
                chat: chat.id,
                limit,
            };
            let backward = pages.all("before", None).await;
            assert_eq!(
                reversed(ids(&backward)),
                wanted,
                "{who}, backward by {limit}"
            );
            let first = Some("2000-01-01T00:00:00Z".to_owned());
            let forward = pages.all("after", first).await;
            assert_eq!(ids(&forward), wanted, "{who}, forward by {limit}");
            for message in backward.into_iter().chain(forward) {
                let known = shown.entry(message.id).or_insert_with(|| message.clone());
                assert_eq!(*known, message, "reads the same from every side");
            }
        }
        edges(&chat, &log, who, &wanted).await;
    }
    let stranger = chat.rest("stranger");
    let reply = stranger.get(&format!("/messages?chatId={}", chat.id)).await;
    assert_eq!(reply.code(), Some("notFound"));
}

/// Every event as a cursor: what lies before it and after it, and around it.
async fn edges(chat: &Chat, log: &[LogFrame], who: &str, wanted: &[MessageId]) {
    let rest = chat.rest(who);
    let pages = Pages {
        rest: &rest,
        chat: chat.id,
        limit: 7,
    };
    for frame in log.iter().step_by(11) {
        let Some(id) = id_of(frame) else { continue };
        let known = rest
            .get(&format!("/messages?chatId={}&before={id}", chat.id))
            .await;
        if who == "guest" && known.code() == Some("badCursor") {
            // A place outside of the visits: as unknown as one of another chat.
            assert!(!wanted.contains(&id));
            continue;
        }
        let before = reversed(ids(&pages.page(&format!("&before={id}")).await.messages));
        let older: Vec<_> = wanted.iter().copied().filter(|other| *other < id).collect();
        assert!(
            older.ends_with(&before) && before.len() == older.len().min(7),
            "{who} {id}"
        );
        let after = ids(&pages.page(&format!("&after={id}")).await.messages);
        let newer: Vec<_> = wanted.iter().copied().filter(|other| *other > id).collect();
        assert!(newer.starts_with(&after), "{who} {id}");
        let around = ids(&pages.page(&format!("&around={id}")).await.messages);
        let begin = wanted
            .iter()
            .position(|other| Some(other) == around.first());
        let run = begin.map(|begin| &wanted[begin..begin + around.len()]);
        assert_eq!(run, Some(&around[..]), "{who} around {id}");
        assert!(
            !wanted.contains(&id) || around.contains(&id),
            "{who} around {id}"
        );
    }
}

fn id_of(frame: &LogFrame) -> Option<EventId> {
    match &frame.body {
        LogBody::Message { message } => Some(message.id),
        LogBody::MessageEdited { event_id, .. } | LogBody::MessageDeleted { event_id, .. } => {
            Some(*event_id)
        }
        LogBody::Reaction { event } | LogBody::Membership { event } | LogBody::Chat { event } => {
            Some(event.id)
        }
        LogBody::Hidden => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_parts_what_shares_its_millisecond_from_what_does_not() {
    let chat = Chat::make().await;
    let rest = chat.rest("ana");
    let wanted = visible(&chat.log().await, "ana");
    for limit in [1, 49, 50, 51] {
        let pages = Pages {
            rest: &rest,
            chat: chat.id,
            limit,
        };
        for block in [0, 3, BLOCKS - 1] {
            let at = BEGIN.plus_millis(block * 10);
            // Lines that run backwards get the time of the line before them.
            let begin = usize::try_from(block * (AT_ONCE + 5)).unwrap();
            let end = begin + usize::try_from(AT_ONCE + 5).unwrap();
            let before = pages.all("before", Some(at.to_string())).await;
            assert_eq!(
                reversed(ids(&before)),
                wanted[..begin],
                "block {block} by {limit}"
            );
            let after = pages.all("after", Some(at.to_string())).await;
            assert_eq!(ids(&after), wanted[end..], "block {block} by {limit}");
            let from = at.plus_millis(-1).to_string();
            let with = pages.page(&format!("&after={from}")).await;
            let first = &wanted[begin..(begin + limit).min(wanted.len())];
            assert_eq!(ids(&with.messages), first, "block {block} by {limit}");
        }
    }
}
