//! Where an app's public keys are read from: a file, or an address that must not lead into the own network.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chinwag_backends::public_net::{PublicOnly, refuse_private_host};

/// A set of keys is a few kilobytes.
const MAX_BYTES: usize = 256 * 1024;
/// A sign-in waits for it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where keys are read from.
pub(super) enum Source {
    File(PathBuf),
    Url(Box<(reqwest::Client, reqwest::Url)>),
}

impl Source {
    /// Checks an address and prepares its client; private addresses only where allowed.
    pub(super) fn url(text: &str, private: bool) -> Result<Self, String> {
        let url: reqwest::Url = text.parse().map_err(|_| format!("{text:?} is not a URL"))?;
        match url.scheme() {
            "https" => {}
            "http" if private => {}
            _ => return Err("keys are fetched by https only".into()),
        }
        if !private {
            refuse_private_host(&url)
                .map_err(|error| format!("{error}; auth.jwks_private allows that"))?;
        }
        let mut builder = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // A redirect could lead anywhere.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if !private {
            builder = builder.dns_resolver(Arc::new(PublicOnly));
        }
        let client = builder.build().map_err(|error| error.to_string())?;
        Ok(Self::Url(Box::new((client, url))))
    }

    pub(super) async fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => {
                let read = tokio::task::spawn_blocking({
                    let path = path.clone();
                    move || std::fs::read(path)
                });
                let bytes = read
                    .await
                    .map_err(|error| error.to_string())?
                    .map_err(|error| error.to_string())?;
                bounded(bytes)
            }
            Self::Url(fetching) => fetch(&fetching.0, &fetching.1).await,
        }
    }
}

async fn fetch(client: &reqwest::Client, url: &reqwest::Url) -> Result<Vec<u8>, String> {
    let text = |error: reqwest::Error| error.without_url().to_string();
    let mut answer = client.get(url.clone()).send().await.map_err(text)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(format!("the answer's status is {}", answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(text)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_BYTES {
            break;
        }
    }
    bounded(bytes)
}

fn bounded(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("a set of keys has at most {MAX_BYTES} bytes"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_leads_inside_is_refused_unless_allowed() {
        assert!(Source::url("https://127.0.0.1/jwks", false).is_err());
        assert!(Source::url("https://[::1]/jwks", false).is_err());
        assert!(Source::url("http://keys.example/jwks", false).is_err());
        assert!(Source::url("file:///etc/passwd", true).is_err());
        assert!(Source::url("http://127.0.0.1/jwks", true).is_ok());
        assert!(Source::url("https://keys.example/jwks", false).is_ok());
    }
}
