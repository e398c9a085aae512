//! A device of the Rust client, as an app uses it, and what its user was shown.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use chinwag_client::{Backoff, Client, ClientEvent, Events, Options, TokenSource};
use chinwag_proto::{
    ChatId, DeviceId, MessageId, Seq, UserId,
    frames::{LogBody, LogFrame},
    shapes::Chat,
};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use super::{
    line::{History, Line},
    surprises::Surprises,
};
use crate::{
    check::history::{self, What},
    site::Person,
};

/// How soon a device comes back.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// A device that never comes back by itself, as far as a run goes.
pub(super) const NEVER: Duration = Duration::from_secs(30 * 86_400);
/// Own messages that are remembered, to be edited and deleted.
const OWN: usize = 64;
/// How often what was shown is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A device.
pub(super) struct Device {
    pub(super) user: UserId,
    pub(super) name: String,
    pub(super) client: Client,
    told: Arc<Mutex<Told>>,
    listening: JoinHandle<()>,
}

/// What a device was told.
#[derive(Default)]
struct Told {
    online: bool,
    places: HashMap<ChatId, Seq>,
    latest: HashMap<ChatId, MessageId>,
    own: VecDeque<(ChatId, MessageId)>,
}

impl Device {
    /// Connects, and comes back after at most `pause` whenever the connection is lost.
    pub(super) fn connect(
        line: &Line,
        person: &Person,
        name: &str,
        history: &History,
        surprises: &Arc<Surprises>,
        pause: Option<Duration>,
    ) -> anyhow::Result<Self> {
        let first = pause.unwrap_or(FIRST_PAUSE);
        let options = Options {
            device: Some(DeviceId::new(name)?),
            backoff: Backoff::new(first, first.max(LONGEST_PAUSE)),
            network: line.network(),
            ..Options::new(line.url(), TokenSource::fixed(&person.token))
        };
        let (client, events) = Client::connect(options);
        let told = Arc::new(Mutex::new(Told::default()));
        let user = person.id.to_string();
        let listener = Listener {
            history: Arc::clone(history),
            holds: history::Client {
                session: format!("what {name} of {user} holds"),
                device: name.to_owned(),
                user,
            },
            told: Arc::clone(&told),
            surprises: Arc::clone(surprises),
        };
        Ok(Self {
            user: person.id.clone(),
            name: name.to_owned(),
            client,
            told,
            listening: tokio::spawn(listener.listen(events)),
        })
    }

    /// Waits until it is in sync for the first time.
    pub(super) async fn until_online(&self) {
        self.until(|told| told.online).await;
    }

    /// Waits until a message of a chat, or a later one, was shown.
    pub(super) async fn until_told(&self, chat: ChatId, message: MessageId) {
        let reached = |told: &Told| told.latest.get(&chat).is_some_and(|last| *last >= message);
        self.until(reached).await;
    }

    async fn until(&self, holds: impl Fn(&Told) -> bool) {
        while !holds(&self.told.lock()) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Returns an own message, by a number that picks it.
    pub(super) fn own(&self, pick: usize) -> Option<(ChatId, MessageId)> {
        let told = self.told.lock();
        let index = pick.checked_rem(told.own.len())?;
        told.own.get(index).copied()
    }

    /// Returns the latest message that was shown of a chat.
    pub(super) fn latest(&self, chat: ChatId) -> Option<MessageId> {
        self.told.lock().latest.get(&chat).copied()
    }

    /// Closes the connection as an app does, and waits until it is.
    pub(super) async fn close(self, patience: Duration) {
        self.client.close().await;
        let abort = self.listening.abort_handle();
        if tokio::time::timeout(patience, self.listening)
            .await
            .is_err()
        {
            abort.abort();
        }
    }
}

/// Hears what a device is told.
struct Listener {
    history: History,
    holds: history::Client,
    told: Arc<Mutex<Told>>,
    surprises: Arc<Surprises>,
}

impl Listener {
    async fn listen(self, mut events: Events) {
        while let Some(event) = events.next().await {
            match event {
                ClientEvent::Log(frame) => self.log(&frame),
                ClientEvent::Restart(chat) | ClientEvent::Left(chat) => {
                    self.told.lock().places.remove(&chat);
                }
                ClientEvent::Online => self.told.lock().online = true,
                ClientEvent::Chat(chat) => self.chat(&chat.chat),
                ClientEvent::Closed(why) if why != "closed" => {
                    let who = &self.holds.user;
                    self.surprises.note(|| format!("{who} was shut out: {why}"));
                }
                _ => {}
            }
        }
    }

    /// A chat that is new or was taken anew shows its last message, which is then not told as a place.
    fn chat(&self, chat: &Chat) {
        if let Some(message) = &chat.head.last_message {
            self.told.lock().shown(chat.id, message.id);
        }
    }

    fn log(&self, frame: &LogFrame) {
        let mut told = self.told.lock();
        let chat = frame.chat_id;
        if let Some(last) = told.places.insert(chat, frame.seq)
            && frame.seq != last.next()
        {
            let (who, place) = (&self.holds.user, frame.seq);
            self.surprises
                .note(|| format!("{who} was shown place {place} of {chat} after {last}"));
        }
        if let LogBody::Message { message } = &frame.body {
            told.shown(chat, message.id);
            if message.sender_id.as_str() == self.holds.user {
                told.own.push_back((chat, message.id));
                if told.own.len() > OWN {
                    told.own.pop_front();
                }
            }
        }
        drop(told);
        let prefix = What::Prefix(frame.into());
        self.history.record(Some(&self.holds), &prefix);
    }
}

impl Told {
    fn shown(&mut self, chat: ChatId, message: MessageId) {
        let latest = self.latest.entry(chat).or_insert(message);
        *latest = message.max(*latest);
    }
}
