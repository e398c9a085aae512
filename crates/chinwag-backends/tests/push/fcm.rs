use std::sync::Arc;

use async_trait::async_trait;
use chinwag_backends::fcm::{Fcm, Options};
use chinwag_conformance::{Engine, PushSenderEngine, conformance_tests, providers::FakeFcm};
use chinwag_core::{
    model::DeviceRow,
    ports::{PushNote, PushOutcome, PushSender},
};
use chinwag_proto::http::DeviceKind;

use crate::fixture::{TIMEOUT, assert_arrived, clock, note, screen};

fn options(fake: &FakeFcm) -> Options {
    Options {
        service_account: fake.service_account(),
        url: fake.url(),
        timeout: TIMEOUT,
        clock: clock(),
    }
}

struct BehindFcm {
    fake: FakeFcm,
    sender: Arc<Fcm>,
}

#[async_trait]
impl Engine for BehindFcm {
    async fn fresh() -> Self {
        let fake = FakeFcm::start().await;
        let sender = Arc::new(Fcm::new(options(&fake)).unwrap());
        Self { fake, sender }
    }

    async fn reopen(self) -> Self {
        self
    }
}

#[async_trait]
impl PushSenderEngine for BehindFcm {
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

conformance_tests!(BehindFcm: push_sender);

#[tokio::test]
async fn a_note_arrives_as_it_was_sent_behind_a_token_that_google_granted() {
    let fcm = BehindFcm::fresh().await;
    let note = note(DeviceKind::Fcm, "a token");
    let sent = fcm.sender.send(std::slice::from_ref(&note)).await.unwrap();
    assert_eq!(sent, [PushOutcome::Sent]);
    assert_arrived(&fcm.fake.desk().taken(), &note);
}

#[tokio::test]
async fn a_token_is_dropped_only_where_fcm_says_that_it_is_unregistered() {
    let fcm = BehindFcm::fresh().await;
    fcm.answer("a token", PushOutcome::Gone(String::new()))
        .await;
    let sent = fcm.sender.send(&[note(DeviceKind::Fcm, "a token")]).await;
    assert_eq!(sent.unwrap(), [PushOutcome::Gone("UNREGISTERED".into())]);
}

#[tokio::test]
async fn where_nobody_answers_a_note_is_tried_again() {
    let fcm = BehindFcm::fresh().await;
    let elsewhere = Options {
        url: "http://127.0.0.1:1".into(),
        ..options(&fcm.fake)
    };
    let sent = Fcm::new(elsewhere).unwrap();
    let sent = sent.send(&[note(DeviceKind::Fcm, "a token")]).await;
    assert_eq!(sent.unwrap(), [PushOutcome::RetryAfter(0)]);
}

#[tokio::test]
async fn a_service_account_that_is_none_is_refused_at_the_start() {
    let fake = FakeFcm::start().await;
    let broken = |from: &str, to: &str| Options {
        service_account: fake.service_account().replace(from, to),
        ..options(&fake)
    };
    let refused = |options| match Fcm::new(options) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    };
    assert!(refused(broken("private_key", "other")).contains("private_key"));
    assert!(refused(broken("MII", "AAA")).contains("private_key"));
    assert!(refused(broken("http://127.0.0.1", "http://example.org")).contains("https"));
}
