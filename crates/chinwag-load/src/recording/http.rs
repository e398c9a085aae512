//! What one user asks over HTTP.

use std::{io::Write, sync::Arc};

use chinwag_client::{ClientError, Http};
use chinwag_proto::{
    ChatId, ClientId, Seq, UserId,
    http::{AddMembers, ClientIdQuery, CreateChat, HistoryQuery, MessagesPage, SearchAnswer},
    shapes::{self, Chat},
};
use parking_lot::Mutex;

use super::answers::{self, Epochs};
use crate::check::{
    history::{Ack, Client, HistoryVisible, Intent, Made, Op, Outcome, Via, What},
    record::Recorder,
};

/// Asks over HTTP as one user, and records it.
pub struct RecordedHttp<W: Write> {
    recorder: Arc<Recorder<W>>,
    http: Http,
    client: Client,
    epochs: Mutex<Epochs>,
}

impl<W: Write> RecordedHttp<W> {
    /// Speaks through `http`, which bears the user's token; `session` tells its requests from those of others.
    pub fn new(recorder: Arc<Recorder<W>>, http: Http, user: &UserId, session: &str) -> Self {
        let client = Client {
            user: user.to_string(),
            device: "http".into(),
            session: session.into(),
        };
        Self {
            recorder,
            http,
            client,
            epochs: Mutex::default(),
        }
    }

    /// Makes a chat and records its first members.
    pub async fn create_chat(&self, new: &CreateChat) -> Result<Chat, ClientError> {
        let chat = self.http.create_chat(new).await?;
        let (others, visible) = match new {
            CreateChat::Direct { user_id, .. } => {
                (std::slice::from_ref(user_id), shapes::HistoryVisible::All)
            }
            CreateChat::Group {
                members,
                history_visible,
                ..
            } => (members.as_slice(), *history_visible),
        };
        let others = others.iter().map(UserId::to_string);
        let made = Made {
            chat: chat.id.to_string(),
            members: others.chain([self.client.user.clone()]).collect(),
            history_visible: match visible {
                shapes::HistoryVisible::All => HistoryVisible::All,
                shapes::HistoryVisible::Joined => HistoryVisible::Joined,
            },
        };
        self.recorder.record(None, &What::Made(made));
        Ok(chat)
    }

    /// Adds a member under a client id; again under the same one where nobody knows what became of it.
    pub async fn add(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> Result<(), ClientError> {
        let users = vec![user.to_string()];
        self.intends(chat, client_id, Op::Add { users });
        let members = AddMembers {
            user_ids: vec![user.clone()],
            client_id: Some(client_id.clone()),
        };
        let answer = self.http.add(chat, &members).await;
        self.ended(chat, client_id, answer)
    }

    /// Removes a member, or leaves, under a client id.
    pub async fn remove(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> Result<(), ClientError> {
        let users = vec![user.to_string()];
        self.intends(chat, client_id, Op::Remove { users });
        let query = ClientIdQuery {
            client_id: Some(client_id.clone()),
        };
        let answer = self.http.remove(chat, user, &query).await;
        self.ended(chat, client_id, answer)
    }

    /// Reads a chat with the own counts and mark.
    pub async fn chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        let asked = self.recorder.now();
        let chat = self.http.chat(chat).await?;
        self.epochs.lock().told(chat.id, chat.epoch);
        for what in answers::summary(&chat, asked, &self.client.user) {
            self.record(&what);
        }
        Ok(chat)
    }

    /// Reads a page of messages.
    pub async fn history(&self, query: &HistoryQuery) -> Result<MessagesPage, ClientError> {
        let asked = self.recorder.now();
        let page = self.http.history(query).await?;
        let shown = answers::messages(&page, query, asked, &self.epochs.lock());
        if let Some(shown) = shown {
            self.record(&What::Page(shown));
        }
        Ok(page)
    }

    /// Searches, in one chat or in all of the user's.
    pub async fn search(
        &self,
        words: &str,
        chat: Option<ChatId>,
    ) -> Result<SearchAnswer, ClientError> {
        let asked = self.recorder.now();
        let answer = self.http.search(words, chat).await?;
        for shown in answers::found(&answer, asked, &self.epochs.lock()) {
            self.record(&What::Page(shown));
        }
        Ok(answer)
    }

    /// Reads a chat's whole log, as one who may see all of it; answers how many places there are.
    pub async fn dump(&self, chat: ChatId) -> Result<u64, ClientError> {
        let mut after = Seq::ZERO;
        loop {
            let asked = self.recorder.now();
            let page = self.http.events(chat, after, None).await?;
            let dumped = answers::events(&page, asked, None, after, Via::Dump);
            self.record(&What::Page(dumped));
            after = page.events.last().map_or(after, |event| event.seq);
            if !page.has_more {
                return Ok(after.0);
            }
        }
    }

    fn intends(&self, chat: ChatId, client_id: &ClientId, op: Op) {
        self.record(&What::Intent(Intent {
            chat: chat.to_string(),
            client_id: client_id.to_string(),
            op,
        }));
    }

    fn ended(
        &self,
        chat: ChatId,
        client_id: &ClientId,
        answer: Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let client_id = client_id.to_string();
        let chat = chat.to_string();
        self.record(&match &answer {
            Ok(()) => What::Ack(Ack {
                chat,
                client_id,
                event: None,
            }),
            Err(ClientError::Refused(problem)) if !problem.retryable => {
                What::Refused(Outcome { chat, client_id })
            }
            Err(_) => What::UnknownOutcome(Outcome { chat, client_id }),
        });
        answer
    }

    fn record(&self, what: &What) {
        self.recorder.record(Some(&self.client), what);
    }
}
