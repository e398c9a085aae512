//! Measures what the checker of histories costs: time and memory for N messages.
//!
//! `cargo run --release -p chinwag-load --example check_memory -- 10000000`
//!
//! Each message is sent, acknowledged, seen live by one other member and dumped at the end, which
//! is the least that a load test records. No text is read, so parsing isn't measured.

use std::time::Instant;

use chinwag_load::check::check;
use chinwag_load::check::history::*;
use chinwag_load::check::value::{Digest, Id};

const CHATS: u64 = 10_000;
const DUMP_PART: u64 = 200;

fn main() {
    let messages = std::env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000_000);
    let start = Instant::now();
    let report = check(history(messages).map(Ok));
    print!("{report}");
    let bytes = peak_bytes();
    println!(
        "{messages} messages: {:.1} s, {} MiB at the peak, {} bytes a message",
        start.elapsed().as_secs_f64(),
        bytes >> 20,
        bytes / messages.max(1),
    );
}

/// Sends to the chats in turn, then reads each chat's log.
fn history(messages: u64) -> impl Iterator<Item = Record> {
    let made = (0..CHATS).map(|chat| {
        let members = vec![user(chat, 0), user(chat, 1)];
        let history_visible = HistoryVisible::All;
        What::Made(Made {
            chat: chat.to_string(),
            members,
            history_visible,
        })
    });
    let made = made.map(|what| Record {
        at: 0,
        client: None,
        what,
    });
    let sent = (0..messages).flat_map(sent);
    let dumped = (0..CHATS).flat_map(move |chat| dumped(chat, messages));
    made.chain(sent).chain(dumped)
}

fn user(chat: u64, number: u64) -> String {
    format!("user{}", (chat * 7 + number * 131) % (CHATS / 2))
}

fn client(user: String) -> Option<Client> {
    let session = format!("session of {user}");
    Some(Client {
        user,
        device: "phone".into(),
        session,
    })
}

/// The client's own name of a message, as long as a UUID.
fn client_id(message: u64) -> String {
    format!("0191d3c0-0000-7000-8000-{message:012x}")
}

fn event(message: u64) -> Event {
    let (chat, seq) = (message % CHATS, message / CHATS + 1);
    Event {
        epoch: 1,
        seq,
        kind: Kind::Message,
        id: Some(Id(message + 1)),
        sender: Some(user(chat, seq % 2)),
        client_id: Some(client_id(message)),
        digest: Some(Digest(message)),
        ..Event::default()
    }
}

fn sent(message: u64) -> [Record; 3] {
    let (number, seq) = (message % CHATS, message / CHATS + 1);
    let (chat, client_id) = (number.to_string(), client_id(message));
    let op = Op::Message {
        digest: Digest(message),
    };
    let given = Some(Given {
        id: Id(message + 1),
        epoch: 1,
        seq,
    });
    let intent = What::Intent(Intent {
        chat: chat.clone(),
        client_id: client_id.clone(),
        op,
    });
    let ack = What::Ack(Ack {
        chat: chat.clone(),
        client_id,
        event: given,
    });
    let live = What::Live(Live {
        chat,
        event: event(message),
    });
    let (sender, reader) = (
        client(user(number, seq % 2)),
        client(user(number, 1 - seq % 2)),
    );
    let at = message * 3 + 1;
    [
        Record {
            at,
            client: sender.clone(),
            what: intent,
        },
        Record {
            at: at + 1,
            client: sender,
            what: ack,
        },
        Record {
            at: at + 2,
            client: reader,
            what: live,
        },
    ]
}

fn dumped(chat: u64, messages: u64) -> impl Iterator<Item = Record> {
    let places = messages.saturating_sub(chat).div_ceil(CHATS);
    let at = messages * 3 + 10;
    (0..places).step_by(DUMP_PART as usize).map(move |after| {
        let end = places.min(after + DUMP_PART);
        let page = Page {
            chat: chat.to_string(),
            via: Via::Dump,
            asked: at,
            epoch: 1,
            after: Some(after),
            after_id: None,
            before_id: None,
            newest_first: false,
            has_more: end < places,
            limited: false,
            head: None,
            only_messages: false,
            events: (after..end)
                .map(|place| event(place * CHATS + chat))
                .collect(),
        };
        Record {
            at,
            client: client("auditor".into()),
            what: What::Page(page),
        }
    })
}

fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
    digits
        .and_then(|kib| kib.trim().parse::<u64>().ok())
        .unwrap_or(0)
        << 10
}
