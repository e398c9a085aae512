//! Users who come and go where others see it: some close their connection, some fall silent.

use std::{sync::Arc, time::Duration};

use chinwag_proto::UserId;

use super::{
    device::{Device, NEVER},
    stage::Stage,
};
use crate::{check::Settings, site::Person};

/// How long a visitor stays.
const STAY: Duration = Duration::from_secs(1);
/// What is waited beyond the time by which a user must be gone, so that the check looks after it.
const AFTER: Duration = Duration::from_secs(1);

/// Everybody's first devices watch the visitors.
pub(super) async fn watch(stage: &Stage, devices: &[Arc<Device>]) {
    let visitors: Vec<UserId> = stage
        .cast
        .visitors()
        .iter()
        .map(|it| it.id.clone())
        .collect();
    for device in devices {
        let watched = stage.surely("watching presence", || {
            device.client.watch(visitors.clone(), Vec::new())
        });
        watched.await;
    }
}

/// One visitor comes and closes the connection, as often as there is time; the other one falls silent, where there is
/// time to see that it is gone.
pub(super) async fn visit(stage: Arc<Stage>, time: Duration, promised: Settings) {
    let Settings {
        presence_ttl_ms,
        heartbeat_ms,
        grace_ms,
        settle_ms,
    } = promised;
    let [closes, falls_silent] = stage.cast.visitors() else {
        return;
    };
    let gone = AFTER + Duration::from_millis(grace_ms + settle_ms);
    let silent = AFTER + Duration::from_millis(presence_ttl_ms + heartbeat_ms + settle_ms);
    let closing = async {
        let visits = time.as_secs() / (STAY + gone).as_secs();
        for number in 0..visits {
            if !stage.goes_on() {
                return;
            }
            come(&stage, closes, &format!("visit-{number}"), false).await;
            stage.pause(gone).await;
        }
    };
    let falling = async {
        if STAY + silent <= time {
            come(&stage, falls_silent, "visit", true).await;
            stage.pause(silent).await;
        }
    };
    tokio::join!(closing, falling);
}

/// Comes for a while; then closes the connection, or leaves it without a word.
async fn come(stage: &Stage, person: &Person, name: &str, silently: bool) {
    let Ok(device) = stage.device(person, name, silently.then_some(NEVER)) else {
        return;
    };
    let online = tokio::time::timeout(stage.patience, device.until_online());
    if online.await.is_err() {
        let who = &person.id;
        stage.surprises.note(|| format!("{who} didn't get in sync"));
    }
    stage.pause(STAY).await;
    if silently {
        stage.line.hush(person.id.as_str());
    }
    device.close(stage.patience).await;
}
