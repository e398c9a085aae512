use std::sync::Arc;

use async_trait::async_trait;
use chinwag_backends::apns::{Apns, Options};
use chinwag_conformance::{
    Engine, PushSenderEngine, conformance_tests,
    providers::{APNS_KEY, APNS_KEY_ID, APNS_TEAM, APNS_TOPIC, FakeApns},
    time,
};
use chinwag_core::{
    clock::{Clock as _, ManualClock},
    model::DeviceRow,
    ports::{PushNote, PushOutcome, PushSender},
};
use chinwag_proto::http::DeviceKind;

use crate::fixture::{TIMEOUT, assert_arrived, clock, note, screen};

fn options(fake: &FakeApns) -> Options {
    Options {
        key: APNS_KEY.into(),
        key_id: APNS_KEY_ID.into(),
        team_id: APNS_TEAM.into(),
        topic: APNS_TOPIC.into(),
        url: fake.url(),
        timeout: TIMEOUT,
        clock: clock(),
    }
}

struct BehindApns {
    fake: FakeApns,
    sender: Arc<Apns>,
}

#[async_trait]
impl Engine for BehindApns {
    async fn fresh() -> Self {
        let fake = FakeApns::start().await;
        let sender = Arc::new(Apns::new(options(&fake)).unwrap());
        Self { fake, sender }
    }

    async fn reopen(self) -> Self {
        self
    }
}

#[async_trait]
impl PushSenderEngine for BehindApns {
    fn push_sender(&self) -> Arc<dyn PushSender> {
        self.sender.clone()
    }

    async fn answer(&self, address: &str, outcome: PushOutcome) {
        self.fake.desk().answer(address, outcome);
    }

    async fn screen(&self, device: &DeviceRow) -> Vec<PushNote> {
        screen(&self.fake.desk().taken(), &device.address, device)
    }
}

conformance_tests!(BehindApns: push_sender);

async fn sent(apns: &BehindApns, note: PushNote) -> PushOutcome {
    let outcomes = apns.sender.send(&[note]).await.unwrap();
    outcomes.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_note_arrives_as_it_was_sent_over_http_2_behind_a_token_that_the_team_signed() {
    let apns = BehindApns::fresh().await;
    let note = note(DeviceKind::Apns, "00fc13adff785122");
    assert_eq!(sent(&apns, note.clone()).await, PushOutcome::Sent);
    assert_arrived(&apns.fake.desk().taken(), &note);
}

#[tokio::test]
async fn both_ways_of_apple_to_say_that_a_token_is_dead_drop_it() {
    let apns = BehindApns::fresh().await;
    for (address, reason) in [("never", "BadDeviceToken"), ("once", "Unregistered")] {
        apns.answer(address, PushOutcome::Gone(reason.into())).await;
        let outcome = sent(&apns, note(DeviceKind::Apns, address)).await;
        assert_eq!(outcome, PushOutcome::Gone(reason.into()));
    }
}

#[tokio::test]
async fn a_token_that_was_registered_again_after_it_died_stays() {
    let apns = BehindApns::fresh().await;
    let died_at = time(5_000).unix_millis().to_string();
    apns.answer("a token", PushOutcome::Gone(died_at)).await;
    let registered = |at| {
        let mut note = note(DeviceKind::Apns, "a token");
        note.device.updated_at = time(at);
        note
    };
    let outcome = sent(&apns, registered(5_000)).await;
    assert_eq!(outcome, PushOutcome::Gone("Unregistered".into()));
    let outcome = sent(&apns, registered(5_001)).await;
    assert!(matches!(outcome, PushOutcome::Refused(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_token_that_apple_holds_for_too_old_is_signed_anew_once() {
    let fake = FakeApns::start().await;
    // Two hours behind when the first token is signed.
    let manual = Arc::new(ManualClock::at(clock().now()));
    let behind = manual.now().unix_millis() - 2 * 3_600_000;
    manual.step_to(chinwag_proto::Timestamp::from_unix_millis(behind));
    let sender = Apns::new(Options {
        clock: manual.clone(),
        ..options(&fake)
    });
    let sender = sender.unwrap();
    let note = note(DeviceKind::Apns, "a token");
    let outcome = sender.send(std::slice::from_ref(&note)).await.unwrap();
    assert_eq!(outcome, [PushOutcome::RetryAfter(0)]);
    manual.step_to(clock().now());
    let outcome = sender.send(&[note]).await.unwrap();
    assert_eq!(outcome, [PushOutcome::Sent]);
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let fake = FakeApns::start().await;
    fake.desk().hang(true);
    let sender = Apns::new(Options {
        timeout: std::time::Duration::from_millis(50),
        ..options(&fake)
    });
    let outcome = sender
        .unwrap()
        .send(&[note(DeviceKind::Apns, "a token")])
        .await;
    assert_eq!(outcome.unwrap(), [PushOutcome::RetryAfter(0)]);
}

#[tokio::test]
async fn a_key_that_cannot_sign_is_refused_at_the_start() {
    let fake = FakeApns::start().await;
    let broken = Options {
        key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----".into(),
        ..options(&fake)
    };
    assert!(Apns::new(broken).is_err());
}
