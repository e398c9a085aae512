//! What waits outlives the server.

use std::time::Duration;

use chinwag_core::ports::{PushOutcome, QueueGroup};
use chinwag_server::Server;
use serde_json::{Value, json};

use crate::starting::started;
use crate::team::{Providers, ask, texts};

const SECRET: &str = "a secret of at least thirty-two bytes";

async fn server(providers: &Providers, data_dir: &str) -> Server {
    let theirs = providers.settings();
    let mut all = vec![
        ("listen", "127.0.0.1:0"),
        ("data_dir", data_dir),
        ("auth.jwt_secret", SECRET),
        ("storage.min_free", "0"),
    ];
    all.extend(theirs.iter().map(|(name, value)| (&**name, &**value)));
    started(&all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_has_not_taken_is_told_after_a_restart_under_the_same_key() {
    let providers = Providers::start().await;
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let first = server(&providers, data_dir.to_str().unwrap()).await;
    let at_first = first.url().unwrap();
    let offer = ask(at_first, "ana", "GET", "/v1/push", Value::Null).await.1;
    let device = json!({"kind": "fcm", "token": "phone", "deviceId": "phone"});
    ask(at_first, "ana", "POST", "/v1/devices", device).await;
    ask(at_first, "bo", "GET", "/v1/me", Value::Null).await;
    let direct = json!({"type": "direct", "userId": "ana"});
    let chat = ask(at_first, "bo", "POST", "/v1/chats", direct).await.1;
    let fcm = providers.fcm.desk();
    fcm.answer("phone", PushOutcome::RetryAfter(0));
    let message = json!({"chatId": chat["id"], "content": "hi"});
    assert_eq!(
        ask(at_first, "bo", "POST", "/v1/messages", message).await.0,
        201
    );
    fcm.asked(1).await;
    first.shutdown().await;
    fcm.answer("phone", PushOutcome::Sent);
    let second = server(&providers, data_dir.to_str().unwrap()).await;
    let at_second = second.url().unwrap();
    assert_eq!(texts(&fcm.took(1).await), ["phone: hi"]);
    let again = ask(at_second, "ana", "GET", "/v1/push", Value::Null)
        .await
        .1;
    assert_eq!(again, offer);
    let message = json!({"chatId": chat["id"], "content": "you are remembered"});
    ask(at_second, "bo", "POST", "/v1/messages", message).await;
    assert_eq!(
        texts(&fcm.took(2).await)[1..],
        ["phone: you are remembered"]
    );
    let queue = &second.node().ports().queue;
    while queue.lag(QueueGroup::Push).await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    second.shutdown().await;
}
