//! `/messages`: sending, history, edits, deletions.

use std::sync::Arc;

use chinwag_core::owner::{Caller, Command, NewMessage, Outcome};
use chinwag_proto::{
    ErrorCode, MessageId, Problem,
    http::{ClientIdQuery, EditMessage, HistoryQuery, MessagesPage, SendMessage, Versions},
    shapes::Message,
};
use http::{Method, StatusCode};

use super::{Api, answer::Answer, call::Call, route::Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::POST,
            "/v1/messages",
            "sendMessage",
            "Sends a message; 200 where it was sent before.",
        )
        .body::<SendMessage>()
        .answers::<Message>(201)
        .answers::<Message>(200)
        .run(send),
        Route::new(
            Method::GET,
            "/v1/messages",
            "listMessages",
            "Reads a page of a chat's messages.",
        )
        .query::<HistoryQuery>()
        .answers::<MessagesPage>(200)
        .run(|api, call| async move {
            Answer::ok(&api.reads.history(&call.caller()?, call.query()?).await?)
        }),
        Route::new(
            Method::GET,
            "/v1/messages/{id}",
            "getMessage",
            "Reads one message.",
        )
        .answers::<Message>(200)
        .run(|api, call| async move {
            Answer::ok(&api.reads.message(&call.caller()?, call.part("id")?).await?)
        }),
        Route::new(
            Method::PATCH,
            "/v1/messages/{id}",
            "editMessage",
            "Changes a message's content.",
        )
        .body::<EditMessage>()
        .answers::<Message>(200)
        .run(edit),
        Route::new(
            Method::DELETE,
            "/v1/messages/{id}",
            "deleteMessage",
            "Deletes a message: a tombstone stays.",
        )
        .query::<ClientIdQuery>()
        .answers::<Message>(200)
        .run(delete),
        Route::new(
            Method::GET,
            "/v1/messages/{id}/versions",
            "listVersions",
            "Reads a message's contents so far.",
        )
        .answers::<Versions>(200)
        .run(|api, call| async move {
            Answer::ok(
                &api.reads
                    .versions(&call.caller()?, call.part("id")?)
                    .await?,
            )
        }),
    ]
}

async fn send(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let request: SendMessage = call.body()?;
    let caller = sender(&call, &request)?;
    let message = NewMessage {
        client_id: request.client_id,
        content: request.content,
        reply_to: request.reply_to,
        mentions: request.mentions,
        metadata: request.metadata,
        client_timestamp: request.timestamp,
    };
    match api
        .owner
        .execute(&caller, request.chat_id, Command::Send(message))
        .await?
    {
        Outcome::Message {
            message, repeated, ..
        } => {
            let status = if repeated {
                StatusCode::OK
            } else {
                StatusCode::CREATED
            };
            Answer::json(status, &message)
        }
        other => Err(unexpected(&other)),
    }
}

/// Finds in whose name a message is sent: the caller's, unless an API key says another.
fn sender(call: &Call, request: &SendMessage) -> Result<Caller, Problem> {
    let who = call.who()?;
    match &request.sender_id {
        Some(sender) if who.api_key => Ok(Caller {
            user: sender.clone(),
            session: None,
            api_key: true,
        }),
        Some(sender) if who.user.as_ref() != Some(sender) => Err(Problem::new(
            ErrorCode::Forbidden,
            "senderId must be the caller; only an API key sends as another user",
        )),
        _ => call.caller(),
    }
}

async fn edit(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let message: MessageId = call.part("id")?;
    let request: EditMessage = call.body()?;
    let command = Command::Edit {
        message,
        content: request.content,
        client_id: request.client_id,
    };
    change(&api, &call.caller()?, message, command).await
}

async fn delete(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let message: MessageId = call.part("id")?;
    let query: ClientIdQuery = call.query()?;
    let command = Command::Delete {
        message,
        client_id: query.client_id,
    };
    change(&api, &call.caller()?, message, command).await
}

/// Asks the owner of a message's chat for a change, and answers the message as it is then.
pub(super) async fn change(
    api: &Api,
    caller: &Caller,
    message: MessageId,
    command: Command,
) -> Result<Answer, Problem> {
    let chat = api.reads.chat_of_message(caller, message).await?;
    match api.owner.execute(caller, chat, command).await? {
        Outcome::Event {
            message: Some(message),
            ..
        }
        | Outcome::Message { message, .. } => Answer::ok(&message),
        other => Err(unexpected(&other)),
    }
}

/// Tells that the owner answered what this command can't have for an answer: a fault of this program.
pub(super) fn unexpected(outcome: &Outcome) -> Problem {
    let kind = match outcome {
        Outcome::Message { .. } => "a message",
        Outcome::Event { .. } => "an event",
        Outcome::Done => "nothing",
    };
    tracing::error!(
        kind,
        "the owner answered what the command can't have for an answer"
    );
    Problem::new(ErrorCode::Internal, "the answer can't be shown")
}
