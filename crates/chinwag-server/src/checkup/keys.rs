//! Keys and certificates: whether each that is configured is there and of use.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use chinwag_core::Clock;

use super::Finding;
use crate::{
    auth,
    config::{Config, TokenKeys},
    push, tls,
};

const ABOUT: &str = "keys";

pub(super) async fn examine(config: &Config, clock: &Arc<dyn Clock>) -> Vec<Finding> {
    let mut findings = vec![certificate(config), token_keys(config).await];
    if config.node.calls.is_some() {
        findings.push(Finding::ok(ABOUT, "node.key is set"));
    }
    for (of, checked) in push::check(&config.push, &config.data_dir, clock) {
        findings.push(match checked {
            Ok(found) => Finding::ok(ABOUT, format!("{of}: {found}")),
            Err(error) => Finding::failure(ABOUT, format!("{of}: {error}")),
        });
    }
    findings
}

fn certificate(config: &Config) -> Finding {
    match &config.tls {
        None => Finding::ok(
            ABOUT,
            "no certificate is configured: a proxy in front should speak TLS",
        ),
        Some(files) => match tls::acceptor(files) {
            Ok(_) => Finding::ok(ABOUT, "tls.cert and tls.key fit together"),
            Err(error) => Finding::failure(ABOUT, error),
        },
    }
}

async fn token_keys(config: &Config) -> Finding {
    if config.auth.keys == TokenKeys::Own {
        return own_key(&config.data_dir.join(auth::OWN_KEY_FILE));
    }
    match auth::count_app_keys(&config.auth.keys).await {
        None => Finding::ok(ABOUT, "tokens are signed with auth.jwt_secret"),
        Some(Ok(0)) => Finding::error(
            ABOUT,
            "none of the app's keys is of use for auth.algorithm: no token counts",
            "see that the JWKS holds a key for signatures of that algorithm",
        ),
        Some(Ok(count)) => Finding::ok(ABOUT, format!("{count} of the app's keys can be used")),
        Some(Err(error)) => Finding::error(
            ABOUT,
            format!("the app's keys can't be read: {error}"),
            "see auth.jwks_url or auth.jwks_file",
        ),
    }
}

fn own_key(path: &Path) -> Finding {
    let shown = path.display();
    let Ok(there) = fs::metadata(path) else {
        let found =
            "the key that signs tokens is made, or taken over from other nodes, at the first start";
        return Finding::ok(ABOUT, found);
    };
    if there.permissions().mode() & 0o077 != 0 {
        let found = format!("others than its owner may read {shown}, and sign tokens for anybody");
        return Finding::error(ABOUT, found, format!("chmod 600 {shown}"));
    }
    if let Err(error) = fs::read(path) {
        let found = format!("can't read {shown}: {error}");
        return Finding::error(ABOUT, found, "run this as the server's user");
    }
    Finding::ok(ABOUT, "the key that signs tokens is there")
}
