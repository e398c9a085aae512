//! Sending to clients that read, that read slowly, and that don't read.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use chinwag_server::ws::{
    Class, Closed, ClosedBy, Connection, Limits, SLOW_CONSUMER, Sent, encode_text,
};

use crate::client::{CLOSE, Client, FIN, TEXT, close_frame, connected, frame, read_to_end};

/// Sends until the kernel takes no more, tells how many frames were sent.
fn fill(connection: &Connection, frame: &Bytes) -> usize {
    let mut sent = 1;
    while connection.send(frame.clone(), Class::Event) == Sent::Written {
        sent += 1;
    }
    sent
}

#[tokio::test]
async fn a_frame_encoded_once_goes_to_all_straight_from_the_sender() {
    let frame = encode_text("to all of you");
    for _ in 0..3 {
        let (mut client, connection, _reader) = connected(Limits::default()).await;
        assert_eq!(connection.send(frame.clone(), Class::Event), Sent::Written);
        assert_eq!(connection.pending_bytes(), 0);
        assert_eq!(client.read_text().await, "to all of you");
    }
}

#[tokio::test]
async fn many_frames_in_one_call_arrive_in_order() {
    let texts: Vec<String> = (0..1000).map(|number| format!("frame {number}")).collect();
    let frames: Vec<Bytes> = texts.iter().map(|text| encode_text(text)).collect();
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    assert_ne!(connection.send_many(&frames, Class::Event), Sent::Closed);
    let reading = async {
        for text in &texts {
            assert_eq!(&client.read_text().await, text);
        }
    };
    reader.flushing(&connection, reading).await;
    assert_eq!(connection.pending_bytes(), 0);
    assert_eq!(connection.send_many(&[], Class::Event), Sent::Written);
}

#[tokio::test]
async fn many_large_frames_in_one_call_wait_and_arrive_whole() {
    let frames: Vec<Bytes> = (0..10)
        .map(|number| encode_text(&number.to_string().repeat(60_000)))
        .collect();
    let limits = Limits {
        pending_bytes: 4 * 1024 * 1024,
        ..Limits::default()
    };
    let (mut client, connection, mut reader) = connected(limits).await;
    let mut waited = false;
    let reading = async {
        for _ in 0..3 {
            for number in 0..10 {
                assert_eq!(client.read_text().await, number.to_string().repeat(60_000));
            }
        }
    };
    for _ in 0..3 {
        waited |= connection.send_many(&frames, Class::Event) == Sent::Queued;
    }
    assert!(waited);
    reader.flushing(&connection, reading).await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed_with_4008_and_nobody_else_feels_it() {
    let limits = Limits {
        pending_bytes: 64 * 1024,
        ..Limits::default()
    };
    let bound = limits.pending_bytes;
    let (mut slow, to_slow, mut slow_reader) = connected(limits.clone()).await;
    let (mut other, to_other, _other_reader) = connected(limits).await;
    let message = encode_text(&"m".repeat(1000));
    let mut sent = 0;
    while to_slow.send(message.clone(), Class::Event) != Sent::Closed {
        sent += 1;
        assert!(to_slow.pending_bytes() <= bound);
        assert!(sent < 100_000, "never closed");
        assert_eq!(to_other.send(message.clone(), Class::Event), Sent::Written);
        assert_eq!(other.read_text().await.len(), 1000);
    }
    let expected = Closed {
        by: ClosedBy::Server,
        code: Some(SLOW_CONSUMER),
    };
    assert_eq!(slow_reader.read_message(&to_slow).await, Err(expected));
    assert_eq!(to_slow.send(message, Class::Event), Sent::Closed);

    // Once it reads, it finds whole frames, and why it was closed.
    let reading = async move {
        let mut whole = 0;
        loop {
            match slow.read().await.unwrap() {
                (TEXT, payload) => assert_eq!(payload.len(), 1000),
                (opcode, payload) => {
                    slow.send(&close_frame(SLOW_CONSUMER)).await;
                    return (opcode, payload, whole);
                }
            }
            whole += 1;
        }
    };
    let ending = slow_reader.finish(&to_slow);
    let ((opcode, payload, whole), ()) = tokio::join!(reading, ending);
    assert_eq!(opcode, CLOSE);
    assert_eq!(payload[..2], SLOW_CONSUMER.to_be_bytes());
    assert!(whole > 0 && whole < sent);
}

#[tokio::test]
async fn typing_and_presence_are_dropped_before_any_event() {
    let limits = Limits {
        pending_bytes: 64 * 1024,
        ..Limits::default()
    };
    let (mut client, connection, mut reader) = connected(limits).await;
    let event = encode_text(&format!("event {}", "e".repeat(1000)));
    let typing = encode_text(&format!("typing {}", "t".repeat(1000)));
    let mut events = fill(&connection, &event);
    assert_eq!(
        connection.send(typing.clone(), Class::Ephemeral),
        Sent::Queued
    );
    while connection.send(typing.clone(), Class::Ephemeral) != Sent::Dropped {}
    // Events fill the rest, then take the room of the ephemeral frames.
    let mut waits = connection.pending_bytes();
    loop {
        assert_eq!(connection.send(event.clone(), Class::Event), Sent::Queued);
        events += 1;
        let before = std::mem::replace(&mut waits, connection.pending_bytes());
        if waits < before {
            break;
        }
    }
    let reading = async {
        for _ in 0..events {
            assert!(client.read_text().await.starts_with("event "));
        }
    };
    reader.flushing(&connection, reading).await;
    assert_eq!(connection.pending_bytes(), 0);
    assert_eq!(connection.closed(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_of_many_senders_never_mix_and_keep_each_senders_order() {
    const SENDERS: usize = 8;
    const EACH: usize = 300;
    let limits = Limits {
        pending_bytes: 16 * 1024 * 1024,
        ..Limits::default()
    };
    let (mut client, connection, mut reader) = connected(limits).await;
    let own = connection.clone();
    let task = tokio::spawn(async move { read_to_end(&own, &mut reader).await.1 });
    for sender in 0..SENDERS {
        let connection = connection.clone();
        tokio::spawn(async move {
            for number in 0..EACH {
                let filling = "x".repeat(number * 7 % 2000);
                let frame = encode_text(&format!("{sender} {number} {filling}"));
                let sent = if number % 3 == 0 {
                    connection.send_many(&[frame], Class::Event)
                } else {
                    connection.send(frame, Class::Event)
                };
                assert_ne!(sent, Sent::Closed);
                tokio::task::yield_now().await;
            }
        });
    }
    let mut next = [0; SENDERS];
    for _ in 0..SENDERS * EACH {
        let text = client.read_text().await;
        let mut words = text.split(' ');
        let sender: usize = words.next().unwrap().parse().unwrap();
        let number: usize = words.next().unwrap().parse().unwrap();
        assert_eq!(number, next[sender]);
        assert_eq!(words.next().unwrap().len(), number * 7 % 2000);
        next[sender] += 1;
    }
    client.send(&close_frame(1000)).await;
    assert_eq!(task.await.unwrap().by, ClosedBy::Peer);
}

#[tokio::test]
async fn what_waits_leaves_while_the_task_works_on_a_message() {
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    let message = encode_text(&"m".repeat(50_000));
    let sent = fill(&connection, &message);
    let work = async {
        let mut lengths = HashSet::new();
        for _ in 0..sent {
            lengths.insert(client.read_text().await.len());
        }
        lengths
    };
    let lengths = reader.flushing(&connection, work).await;
    assert_eq!(lengths, HashSet::from([50_000]));
}

#[tokio::test]
async fn sending_to_a_client_that_is_gone_says_closed_and_wakes_the_task() {
    let (client, connection, mut reader) = connected(Limits::default()).await;
    reset(client);
    let own = connection.clone();
    let task = tokio::spawn(async move { read_to_end(&own, &mut reader).await.1 });
    assert_eq!(task.await.unwrap().by, ClosedBy::Network);
    let frame = encode_text("anyone there?");
    assert_eq!(connection.send(frame.clone(), Class::Event), Sent::Closed);
    assert_eq!(connection.send_many(&[frame], Class::Event), Sent::Closed);
    assert_eq!(Arc::strong_count(&connection), 1);
}

#[tokio::test]
async fn reading_goes_on_while_frames_wait_for_the_client() {
    let (mut client, connection, mut reader) = connected(Limits::default()).await;
    let message = encode_text(&"m".repeat(50_000));
    // More than the kernel holds for a client that doesn't read.
    while connection.pending_bytes() < 900_000 {
        connection.send(message.clone(), Class::Event);
    }
    for _ in 0..3 {
        client.send(&frame(FIN | TEXT, b"still here")).await;
        assert!(reader.read_message(&connection).await.is_ok());
    }
    assert!(connection.pending_bytes() > 0);
}

fn reset(client: Client) {
    let socket = socket2::SockRef::from(&client.stream);
    socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
}
