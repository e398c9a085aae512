//! What must be told to nobody: tokens and texts in logs, tokens in addresses.

use serde_json::json;

use crate::{
    binary::{Serve, Served},
    fixture::Socket,
    rest::Rest,
};

const PASSWORD: &str = "correct horse battery";
const TEXT: &str = "xylophone";
const PHONE: &str = "token-of-a-phone";

#[tokio::test(flavor = "multi_thread")]
async fn no_log_however_chatty_holds_a_password_a_token_or_what_people_say() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let everything = "debug,chinwag_server=trace,chinwag_core=trace,chinwag_backends=trace";
    let serve = Serve::on(&directory.path().join("data")).with("log.level", everything);
    let into_a_file = ["sh", "-c", "exec \"$@\" 2>log", "sh"];
    let served = Served::of(serve.command(&into_a_file).spawn().unwrap());
    let served = served.ok().expect("the server starts");

    let nobody = Rest::new(&served.url(), "");
    let ana = json!({"userId": "ana", "password": PASSWORD});
    let registered = nobody.post("/auth/register", ana.clone()).await;
    let token = registered.body["token"].as_str().unwrap().to_owned();
    let signed_in = nobody.post("/auth/login", ana).await;
    let second = signed_in.body["token"].as_str().unwrap().to_owned();
    let wrong = json!({"userId": "ana", "password": "not-it-at-all"});
    assert_eq!(nobody.post("/auth/login", wrong).await.status, 401);

    let rest = Rest::new(&served.url(), &token);
    let group = json!({"type": "group", "name": "a name of a group", "members": []});
    let chat = rest.post("/chats", group).await.body["id"].clone();
    let said = json!({"chatId": chat, "content": TEXT, "metadata": {"k": TEXT}});
    assert_eq!(rest.post("/messages", said).await.status, 201);
    let phone = json!({"kind": "fcm", "deviceId": "d", "token": PHONE});
    assert_eq!(rest.post("/devices", phone).await.status, 201);
    assert_eq!(rest.get(&format!("/search?q={TEXT}")).await.status, 200);
    let mut socket = Socket::open(&served.url())
        .await
        .authenticated(&second)
        .await;
    let said = json!({"type": "send", "chatId": chat, "content": TEXT});
    assert_eq!(socket.ask(said).await["type"], "ack");
    socket
        .say(json!({"type": TEXT, "id": TEXT, "content": TEXT}))
        .await;
    socket.hear_of("error").await;

    // A token in an address would stand in the logs of every proxy: none is taken from there.
    for name in ["token", "access_token", "authorization"] {
        let asked = nobody.get(&format!("/me?{name}={token}")).await;
        assert_eq!(asked.status, 401, "{name}");
    }
    drop(served);

    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("sendMessage"), "it is chatty: {log}");
    let secrets = [PASSWORD, "not-it-at-all", TEXT, PHONE, &token, &second];
    let told = log
        .lines()
        .filter(|line| secrets.iter().any(|secret| line.contains(secret)));
    let told: Vec<&str> = told.collect();
    assert!(told.is_empty(), "{told:#?}");
}
