//! The server, the people and their devices, and what they did since the last quiet moment.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chinwag_client::ClientError;
use chinwag_load::check::{
    history::{self, Ack, Intent, What},
    value::Id,
};
use chinwag_proto::{
    ChatId, ErrorCode, EventId,
    frames::{Request, SendFrame},
    shapes::{HistoryVisible, Role},
};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::json;

use super::{
    log::{Done, Log, Outcome},
    marks::{Marked, Marks},
    model::Did,
    script::{Act, CHATS, DEVICES, KEYS, Op, PEOPLE, ROOT, Trouble},
};
use crate::{
    fixture::{Running, user},
    proxy::{History, Proxy},
    recorded::{RecordedDevice, new_history, recorded_http},
    rest::{Reply, Rest},
    tokens::{SECRET, token},
};

/// What happened in a chat since the last quiet moment.
#[derive(Default)]
pub(super) struct Recent {
    pub(super) done: Vec<Done>,
    pub(super) marked: Vec<Marked>,
}

/// A chat, what happened in it lately, and what must be true of it.
pub(super) struct Place {
    pub(super) id: ChatId,
    pub(super) recent: Mutex<Recent>,
    /// Every message, whoever sees it.
    messages: Mutex<Vec<u64>>,
    pub(super) log: Log,
    pub(super) marks: Marks,
}

pub(super) struct World {
    running: Option<Running>,
    pub(super) proxy: Proxy,
    pub(super) history: History,
    pub(super) devices: Vec<Arc<RecordedDevice>>,
    rests: HashMap<&'static str, Rest>,
    pub(super) places: Vec<Place>,
    number: AtomicU64,
}

impl World {
    pub(super) async fn new() -> Self {
        let settings = [
            ("auth.jwt_secret", SECRET),
            ("limits.rates", "off"),
            ("storage.min_free", "0"),
            ("direct_max_members", "3"),
        ];
        let running = Running::start_with(&settings).await;
        let history = new_history();
        let address = running.server.local_addr().unwrap();
        let proxy = Proxy::start(address, Some(Arc::clone(&history))).await;
        let rests: HashMap<_, _> = PEOPLE
            .into_iter()
            .map(|name| (name, Rest::new(&proxy.url(), token(name))))
            .collect();
        for rest in rests.values() {
            rest.get("/me").await;
        }
        let mut world = Self {
            running: Some(running),
            proxy,
            history,
            devices: Vec::new(),
            rests,
            places: Vec::new(),
            number: AtomicU64::new(0),
        };
        world.make_chats().await;
        world.connect().await;
        world
    }

    async fn make_chats(&mut self) {
        use chinwag_proto::http::CreateChat;
        let group = |members: &[&str], history_visible| CreateChat::Group {
            name: "tea".into(),
            members: members.iter().map(|name| user(name)).collect(),
            history_visible,
            client_id: None,
        };
        let direct = CreateChat::Direct {
            user_id: user("ben"),
            client_id: None,
        };
        let (all, joined) = (HistoryVisible::All, HistoryVisible::Joined);
        let chats = [
            ("ana", direct, all),
            (ROOT, group(&PEOPLE[1..], all), all),
            (ROOT, group(&["ana", "ben"], joined), joined),
        ];
        for (number, (maker, chat, visible)) in chats.into_iter().enumerate() {
            let http = recorded_http(&self.history, &self.proxy.url(), maker, "makes");
            let id = http.create_chat(&chat).await.unwrap().id;
            let mut log = Log::new(number == 0, visible);
            log.begin(&self.frames(maker, id, 0, 200).await, maker);
            self.places.push(Place {
                id,
                recent: Mutex::default(),
                messages: Mutex::default(),
                log,
                marks: Marks::default(),
            });
        }
        assert_eq!(self.places.len(), CHATS);
    }

    async fn connect(&mut self) {
        for (number, name) in DEVICES.into_iter().enumerate() {
            let device = format!("device{number}");
            let device = RecordedDevice::connect(&self.history, &self.proxy, name, &device);
            device.until_online().await;
            self.devices.push(Arc::new(device));
        }
    }

    pub(super) fn rest(&self, name: &str) -> &Rest {
        &self.rests[name]
    }

    /// Reads the places after one, page by page of a length.
    pub(super) async fn frames(
        &self,
        name: &str,
        chat: ChatId,
        after: u64,
        limit: usize,
    ) -> Vec<chinwag_proto::frames::LogFrame> {
        let mut frames: Vec<chinwag_proto::frames::LogFrame> = Vec::new();
        loop {
            let after = frames.last().map_or(after, |last| last.seq.0);
            let path = format!("/chats/{chat}/events?after={after}&limit={limit}");
            let page: chinwag_proto::http::EventsPage = self.rest(name).get(&path).await.ok();
            assert!(page.events.len() <= limit);
            frames.extend(page.events);
            if !page.has_more {
                return frames;
            }
        }
    }

    /// Lets devices act at the same time, and trouble befall them.
    pub(super) async fn together(&mut self, acts: &[Act], trouble: Trouble) {
        let mut by_device: HashMap<usize, Vec<&Act>> = HashMap::new();
        for act in without_ambiguous_marks(acts) {
            by_device.entry(act.device).or_default().push(act);
        }
        let running = self.running.take().unwrap();
        let world = &*self;
        let acting = by_device.into_values().map(|acts| async move {
            for act in acts {
                world.act(act).await;
            }
        });
        let ((), running) = tokio::join!(
            async { drop(futures_util::future::join_all(acting).await) },
            world.befall(trouble, running)
        );
        self.running = Some(running);
    }

    async fn befall(&self, trouble: Trouble, running: Running) -> Running {
        match trouble {
            Trouble::None => running,
            Trouble::Cut(count) => {
                self.proxy.cut_latest(count);
                running
            }
            Trouble::Restart => {
                let running = running.restart().await;
                self.proxy.lead_to(running.server.local_addr().unwrap());
                running
            }
        }
    }

    /// Does one thing, and notes what became of it.
    async fn act(&self, act: &Act) {
        let place = &self.places[act.chat];
        let by = DEVICES[act.device];
        let Some(wanted) = self.wanted(place, by, &act.op) else {
            return;
        };
        match wanted {
            Wanted::Mark {
                target,
                back,
                socket,
            } => {
                let refused = self.mark(act.device, place.id, target, back, socket).await;
                place.recent.lock().marked.push(Marked {
                    by: by.to_owned(),
                    target,
                    back,
                    known: place.log.head(),
                    refused,
                });
            }
            Wanted::Change(did) => self.change(act.device, act.chat, did).await,
        }
    }

    /// Makes a change, and notes what became of it.
    pub(super) async fn change(&self, device: usize, chat: usize, did: Did) {
        let place = &self.places[chat];
        let outcome = if matches!(did, Did::Add { .. } | Did::Remove { .. } | Did::Role { .. }) {
            self.move_members(DEVICES[device], place.id, &did).await
        } else {
            self.amend(device, place.id, &did).await
        };
        if let (Did::Say { .. }, Outcome::Placed(id)) = (&did, outcome) {
            place.messages.lock().push(id);
        }
        place.recent.lock().done.push(Done {
            by: DEVICES[device].to_owned(),
            did,
            known: place.log.head(),
            outcome,
        });
    }

    fn wanted(&self, place: &Place, by: &str, op: &Op) -> Option<Wanted> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let pick = |pick: &usize| {
            let messages = place.messages.lock();
            Some(messages[pick.checked_rem(messages.len())?])
        };
        let who = |who: &usize| PEOPLE[*who].to_owned();
        let change = match op {
            Op::Say { mention } => Did::Say {
                content: format!("{by} says {number}"),
                mentions: mention.iter().map(who).collect(),
            },
            Op::Edit { pick: message } => Did::Edit {
                target: pick(message)?,
                content: format!("{by} edits {number}"),
            },
            Op::Delete { pick: message } => Did::Delete {
                target: pick(message)?,
            },
            Op::React {
                pick: message,
                key,
                on,
            } => Did::React {
                target: pick(message)?,
                key: KEYS[*key],
                on: *on,
            },
            Op::Read {
                pick: message,
                socket,
            }
            | Op::MarkUnread {
                pick: message,
                socket,
            } => {
                return Some(Wanted::Mark {
                    target: pick(message)?,
                    back: matches!(op, Op::MarkUnread { .. }),
                    socket: *socket,
                });
            }
            Op::Add { who: whom } => Did::Add {
                who: vec![who(whom)],
                role: Role::Member,
            },
            // Root stays: somebody must see everything.
            Op::Leave if by == ROOT => return None,
            Op::Remove { who: 0 } | Op::Role { who: 0, .. } => return None,
            Op::Leave => Did::Remove { who: by.to_owned() },
            Op::Remove { who: whom } => Did::Remove { who: who(whom) },
            Op::Role { who: whom, admin } => Did::Role {
                who: who(whom),
                role: if *admin { Role::Admin } else { Role::Member },
            },
        };
        Some(Wanted::Change(change))
    }

    async fn amend(&self, device: usize, chat: ChatId, did: &Did) -> Outcome {
        let client = &self.devices[device].client;
        let answer = match did {
            Did::Say { content, mentions } => {
                let frame = SendFrame {
                    chat_id: chat,
                    client_id: None,
                    content: content.clone(),
                    reply_to: None,
                    mentions: mentions.iter().map(|name| user(name)).collect(),
                    metadata: Default::default(),
                    timestamp: None,
                };
                client.send_message(frame).await.map(|said| said.id)
            }
            Did::Edit { target, content } => {
                let edit = client.edit(chat, EventId(*target), content.clone()).await;
                edit.map(|event| event.id)
            }
            Did::Delete { target } => {
                let delete = client.delete(chat, EventId(*target)).await;
                delete.map(|event| event.id)
            }
            Did::React { target, key, on } => {
                let react = client.react(chat, EventId(*target), key, *on).await;
                react.map(|event| event.id)
            }
            _ => unreachable!("members move over HTTP"),
        };
        match answer {
            // What was so already is answered under the message's own id.
            Ok(id) if did.target() == Some(id.0) => Outcome::Nothing,
            Ok(id) => Outcome::Placed(id.0),
            Err(ClientError::Refused(problem)) => Outcome::Refused(problem.code),
            Err(other) => panic!("{other}: {did:?}"),
        }
    }

    async fn move_members(&self, by: &str, chat: ChatId, did: &Did) -> Outcome {
        let client_id = self.request_name();
        let one = |who: &str| format!("/chats/{chat}/members/{who}");
        self.record(
            by,
            What::Intent(Intent {
                chat: chat.to_string(),
                client_id: client_id.clone(),
                op: moved(did),
            }),
        );
        let rest = self.rest(by);
        let reply = match did {
            Did::Add { who, .. } => {
                let body = json!({"userIds": who, "clientId": client_id});
                let path = format!("/chats/{chat}/members");
                rest.surely(Method::POST, &path, Some(body)).await
            }
            Did::Remove { who } => {
                let path = format!("{}?clientId={client_id}", one(who));
                rest.surely(Method::DELETE, &path, None).await
            }
            Did::Role { who, role } => {
                let body = json!({"role": role, "clientId": client_id});
                rest.surely(Method::PUT, &one(who), Some(body)).await
            }
            _ => unreachable!("messages change over the socket"),
        };
        self.record_outcome(by, chat, client_id, &reply);
        match refusal(&reply) {
            Some(code) => Outcome::Refused(code),
            None if reply.body.is_null() => Outcome::Nothing,
            None => Outcome::Placed(reply.body["id"].as_str().unwrap().parse().unwrap()),
        }
    }

    async fn mark(
        &self,
        device: usize,
        chat: ChatId,
        target: u64,
        back: bool,
        socket: bool,
    ) -> Option<ErrorCode> {
        if !socket {
            return self
                .mark_over_http(DEVICES[device], chat, target, back)
                .await;
        }
        let request = Request::Read {
            chat_id: chat,
            last_read_message_id: EventId(target),
            unread: back,
        };
        loop {
            match self.devices[device].client.request(request.clone()).await {
                Ok(_) => return None,
                Err(ClientError::Refused(problem)) if !problem.retryable => {
                    return Some(problem.code);
                }
                // The mark is set again, once there is a connection.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
    }

    async fn mark_over_http(
        &self,
        by: &str,
        chat: ChatId,
        target: u64,
        back: bool,
    ) -> Option<ErrorCode> {
        let client_id = self.request_name();
        let op = history::Op::Read {
            id: Id(target),
            unread: back,
        };
        self.record(
            by,
            What::Intent(Intent {
                chat: chat.to_string(),
                client_id: client_id.clone(),
                op,
            }),
        );
        let path = format!("/chats/{chat}/read");
        let body = json!({"lastReadMessageId": EventId(target), "unread": back});
        let reply = self.rest(by).surely(Method::PUT, &path, Some(body)).await;
        self.record_outcome(by, chat, client_id, &reply);
        refusal(&reply)
    }

    fn request_name(&self) -> String {
        format!("http-{}", self.number.fetch_add(1, Ordering::Relaxed))
    }

    fn record_outcome(&self, by: &str, chat: ChatId, client_id: String, reply: &Reply) {
        let chat = chat.to_string();
        let what = match refusal(reply) {
            Some(_) => What::Refused(history::Outcome { chat, client_id }),
            None => What::Ack(Ack {
                chat,
                client_id,
                event: None,
            }),
        };
        self.record(by, what);
    }

    fn record(&self, by: &str, what: What) {
        let client = history::Client {
            user: by.to_owned(),
            device: "http".into(),
            session: "http".into(),
        };
        self.history.record(Some(&client), &what);
    }

    pub(super) async fn stop(self) -> History {
        for device in self.devices {
            let device = Arc::into_inner(device).unwrap();
            assert_eq!(device.close().await, Vec::<String>::new());
        }
        self.proxy.close().await;
        self.running.unwrap().server.shutdown().await;
        self.history
    }
}

enum Wanted {
    Change(Did),
    Mark {
        target: u64,
        back: bool,
        socket: bool,
    },
}

/// Says what moving members intends.
fn moved(did: &Did) -> history::Op {
    match did {
        Did::Add { who, .. } => history::Op::Add { users: who.clone() },
        // Whoever isn't in is added.
        Did::Role { who, .. } => history::Op::Add {
            users: vec![who.clone()],
        },
        Did::Remove { who } => history::Op::Remove {
            users: vec![who.clone()],
        },
        _ => history::Op::Other,
    }
}

fn refusal(reply: &Reply) -> Option<ErrorCode> {
    reply.code()?;
    Some(serde_json::from_value(reply.body["code"].clone()).unwrap())
}

/// Leaves out what has no one right end: marks of one user in one chat at the same time, of which one may move back.
fn without_ambiguous_marks(acts: &[Act]) -> Vec<&Act> {
    let mut backs: HashMap<(&str, usize), usize> = HashMap::new();
    for (number, act) in acts.iter().enumerate() {
        if act.op.marks_unread() == Some(true) {
            let key = (DEVICES[act.device], act.chat);
            backs.entry(key).or_insert(number);
        }
    }
    let numbered = acts.iter().enumerate();
    let kept = numbered.filter(|(number, act)| {
        let back = backs.get(&(DEVICES[act.device], act.chat));
        act.op.marks_unread().is_none() || back.is_none_or(|back| back == number)
    });
    kept.map(|(_, act)| act).collect()
}
