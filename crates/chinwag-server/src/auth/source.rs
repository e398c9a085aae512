//! Where an app's public keys are read from: a file, or an address that must not lead into the own network.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

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
        let literal = url
            .host_str()
            .map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>());
        if !private && matches!(literal, Some(Ok(address)) if !is_public(address)) {
            return Err("it leads to a private address; auth.jwks_private allows that".into());
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

/// Resolves names to public addresses only, whatever the name's owner says at this moment.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("it leads to private addresses only".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Tells whether an address belongs to nobody's own network.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            let benchmark = first == 198 && (18..20).contains(&second);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || first == 0
                || first >= 240
                || shared
                || benchmark)
        }
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public(v4.into()),
            // Global unicast is 2000::/3; what lies elsewhere is local, unassigned or multicast.
            None => v6.segments()[0] & 0xe000 == 0x2000,
        },
    }
}

/// Finds the IPv4 address inside a mapped one or one of NAT64 or 6to4.
fn embedded_v4(v6: Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    let segments = v6.segments();
    let octets = v6.octets();
    let v4 = |at: usize| {
        std::net::Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3])
    };
    if segments[0] == 0x2002 {
        return Some(v4(2));
    }
    let nat64 = segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0];
    (nat64 || v6.to_ipv4_mapped().is_some()).then(|| v4(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_own_network_are_not_public() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "255.255.255.255",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "93.184.216.34",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

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
