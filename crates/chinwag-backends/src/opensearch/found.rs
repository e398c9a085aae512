//! What the engine found.

use chinwag_core::ports::{EngineError, EngineResult, SearchHit, SearchPage};
use chinwag_proto::{ChatId, EventId, Seq};
use serde::Deserialize;

/// What of an answer is asked for.
pub(super) const FILTER: &str = "timed_out,hits.total.value,hits.hits._id,hits.hits.fields";

/// What was found in a part of the scope.
#[derive(Deserialize)]
pub(super) struct Found {
    #[serde(default)]
    timed_out: bool,
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    total: Total,
    #[serde(default)]
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_id")]
    id: String,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    chat: [String; 1],
    seq: [u64; 1],
}

impl Found {
    /// Makes the part's page.
    pub(super) fn page(self, limit: usize) -> EngineResult<SearchPage> {
        if self.timed_out {
            let why = "opensearch: the search takes too long";
            return Err(EngineError::Unavailable(why.into()));
        }
        let mut page = SearchPage {
            hits: self
                .hits
                .hits
                .into_iter()
                .map(hit)
                .collect::<EngineResult<_>>()?,
            total: self.hits.total.value,
            has_more: false,
        };
        cut(&mut page, limit);
        Ok(page)
    }
}

fn hit(hit: Hit) -> EngineResult<SearchHit> {
    let number = |text: &str| text.parse::<u64>();
    let Fields {
        chat: [chat],
        seq: [seq],
    } = hit.fields;
    match (number(&hit.id), number(&chat)) {
        (Ok(id), Ok(chat)) => Ok(SearchHit {
            chat: ChatId(chat),
            seq: Seq(seq),
            id: EventId(id),
        }),
        _ => {
            let detail = format!("opensearch: document {} isn't one of ours", hit.id);
            Err(EngineError::Damaged(detail))
        }
    }
}

/// Adds what was found in another part of the scope.
pub(super) fn join(mut page: SearchPage, other: SearchPage, limit: usize) -> SearchPage {
    page.total += other.total;
    page.has_more |= other.has_more;
    page.hits.extend(other.hits);
    page.hits.sort_by_key(|hit| std::cmp::Reverse(hit.id));
    cut(&mut page, limit);
    page
}

fn cut(page: &mut SearchPage, limit: usize) {
    page.has_more |= page.hits.len() > limit;
    page.hits.truncate(limit);
}
