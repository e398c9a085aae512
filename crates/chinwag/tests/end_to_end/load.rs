//! People who chat while a test does its worst: they send, edit, delete, react, read, type, come and go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chinwag_client::ClientError;
use chinwag_load::recording::RecordedHttp;
use chinwag_proto::{ChatId, ClientId, ErrorCode, UserId};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use crate::{fixture::PATIENCE, recorded::RecordedDevice};

/// What the people share.
#[derive(Default)]
pub(crate) struct Load {
    stopped: AtomicBool,
    acknowledged: AtomicUsize,
}

impl Load {
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }

    /// Waits until so many more changes were acknowledged, or the load stops.
    pub(crate) async fn more(&self, count: usize) {
        let wanted = self.acknowledged.load(Ordering::Relaxed) + count;
        let more = async {
            while self.goes_on() && self.acknowledged.load(Ordering::Relaxed) < wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(2 * PATIENCE, more)
            .await
            .expect("the people go on");
    }

    fn count(&self, done: bool) {
        self.acknowledged
            .fetch_add(usize::from(done), Ordering::Relaxed);
    }
}

/// One device's user does this and that until the load stops.
pub(crate) async fn chatter(
    load: Arc<Load>,
    device: Arc<RecordedDevice>,
    chats: Vec<ChatId>,
    seed: u64,
) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut number = 0;
    while load.goes_on() {
        number += 1;
        let chat = chats[rng.random_range(0..chats.len())];
        let own = device.own(rng.random_range(0..1_000));
        let client = &device.client;
        let done = match (rng.random_range(0..100), own) {
            (0..8, Some((chat, message))) => {
                let text = format!("{} edits {seed}.{number}", device.user);
                told(client.edit(chat, message, text).await)
            }
            (8..12, Some((chat, message))) => told(client.delete(chat, message).await),
            (12..24, _) => match device.latest(chat) {
                Some(message) => {
                    let (key, on) = (["+", "-"][rng.random_range(0..2)], rng.random_bool(0.7));
                    told(client.react(chat, message, key, on).await)
                }
                None => false,
            },
            (24..34, _) => {
                if let Some(message) = device.latest(chat) {
                    let _ = client.read(chat, message).await;
                }
                false
            }
            (34..38, _) => {
                client.typing(chat).await;
                false
            }
            _ => {
                let text = format!("{} says {seed}.{number}", device.user);
                told(client.send(chat, text).await)
            }
        };
        load.count(done);
        // Leaves the others their turn, where nothing had to be waited for.
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..10))).await;
    }
}

/// Whether a change was made; whoever isn't in a chat, or changes what is deleted, is told so.
fn told<T>(answer: Result<T, ClientError>) -> bool {
    const EXPECTED: [ErrorCode; 2] = [ErrorCode::NotFound, ErrorCode::MessageDeleted];
    match answer {
        Ok(_) => true,
        Err(ClientError::Refused(problem)) if EXPECTED.contains(&problem.code) => false,
        Err(other) => panic!("{other}"),
    }
}

/// An owner removes people from chats and lets them in again, until the load stops; in the end all are in.
pub(crate) async fn come_and_go(
    load: Arc<Load>,
    owner: RecordedHttp<Vec<u8>>,
    chats: Vec<ChatId>,
    people: Vec<UserId>,
) {
    let mut number = 0;
    while load.goes_on() {
        for (chat, user) in each(&chats, &people) {
            number += 1;
            let [out, back] =
                ["out", "in"].map(|way| ClientId::new(&format!("{way}-{number}")).unwrap());
            surely(|| owner.remove(chat, user, &out)).await;
            load.more(3).await;
            surely(|| owner.add(chat, user, &back)).await;
        }
    }
}

fn each<'a>(
    chats: &'a [ChatId],
    people: &'a [UserId],
) -> impl Iterator<Item = (ChatId, &'a UserId)> {
    chats
        .iter()
        .flat_map(|chat| people.iter().map(move |user| (*chat, user)))
}

/// Asks until there is an answer.
async fn surely<F: Future<Output = Result<(), ClientError>>>(ask: impl Fn() -> F) {
    let mut last = None;
    let asking = async {
        loop {
            match ask().await {
                Ok(()) => return,
                Err(other) => last = Some(other),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let asked = tokio::time::timeout(PATIENCE, asking).await;
    assert!(asked.is_ok(), "the server answers, at last {last:?}");
}
