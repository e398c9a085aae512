//! Devices that are new: they know nothing, sync, stay for a while, and are put away.

use std::{sync::Arc, time::Duration};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::stage::Stage;

/// How long such a device is used.
const USED: Duration = Duration::from_millis(800);

/// One new device after another, until the run ends.
pub(super) async fn come(stage: Arc<Stage>, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut number = 0;
    while stage.goes_on() {
        number += 1;
        let person = &stage.cast.people[random.random_range(0..stage.cast.users())];
        let Ok(device) = stage.device(person, &format!("new-{number}"), None) else {
            return;
        };
        let online = tokio::time::timeout(stage.patience, device.until_online());
        if online.await.is_err() {
            let who = &person.id;
            stage
                .surprises
                .note(|| format!("a new device of {who} didn't get in sync"));
        }
        stage.pause(USED).await;
        device.close(stage.patience).await;
    }
}
