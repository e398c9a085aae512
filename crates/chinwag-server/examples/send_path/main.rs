//! Sends messages through a whole server in memory, for a count of the instructions that each takes: from the bytes of
//! the frame through the owner and a store in memory to the sender's acknowledgement and the other member's event.
//!
//! `send_path MESSAGES`; `scripts/instructions` counts.
#![expect(clippy::unwrap_used, reason = "a measurement fails by panicking")]

mod stage;

use chinwag_core::owner::Caller;
use chinwag_proto::UserId;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    runtime::Builder,
};

use stage::{Stage, UPGRADE, text_frame};

/// How much of a stream is under way at most, in bytes.
const STREAM: usize = 64 * 1024;

fn main() {
    let messages = std::env::args().nth(1);
    let messages: u32 = messages.and_then(|count| count.parse().ok()).unwrap();
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(send(messages));
}

async fn send(messages: u32) {
    let stage = Stage::set().await;
    let people = ["ana", "ben"].map(|name| UserId::new(name).unwrap());
    let tokens = stage.people(&people).await;
    let owner = stage.running.node().owner();
    let caller = Caller::user(people[0].clone());
    let chat = owner.create_direct(&caller, &people[1]).await.unwrap();
    let mut ana = session(&stage, &tokens[0]).await;
    let mut ben = session(&stage, &tokens[1]).await;
    for id in 2..messages + 2 {
        let content = format!("message {id:08}, of about as many words as people say at once");
        let send = json!({"type": "send", "id": id, "chatId": chat, "clientId": format!("m{id:08}"), "content": content});
        ana.write_all(&text_frame(&send.to_string())).await.unwrap();
        pass_frame(&mut ana).await;
        pass_frame(&mut ben).await;
    }
}

/// Opens a session and hears that it stands.
async fn session(stage: &Stage, token: &str) -> DuplexStream {
    let (mut near, far) = tokio::io::duplex(STREAM);
    tokio::spawn(stage.running.serve(far));
    near.write_all(UPGRADE).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(near.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "));
    let auth = json!({"type": "auth", "id": 1, "token": token});
    near.write_all(&text_frame(&auth.to_string()))
        .await
        .unwrap();
    let ready = pass_frame(&mut near).await;
    assert!(String::from_utf8(ready).unwrap().contains("\"ready\""));
    near
}

/// Reads a frame.
async fn pass_frame(stream: &mut DuplexStream) -> Vec<u8> {
    assert_eq!(stream.read_u8().await.unwrap(), 0x81, "a text in one frame");
    let length = match stream.read_u8().await.unwrap() {
        126 => usize::from(stream.read_u16().await.unwrap()),
        length => usize::from(length),
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text).await.unwrap();
    text
}
