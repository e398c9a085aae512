//! Rubbish changes nothing, and what can go on goes on.

use chinwag_proto::CloseCode;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::fixture::Running;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_is_told_and_the_session_goes_on() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.direct(&ben).await;
    let mut socket = ana.socket().await;
    let deep = format!(
        "{{\"type\":\"send\",\"id\":7,\"chatId\":\"{chat}\",\"content\":\"x\",\"metadata\":{{\"a\":{}1{}}}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    let chat_text = chat.to_string();
    let cases = [
        ("nonsense".to_owned(), "badJson"),
        ("[1,2]".to_owned(), "badRequest"),
        (r#"{"id":7}"#.to_owned(), "badRequest"),
        (r#"{"type":"dance","id":7}"#.to_owned(), "unknownType"),
        (
            r#"{"type":"send","id":7,"chatId":12,"content":"x"}"#.to_owned(),
            "badRequest",
        ),
        (
            format!(r#"{{"type":"send","id":7,"chatId":"{chat_text}","content":"\ud800"}}"#),
            "badJson",
        ),
        (
            format!(r#"{{"type":"send","id":7,"chatId":"{chat_text}","content":"a\u0000b"}}"#),
            "badRequest",
        ),
        (
            format!(r#"{{"type":"send","id":7,"chatId":"{chat_text}","content":""}}"#),
            "badRequest",
        ),
        (
            format!(
                r#"{{"type":"send","id":7,"chatId":"{chat_text}","content":"x","metadata":{{"n":9007199254740993}}}}"#
            ),
            "badRequest",
        ),
        (
            format!(
                r#"{{"type":"send","id":7,"chatId":"{chat_text}","content":"x","metadata":{{"a":1,"a":2}}}}"#
            ),
            "badRequest",
        ),
        (
            format!(
                r#"{{"type":"send","id":7,"chatId":"{chat_text}","content":"{}"}}"#,
                "x".repeat(16 * 1024 + 1)
            ),
            "tooLarge",
        ),
        (
            r#"{"type":"send","id":7,"chatId":"99","content":"x"}"#.to_owned(),
            "notFound",
        ),
    ];
    for (text, code) in cases {
        socket.send(Frame::text(text.clone())).await;
        let answer = socket.hear_of("error").await;
        assert_eq!(answer["error"]["code"], code, "{text:.80}");
    }
    socket.send(Frame::text(deep)).await;
    assert_eq!(socket.hear_of("error").await["error"]["status"], 400);
    socket.say(json!({"type": "send", "id": 8, "chatId": chat, "content": "fine", "colour": "ignored"})).await;
    assert_eq!(socket.hear_of("ack").await["message"]["content"], "fine");
    assert_eq!(
        ben.http.chat(chat).await.unwrap().unread,
        1,
        "only what was fine is there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binary_frame_and_one_too_big_close_the_session() {
    let running = Running::start().await;
    let ana = running.person("ana").await;
    let mut socket = ana.socket().await;
    socket.send(Frame::binary(vec![1, 2, 3])).await;
    assert_eq!(socket.closed().await, Some(CloseCode::ProtocolError.code()));
    let mut socket = ana.socket().await;
    socket.send(Frame::text("x".repeat(70_000))).await;
    assert_eq!(socket.closed().await, Some(1009));
}
