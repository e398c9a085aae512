//! From a request to its answer.

use std::{collections::HashSet, sync::Arc};

use chinwag_core::owner::{Caller, Command, NewMessage, Outcome};
use chinwag_proto::{
    ChatId, ErrorCode, Problem, UserId,
    frames::{ClientFrame, ReactFrame, Request, RequestId, SendFrame, ServerFrame},
    http::EventsQuery,
};

use super::{Gateway, session::Session};

/// Reads a frame. What isn't one is told; the connection stays.
pub(super) fn read(text: &str) -> Result<ClientFrame, (Option<RequestId>, Problem)> {
    chinwag_proto::json::read(text.as_bytes()).map_err(|problem| {
        let Ok(object) = serde_json::from_str::<serde_json::Value>(text) else {
            return (None, problem);
        };
        let id = object.get("id").and_then(serde_json::Value::as_u64);
        let kind = object.get("type").and_then(serde_json::Value::as_str);
        match kind {
            Some(kind) if Request::TYPES.contains(&kind) => (id, problem),
            Some(kind) => {
                let known = Request::TYPES.join(", ");
                let detail = format!("there is no frame of type {kind:?}; known are {known}");
                (id, Problem::new(ErrorCode::UnknownType, detail))
            }
            None => (id, Problem::field("/type", "is missing, or no text")),
        }
    })
}

/// Makes the answer of a refusal.
pub(super) fn refusal(id: Option<RequestId>, error: Problem) -> ServerFrame {
    ServerFrame::Error { id, error }
}

/// A change of a chat, asked for by a frame.
pub(super) fn command(request: Request) -> Result<(ChatId, Command), Request> {
    Ok(match request {
        Request::Send(frame) => send(frame),
        Request::Edit {
            chat_id,
            message_id,
            content,
            client_id,
        } => (
            chat_id,
            Command::Edit {
                message: message_id,
                content,
                client_id,
            },
        ),
        Request::Delete {
            chat_id,
            message_id,
            client_id,
        } => (
            chat_id,
            Command::Delete {
                message: message_id,
                client_id,
            },
        ),
        Request::React(frame) => react(frame, true),
        Request::Unreact(frame) => react(frame, false),
        Request::Read {
            chat_id,
            last_read_message_id,
            unread,
        } => (
            chat_id,
            Command::Read {
                message: last_read_message_id,
                unread,
            },
        ),
        Request::Delivered {
            chat_id,
            delivered_message_id,
        } => (
            chat_id,
            Command::Delivered {
                message: delivered_message_id,
            },
        ),
        Request::Typing { chat_id } => (chat_id, Command::Typing),
        other => return Err(other),
    })
}

fn send(frame: SendFrame) -> (ChatId, Command) {
    let message = NewMessage {
        client_id: frame.client_id,
        content: frame.content,
        reply_to: frame.reply_to,
        mentions: frame.mentions,
        metadata: frame.metadata,
        client_timestamp: frame.timestamp,
    };
    (frame.chat_id, Command::Send(message))
}

fn react(frame: ReactFrame, on: bool) -> (ChatId, Command) {
    (
        frame.chat_id,
        Command::React {
            message: frame.message_id,
            key: frame.key,
            on,
            client_id: frame.client_id,
        },
    )
}

impl Gateway {
    fn caller(session: &Session) -> Caller {
        Caller {
            user: session.user.clone(),
            session: Some(session.id),
            api_key: session.api_key,
        }
    }

    /// Asks the owner, and makes the answer.
    pub(super) async fn change(
        self: Arc<Self>,
        session: Arc<Session>,
        id: Option<RequestId>,
        chat: ChatId,
        command: Command,
    ) -> Option<ServerFrame> {
        if matches!(command, Command::Send(_))
            && let Err((problem, _)) = self.ports.rates.send(&session.user)
        {
            return Some(refusal(id, problem));
        }
        let silent = matches!(command, Command::Typing);
        match self
            .ports
            .owner
            .execute(&Self::caller(&session), chat, command)
            .await
        {
            Ok(Outcome::Message { epoch, message, .. }) => Some(ServerFrame::Ack {
                id,
                epoch,
                seq: message.seq,
                message: Some(*message),
                event: None,
            }),
            Ok(Outcome::Event {
                epoch,
                seq,
                event,
                message,
            }) => {
                let message = message.map(|message| *message);
                Some(ServerFrame::Ack {
                    id,
                    epoch,
                    seq,
                    message,
                    event: Some(*event),
                })
            }
            Ok(Outcome::Done) if silent => None,
            Ok(Outcome::Done) => Some(ServerFrame::Ok { id }),
            Err(problem) => Some(refusal(id, problem)),
        }
    }

    /// Asks the reads, and makes the answer.
    pub(super) async fn read(
        self: Arc<Self>,
        session: Arc<Session>,
        id: Option<RequestId>,
        request: Request,
    ) -> Option<ServerFrame> {
        let caller = Self::caller(&session);
        let reads = &self.ports.reads;
        let answer = match request {
            Request::Sync(sync) => reads
                .sync(&caller, sync)
                .await
                .map(|answer| ServerFrame::Sync { id, answer }),
            Request::Events {
                chat_id,
                epoch,
                after,
                limit,
            } => {
                let query = EventsQuery {
                    after,
                    epoch,
                    limit,
                };
                reads
                    .events(&caller, chat_id, query)
                    .await
                    .map(|page| ServerFrame::Events { id, page })
            }
            Request::History(query) => reads
                .history(&caller, query)
                .await
                .map(|page| ServerFrame::Messages { id, page }),
            Request::Heartbeat { chats } => return self.behind(&caller, id, chats).await,
            _ => Err(Problem::new(
                ErrorCode::UnknownType,
                "this frame is not answered here",
            )),
        };
        Some(answer.unwrap_or_else(|problem| refusal(id, problem)))
    }

    /// Tells the ends of those chats that are ahead of the client; nothing where none is.
    async fn behind(
        &self,
        caller: &Caller,
        id: Option<RequestId>,
        chats: std::collections::BTreeMap<ChatId, chinwag_proto::frames::Place>,
    ) -> Option<ServerFrame> {
        let ids: Vec<ChatId> = chats
            .keys()
            .copied()
            .take(self.settings.limits.sync_chats as usize)
            .collect();
        let heads = self.ports.owner.heads(&ids).await.ok()?;
        let mut ahead = std::collections::BTreeMap::new();
        for head in heads.into_iter().flatten() {
            let held = chats.get(&head.chat)?;
            if held.epoch != head.epoch || held.seq < head.seq {
                ahead.insert(
                    head.chat,
                    chinwag_proto::frames::Place {
                        epoch: head.epoch,
                        seq: head.seq,
                    },
                );
            }
        }
        // Only members learn where a chat ends.
        let users = std::slice::from_ref(&caller.user);
        for chat in ahead.keys().copied().collect::<Vec<_>>() {
            let found = self.ports.directory.memberships(chat, users).await.ok()?;
            if !found
                .into_iter()
                .flatten()
                .any(|membership| membership.member.active)
            {
                ahead.remove(&chat);
            }
        }
        (!ahead.is_empty()).then_some(ServerFrame::Heartbeat { id, chats: ahead })
    }

    /// Changes whom a session watches, and makes the answer.
    pub(super) async fn watch_request(
        &self,
        session: &Session,
        watching: &mut HashSet<UserId>,
        id: Option<RequestId>,
        add: Vec<UserId>,
        remove: Vec<UserId>,
    ) -> ServerFrame {
        match self.watch(session, watching, add, remove).await {
            Ok(users) => ServerFrame::Presence {
                id,
                users,
                user: None,
            },
            Err(problem) => refusal(id, problem),
        }
    }
}
