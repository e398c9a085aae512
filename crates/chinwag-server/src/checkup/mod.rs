//! Looks at everything that a configuration names, and changes nothing: what `chinwag doctor` tells.

mod engines;
mod keys;
mod machine;
mod nodes;
mod server;

use std::sync::Arc;

use chinwag_core::Clock;

pub use chinwag_backends::{Finding, Verdict};

use crate::config::Config;

/// Looks at everything that a configuration names: this machine, keys, engines, the other nodes.
pub async fn examine(config: &Config, clock: &Arc<dyn Clock>) -> Vec<Finding> {
    crate::tls::choose_provider();
    let mut findings = vec![Finding::ok("configuration", "it can be read")];
    findings.extend(server::examine(config).await);
    findings.extend(machine::examine(config));
    findings.extend(keys::examine(config, clock).await);
    let engines = engines::examine(config, &**clock).await;
    findings.extend(engines.findings);
    findings.extend(nodes::examine(config, &engines.nodes).await);
    findings
}
