//! Writes messages to an index, many in a request.

use bytes::Bytes;
use chinwag_core::ports::{EngineResult, SearchDocument};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use serde::Deserialize;

use super::{
    Options,
    call::Call,
    document::Parts,
    error::{Cause, Refusal},
    link::Link,
};

/// Requests under way at a time: the next one is written while the engine works on one.
const AT_ONCE: usize = 2;

/// An index to write to, by an alias: one that is gone is never made anew by a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) alias: String,
    /// Whether what is written must be found before the answer.
    pub(super) awaits_refresh: bool,
}

/// Whether messages were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// All of them, or what is there is at least as new.
    All,
    /// Not all, since an alias is gone: a rebuild was finished, or given up.
    Gone,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: Outcome,
}

/// What became of a document.
#[derive(Deserialize)]
struct Outcome {
    status: u16,
    #[serde(default)]
    error: Option<Cause>,
}

/// Writes messages to all of some indices. What is there in a version at least as new is left as it is.
pub(super) async fn write(
    link: &Link,
    options: &Options,
    targets: &[Target],
    documents: &[SearchDocument],
) -> EngineResult<Written> {
    let parts = stream::iter(Parts::of(documents, options));
    let writing = parts.map(|part| write_part(link, options, targets, part));
    let written = writing.buffer_unordered(AT_ONCE);
    written
        .try_fold(Written::All, async |all, part| Ok(all.and(part)))
        .await
}

impl Written {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, Self::All) => Self::All,
            _ => Self::Gone,
        }
    }
}

async fn write_part(
    link: &Link,
    options: &Options,
    targets: &[Target],
    part: Bytes,
) -> EngineResult<Written> {
    let writing = targets.iter().map(async |target| {
        let call = Call::lines(path(target), part.clone(), options.write_timeout);
        let answer = link.send(&call).await?.done("write messages")?;
        judge(answer.json("write messages")?)
    });
    let written = try_join_all(writing).await?;
    Ok(written.into_iter().fold(Written::All, Written::and))
}

fn path(
    Target {
        alias,
        awaits_refresh,
    }: &Target,
) -> String {
    let refresh = if *awaits_refresh { "wait_for" } else { "false" };
    format!(
        "{alias}/_bulk?require_alias=true&refresh={refresh}\
         &filter_path=items.index.status,items.index.error.type,items.index.error.reason"
    )
}

fn judge(answered: Answered) -> EngineResult<Written> {
    let mut written = Written::All;
    for Item { index: outcome } in answered.items {
        let Some(cause) = outcome.error else {
            continue;
        };
        let refusal = Refusal {
            status: outcome.status,
            cause,
        };
        if refusal.is_missing() {
            written = Written::Gone;
        } else if !refusal.is_conflict() {
            return Err(refusal.meaning("a message isn't written"));
        }
    }
    Ok(written)
}
