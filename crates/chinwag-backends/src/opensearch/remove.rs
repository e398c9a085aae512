//! Removes a chat's messages, some at a time.

use chinwag_core::ports::{EngineError, EngineResult};
use chinwag_proto::ChatId;
use serde::Deserialize;
use serde_json::json;

use super::{Options, call::Call, indices::Indices, layout::CHAT, link::Link};

/// Messages removed in one request, so that it ends in time.
const AT_ONCE: u64 = 10_000;
/// Messages that the engine looks up at a time.
const PAGE: u64 = 1_000;

#[derive(Deserialize)]
struct Removed {
    deleted: u64,
    /// Changed between being found and being removed.
    version_conflicts: u64,
    #[serde(default)]
    failures: Vec<serde_json::Value>,
}

/// Removes all of a chat from every index that nodes of this version or an earlier one search, or build.
pub(super) async fn chat(
    link: &Link,
    options: &Options,
    indices: &Indices,
    chat: ChatId,
) -> EngineResult<()> {
    let next = indices.next.iter().map(|next| &next.index);
    let all: Vec<&str> = indices.replaced().chain(next).map(String::as_str).collect();
    if all.is_empty() {
        return Ok(());
    }
    let all = all.join(",");
    // What was written a moment ago is found only then.
    let call = Call::post(
        format!("{all}/_refresh?ignore_unavailable=true"),
        &json!({}),
        options.write_timeout,
    );
    link.send(&call)
        .await?
        .done("refresh before a chat is removed")?;
    let path = format!(
        "{all}/_delete_by_query?ignore_unavailable=true&conflicts=proceed&refresh=true\
         &max_docs={AT_ONCE}&scroll_size={PAGE}&filter_path=deleted,version_conflicts,failures"
    );
    let body = json!({ "query": { "term": { CHAT: chat.to_string() } } });
    let call = Call::post(path, &body, options.write_timeout);
    loop {
        let answer = link.send(&call).await?.done("remove a chat")?;
        let removed: Removed = answer.json("remove a chat")?;
        if let Some(failure) = removed.failures.first() {
            let why = format!("opensearch: a chat isn't removed: {failure}");
            return Err(EngineError::Unavailable(why));
        }
        if removed.deleted < AT_ONCE && removed.version_conflicts == 0 {
            return Ok(());
        }
    }
}
