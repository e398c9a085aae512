//! Devices whose frames go through a recording proxy, and what the checker says in the end.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chinwag_client::{Backoff, Client, ClientEvent, Events, Http, Options, TokenSource};
use chinwag_load::{
    check::{
        self,
        history::{self, What},
        read::Reader,
        record::Recorder,
        report::Report,
    },
    recording::RecordedHttp,
};
use chinwag_proto::{
    ChatId, DeviceId, MessageId, Seq, UserId,
    frames::{LogBody, LogFrame},
    shapes::Chat,
};
use parking_lot::Mutex;

use crate::{
    fixture::{PATIENCE, user},
    proxy::{History, Proxy},
    tokens::token,
};

/// Begins a history.
pub(crate) fn new_history() -> History {
    let start = std::time::Instant::now();
    let clock = move || u64::try_from(start.elapsed().as_nanos()).unwrap();
    Arc::new(Recorder::new(Vec::new(), clock))
}

/// Ends a history and checks it; everything that records into it must be gone.
pub(crate) fn checked(history: History) -> Report {
    let recorder = Arc::into_inner(history).expect("nobody records any more");
    let (_, lines) = recorder.finish().unwrap();
    if let Some(path) = std::env::var_os("CHINWAG_TEST_HISTORY") {
        std::fs::write(path, &lines).unwrap();
    }
    check::check(Reader::new(&lines[..]))
}

/// Holds that no promise was broken, and that each of the rules named had something to hold.
pub(crate) fn assert_sound(report: &Report, rules: &[&str]) {
    assert!(report.passed(), "{report}");
    let vacuous = report.vacuous();
    let idle: Vec<_> = rules.iter().filter(|rule| vacuous.contains(rule)).collect();
    assert!(idle.is_empty(), "{idle:?} had nothing to check\n{report}");
}

/// Asks over HTTP as a user, recorded.
pub(crate) fn recorded_http(
    history: &History,
    url: &str,
    name: &str,
    session: &str,
) -> RecordedHttp<Vec<u8>> {
    let http = Http::new(url).with_token(token(name));
    RecordedHttp::new(Arc::clone(history), http, &user(name), session)
}

/// What a device was told.
#[derive(Default)]
struct Told {
    online: bool,
    places: HashMap<ChatId, Seq>,
    texts: HashSet<(ChatId, String)>,
    own: Vec<(ChatId, MessageId)>,
    latest: HashMap<ChatId, MessageId>,
    /// All places of each chat since it was taken anew.
    frames: HashMap<ChatId, Vec<LogFrame>>,
    /// Places that came twice or out of order.
    disorder: Vec<String>,
}

/// A device of the Rust client behind a recording proxy.
pub(crate) struct RecordedDevice {
    pub(crate) user: UserId,
    pub(crate) client: Client,
    told: Arc<Mutex<Told>>,
    listening: tokio::task::JoinHandle<()>,
}

impl RecordedDevice {
    /// Connects; comes back soon, whatever happens.
    pub(crate) fn connect(history: &History, proxy: &Proxy, name: &str, device: &str) -> Self {
        let soon = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
        let options = Options {
            device: Some(DeviceId::new(device).unwrap()),
            backoff: soon,
            ..Options::new(proxy.url(), TokenSource::fixed(token(name)))
        };
        let (client, events) = Client::connect(options);
        let told = Arc::new(Mutex::new(Told::default()));
        let session = history::Client {
            user: name.to_owned(),
            device: device.to_owned(),
            session: format!("what {device} of {name} holds"),
        };
        let listener = Listener {
            history: Arc::clone(history),
            session,
            told: Arc::clone(&told),
        };
        Self {
            user: user(name),
            client,
            told,
            listening: tokio::spawn(listener.listen(events)),
        }
    }

    /// Waits until it is in sync for the first time.
    pub(crate) async fn until_online(&self) {
        self.until("got in sync", |told| told.online).await;
    }

    /// Waits until a message with that text was shown.
    pub(crate) async fn until_told(&self, chat: ChatId, text: &str) {
        let wanted = (chat, text.to_owned());
        let what = format!("heard {text:?}");
        self.until(&what, |told| told.texts.contains(&wanted)).await;
    }

    async fn until(&self, what: &str, holds: impl Fn(&Told) -> bool) {
        let held = async {
            while !holds(&self.told.lock()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let held = tokio::time::timeout(PATIENCE, held).await;
        assert!(held.is_ok(), "{} never {what}", self.user);
    }

    /// Returns an own message, by a number that picks it.
    pub(crate) fn own(&self, pick: usize) -> Option<(ChatId, MessageId)> {
        let told = self.told.lock();
        let index = pick.checked_rem(told.own.len())?;
        Some(told.own[index])
    }

    /// Returns the latest message that was shown of a chat.
    pub(crate) fn latest(&self, chat: ChatId) -> Option<MessageId> {
        self.told.lock().latest.get(&chat).copied()
    }

    /// Returns the places of a chat that were shown since it was taken anew.
    pub(crate) fn frames(&self, chat: ChatId) -> Vec<LogFrame> {
        let told = self.told.lock();
        told.frames.get(&chat).cloned().unwrap_or_default()
    }

    /// Closes it; answers what came twice or out of order.
    pub(crate) async fn close(self) -> Vec<String> {
        self.client.close().await;
        tokio::time::timeout(PATIENCE, self.listening)
            .await
            .expect("the client ends")
            .unwrap();
        std::mem::take(&mut self.told.lock().disorder)
    }
}

/// Hears what a device is told.
struct Listener {
    history: History,
    session: history::Client,
    told: Arc<Mutex<Told>>,
}

impl Listener {
    async fn listen(self, mut events: Events) {
        while let Some(event) = events.next().await {
            match event {
                ClientEvent::Log(frame) => self.log(&frame),
                ClientEvent::Restart(chat) | ClientEvent::Left(chat) => {
                    let mut told = self.told.lock();
                    told.places.remove(&chat);
                    told.frames.remove(&chat);
                }
                ClientEvent::Online => self.told.lock().online = true,
                ClientEvent::Chat(chat) => self.chat(&chat.chat),
                _ => {}
            }
        }
    }

    /// A chat that is new or was taken anew shows its last message, which is then not told as a place.
    fn chat(&self, chat: &Chat) {
        if let Some(message) = &chat.head.last_message {
            let mut told = self.told.lock();
            told.texts.insert((chat.id, message.content.clone()));
            told.latest.insert(chat.id, message.id);
        }
    }

    fn log(&self, frame: &LogFrame) {
        let mut told = self.told.lock();
        let chat = frame.chat_id;
        if let Some(last) = told.places.insert(chat, frame.seq)
            && frame.seq != last.next()
        {
            let text = format!(
                "{}: {} after {last} of {chat}",
                self.session.user, frame.seq
            );
            told.disorder.push(text);
        }
        let frames = told.frames.entry(chat).or_default();
        frames.push(frame.clone());
        if let LogBody::Message { message } = &frame.body {
            told.texts.insert((chat, message.content.clone()));
            told.latest.insert(chat, message.id);
            if message.sender_id.as_str() == self.session.user {
                told.own.push((chat, message.id));
            }
        }
        drop(told);
        let prefix = What::Prefix(frame.into());
        self.history.record(Some(&self.session), &prefix);
    }
}
