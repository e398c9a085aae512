//! One connection's frames, in both directions.

use std::{collections::HashMap, io::Write, sync::Arc};

use chinwag_proto::{
    ChatId, Problem, UserId,
    frames::{ClientFrame, LogFrame, ReceiptFrame, Request, RequestId, ServerFrame},
    http::SyncAnswer,
    shapes::{self, PresenceStatus},
};

use super::{
    answers::{self, Epochs},
    asked::{self, Asked},
};
use crate::check::{
    history::{Ack, Client, Close, Given, Live, Mark, Outcome, Presence, Typing, Via, Watch, What},
    record::Recorder,
    value::Id,
    wire,
};

/// Turns the frames of one connection into records.
///
/// Call [`Tap::sends`] before a frame leaves and [`Tap::receives`] after one came. Nothing is recorded before `ready`
/// tells whose session it is.
pub struct Tap<W: Write> {
    recorder: Arc<Recorder<W>>,
    device: String,
    client: Option<Client>,
    asked: HashMap<RequestId, Asked>,
    epochs: Epochs,
    made_up: u64,
}

impl<W: Write> Tap<W> {
    /// Taps a connection; `device` names its device where its `auth` doesn't.
    pub fn new(recorder: Arc<Recorder<W>>, device: impl Into<String>) -> Self {
        Self {
            recorder,
            device: device.into(),
            client: None,
            asked: HashMap::new(),
            epochs: Epochs::default(),
            made_up: 0,
        }
    }

    /// Names the session, once `ready` has come.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// Takes a frame that is about to leave.
    pub fn sends(&mut self, frame: &ClientFrame) {
        if let Request::Auth {
            device_id: Some(device),
            ..
        } = &frame.request
        {
            self.device = device.to_string();
        }
        let Some(client) = self.client.clone() else {
            return;
        };
        let mut asked = Asked::of(&frame.request, self.recorder.now());
        let made_up = &mut self.made_up;
        let intent = asked::intent(&frame.request, || {
            *made_up += 1;
            format!("{}#{made_up}", client.session)
        });
        if let Some(intent) = intent {
            let chat = intent.chat.parse().unwrap_or_default();
            let client_id = intent.client_id.clone();
            asked = Some(Asked::Change { chat, client_id });
            self.record(What::Intent(intent));
        }
        if let Request::WatchPresence { add, remove } = &frame.request {
            self.watches(add, true);
            self.watches(remove, false);
        }
        if let (Some(id), Some(asked)) = (frame.id, asked) {
            self.asked.insert(id, asked);
        }
    }

    /// Takes a frame that came.
    pub fn receives(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Ready {
                user_id,
                session_id,
                ..
            } => self.opened(user_id, session_id.to_string()),
            ServerFrame::Ack { id, .. } => self.acknowledged(*id, frame),
            ServerFrame::Ok { id } => {
                if let Some(Asked::Change { chat, client_id }) = self.answered(*id) {
                    self.ack(chat, client_id, None);
                }
            }
            ServerFrame::Error { id, error } => self.refused(*id, error),
            ServerFrame::Sync { id, answer } => self.synced(*id, answer),
            ServerFrame::Events { id, page } => {
                if let Some(Asked::Events { at, epoch, after }) = self.answered(*id) {
                    self.epochs.told(page.chat_id, page.epoch);
                    let page = answers::events(page, at, epoch, after, Via::Events);
                    self.record(What::Page(page));
                }
            }
            ServerFrame::Messages { id, page } => {
                if let Some(Asked::History { at, query }) = self.answered(*id)
                    && let Some(page) = answers::messages(page, &query, at, &self.epochs)
                {
                    self.record(What::Page(page));
                }
            }
            ServerFrame::Log(frame) => self.shown(frame),
            ServerFrame::Receipt(ReceiptFrame::Member(receipt)) => self.marked(receipt),
            ServerFrame::Typing {
                chat_id,
                user_id,
                user_ids,
                ..
            } => {
                for user in user_ids.iter().chain(user_id) {
                    let (chat, user) = (chat_id.to_string(), user.to_string());
                    self.record(What::Typing(Typing { chat, user }));
                }
            }
            ServerFrame::Presence { id, users, user } => {
                let asked = match self.answered(*id) {
                    Some(Asked::Watch { at }) => Some(at),
                    _ => None,
                };
                for told in users.iter().chain(user) {
                    self.present(told, asked);
                }
            }
            ServerFrame::Resync { .. } => self.record(What::Resync),
            ServerFrame::Heartbeat { .. }
            | ServerFrame::Receipt(ReceiptFrame::Count(_))
            | ServerFrame::Reauth { .. }
            | ServerFrame::Drain { .. } => {}
        }
    }

    /// Takes the end of the connection; `clean` where the server saw it at once.
    pub fn ends(&mut self, clean: bool) {
        self.record(What::Close(Close { clean }));
        self.client = None;
        self.asked.clear();
    }

    fn opened(&mut self, user: &UserId, session: String) {
        if self.client.is_some() {
            return; // A fresh token of the same session.
        }
        self.client = Some(Client {
            user: user.to_string(),
            device: self.device.clone(),
            session,
        });
        self.record(What::Open);
    }

    fn watches(&self, users: &[UserId], on: bool) {
        if !users.is_empty() {
            let users = users.iter().map(UserId::to_string).collect();
            self.record(What::Watch(Watch { users, on }));
        }
    }

    fn acknowledged(&mut self, id: Option<RequestId>, frame: &ServerFrame) {
        let Some(Asked::Change { chat, client_id }) = self.answered(id) else {
            return;
        };
        let placed = frame
            .placed(chat)
            .map(|placed| (wire::event(&placed), placed));
        let given = placed.as_ref().and_then(|(event, placed)| {
            Some(Given {
                id: event.id?,
                epoch: placed.epoch.0,
                seq: placed.seq.0,
            })
        });
        self.ack(chat, client_id, given);
        if let Some((_, placed)) = placed {
            self.shown(&placed);
        }
    }

    fn refused(&mut self, id: Option<RequestId>, error: &Problem) {
        let Some(Asked::Change { chat, client_id }) = self.answered(id) else {
            return;
        };
        let chat = chat.to_string();
        let outcome = Outcome { chat, client_id };
        self.record(if error.retryable {
            What::UnknownOutcome(outcome)
        } else {
            What::Refused(outcome)
        });
    }

    fn synced(&mut self, id: Option<RequestId>, answer: &SyncAnswer) {
        let (Some(Asked::Sync { at, places }), Some(client)) =
            (self.answered(id), self.client.clone())
        else {
            return;
        };
        for chat in &answer.chats {
            self.epochs.told(chat.chat.id, chat.chat.epoch);
            let held = places.get(&chat.chat.id);
            for what in answers::synced(chat, at, held, &client.user) {
                self.record(what);
            }
        }
    }

    fn shown(&mut self, frame: &LogFrame) {
        self.epochs.told(frame.chat_id, frame.epoch);
        let (chat, event) = (frame.chat_id.to_string(), wire::event(frame));
        self.record(What::Live(Live { chat, event }));
    }

    fn marked(&self, receipt: &shapes::Receipt) {
        if let Some(id) = receipt.last_read_message_id {
            self.record(What::Mark(Mark {
                chat: receipt.chat_id.to_string(),
                user: receipt.user_id.to_string(),
                id: Id(id.0),
                asked: None,
            }));
        }
    }

    fn present(&self, told: &shapes::Presence, asked: Option<u64>) {
        self.record(What::Presence(Presence {
            user: told.user_id.to_string(),
            online: told.status == PresenceStatus::Online,
            asked,
        }));
    }

    fn answered(&mut self, id: Option<RequestId>) -> Option<Asked> {
        self.asked.remove(&id?)
    }

    fn ack(&self, chat: ChatId, client_id: String, event: Option<Given>) {
        self.record(What::Ack(Ack {
            chat: chat.to_string(),
            client_id,
            event,
        }));
    }

    fn record(&self, what: What) {
        if let Some(client) = &self.client {
            self.recorder.record(Some(client), &what);
        }
    }
}
