//! `GET /control/export`: everything that was said, as lines: as it was at one moment where the store is embedded, else
//! each chat as it is when its turn comes.

use axum::{extract::State, response::Response};
use chinwag_core::ports::EngineError;
use http::{HeaderName, HeaderValue};

use super::{
    Place,
    exporter::{for_each_chat, write},
    source::{Engines, Source},
    streamed,
};
use crate::api::problem_response;

/// How many messages an export will have.
pub const MESSAGES_HEADER: HeaderName = HeaderName::from_static("chinwag-messages");

pub(super) async fn export(State(place): State<Place>) -> Response {
    let node = match place.node() {
        Ok(node) => node,
        Err(problem) => return problem_response(&problem, None),
    };
    match &node.ports().embedded {
        Some(embedded) => exported(embedded.snapshot()).await,
        None => exported(Engines::of(&node)).await,
    }
}

async fn exported(source: impl Source + Send + 'static) -> Response {
    let counted = tokio::task::spawn_blocking(move || {
        let messages = messages(&source);
        (source, messages)
    });
    let Ok((source, messages)) = counted.await else {
        let problem = EngineError::Unavailable("counting failed".into()).into();
        return problem_response(&problem, None);
    };
    let messages = match messages {
        Ok(messages) => messages,
        Err(error) => return problem_response(&error.into(), None),
    };
    let mut response = streamed::written_by(move |out| write(&source, out));
    let headers = response.headers_mut();
    headers.insert(MESSAGES_HEADER, HeaderValue::from(messages));
    response
}

/// Counts messages by the ends of the chats.
fn messages(source: &impl Source) -> Result<u64, EngineError> {
    let mut count = 0;
    for_each_chat(source, |chat| {
        count += source.head(chat)?.map_or(0, |head| head.count);
        Ok(())
    })?;
    Ok(count)
}
