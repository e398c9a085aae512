//! Beside a group: the same bytes to as many sockets in a loop of bare sends, to the same receivers.
//!
//! What the kernel takes for it is the least that any server needs.

use std::{
    io::{ErrorKind, Write as _},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use chinwag_proto::{
    ChatId, Epoch, EventId, Seq, UserId,
    frames::{LogBody, LogFrame},
    shapes::Message,
};

use super::{
    Run,
    crew::Crew,
    group::last_deliveries,
    plans::{shares, start},
};
use crate::bench::{
    faults::Faults,
    message::plain,
    options::{Group, Pace, Times},
    plan::{Node, Outcome, Plan, Traffic},
    report::Bare,
    stamp::Stamp,
};
use crate::clock::{SECOND, now, thread_cpu};

/// Rounds that count, at most: enough for a median.
const ROUNDS: u32 = 50;
/// Rounds before those.
const WARM_UP_ROUNDS: u32 = 5;
/// Rounds a second where the run itself is a closed loop.
const CLOSED_LOOP_RATE: f64 = 2.0;

/// Sends in rounds at the run's rate, and returns what that took.
pub(super) async fn run(run: &Run<'_>, settings: &Group, faults: &mut Faults) -> Result<Bare> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let members = settings.members;
    let accepting = tokio::task::spawn_blocking(move || accept(&listener, members));
    let mut first = 0;
    let plan = |count: &u32| {
        first += count;
        Plan {
            nodes: vec![Node {
                socket: address,
                host: String::new(),
            }],
            tokens: Vec::new(),
            count: *count as usize,
            first: first - count,
            traffic: Traffic::Group {
                senders: 0,
                pace: crate::bench::plan::Pace::InFlight(1),
            },
            content_bytes: 0,
            patience_ns: 20 * SECOND,
        }
    };
    let plans: Vec<Plan> = shares(members, run.options.processes, 1)?
        .iter()
        .map(plan)
        .collect();
    let connecting = Crew::connect(&plans, run.progress);
    let (sockets, mut crew) = tokio::try_join!(async { accepting.await? }, connecting)?;
    let rate = rate(settings.pace);
    let rounds = WARM_UP_ROUNDS + ROUNDS.min((settings.times.duration * rate).ceil() as u32);
    let start = start(Times {
        warm_up: f64::from(WARM_UP_ROUNDS) / rate,
        duration: f64::from(rounds - WARM_UP_ROUNDS) / rate,
    });
    crew.assign(std::iter::repeat(vec![(ChatId(1), Seq(0))]));
    crew.begin(&start).await?;
    let (begin, content_bytes) = (start.begin, settings.content_bytes);
    let sending = move || send_rounds(sockets, begin, rate, rounds, content_bytes);
    // The sockets stay open until all that was sent is read.
    let (cpu, _sockets) = tokio::task::spawn_blocking(sending).await??;
    let outcomes = crew.finish(u64::from(rounds)).await?;
    outcomes
        .iter()
        .for_each(|outcome: &Outcome| faults.merge(outcome.faults.clone()));
    let last_delivery = last_deliveries(&outcomes, &start, faults).context("no round counted")?;
    let sends = f64::from(rounds) * f64::from(members);
    Ok(Bare {
        last_delivery,
        cpu_ms_per_1000: cpu.as_secs_f64() * 1e3 / (sends / 1e3),
        server_ratio: None,
    })
}

fn rate(pace: Pace) -> f64 {
    pace.rate.unwrap_or(CLOSED_LOOP_RATE)
}

fn accept(listener: &TcpListener, count: u32) -> Result<Vec<TcpStream>> {
    let one = |_| {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    (0..count).map(one).collect()
}

/// Sends to all, round by round, and returns the processor time that took, and the sockets.
fn send_rounds(
    mut sockets: Vec<TcpStream>,
    begin: u64,
    rate: f64,
    rounds: u32,
    content_bytes: u32,
) -> Result<(Duration, Vec<TcpStream>)> {
    let mut cpu = 0;
    for number in 1..=rounds {
        let due = begin + (f64::from(number - 1) / rate * SECOND as f64) as u64;
        let frame = frame(number, due, content_bytes as usize)?;
        // The pause between two rounds is this thread's own.
        std::thread::park_timeout(Duration::from_nanos(due.saturating_sub(now())));
        let before = thread_cpu();
        for socket in &mut sockets {
            send(socket, &frame)?;
        }
        cpu += thread_cpu() - before;
    }
    Ok((Duration::from_nanos(cpu), sockets))
}

fn send(socket: &mut TcpStream, frame: &[u8]) -> Result<()> {
    match socket.write(frame) {
        Ok(written) => ensure!(written == frame.len(), "a socket took part of a frame"),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            anyhow::bail!("a receiver is a whole socket buffer behind: lower the rate")
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Makes a frame as a server does, with a message in it.
fn frame(number: u32, due: u64, content_bytes: usize) -> Result<Vec<u8>> {
    let stamp = Stamp {
        sender: u32::MAX,
        number,
        due,
    };
    let mut content = Vec::new();
    stamp.write(&mut content, content_bytes);
    let seq = Seq(u64::from(number));
    let client_id = chinwag_proto::ClientId::new(&uuid::Uuid::now_v7().to_string())?;
    let (id, sender) = (EventId(number.into()), UserId::new("bench-00000000-0")?);
    let message = Message {
        client_id: Some(client_id),
        ..plain(ChatId(1), id, seq, sender, String::from_utf8(content)?)
    };
    let frame = LogFrame {
        chat_id: ChatId(1),
        epoch: Epoch::default(),
        seq,
        body: LogBody::Message { message },
    };
    let text = serde_json::to_vec(&frame)?;
    let length = u16::try_from(text.len()).context("a content of more than 60 KB")?;
    ensure!(length >= 126, "a frame with a message is longer");
    Ok([&[0x81, 126][..], &length.to_be_bytes(), &text].concat())
}
