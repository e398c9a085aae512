//! What is looked at, and made, when an engine is connected to.

use chinwag_core::ports::EngineError;
use serde::Deserialize;

use super::{Options, call::Call, layout, link::Link, names::Names};

/// The first versions whose API is this one: aliases that a write may require.
const OPENSEARCH_FROM: u32 = 2;
const ELASTICSEARCH_FROM: u32 = 8;
/// Names of indices have at most 255 bytes, and ours add to this.
const MAX_INDEX_BYTES: usize = 100;

/// Why an engine can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answers.
    #[error(
        "opensearch: none of {urls} answers ({error}): is it running, reachable from here, and is it https or http?"
    )]
    Away {
        /// Whom we asked.
        urls: String,
        /// Why.
        error: String,
    },
    /// It doesn't let us in.
    #[error(
        "opensearch: {url} refuses us ({status}): check opensearch.user and opensearch.password, or opensearch.api_key, and their rights"
    )]
    Refused {
        /// Whom we asked.
        url: String,
        /// With which status.
        status: u16,
    },
    /// It is another one than we can use.
    #[error(
        "opensearch: {found} answers; it must be OpenSearch {OPENSEARCH_FROM} or later, or Elasticsearch {ELASTICSEARCH_FROM} or later"
    )]
    Other {
        /// Who answers.
        found: String,
    },
    /// What is configured doesn't fit.
    #[error("{0}")]
    Unfit(String),
    /// What is needed can't be made there.
    #[error("opensearch: {0}")]
    Failed(EngineError),
}

#[derive(Deserialize)]
struct Welcome {
    version: Version,
}

#[derive(Deserialize)]
struct Version {
    number: String,
    /// Elasticsearch doesn't say.
    #[serde(default)]
    distribution: Option<String>,
}

/// Checks the names that indices will have.
pub(super) fn check(options: &Options) -> Result<(), ConnectError> {
    let index = &options.index;
    let is_name = index
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
    if !is_name
        || !index.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        || index.len() > MAX_INDEX_BYTES
    {
        return Err(ConnectError::Unfit(format!(
            "opensearch.index: {index:?}: up to {MAX_INDEX_BYTES} of a-z, 0-9, - and _, beginning with a letter or digit"
        )));
    }
    Ok(())
}

/// Looks who answers, and makes the index where nodes agree. Many nodes may do it at once.
pub(super) async fn prepare(
    link: &Link,
    names: &Names,
    options: &Options,
) -> Result<(), ConnectError> {
    let version = welcome(link, options).await?;
    tracing::info!("connected to {version}");
    let call = Call::put(
        names.state().into(),
        &layout::state(options),
        options.write_timeout,
    );
    let made = link.send(&call).await.map_err(ConnectError::Failed)?;
    match made.refusal() {
        Some(refusal) if !refusal.is_there_already() => {
            let what = format!("make the index {}", names.state());
            Err(ConnectError::Failed(refusal.meaning(&what)))
        }
        _ => Ok(()),
    }
}

/// Looks who answers; returns its name and version, which is one that can be used.
pub(super) async fn welcome(link: &Link, options: &Options) -> Result<String, ConnectError> {
    let urls = options.urls.join(", ");
    let welcome = link
        .try_send(&Call::get(String::new(), options.timeout))
        .await;
    let welcome = welcome.map_err(|away| ConnectError::Away {
        urls: urls.clone(),
        error: away.to_string(),
    })?;
    if matches!(welcome.status, 401 | 403) {
        let status = welcome.status;
        return Err(ConnectError::Refused { url: urls, status });
    }
    let welcome = welcome.done("who are you").map_err(ConnectError::Failed)?;
    let Ok(Welcome { version }) = welcome.json("who are you") else {
        let found = "something else".into();
        return Err(ConnectError::Other { found });
    };
    check_version(version)
}

fn check_version(
    Version {
        number,
        distribution,
    }: Version,
) -> Result<String, ConnectError> {
    let (name, from) = match distribution {
        Some(_) => ("OpenSearch", OPENSEARCH_FROM),
        None => ("Elasticsearch", ELASTICSEARCH_FROM),
    };
    let major = number
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    let found = format!("{name} {number}");
    if major.is_none_or(|major| major < from) {
        return Err(ConnectError::Other { found });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(number: &str, distribution: Option<&str>) -> Option<String> {
        let checked = check_version(Version {
            number: number.into(),
            distribution: distribution.map(Into::into),
        });
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn an_engine_that_is_too_old_is_named_with_what_it_must_be() {
        for (number, distribution) in [
            ("2.19.6", Some("opensearch")),
            ("3.0.0", Some("opensearch")),
            ("8.0.0", None),
        ] {
            assert_eq!(refusal(number, distribution), None);
        }
        let told = refusal("7.17.0", None).unwrap();
        assert!(told.contains("Elasticsearch 7.17.0 answers"), "{told}");
        let told = refusal("1.3.0", Some("opensearch")).unwrap();
        assert!(told.contains("OpenSearch 2 or later"), "{told}");
    }

    #[test]
    fn the_names_of_indices_are_checked() {
        let of = |index: &str| Options {
            index: index.into(),
            ..Options::at(Vec::new())
        };
        for good in ["chinwag", "a", "chat-2_x", "9"] {
            check(&of(good)).unwrap();
        }
        for bad in [
            "",
            "Chat",
            "-chat",
            "_chat",
            "chat*",
            "a/b",
            "a b",
            &"x".repeat(101),
        ] {
            check(&of(bad)).unwrap_err();
        }
    }
}
