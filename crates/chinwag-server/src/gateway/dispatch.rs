//! From a request to its answer.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use chinwag_core::{
    model::Membership,
    owner::{Caller, Command, NewMessage, Outcome},
};
use chinwag_proto::{
    ChatId, ErrorCode, Problem,
    frames::{ClientFrame, Place, ReactFrame, Request, RequestId, SendFrame, ServerFrame},
    http::EventsQuery,
    json,
};
use serde::Deserialize;

use super::{Gateway, session::Session};
use crate::bounded;

/// What of a frame tells how to read the rest.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    id: Option<RequestId>,
}

/// Reads a frame. What isn't one is told; the connection stays.
///
/// A send, which is what comes most, is read straight into its own type.
pub(super) fn read(text: &str) -> Result<ClientFrame, (Option<RequestId>, Problem)> {
    let envelope: Envelope<'_> =
        serde_json::from_str(text).map_err(|_| (id_of(text), envelope_problem(text)))?;
    let id = envelope.id;
    let request = match &*envelope.kind {
        "send" => json::read(text.as_bytes()).map(Request::Send),
        kind if Request::TYPES.contains(&kind) => json::read(text.as_bytes()),
        kind => {
            let known = Request::TYPES.join(", ");
            let named: String = kind.chars().take(64).collect();
            let detail = format!("there is no frame of type {named:?}; known are {known}");
            Err(Problem::new(ErrorCode::UnknownType, detail))
        }
    };
    match request {
        Ok(request) => Ok(ClientFrame { id, request }),
        Err(problem) => Err((id, problem)),
    }
}

fn id_of(text: &str) -> Option<RequestId> {
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    object.get("id").and_then(serde_json::Value::as_u64)
}

/// Says what keeps a text from being a frame at all.
fn envelope_problem(text: &str) -> Problem {
    #[derive(Deserialize)]
    struct Owned {
        #[serde(rename = "type")]
        _kind: String,
        #[serde(default, rename = "id")]
        _id: Option<RequestId>,
    }
    match json::read::<Owned>(text.as_bytes()) {
        Err(problem) => problem,
        Ok(_) => Problem::new(ErrorCode::BadJson, "not well-formed JSON"),
    }
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
        let caller = session.caller();
        match self.ports.owner.execute(&caller, chat, command).await {
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
            }) => Some(ServerFrame::Ack {
                id,
                epoch,
                seq,
                message: message.map(|message| *message),
                event: Some(*event),
            }),
            Ok(Outcome::Done) if silent => None,
            Ok(Outcome::Done) => Some(ServerFrame::Ok { id }),
            Err(problem) => Some(refusal(id, problem)),
        }
    }

    /// Asks the reads, and makes the answer; a heartbeat gets one if it is `owed` or there is something to tell.
    pub(super) async fn read(
        self: Arc<Self>,
        session: Arc<Session>,
        id: Option<RequestId>,
        request: Request,
        owed: bool,
    ) -> Option<ServerFrame> {
        let caller = session.caller();
        let reads = &self.ports.reads;
        if let Request::Heartbeat { chats } = request {
            return self.behind(&caller, id, owed, chats).await;
        }
        let answer = async {
            match request {
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
                _ => Err(Problem::new(
                    ErrorCode::UnknownType,
                    "this frame is not answered here",
                )),
            }
        };
        let answer = bounded::by(bounded::due(), answer).await;
        Some(answer.unwrap_or_else(|problem| refusal(id, problem)))
    }

    /// Answers a heartbeat with the ends of those chats that are ahead of the client.
    async fn behind(
        &self,
        caller: &Caller,
        id: Option<RequestId>,
        owed: bool,
        chats: BTreeMap<ChatId, Place>,
    ) -> Option<ServerFrame> {
        let ahead = bounded::by(bounded::due(), self.ahead_of(caller, &chats));
        let chats = match ahead.await {
            Ok(ahead) => ahead,
            Err(problem) => {
                tracing::debug!(%problem, "a heartbeat is answered without places");
                BTreeMap::new()
            }
        };
        let answers = owed || !chats.is_empty();
        answers.then_some(ServerFrame::Heartbeat { id, chats })
    }

    async fn ahead_of(
        &self,
        caller: &Caller,
        held: &BTreeMap<ChatId, Place>,
    ) -> Result<BTreeMap<ChatId, Place>, Problem> {
        let most = self.settings.limits.sync_chats as usize;
        let named: Vec<ChatId> = held.keys().copied().take(most).collect();
        let mut ahead = BTreeMap::new();
        for head in self.ports.owner.heads(&named).await?.into_iter().flatten() {
            let place = Place {
                epoch: head.epoch,
                seq: head.seq,
            };
            let is_ahead = held
                .get(&head.chat)
                .is_some_and(|held| held.epoch != place.epoch || held.seq < place.seq);
            // Only members learn where a chat ends.
            if is_ahead && self.is_member(caller, head.chat).await? {
                ahead.insert(head.chat, place);
            }
        }
        Ok(ahead)
    }

    async fn is_member(&self, caller: &Caller, chat: ChatId) -> Result<bool, Problem> {
        let users = std::slice::from_ref(&caller.user);
        let found = self.ports.directory.memberships(chat, users).await;
        let found = found?;
        let active = |membership: &Membership| membership.member.active;
        Ok(found.iter().flatten().any(active))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Option<RequestId>, ErrorCode) {
        let (id, problem) = read(text).expect_err("must be refused");
        (id, problem.code)
    }

    #[test]
    fn a_frame_is_read_with_its_number_and_unknown_fields_are_ignored() {
        let text = r#"{"id":7,"type":"send","chatId":"1","content":"a","colour":{"x":[1]}}"#;
        let frame = read(text).unwrap();
        assert_eq!(frame.id, Some(7));
        assert!(matches!(frame.request, Request::Send(send) if send.content == "a"));
        let frame = read(r#"{"type":"typing","chatId":"1","x":null}"#).unwrap();
        assert!(matches!(frame.request, Request::Typing { .. }));
    }

    #[test]
    fn a_refusal_carries_the_number_where_there_is_one() {
        let bad = |id| (id, ErrorCode::BadRequest);
        let unknown = (Some(3), ErrorCode::UnknownType);
        assert_eq!(refused(r#"{"type":"dance","id":3}"#), unknown);
        assert_eq!(refused(r#"{"id":4}"#), bad(Some(4)));
        assert_eq!(
            refused(r#"{"type":"send","id":5,"chatId":"1"}"#),
            bad(Some(5))
        );
        assert_eq!(refused(r#"{"type":"typing","chatId":1}"#), bad(None));
        assert_eq!(refused(r#"{"type":"send","id":"x"}"#), bad(None));
        assert_eq!(refused(r#"{"type":"send","type":"auth"}"#), bad(None));
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "",
            "x",
            r#"{"type":"typing"} x"#,
            r#"{"type":"typing","#,
            r#"{"type":"\ud800"}"#,
        ] {
            assert_eq!(refused(text), (None, ErrorCode::BadJson), "{text}");
        }
        assert_eq!(refused(&"[".repeat(60_000)).0, None);
    }
}
