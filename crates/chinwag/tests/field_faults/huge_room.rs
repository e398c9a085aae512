//! Row 17: a huge room stalls nobody, and costs each of those online little.

use std::time::Instant;

use chinwag_core::{
    model::UserRow,
    owner::{Caller, Command, NewGroup},
};
use chinwag_proto::{
    ChatId, Timestamp,
    shapes::{HistoryVisible, Role},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{people, say, without_rates};
use crate::{
    fixture::{Running, Socket, user},
    rest::Rest,
};

const MEMBERS: usize = 10_000;
const ONLINE: usize = 500;

fn name(number: usize) -> String {
    format!("m{number:05}")
}

async fn room(running: &Running) -> ChatId {
    let node = running.server.node();
    let names = || (0..MEMBERS).map(name);
    let rows = names().map(|name| UserRow::new(user(&name), Timestamp::default()));
    node.ports()
        .accounts
        .create_users(rows.collect())
        .await
        .unwrap();
    let users: Vec<_> = names().map(|name| user(&name)).collect();
    let caller = Caller::user(users[0].clone());
    let group = NewGroup {
        name: "all hands".into(),
        members: users[1..1_000].to_vec(),
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    let chat = node.owner().create_group(&caller, group).await.unwrap();
    for users in users[1_000..].chunks(1_000) {
        let add = Command::AddMembers {
            users: users.to_vec(),
            role: Role::Member,
            client_id: None,
        };
        node.owner().execute(&caller, chat, add).await.unwrap();
    }
    chat
}

async fn online(running: &Running, number: usize) -> Socket {
    let accounts = running.server.node().user_accounts();
    let token = accounts
        .token_for(&user(&name(number)))
        .await
        .unwrap()
        .token;
    Socket::open(&running.url())
        .await
        .authenticated(&token)
        .await
}

/// Hears everything up to a message, which comes after all that was done before it.
async fn up_to(socket: &mut Socket, text: &str) -> Vec<Value> {
    super::heard_before(socket, text).await
}

fn count(heard: &[Value], kind: &str) -> usize {
    heard.iter().filter(|frame| frame["type"] == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_of_ten_thousand_do_everything_at_once_and_two_others_chat_on() {
    let running = without_rates().await;
    let chat = room(&running).await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let aside = ana.direct(&ben).await;
    let (mut anas, mut bens) = (ana.socket().await, ben.socket().await);
    let mut sockets: Vec<Socket> = Vec::new();
    for numbers in (0..ONLINE).collect::<Vec<_>>().chunks(50) {
        sockets.extend(join_all(numbers.iter().map(|number| online(&running, *number))).await);
    }
    let owner = running.person(&name(0)).await;
    let rest = Rest::new(&running.url(), &owner.token);
    let began = Instant::now();

    // One more joins, ten messages are said, all type, all read, all are listed.
    running.person("newcomer").await;
    let join = json!({"userIds": ["newcomer"]});
    assert_eq!(
        rest.post(&format!("/chats/{chat}/members"), join)
            .await
            .status,
        200
    );
    let mut last = Value::Null;
    for number in 0..10 {
        last = say(&mut sockets[0], chat, &format!("hall {number}")).await["id"].clone();
        let probe = format!("probe {number}");
        say(&mut anas, aside, &probe).await;
        assert_eq!(bens.hear_of("message").await["message"]["content"], probe);
    }
    let acting = sockets.iter_mut().map(|socket| async {
        socket.say(json!({"type": "typing", "chatId": chat})).await;
        let read = json!({"type": "read", "id": 5, "chatId": chat, "lastReadMessageId": last});
        socket.say(read).await;
    });
    join_all(acting).await;
    let listed = rest.get(&format!("/chats/{chat}/members")).await.body;
    assert!(listed["members"].as_array().unwrap().len() <= 200 && listed["nextCursor"].is_string());
    let receipts = rest.get(&format!("/chats/{chat}/receipts")).await;
    assert_eq!(receipts.status, 200);
    assert!(receipts.body["receipts"].as_array().unwrap().len() <= 200);
    // Half of them leave and come back, which nobody has asked to watch.
    for (number, socket) in sockets.iter_mut().enumerate().skip(ONLINE / 2) {
        *socket = online(&running, number).await;
    }
    let healthy = reqwest::get(format!("{}/healthz", running.url()))
        .await
        .unwrap();
    assert!(healthy.status().is_success());
    say(&mut anas, aside, "probe after").await;
    assert_eq!(
        bens.hear_of("message").await["message"]["content"],
        "probe after"
    );

    say(&mut sockets[0], chat, "good night, all").await;
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    for number in [1, ONLINE / 2 - 1] {
        let heard = up_to(&mut sockets[number], "good night, all").await;
        assert_eq!(count(&heard, "message"), 10);
        assert_eq!(count(&heard, "presence"), 0);
        assert_eq!(
            count(&heard, "receipt"),
            0,
            "marks are counts, for the author"
        );
        // One a second and chat at most, however many type.
        let typing = count(&heard, "typing");
        assert!(typing <= seconds + 2, "{typing} in {seconds} s");
        let named = |frame: &Value| frame["userIds"].as_array().map_or(0, Vec::len) <= 3;
        assert!(heard.iter().all(named));
    }
    let newcomer = running.person("newcomer").await;
    let chat = newcomer.http.chat(chat).await.unwrap();
    assert_eq!(chat.member_count as usize, MEMBERS + 1);
}
