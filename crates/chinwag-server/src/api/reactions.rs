//! `/messages/{id}/reactions`.

use std::sync::Arc;

use chinwag_core::owner::{Command, Outcome};
use chinwag_proto::{MessageId, Problem, http::ClientIdQuery, shapes::Event};
use http::Method;

use super::{Api, answer::Answer, call::Call, messages::unexpected, route::Route};

const PATH: &str = "/v1/messages/{id}/reactions/{key}";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::PUT, PATH, "react", "Puts a reaction on a message.")
            .query::<ClientIdQuery>()
            .answers::<Event>(200)
            .run(|api, call| react(api, call, true)),
        Route::new(
            Method::DELETE,
            PATH,
            "unreact",
            "Takes a reaction off a message.",
        )
        .query::<ClientIdQuery>()
        .answers::<Event>(200)
        .run(|api, call| react(api, call, false)),
    ]
}

async fn react(api: Arc<Api>, call: Call, on: bool) -> Result<Answer, Problem> {
    let caller = call.caller()?;
    let message: MessageId = call.part("id")?;
    let query: ClientIdQuery = call.query()?;
    let command = Command::React {
        message,
        key: call.part("key")?,
        on,
        client_id: query.client_id,
    };
    let chat = api.reads.chat_of_message(&caller, message).await?;
    match api.owner.execute(&caller, chat, command).await? {
        Outcome::Event { event, .. } => Answer::ok(&event),
        Outcome::Done => Ok(Answer::none()),
        other @ Outcome::Message { .. } => Err(unexpected(&other)),
    }
}
