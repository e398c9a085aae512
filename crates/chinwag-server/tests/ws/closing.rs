//! The end of a connection, from either side.

use std::time::Duration;

use chinwag_server::ws::{Class, Closed, ClosedBy, GOING_AWAY, Limits, NORMAL, Sent, encode_text};
use tokio::io::AsyncReadExt as _;

use crate::client::{CLOSE, FIN, TEXT, close_frame, connected, frame, read_to_end};

fn impatient() -> Limits {
    Limits {
        close_timeout: Duration::from_millis(50),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_client_that_closes_gets_its_own_code_back() {
    for code in [Some(NORMAL), Some(4999), None] {
        let (mut client, connection, mut reader) = connected(Limits::default()).await;
        let payload = code.map_or(Vec::new(), |code| code.to_be_bytes().to_vec());
        client.send(&frame(FIN | CLOSE, &payload)).await;
        client.send(&frame(FIN | TEXT, b"after the end")).await;
        let (incoming, closed) = read_to_end(&connection, &mut reader).await;
        let by = ClosedBy::Peer;
        assert_eq!((incoming, closed), (vec![], Closed { by, code }));
        let seeing = async move {
            assert_eq!(client.read().await, Some((CLOSE, payload)));
            assert_eq!(client.read().await, None);
        };
        tokio::join!(reader.finish(&connection), seeing);
    }
}

#[tokio::test]
async fn closing_wakes_the_task_and_waits_for_the_clients_answer() {
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    let own = connection.clone();
    let task = tokio::spawn(async move {
        let closed = reader.read_message(&own).await;
        reader.finish(&own).await;
        closed
    });
    assert_eq!(
        connection.send(encode_text("before"), Class::Event),
        Sent::Written
    );
    connection.close(4009, "draining");
    connection.close(NORMAL, "too late to change");
    assert_eq!(
        connection.send(encode_text("after"), Class::Event),
        Sent::Closed
    );
    assert_eq!(client.read_text().await, "before");
    let close = [&4009_u16.to_be_bytes()[..], b"draining"].concat();
    assert_eq!(client.read().await, Some((CLOSE, close)));
    client.send(&frame(FIN | TEXT, b"on its way already")).await;
    assert!(!task.is_finished());
    client.send(&close_frame(4009)).await;
    assert_eq!(client.read().await, None);
    drop(client);
    let closed = Closed {
        by: ClosedBy::Server,
        code: Some(4009),
    };
    assert_eq!(task.await.unwrap(), Err(closed));
}

#[tokio::test]
async fn what_waits_leaves_before_the_close_frame() {
    let (mut client, connection, reader) = connected(Limits::default()).await;
    let message = encode_text(&"m".repeat(50_000));
    let mut sent = 1;
    while connection.send(message.clone(), Class::Event) == Sent::Written {
        sent += 1;
    }
    connection.close(4009, "");
    let reading = async move {
        for _ in 0..sent {
            assert_eq!(client.read_text().await.len(), 50_000);
        }
        let (opcode, _) = client.read().await.unwrap();
        assert_eq!(opcode, CLOSE);
        client.send(&close_frame(4009)).await;
        assert_eq!(client.read().await, None);
    };
    tokio::join!(reader.finish(&connection), reading);
}

#[tokio::test]
async fn a_client_that_never_answers_is_cut_off() {
    let (mut client, connection, reader) = connected(impatient()).await;
    connection.close(NORMAL, "");
    reader.finish(&connection).await;
    // The connection is still held here, and its socket is closed all the same.
    assert_eq!(client.read_close().await, NORMAL);
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_off_and_the_kernel_keeps_nothing() {
    let (mut client, connection, reader) = connected(impatient()).await;
    let message = encode_text(&"m".repeat(50_000));
    // More than the kernel holds for it.
    while connection.pending_bytes() < 900_000 {
        connection.send(message.clone(), Class::Event);
    }
    connection.close(NORMAL, "");
    reader.finish(&connection).await;
    drop(connection);
    let mut read = Vec::new();
    let end = client.stream.read_to_end(&mut read).await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn finishing_without_an_end_closes_with_1001() {
    let (mut client, connection, reader) = connected(Limits::default()).await;
    let reading = async move {
        let (opcode, payload) = client.read().await.unwrap();
        // The client closes its socket without an answer.
        drop(client);
        (opcode, payload)
    };
    let ((), seen) = tokio::join!(reader.finish(&connection), reading);
    assert_eq!(seen, (CLOSE, GOING_AWAY.to_be_bytes().to_vec()));
}
