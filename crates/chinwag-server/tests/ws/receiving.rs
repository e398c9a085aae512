//! What a client may send, and what it is closed for.

use chinwag_server::ws::{Closed, ClosedBy, Incoming, Limits, NOT_UTF8, PROTOCOL_ERROR, TOO_BIG};

use crate::client::{
    BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, connected, connected_with, frame,
    read_to_end,
};

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

/// Sends bytes and tells the code that both sides end with.
async fn closed_for(bytes: &[u8], limits: Limits) -> u16 {
    let (mut client, connection, mut reader) = connected(limits).await;
    client.send(bytes).await;
    let (_, closed) = read_to_end(&connection, &mut reader).await;
    assert_eq!(closed.by, ClosedBy::Server);
    let finish = reader.finish(&connection);
    // The client closes its side once it has read the close frame.
    let seen = async move { client.read_close().await };
    let (code, ()) = tokio::join!(seen, finish);
    assert_eq!(closed.code, Some(code));
    code
}

#[tokio::test]
async fn messages_sent_together_come_one_by_one_in_order() {
    let sent: Vec<String> = (0..500).map(|number| format!("message {number}")).collect();
    let bytes: Vec<u8> = sent
        .iter()
        .flat_map(|text| frame(FIN | TEXT, text.as_bytes()))
        .collect();
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    client.send(&bytes).await;
    for one in &sent {
        assert_eq!(reader.read_message(&connection).await, Ok(text(one)));
    }
}

#[tokio::test]
async fn frames_sent_together_with_the_request_are_not_lost() {
    let early = frame(FIN | TEXT, b"early");
    let (mut client, connection, mut reader) = connected_with(Limits::default(), &early).await;
    client.send(&frame(FIN | TEXT, b"late")).await;
    assert_eq!(reader.read_message(&connection).await, Ok(text("early")));
    assert_eq!(reader.read_message(&connection).await, Ok(text("late")));
}

#[tokio::test]
async fn a_message_comes_whole_however_the_network_cuts_it() {
    let stream = [
        frame(TEXT, "é".as_bytes()),
        frame(FIN | PING, b"between"),
        frame(CONTINUATION, "北京".as_bytes()),
        frame(FIN | CONTINUATION, "🙂".as_bytes()),
        frame(FIN | BINARY, &[0xFF; 200]),
    ]
    .concat();
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    client.stream.set_nodelay(true).unwrap();
    let sending = async {
        for byte in stream {
            client.send(&[byte]).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(client.read().await, Some((PONG, b"between".to_vec())));
    };
    let receiving = async {
        let mut read = Vec::new();
        while read.len() < 3 {
            read.push(reader.read_message(&connection).await.unwrap());
        }
        assert_eq!(
            read,
            [
                Incoming::Ping,
                text("é北京🙂"),
                Incoming::Binary(vec![0xFF; 200])
            ]
        );
    };
    tokio::join!(sending, receiving);
}

#[tokio::test]
async fn every_breach_of_the_framing_closes_with_1002() {
    let unmasked = vec![FIN | TEXT, 2, b'h', b'i'];
    let two_to_the_63 = [&[FIN | TEXT, 0xFF, 0x80][..], &[0; 11]].concat();
    let mut long_ping = frame(FIN | PING, &[0; 126]);
    long_ping.extend(frame(FIN | TEXT, b"after"));
    let breaches = [
        ("unmasked", unmasked),
        ("reserved bit", frame(FIN | 0x40 | TEXT, b"x")),
        ("unknown opcode", frame(FIN | 3, b"x")),
        ("unknown control opcode", frame(FIN | 11, b"x")),
        ("ping in pieces", frame(PING, b"x")),
        ("long ping", long_ping),
        ("2^63 bytes", two_to_the_63),
        ("continuation of nothing", frame(FIN | CONTINUATION, b"x")),
        (
            "message in a message",
            [frame(TEXT, b"x"), frame(FIN | TEXT, b"y")].concat(),
        ),
        ("half a close code", frame(FIN | CLOSE, &[3])),
        (
            "a close code not to be sent",
            frame(FIN | CLOSE, &[3, 0xED]),
        ),
    ];
    for (name, bytes) in breaches {
        let code = closed_for(&bytes, Limits::default()).await;
        assert_eq!(code, PROTOCOL_ERROR, "{name}");
    }
}

#[tokio::test]
async fn text_that_is_not_utf8_closes_with_1007_before_it_is_whole() {
    let whole = frame(FIN | TEXT, b"\xC3\x28");
    assert_eq!(closed_for(&whole, Limits::default()).await, NOT_UTF8);
    let declared_longer = &frame(FIN | TEXT, b"ok \xFF and a long rest")[..12];
    assert_eq!(
        closed_for(declared_longer, Limits::default()).await,
        NOT_UTF8
    );
    let reason = frame(FIN | CLOSE, b"\x03\xE8\xFF");
    assert_eq!(closed_for(&reason, Limits::default()).await, NOT_UTF8);
}

#[tokio::test]
async fn a_message_above_the_limit_closes_with_1009_by_what_it_declares() {
    let header_only = &frame(FIN | TEXT, &[b'x'; 70_000])[..10];
    assert_eq!(closed_for(header_only, Limits::default()).await, TOO_BIG);
    // The client goes on sending what it declared, and still learns why.
    let all = frame(FIN | TEXT, &[b'x'; 70_000]);
    assert_eq!(closed_for(&all, Limits::default()).await, TOO_BIG);
}

#[tokio::test]
async fn thousands_of_one_byte_fragments_close_with_1009() {
    let mut bytes = frame(TEXT, b"x");
    for _ in 0..5000 {
        bytes.extend(frame(CONTINUATION, b"x"));
    }
    assert_eq!(closed_for(&bytes, Limits::default()).await, TOO_BIG);
}

#[tokio::test]
async fn a_flood_of_pings_is_counted_and_holds_one_answer_at_most() {
    const PINGS: usize = 20_000;
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    let payload = [b'p'; 125];
    let flood = frame(FIN | PING, &payload).repeat(PINGS);
    let end = frame(FIN | TEXT, b"end");
    let sending = async {
        client.send(&flood).await;
        client.send(&end).await;
    };
    let receiving = async {
        let mut pings = 0;
        loop {
            let message = reader.read_message(&connection).await.unwrap();
            let waits = connection.pending_bytes();
            // One that left in part, and the newest.
            assert!(waits <= 2 * 200, "{waits} bytes wait");
            match message {
                Incoming::Ping => pings += 1,
                other => break (pings, other),
            }
        }
    };
    // The client reads no pong until all its pings are told.
    let ((), received) = tokio::join!(sending, receiving);
    assert_eq!(received, (PINGS, text("end")));
    let flushing = reader.flushing(&connection, async {
        assert_eq!(client.read().await, Some((PONG, payload.to_vec())));
    });
    flushing.await;
}

#[tokio::test]
async fn an_end_without_close_frame_is_told_as_lost_after_what_came_before() {
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    client.send(&frame(FIN | TEXT, b"last words")).await;
    drop(client);
    let (incoming, closed) = read_to_end(&connection, &mut reader).await;
    assert_eq!(incoming, [text("last words")]);
    let lost = Closed {
        by: ClosedBy::Network,
        code: None,
    };
    assert_eq!(closed, lost);
    reader.finish(&connection).await;
}

#[tokio::test]
async fn reading_may_be_given_up_and_taken_up_again_within_a_message() {
    let bytes = frame(FIN | TEXT, b"in two parts");
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    client.send(&bytes[..9]).await;
    for _ in 0..3 {
        tokio::select! {
            biased;
            message = reader.read_message(&connection) => panic!("{message:?} isn't whole"),
            () = tokio::task::yield_now() => {}
        }
    }
    client.send(&bytes[9..]).await;
    let message = reader.read_message(&connection).await;
    assert_eq!(message, Ok(text("in two parts")));
}
