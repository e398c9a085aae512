//! What all faults have in common.

use std::time::Duration;

use chinwag_proto::UserId;

/// How long anything may take before a test fails: generous, since the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// Lets a fault last: as long as in the field where `SOAK` is set, else as long as shows the same.
pub(crate) async fn lasting(field: Duration, shows_the_same: Duration) {
    let is_soak = std::env::var_os("SOAK").is_some();
    tokio::time::sleep(if is_soak { field } else { shows_the_same }).await;
}
