//! The HTTP client: whom it trusts, and as whom it signs in.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::{
    Client, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
    redirect::Policy,
};

use super::{ConnectError, Credentials, Options};
use crate::authorities::Authorities;

/// How long a connection may take to stand, so that there is time to try another node.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);

/// Makes the client.
pub(super) fn client(options: &Options) -> Result<Client, ConnectError> {
    let mut builder = Client::builder()
        .user_agent(concat!("chinwag/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECTS_WITHIN)
        // A redirect could lead anywhere, and who signs in goes along.
        .redirect(Policy::none())
        .no_proxy();
    if let Some(credentials) = &options.credentials {
        builder = builder.default_headers(signature(credentials)?);
    }
    if let Some(path) = &options.authorities {
        let config = Authorities::read(path).and_then(Authorities::client_config);
        let unfit = |error| ConnectError::Unfit(format!("opensearch.tls_ca: {error}"));
        builder = builder.use_preconfigured_tls(config.map_err(unfit)?);
    }
    let client = builder.build();
    client.map_err(|error| ConnectError::Unfit(format!("opensearch: {error}")))
}

fn signature(credentials: &Credentials) -> Result<HeaderMap, ConnectError> {
    let text = match credentials {
        Credentials::Password(user, password) => {
            format!(
                "Basic {}",
                BASE64_STANDARD.encode(format!("{user}:{password}"))
            )
        }
        Credentials::ApiKey(key) => format!("ApiKey {key}"),
    };
    let unfit = |_| ConnectError::Unfit("opensearch.api_key has characters that no key has".into());
    let mut value = HeaderValue::try_from(text).map_err(unfit)?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

/// Reads a node's address; it ends with a slash, so that paths are added to it.
pub(super) fn node_url(text: &str) -> Result<Url, ConnectError> {
    let unfit = |why: &str| ConnectError::Unfit(format!("opensearch.urls: {text:?} {why}"));
    let mut url: Url = text
        .parse()
        .map_err(|error| unfit(&format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(unfit("must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let why = "holds a user: set opensearch.user and opensearch.password";
        return Err(ConnectError::Unfit(format!(
            "opensearch.urls: an address {why}"
        )));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_http_without_a_user_and_may_have_a_path() {
        let url = node_url("https://search.example:9200/os").unwrap();
        assert_eq!(
            url.join("_bulk").unwrap().as_str(),
            "https://search.example:9200/os/_bulk"
        );
        for bad in [
            "localhost:9200",
            "ftp://x",
            "search",
            "https://ana:secret@x",
        ] {
            let error = node_url(bad).unwrap_err().to_string();
            assert!(error.contains("opensearch.urls"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
