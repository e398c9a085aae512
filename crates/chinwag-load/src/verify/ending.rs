//! The end of a run: everybody mends what they miss, everything is read, the logs are written down.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};

use super::{device::Device, reading::read_through, stage::Stage};
use crate::check::history::What;

/// Members that read at a time.
const READING: usize = 8;
/// How long it may be from what is said last in a chat to the quiet moment: marks come a second late.
const QUIET: Duration = Duration::from_millis(1_500);

/// A device with the places of the cast whom it belongs to.
pub(super) type Owned = (usize, Arc<Device>);

/// Says something last in every chat, and waits until every device of a member was told; then all is quiet.
pub(super) async fn settle(stage: &Stage, devices: &[Owned]) {
    let said = stream::iter(stage.cast.chats.iter().enumerate()).map(|(number, chat)| async move {
        let speaker = devices.iter().find(|(person, _)| *person == chat.owner);
        let (_, speaker) = speaker?;
        let said = stage
            .surely("a last message", || {
                speaker.client.send(chat.id, "good night")
            })
            .await?;
        Some((number, said.id))
    });
    let said: Vec<_> = said.buffer_unordered(READING).collect().await;
    let told = devices.iter().flat_map(|(person, device)| {
        let mine = said
            .iter()
            .flatten()
            .filter(move |(number, _)| stage.cast.chats[*number].members.contains(person));
        mine.map(move |(number, message)| (device, stage.cast.chats[*number].id, *message))
    });
    let deadline = tokio::time::Instant::now() + stage.patience;
    for (device, chat, message) in told {
        let told = device.until_told(chat, message);
        if tokio::time::timeout_at(deadline, told).await.is_err() {
            let (user, name) = (&device.user, &device.name);
            stage.surprises.note(|| {
                format!("{user} on {name} was never told the last message of {chat}, {message}")
            });
        }
    }
    tokio::time::sleep(QUIET).await;
    stage.history.record(None, &What::Quiet);
}

/// Lets every member read every chat, and writes down each chat's whole log as its owner sees it.
pub(super) async fn read_everything(stage: &Stage) {
    let people = stream::iter(0..stage.cast.users());
    let reading = people.map(|person| async move {
        let http = stage.cast.http(person, "reads at the end");
        for chat in stage.cast.chats_of(person) {
            read_through(stage, &http, chat).await;
        }
    });
    reading.buffer_unordered(READING).collect::<()>().await;
    let dumps = stream::iter(&stage.cast.chats).map(|chat| async move {
        let http = stage.cast.http(chat.owner, "dumps");
        stage
            .surely("the dump of a chat", || http.dump(chat.id))
            .await;
    });
    dumps.buffer_unordered(READING).collect::<()>().await;
}
