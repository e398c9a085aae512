//! Which pages may use the API: one list for HTTP and WebSocket.

use std::collections::HashSet;

/// The origins allowed.
#[derive(Debug, Clone)]
pub struct Origins {
    any: bool,
    /// In one spelling each. Empty: only pages from this server itself.
    allowed: HashSet<String>,
}

impl Origins {
    /// Makes the list of what is configured, in any spelling. Errors: an entry that is no origin.
    pub fn new(configured: &[String]) -> Result<Self, String> {
        let named = configured.iter().filter(|entry| *entry != "*");
        let allowed = named.map(|entry| {
            let without_slash = entry.strip_suffix('/').unwrap_or(entry);
            canonical(without_slash).ok_or_else(|| {
                format!("public.origins: {entry:?} is no origin such as \"https://chat.example\"")
            })
        });
        Ok(Self {
            any: configured.iter().any(|entry| entry == "*"),
            allowed: allowed.collect::<Result<_, _>>()?,
        })
    }

    /// Tells whether a page of this origin may; `host` is the request's own `Host`.
    #[must_use]
    pub fn allows(&self, origin: &str, host: Option<&str>) -> bool {
        let Some(origin) = canonical(origin) else {
            return false;
        };
        if self.any || self.allowed.contains(&origin) {
            return true;
        }
        // Without a list: the page comes from where it asks. A proxy in front may speak TLS where we don't, so the
        // scheme is the page's.
        let scheme = origin.split_once("://").map_or("", |(scheme, _)| scheme);
        self.allowed.is_empty()
            && host.and_then(|host| canonical(&format!("{scheme}://{host}"))) == Some(origin)
    }
}

/// Writes an origin in the one spelling that browsers compare by; none where it isn't one (`null` too).
fn canonical(text: &str) -> Option<String> {
    let (scheme, authority) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ', ',', '\\']) {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        // The colon of an IPv6 address stands within brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse::<u16>().ok()?)),
        _ => (authority, None),
    };
    let host = host.to_ascii_lowercase();
    if host.is_empty() {
        return None;
    }
    let default = match scheme.as_str() {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    Some(match port.filter(|port| Some(*port) != default) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(list: &[&str]) -> Origins {
        Origins::new(
            &list
                .iter()
                .map(|entry| (*entry).to_owned())
                .collect::<Vec<_>>(),
        )
        .unwrap()
    }

    #[test]
    fn every_spelling_of_an_allowed_origin_passes_and_no_foreign_one() {
        let list = origins(&["https://Chat.example/", "http://localhost:3000"]);
        for good in [
            "https://chat.example",
            "https://chat.example:443",
            "HTTPS://CHAT.EXAMPLE",
            "http://localhost:3000",
        ] {
            assert!(list.allows(good, Some("10.0.0.1:8080")), "{good}");
        }
        for foreign in [
            "null",
            "https://chat.example:8443",
            "http://chat.example",
            "https://evil.example",
            "https://chat.example.evil.example",
            "https://evilchat.example",
            "https://evil.example/chat.example",
            "https://chat.example@evil.example",
            "http://localhost",
            "",
            "chat.example",
        ] {
            assert!(!list.allows(foreign, Some("evil.example")), "{foreign}");
        }
    }

    #[test]
    fn without_a_list_a_page_may_ask_where_it_comes_from() {
        let list = origins(&[]);
        assert!(list.allows("http://127.0.0.1:8080", Some("127.0.0.1:8080")));
        assert!(list.allows("https://chat.example", Some("chat.example")));
        assert!(list.allows("https://chat.example", Some("chat.example:443")));
        assert!(list.allows("http://[::1]:8080", Some("[::1]:8080")));
        assert!(!list.allows("http://evil.example", Some("127.0.0.1:8080")));
        assert!(!list.allows("http://127.0.0.1:9090", Some("127.0.0.1:8080")));
        assert!(!list.allows("null", Some("null")));
        assert!(!list.allows("http://127.0.0.1:8080", None));
    }

    #[test]
    fn a_star_allows_all_but_null() {
        let list = origins(&["*"]);
        assert!(list.allows("https://any.example", None));
        assert!(!list.allows("null", None));
    }

    #[test]
    fn an_entry_that_is_no_origin_is_refused() {
        for wrong in [
            "chat.example",
            "https://",
            "https://chat.example/app",
            "null",
        ] {
            assert!(Origins::new(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
