use std::sync::Arc;

use async_trait::async_trait;
use chinwag_backends::webpush::{Options, VapidKey, WebPush};
use chinwag_conformance::{
    Engine, PushSenderEngine, conformance_tests,
    providers::{Browser, FakeWebPush},
};
use chinwag_core::{
    model::DeviceRow,
    ports::{EngineResult, PushNote, PushOutcome, PushSender},
};
use chinwag_proto::http::DeviceKind;

use crate::fixture::{TIMEOUT, assert_arrived, clock, note, screen};

fn options() -> Options {
    Options {
        key: VapidKey::generate().unwrap(),
        contact: Some("mailto:ops@example.org".into()),
        allows_private: true,
        timeout: TIMEOUT,
        clock: clock(),
    }
}

struct BehindWebPush {
    fake: Arc<FakeWebPush>,
    sender: Arc<WebPush>,
}

/// The cases name devices by addresses; here each is a browser.
fn browser(address: &str) -> Browser {
    let names = ["phone", "tablet", "busy", "dead"];
    let number = names.iter().position(|name| address.ends_with(name));
    Browser(u8::try_from(number.unwrap()).unwrap())
}

struct ByBrowser {
    fake: Arc<FakeWebPush>,
    sender: Arc<WebPush>,
}

#[async_trait]
impl PushSender for ByBrowser {
    async fn send(&self, notes: &[PushNote]) -> EngineResult<Vec<PushOutcome>> {
        let mut notes = notes.to_vec();
        for note in &mut notes {
            note.device.address = self.fake.subscription(browser(&note.device.address));
        }
        self.sender.send(&notes).await
    }
}

#[async_trait]
impl Engine for BehindWebPush {
    async fn fresh() -> Self {
        Self {
            fake: Arc::new(FakeWebPush::start().await),
            sender: Arc::new(WebPush::new(options()).unwrap()),
        }
    }

    async fn reopen(self) -> Self {
        self
    }
}

#[async_trait]
impl PushSenderEngine for BehindWebPush {
    fn push_sender(&self) -> Arc<dyn PushSender> {
        Arc::new(ByBrowser {
            fake: Arc::clone(&self.fake),
            sender: Arc::clone(&self.sender),
        })
    }

    async fn answer(&self, address: &str, outcome: PushOutcome) {
        self.fake
            .desk()
            .answer(&browser(address).address(), outcome);
    }

    async fn screen(&self, device: &DeviceRow) -> Vec<PushNote> {
        let address = browser(&device.address).address();
        screen(&self.fake.desk().taken(), &address, device)
    }
}

conformance_tests!(BehindWebPush: push_sender);

async fn sent(web: &WebPush, address: &str) -> PushOutcome {
    let outcomes = web
        .send(&[note(DeviceKind::Webpush, address)])
        .await
        .unwrap();
    outcomes.into_iter().next().unwrap()
}

#[tokio::test]
async fn the_browser_and_nobody_else_reads_a_note_and_knows_who_sent_it() {
    let web = BehindWebPush::fresh().await;
    let note = note(DeviceKind::Webpush, &web.fake.subscription(Browser(7)));
    let sent = web.sender.send(std::slice::from_ref(&note)).await.unwrap();
    assert_eq!(sent, [PushOutcome::Sent]);
    assert_arrived(&web.fake.desk().taken(), &note);
    let key = web.fake.sender_key().unwrap();
    assert_eq!(key, web.sender.public_key());
}

#[tokio::test]
async fn both_ways_to_say_that_a_subscription_ended_drop_it() {
    let web = BehindWebPush::fresh().await;
    for (number, status) in [(1, "404"), (2, "410")] {
        let gone = PushOutcome::Gone(status.into());
        web.fake.desk().answer(&Browser(number).address(), gone);
        let outcome = sent(&web.sender, &web.fake.subscription(Browser(number))).await;
        assert!(
            matches!(&outcome, PushOutcome::Gone(reason) if reason.contains(status)),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_subscription_made_with_another_key_is_refused_and_stays() {
    let web = BehindWebPush::fresh().await;
    let subscription = web.fake.subscription(Browser(1));
    assert_eq!(sent(&web.sender, &subscription).await, PushOutcome::Sent);
    let other = WebPush::new(options()).unwrap();
    let outcome = sent(&other, &subscription).await;
    assert!(matches!(outcome, PushOutcome::Refused(_)), "{outcome:?}");
}

#[tokio::test]
async fn no_note_goes_into_the_own_network() {
    let fake = FakeWebPush::start().await;
    let guarded = Options {
        allows_private: false,
        ..options()
    };
    let guarded = WebPush::new(guarded).unwrap();
    let here = fake.subscription(Browser(1));
    let https = here.replace("http://", "https://");
    // An address is refused as it stands; a name, once it is resolved: what it led to at registering says nothing.
    let by_name = https.replace("127.0.0.1", "localhost");
    for subscription in [&here, &https, &by_name] {
        let outcome = sent(&guarded, subscription).await;
        assert!(matches!(outcome, PushOutcome::Refused(_)), "{outcome:?}");
    }
    assert!(fake.desk().taken().is_empty());
    let open = WebPush::new(options()).unwrap();
    assert_eq!(sent(&open, &here).await, PushOutcome::Sent);
}
