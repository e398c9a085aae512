//! `kill -9` of the real binary under load: what was acknowledged is there, once.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use chinwag_client::{Client, ClientEvent, Http, Options, TokenSource};
use chinwag_proto::{
    http::{CreateChat, HistoryQuery, Register},
    shapes::Message,
};
use parking_lot::Mutex;

const ROUNDS: usize = 5;
const SENDERS: usize = 4;

/// The real binary, killed when it is dropped.
struct Served(Child);

impl Served {
    fn start(data: &Path, port: u16) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .arg("serve")
            .env("CHINWAG_LISTEN", format!("127.0.0.1:{port}"))
            .env("CHINWAG_DATA_DIR", data)
            .env("CHINWAG_LIMITS_RATES", "off")
            .current_dir(data.parent().unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        // Keeps reading, so that the server never waits for a full pipe.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(drop));
        Self(child)
    }

    async fn ready(&self, http: &reqwest::Client, port: u16) {
        let ready = async {
            loop {
                let asked = http
                    .get(format!("http://127.0.0.1:{port}/readyz"))
                    .send()
                    .await;
                if asked.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(crate::fixture::PATIENCE, ready)
            .await
            .expect("the server starts");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // SIGKILL: nothing is finished, nothing is flushed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_message_is_there_once_after_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let probe = reqwest::Client::new();
    let mut served = Served::start(&data, port);
    served.ready(&probe, port).await;
    let register = async |name: &str| {
        let register = Register {
            user_id: name.into(),
            name: None,
            password: "correct horse".into(),
        };
        Http::new(&url).register(&register).await.unwrap().token
    };
    let (ana, ben) = (register("ana").await, register("ben").await);
    let http = Http::new(&url).with_token(&ana);
    let direct = CreateChat::Direct {
        user_id: crate::fixture::user("ben"),
        client_id: None,
    };
    let chat = http.create_chat(&direct).await.unwrap().id;
    let (client, mut events) = Client::connect(Options::new(&url, TokenSource::fixed(&ana)));
    tokio::spawn(async move { while events.next().await.is_some() {} });
    let acknowledged: Arc<Mutex<Vec<Message>>> = Arc::default();
    let mut sending = Vec::new();
    for sender in 0..SENDERS {
        let (client, acknowledged) = (client.clone(), Arc::clone(&acknowledged));
        sending.push(tokio::spawn(async move {
            for n in 0.. {
                match client.send(chat, format!("s{sender} m{n}")).await {
                    Ok(message) => acknowledged.lock().push(message),
                    Err(_) => return,
                }
            }
        }));
    }
    for round in 0..ROUNDS {
        let before = acknowledged.lock().len();
        let more = async {
            while acknowledged.lock().len() < before + 50 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), more)
            .await
            .unwrap_or_else(|_| panic!("round {round} stands still"));
        drop(served);
        served = Served::start(&data, port);
        served.ready(&probe, port).await;
    }
    client.close().await;
    for sender in sending {
        sender.await.unwrap();
    }
    let acknowledged = std::mem::take(&mut *acknowledged.lock());
    assert!(acknowledged.len() >= ROUNDS * 50);
    let history = everything(&Http::new(&url).with_token(&ben), chat).await;
    let mut times: HashMap<String, usize> = HashMap::new();
    for message in &history {
        *times.entry(message.content.clone()).or_default() += 1;
    }
    for message in &acknowledged {
        assert_eq!(
            times.get(&message.content),
            Some(&1),
            "{:?}",
            message.content
        );
        assert!(
            history
                .iter()
                .any(|stored| stored.id == message.id && stored.seq == message.seq)
        );
    }
    assert!(times.values().all(|count| *count == 1));
    let (_client, mut caught_up) = Client::connect(Options::new(&url, TokenSource::fixed(&ben)));
    loop {
        match tokio::time::timeout(crate::fixture::PATIENCE, caught_up.next())
            .await
            .expect("sync answers")
        {
            Some(ClientEvent::Online) => break,
            Some(_) => {}
            None => panic!("the client ended"),
        }
    }
}

async fn everything(http: &Http, chat: chinwag_proto::ChatId) -> Vec<Message> {
    let mut all: Vec<Message> = Vec::new();
    loop {
        let after = all.last().map_or_else(
            || "2000-01-01T00:00:00Z".to_owned(),
            |last| last.id.to_string(),
        );
        let query = HistoryQuery {
            chat_id: chat,
            before: None,
            after: Some(after),
            around: None,
            limit: Some(200),
        };
        let page = http.history(&query).await.unwrap();
        all.extend(page.messages);
        if !page.has_more {
            return all;
        }
    }
}
