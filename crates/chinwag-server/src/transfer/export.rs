//! `GET /control/export`: everything that was said, as lines, as it was at one moment.

use axum::{extract::State, response::Response};
use chinwag_backends::fjall::Snapshot;
use chinwag_core::ports::EngineError;
use http::{HeaderName, HeaderValue};

use super::{
    Place,
    exporter::{for_each_chat, write},
    streamed,
};
use crate::api::problem_response;

/// How many messages an export will have.
pub const MESSAGES_HEADER: HeaderName = HeaderName::from_static("chinwag-messages");

pub(super) async fn export(State(place): State<Place>) -> Response {
    let snapshot = match place.snapshot() {
        Ok((_, snapshot)) => snapshot,
        Err(problem) => return problem_response(&problem, None),
    };
    let counted = tokio::task::spawn_blocking(move || {
        let messages = messages(&snapshot);
        (snapshot, messages)
    });
    let Ok((snapshot, messages)) = counted.await else {
        let problem = EngineError::Unavailable("counting failed".into()).into();
        return problem_response(&problem, None);
    };
    let messages = match messages {
        Ok(messages) => messages,
        Err(error) => return problem_response(&error.into(), None),
    };
    let mut response = streamed::written_by(move |out| write(snapshot, out));
    let headers = response.headers_mut();
    headers.insert(MESSAGES_HEADER, HeaderValue::from(messages));
    response
}

/// Counts messages by the ends of the chats.
fn messages(snapshot: &Snapshot) -> Result<u64, EngineError> {
    let mut count = 0;
    for_each_chat(snapshot, |chat| {
        count += snapshot.head(chat)?.map_or(0, |head| head.count);
        Ok(())
    })?;
    Ok(count)
}
