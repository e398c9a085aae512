//! Which rebuild goes on in the cluster: a document that its node renews, and that others watch.

use std::time::Duration;

use chinwag_core::ports::EngineResult;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Options, call::Call, link::Link, names::Names};

/// The document where nodes agree on rebuilds. Written only as what follows a version that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Lease {
    /// The number of the last rebuild that began.
    pub(super) number: u64,
    /// Rises with each sign of life of its node.
    pub(super) beat: u64,
    /// Whether it goes on.
    pub(super) goes_on: bool,
}

/// A lease as it was read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) lease: Lease,
    version: Version,
}

/// Which write it was; none where there was none.
type Version = Option<(u64, u64)>;

/// Where the lease is.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    document: String,
    timeout: Duration,
}

#[derive(Deserialize)]
struct Read {
    #[serde(rename = "_seq_no")]
    number: Option<u64>,
    #[serde(rename = "_primary_term")]
    term: Option<u64>,
    #[serde(rename = "_source")]
    lease: Option<Lease>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "_seq_no")]
    number: u64,
    #[serde(rename = "_primary_term")]
    term: u64,
}

impl Desk {
    pub(super) fn new(names: &Names, options: &Options) -> Self {
        Self {
            document: format!("{}/_doc/rebuild", names.state()),
            timeout: options.timeout,
        }
    }

    /// Reads the lease.
    pub(super) async fn read(&self, link: &Link) -> EngineResult<Seen> {
        let call = Call::get(self.document.clone(), self.timeout);
        let answer = link.send(&call).await?;
        let nobody = Seen {
            lease: Lease::default(),
            version: None,
        };
        if answer.status == 404 {
            return Ok(nobody);
        }
        let read: Read = answer
            .done("read the rebuild's lease")?
            .json("read the rebuild's lease")?;
        Ok(match (read.lease, read.number.zip(read.term)) {
            (Some(lease), Some(version)) => Seen {
                lease,
                version: Some(version),
            },
            _ => nobody,
        })
    }

    /// Writes what follows a lease that was read; none where somebody else was faster.
    pub(super) async fn write(
        &self,
        link: &Link,
        lease: Lease,
        after: Seen,
    ) -> EngineResult<Option<Seen>> {
        let condition = match after.version {
            Some((number, term)) => format!("if_seq_no={number}&if_primary_term={term}"),
            None => "op_type=create".into(),
        };
        let path = format!("{}?{condition}", self.document);
        let call = Call::put(path, &json!(lease), self.timeout);
        let answer = link.send(&call).await?;
        if answer
            .refusal()
            .is_some_and(|refusal| refusal.is_conflict())
        {
            return Ok(None);
        }
        let written: Written = answer
            .done("write the rebuild's lease")?
            .json("write the rebuild's lease")?;
        Ok(Some(Seen {
            lease,
            version: Some((written.number, written.term)),
        }))
    }
}
