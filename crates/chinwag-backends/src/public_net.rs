//! Requests to addresses that strangers name: never into the own network.

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// An address leads into the own network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it leads to a private address")]
pub struct PrivateAddress;

impl PrivateAddress {
    /// Returns whether an error was caused by one.
    #[must_use]
    pub fn caused(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.is::<Self>() {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// Resolves names to public addresses only, whatever the name's owner says at this moment.
///
/// A URL whose host is an address is never resolved: check it by [`refuse_private_host`].
#[derive(Debug, Clone, Copy)]
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(PrivateAddress.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Refuses a URL whose host is a private address.
pub fn refuse_private_host(url: &Url) -> Result<(), PrivateAddress> {
    let host = url.host_str().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) if !is_public(address) => Err(PrivateAddress),
        _ => Ok(()),
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
fn embedded_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = v6.segments();
    let octets = v6.octets();
    let v4 = |at: usize| Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]);
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
    fn a_host_that_is_a_private_address_is_refused_however_it_is_written() {
        for inside in [
            "https://127.0.0.1/x",
            "https://127.1/x",
            "https://0x7f.1/x",
            "https://2130706433/x",
            "https://[::1]/x",
            "https://[::ffff:169.254.169.254]/x",
        ] {
            let url: Url = inside.parse().unwrap();
            assert_eq!(refuse_private_host(&url), Err(PrivateAddress), "{inside}");
        }
        let url: Url = "https://push.example/x".parse().unwrap();
        assert_eq!(refuse_private_host(&url), Ok(()));
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_resolved() {
        let refused = PublicOnly.resolve("localhost".parse().unwrap()).await;
        let error = refused.err().expect("localhost is this machine");
        assert!(PrivateAddress::caused(&*error), "{error}");
    }
}
