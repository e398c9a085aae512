//! Row 18: who loses a gateway at once doesn't come back at once, again and again, and catches up by what was missed.
//!
//! How the tries of a round are spread is shown where the pauses are drawn, without a clock: `chinwag-client`'s
//! `backoff.rs` and the SDK's `storm.test.ts`.

use std::time::Duration;

use chinwag_client::ClientEvent;
use chinwag_proto::{ChatId, UserId, frames::LogBody, http::CreateChat, shapes::HistoryVisible};
use futures_util::future::join_all;
use rustix::process::{Resource, getrlimit, setrlimit};

use super::sending;
use crate::{
    door::{Door, Way},
    pair::Pair,
    place::{Device, PATIENCE},
    socket::Socket,
};

/// People, each with so many devices.
const PEOPLE: usize = 50;
const DEVICES: usize = 10;
/// How long no gateway is there.
const AWAY: Duration = Duration::from_secs(20);
/// How often one tries in that time, on average: pauses of up to 1, 2, 4, 8 and 16 s.
const TRIES: std::ops::RangeInclusive<f64> = 3.0..=8.0;

/// A device behind its door.
struct Guest {
    door: Door,
    device: Device,
}

impl Guest {
    /// Waits until a message is shown, after all those that come before it, each once, and nothing anew.
    async fn until_said(&mut self, chat: ChatId, texts: &[&str]) {
        let mut wanted = texts.iter();
        let mut next = wanted.next();
        let hearing = self.device.until(|event| match event {
            ClientEvent::Log(frame) if frame.chat_id == chat => {
                if let LogBody::Message { message } = &frame.body {
                    assert_eq!(Some(&&*message.content), next, "in order, and once");
                    next = wanted.next();
                }
                next.is_none()
            }
            ClientEvent::Restart(chat) => panic!("{chat} is fetched anew"),
            ClientEvent::Closed(reason) => panic!("closed: {reason}"),
            _ => false,
        });
        hearing.await;
    }
}

/// Lets this process have as many files open as it may: three a guest.
fn open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

fn tries<'a>(guests: impl IntoIterator<Item = &'a Guest>) -> usize {
    guests.into_iter().map(|guest| guest.door.tries()).sum()
}

async fn all_hear(guests: &mut [Guest], chat: ChatId, texts: &[&str]) {
    join_all(guests.iter_mut().map(|guest| guest.until_said(chat, texts))).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_18_five_hundred_who_lose_their_gateway_come_back_by_the_other_one_and_by_none_too_often()
 {
    open_files();
    let Pair {
        nodes: [one, two],
        ana,
        ben,
        places,
    } = Pair::start_for_an_app().await;
    let ana = ana.at(&two);
    let aside = ana.direct(&ben).await;
    let ways = [Way::to(&one), Way::to(&two)];
    let mut names = Vec::new();
    for number in 0..PEOPLE {
        names.push(two.somebody(&format!("guest{number}")).await);
    }
    let hall = ana
        .create(CreateChat::Group {
            name: "hall".into(),
            members: names
                .iter()
                .map(|guest| guest.id.clone())
                .collect::<Vec<UserId>>(),
            history_visible: HistoryVisible::All,
            client_id: None,
        })
        .await;
    // The first half at one node, the second at the other.
    let mut guests = Vec::new();
    for way in &ways {
        for guest in names.iter().flat_map(|guest| [guest; DEVICES / 2]) {
            let door = Door::open(way).await;
            let device = guest.by(&door.url).device().await;
            guests.push(Guest { door, device });
        }
    }
    let mut anas = Socket::open(&two.url, &ana).await;
    let mut bens = Socket::open(&two.url, &ben).await;
    anas.ask(sending(hall, "welcome")).await;
    all_hear(&mut guests, hall, &["welcome"]).await;

    // A gateway is killed: the balancer leads its half to the other one.
    let half = guests.len() / 2;
    let before = tries(&guests[..half]);
    ways[0].lead_to(Some(&two));
    one.kill();
    for number in 0..20 {
        let text = format!("probe {number}");
        anas.ask(sending(aside, &text)).await;
        bens.until(|frame| frame["message"]["content"] == text.as_str())
            .await;
    }
    anas.ask(sending(hall, "one is gone")).await;
    all_hear(&mut guests, hall, &["one is gone"]).await;
    // One connection for the socket each, and some lose it again while so many come.
    let came = tries(&guests[..half]) - before;
    assert!(came <= 4 * half, "{came} tries of {half}");

    // None is there for a while.
    anas.ask(sending(hall, "good night")).await;
    for way in &ways {
        way.lead_to(None);
    }
    let before = tries(&guests);
    two.kill();
    tokio::time::sleep(AWAY).await;
    let each = (tries(&guests) - before) as f64 / guests.len() as f64;
    assert!(TRIES.contains(&each), "{each} tries each in {AWAY:?}");
    let two = places[1].serve();
    for way in &ways {
        way.lead_to(Some(&two));
    }
    let mut anas = Socket::open(&two.url, &ana).await;
    anas.ask(sending(hall, "good morning")).await;
    let all = all_hear(&mut guests, hall, &["good night", "good morning"]);
    let back = tokio::time::timeout(PATIENCE, all).await;
    assert!(back.is_ok(), "all are back");
    two.stop();
}
