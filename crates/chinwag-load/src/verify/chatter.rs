//! What the user of a device does, again and again.

use std::{sync::Arc, time::Duration};

use chinwag_client::ClientError;
use chinwag_proto::{ChatId, ErrorCode, MessageId};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

use super::{device::Device, stage::Stage};

/// Refusals that are right: of whoever was removed meanwhile, and of changes to what was deleted meanwhile.
const EXPECTED: [ErrorCode; 2] = [ErrorCode::NotFound, ErrorCode::MessageDeleted];
/// Keys of reactions.
const KEYS: [&str; 3] = ["+", "-", "👍"];

/// Texts, of several scripts, with what needs escapes; each is repeated up to three times after a number of its own.
const TEXTS: [&str; 5] = [
    "see you at noon",
    "Wir sehen uns später, über’s Jahr",
    "明日の会議は十時からです",
    "هل وصلت الرسالة؟ 👩‍👩‍👧‍👦",
    "\"quoted\" \\ back\\slash </script> \u{202e}turned\u{202c} \u{1}",
];

/// Does this and that, so many times a second, until the run ends.
pub(super) async fn chatter(
    stage: Arc<Stage>,
    device: Arc<Device>,
    chats: Vec<ChatId>,
    seed: u64,
    per_second: f64,
) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut number = 0;
    let mut marking = JoinSet::new();
    while stage.goes_on() {
        number += 1;
        let chat = chats[random.random_range(0..chats.len())];
        let own = device.own(random.random_range(0..1_000));
        let told = device.latest(chat);
        let act = act(&mut random, own, chat, told, number);
        if matches!(act, Act::Read(..)) {
            // The answer may take a second, in which a user goes on; one mark at a time is under way.
            while marking.try_join_next().is_some() {}
            if marking.is_empty() {
                marking.spawn(does(Arc::clone(&stage), Arc::clone(&device), act));
            }
        } else {
            does(Arc::clone(&stage), Arc::clone(&device), act).await;
        }
        let mean = 2.0 / per_second;
        let pause = Duration::from_secs_f64(random.random_range(0.0..mean));
        stage.pause(pause).await;
    }
    marking.join_all().await;
}

/// Does something, and judges what comes of it.
async fn does(stage: Arc<Stage>, device: Arc<Device>, act: Act) {
    let is_message = matches!(act, Act::Send(..));
    let done = stage.wait_for(act.done(&device)).await;
    if is_message && matches!(done, Some(Ok(true))) {
        stage.count_message();
    }
    judge(&stage, &device, done);
}

/// Something that a user does.
enum Act {
    Send(ChatId, String),
    Edit(ChatId, MessageId, String),
    Delete(ChatId, MessageId),
    React(ChatId, MessageId, &'static str, bool),
    Read(ChatId, MessageId),
    Type(ChatId),
}

fn act(
    random: &mut StdRng,
    own: Option<(ChatId, MessageId)>,
    chat: ChatId,
    latest: Option<MessageId>,
    number: u64,
) -> Act {
    let text = TEXTS[random.random_range(0..TEXTS.len())];
    let repeated = random.random_range(0..4);
    let text = format!("{number} {}", vec![text; repeated].join(" "));
    match (random.random_range(0..100), own, latest) {
        (0..8, Some((chat, message)), _) => Act::Edit(chat, message, text),
        (8..12, Some((chat, message)), _) => Act::Delete(chat, message),
        (12..24, _, Some(message)) => {
            let key = KEYS[random.random_range(0..KEYS.len())];
            Act::React(chat, message, key, random.random_bool(0.7))
        }
        (24..36, _, Some(message)) => Act::Read(chat, message),
        (36..40, _, _) => Act::Type(chat),
        _ => Act::Send(chat, text),
    }
}

impl Act {
    async fn done(self, device: &Device) -> Result<bool, ClientError> {
        let client = &device.client;
        match self {
            Self::Send(chat, text) => client.send(chat, text).await.map(|_| true),
            Self::Edit(chat, message, text) => client.edit(chat, message, text).await.map(|_| true),
            Self::Delete(chat, message) => client.delete(chat, message).await.map(|_| true),
            Self::React(chat, message, key, on) => {
                client.react(chat, message, key, on).await.map(|_| true)
            }
            Self::Read(chat, message) => client.read(chat, message).await.map(|()| true),
            Self::Type(chat) => {
                client.typing(chat).await;
                Ok(false)
            }
        }
    }
}

fn judge(stage: &Stage, device: &Device, done: Option<Result<bool, ClientError>>) {
    let (user, name) = (&device.user, &device.name);
    match done {
        Some(Ok(true)) => stage.count_acknowledged(),
        // What isn't a change is asked only while there is a connection.
        Some(Ok(false) | Err(ClientError::NotConnected)) => {}
        Some(Err(ClientError::Refused(problem)))
            if EXPECTED.contains(&problem.code) || problem.retryable => {}
        Some(Err(error)) => stage
            .surprises
            .note(|| format!("{user} on {name} was told: {error}")),
        None => stage.surprises.note(|| {
            let seconds = stage.patience.as_secs_f64();
            format!("{user} on {name} got no answer in {seconds} s")
        }),
    }
}
