//! All connections of one process behind one epoll: what is read goes to the load, what it says goes out.

use std::collections::VecDeque;

use anyhow::{Context as _, Result, anyhow, bail};
use memchr::memmem;
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    fd::{AsFd, OwnedFd},
    io::Errno,
};
use serde_json::json;

use super::{
    connection::{Connection, Phase},
    frame::{self, Opcode},
    scan::{Seen, scan},
};
use crate::{
    bench::{
        latency::Latency,
        plan::{Bytes, Node, Outcome},
    },
    clock::{MILLISECOND, SECOND, now},
};

/// What the kernel tells of one call.
const EVENTS: usize = 512;
/// The most bytes read from a socket at once.
const READ_BYTES: usize = 64 * 1024;
/// Connections whose handshake is under way at a time: below any listener's backlog.
const HANDSHAKES: usize = 128;
/// How often each connection gives a sign of life.
const HEARTBEAT: u64 = 20 * SECOND;
/// Those due within so much go together, so that many connections don't wake the process for each.
const HEARTBEATS_TOGETHER: u64 = 10 * MILLISECOND;
/// How long to wait before a connection is opened in the place of one that was refused for now, and how often.
const AGAIN_AFTER: u64 = SECOND;
const TRIES: usize = 60;
/// What events of other sources than connections carry.
const CONTROL: u64 = u64::MAX;

/// Takes what connections are told.
pub(super) trait Listener {
    /// Takes what a frame tells that arrived at a time.
    fn hear(&mut self, net: &mut Net, connection: usize, seen: Seen<'_>, at: u64) -> Result<()>;
}

/// What to connect to, and as whom.
pub(super) struct Target {
    /// Each next connection goes to the next one.
    pub(super) nodes: Vec<Node>,
    /// One each connection; empty where the server is no Chinwag and only talks.
    pub(super) tokens: Vec<String>,
    /// The number of the first connection among those of all processes.
    pub(super) first: u32,
    /// How many connections.
    pub(super) count: usize,
}

/// All connections of this process.
pub(super) struct Net {
    target: Target,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    /// Connections with something to write.
    dirty: Vec<usize>,
    handshakes: usize,
    /// Which are opened again, from when on; in order.
    again: VecDeque<(u64, usize)>,
    /// How often any was.
    refused: usize,
    ready: usize,
    mask: [u8; 4],
    text: Vec<u8>,
    heartbeats: Heartbeats,
    bytes: Bytes,
}

/// Which connection gives the next sign of life: all in turn, evenly over the interval.
struct Heartbeats {
    next: usize,
    /// When the last one was due.
    last: u64,
    /// From when each was due to when it was given.
    lag: Latency,
}

/// What a wait brought.
#[derive(Default)]
pub(super) struct Events {
    list: Vec<epoll::Event>,
    /// Whether the coordinator said something.
    pub(super) control: bool,
}

impl Net {
    pub(super) fn new(target: Target, control: impl AsFd) -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let data = epoll::EventData::new_u64(CONTROL);
        epoll::add(&epoll, control, data, epoll::EventFlags::IN)?;
        Ok(Self {
            connections: Vec::with_capacity(target.count),
            target,
            epoll,
            dirty: Vec::new(),
            handshakes: 0,
            again: VecDeque::new(),
            refused: 0,
            ready: 0,
            mask: rand::random(),
            text: Vec::new(),
            heartbeats: Heartbeats {
                next: 0,
                last: 0,
                lag: Latency::new(),
            },
            bytes: Bytes::default(),
        })
    }

    /// Returns how many connections have their session.
    pub(super) fn ready(&self) -> usize {
        self.ready
    }

    /// Returns whether all have.
    pub(super) fn all_ready(&self) -> bool {
        self.ready == self.target.count
    }

    /// Begins to count bytes and heartbeats anew.
    pub(super) fn count_anew(&mut self) {
        self.bytes = Bytes::default();
        self.heartbeats.lag = Latency::new();
    }

    /// Adds the bytes and heartbeats that were counted to what came of the load.
    pub(super) fn counted(&self, outcome: Outcome) -> Outcome {
        Outcome {
            bytes: self.bytes,
            heartbeat_lag: self.heartbeats.lag.counts(),
            ..outcome
        }
    }

    /// Opens connections as long as few handshakes are under way.
    pub(super) fn connect_more(&mut self) -> Result<()> {
        while let Some((_, index)) = self.again.pop_front_if(|(at, _)| *at <= now()) {
            self.connections[index] = self.open(index)?;
        }
        while self.handshakes < HANDSHAKES && self.connections.len() < self.target.count {
            let connection = self.open(self.connections.len())?;
            match connection.phase {
                Phase::Ready => self.ready += 1,
                _ => self.handshakes += 1,
            }
            self.connections.push(connection);
        }
        Ok(())
    }

    /// Opens a connection, and asks for the upgrade where the server is one that talks.
    fn open(&self, index: usize) -> Result<Connection> {
        let number = self.target.first + u32::try_from(index)?;
        let node = Node::of_nth(&self.target.nodes, number as usize);
        let mut connection = Connection::open(node.socket, number)?;
        let data = epoll::EventData::new_u64(index as u64);
        let flags = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::ET;
        epoll::add(&self.epoll, &connection.stream, data, flags)?;
        if self.target.tokens.is_empty() {
            connection.phase = Phase::Ready;
        } else {
            connection.ask(&node.host);
            connection.flush()?;
        }
        Ok(connection)
    }

    /// Says something on a connection; it leaves with [`Net::flush`].
    pub(super) fn say(&mut self, index: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.text.clear();
        write(&mut self.text);
        let connection = &mut self.connections[index];
        connection.put(Opcode::Text, &self.text, self.mask);
        self.mark(index);
    }

    fn mark(&mut self, index: usize) {
        if !std::mem::replace(&mut self.connections[index].dirty, true) {
            self.dirty.push(index);
        }
    }

    /// Writes what was said.
    pub(super) fn flush(&mut self) -> Result<()> {
        while let Some(index) = self.dirty.pop() {
            self.connections[index].dirty = false;
            let flushed = self.connections[index].flush();
            self.bytes.sent += flushed.with_context(|| self.name(index))? as u64;
        }
        Ok(())
    }

    /// Gives the signs of life that are due, and returns when the next one is.
    pub(super) fn beat(&mut self, time: u64) -> u64 {
        let count = self.connections.len();
        if self.target.tokens.is_empty() || count == 0 {
            return time + SECOND;
        }
        if self.heartbeats.last == 0 {
            self.heartbeats.last = time;
        }
        // The more there are, the shorter: also while they are still becoming more.
        let every = HEARTBEAT / count as u64;
        while self.heartbeats.last + every <= time {
            let due = self.heartbeats.last + every;
            self.heartbeats.last = due;
            let index = self.heartbeats.next % count;
            self.heartbeats.next = index + 1;
            if self.connections[index].phase != Phase::Ready {
                continue;
            }
            self.say(index, |text| {
                text.extend_from_slice(br#"{"type":"heartbeat"}"#)
            });
            self.heartbeats.lag.record(now().saturating_sub(due));
        }
        (self.heartbeats.last + every).max(time + HEARTBEATS_TOGETHER)
    }

    /// Waits until something comes, for at most so many nanoseconds.
    pub(super) fn wait(&self, events: &mut Events, nanos: u64) -> Result<()> {
        events.list.clear();
        events.list.reserve(EVENTS);
        let timeout = Timespec {
            tv_sec: i64::try_from(nanos / SECOND)?,
            tv_nsec: i64::try_from(nanos % SECOND)?,
        };
        match epoll::wait(
            &self.epoll,
            spare_capacity(&mut events.list),
            Some(&timeout),
        ) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_control = |event: &epoll::Event| event.data.u64() == CONTROL;
        events.control = events.list.iter().any(is_control);
        Ok(())
    }

    /// Reads and writes what the events allow.
    pub(super) fn handle(
        &mut self,
        events: &mut Events,
        buffer: &mut [u8],
        listener: &mut impl Listener,
    ) -> Result<()> {
        for event in events.list.drain(..) {
            let (data, flags) = (event.data.u64(), event.flags);
            if data == CONTROL {
                continue;
            }
            let index = usize::try_from(data)?;
            if flags.contains(epoll::EventFlags::OUT) && !self.connections[index].out.is_empty() {
                self.mark(index);
            }
            let is_refused = self.connections[index].phase == Phase::Refused;
            if !is_refused && flags.intersects(epoll::EventFlags::IN | epoll::EventFlags::HUP) {
                let read = self.read(index, buffer, listener);
                read.with_context(|| self.name(index))?;
            }
            self.flush()?;
        }
        Ok(())
    }

    /// Reads a socket empty: its event comes once.
    fn read(
        &mut self,
        index: usize,
        buffer: &mut [u8],
        listener: &mut impl Listener,
    ) -> Result<()> {
        loop {
            let Some(read) = self.connections[index].read(buffer)? else {
                return Ok(());
            };
            let at = now();
            self.bytes.received += read as u64;
            let bytes = &buffer[..read];
            if self.connections[index].partial.is_empty() {
                let used = self.take(index, bytes, at, listener)?;
                self.connections[index]
                    .partial
                    .extend_from_slice(&bytes[used..]);
            } else {
                let mut whole = std::mem::take(&mut self.connections[index].partial);
                whole.extend_from_slice(bytes);
                let used = self.take(index, &whole, at, listener)?;
                whole.drain(..used);
                self.connections[index].partial = whole;
            }
            if read < buffer.len() || self.connections[index].phase == Phase::Refused {
                return Ok(());
            }
        }
    }

    /// Takes all that is whole, and returns how many bytes that was.
    fn take(
        &mut self,
        index: usize,
        input: &[u8],
        at: u64,
        listener: &mut impl Listener,
    ) -> Result<usize> {
        let mut used = 0;
        if self.connections[index].phase == Phase::Upgrading {
            let Some(head) = Connection::upgraded(input)? else {
                return Ok(0);
            };
            used = head;
            self.authenticate(index);
        }
        while let Some(frame) = frame::read(&input[used..]).map_err(|what| anyhow!(what))? {
            used += frame.bytes;
            match frame.opcode {
                Opcode::Text => {
                    let seen = scan(frame.payload);
                    self.follow(index, seen)?;
                    if self.connections[index].phase == Phase::Refused {
                        return Ok(input.len());
                    }
                    listener.hear(self, index, seen, at)?;
                }
                Opcode::Ping => {
                    self.connections[index].put(Opcode::Pong, frame.payload, self.mask);
                    self.mark(index);
                }
                Opcode::Pong => {}
                Opcode::Close => bail!("the server closed it: {}", closing(frame.payload)),
            }
        }
        Ok(used)
    }

    fn authenticate(&mut self, index: usize) {
        let auth = json!({"type": "auth", "id": 0, "token": self.target.tokens[index]});
        self.connections[index].phase = Phase::Authenticating;
        self.say(index, |text| {
            text.extend_from_slice(auth.to_string().as_bytes())
        });
    }

    /// Follows a connection's way to its session. A server that is busy may refuse one for now; a refusal of anything else
    /// ends the run.
    fn follow(&mut self, index: usize, seen: Seen<'_>) -> Result<()> {
        let phase = self.connections[index].phase;
        match seen {
            Seen::Refused(problem)
                if phase == Phase::Authenticating
                    && is_retryable(problem)
                    && self.refused < TRIES * self.target.count =>
            {
                self.refused += 1;
                self.connections[index].phase = Phase::Refused;
                self.again.push_back((now() + AGAIN_AFTER, index));
            }
            Seen::Refused(problem) => bail!("refused: {}", String::from_utf8_lossy(problem)),
            Seen::Ready if phase == Phase::Authenticating => {
                self.connections[index].phase = Phase::Ready;
                self.handshakes -= 1;
                self.ready += 1;
            }
            _ => {}
        }
        Ok(())
    }

    fn name(&self, index: usize) -> String {
        format!("connection {}", self.target.first as usize + index + 1)
    }
}

fn is_retryable(problem: &[u8]) -> bool {
    memmem::find(problem, br#""retryable":true"#).is_some()
}

fn closing(payload: &[u8]) -> String {
    match payload.split_first_chunk::<2>() {
        Some((code, reason)) => {
            let reason = String::from_utf8_lossy(reason);
            format!("{} {reason}", u16::from_be_bytes(*code))
        }
        None => "without a code".into(),
    }
}

/// Makes the buffer that all connections are read through.
pub(super) fn read_buffer() -> Vec<u8> {
    vec![0; READ_BYTES]
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{Ipv4Addr, SocketAddr, TcpListener},
        os::unix::net::UnixStream,
    };

    use super::*;
    use crate::bench::generator::idle::Idle;

    const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

    /// Upgrades each connection, waits for its token, and answers it with one of these, then ends it or not.
    fn serve(listener: &TcpListener, answers: [&str; 2]) {
        let mut held = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 4_096];
            let _ = stream.read(&mut asked).unwrap();
            stream.write_all(UPGRADED).unwrap();
            let _ = stream.read(&mut asked).unwrap();
            let length = u8::try_from(answer.len()).unwrap();
            let frame = [&[0x81, length][..], answer.as_bytes()].concat();
            stream.write_all(&frame).unwrap();
            if answer.contains("ready") {
                held.push(stream);
            }
        }
        // Until the client has read all of it.
        let _ = held[0].read(&mut [0; 16]);
    }

    fn connect(answers: [&'static str; 2]) -> Result<usize> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let target = Target {
            nodes: vec![Node {
                socket: SocketAddr::from((Ipv4Addr::LOCALHOST, listener.local_addr()?.port())),
                host: "here".into(),
            }],
            tokens: vec!["a token".into()],
            first: 0,
            count: 1,
        };
        let serving = std::thread::spawn(move || serve(&listener, answers));
        let (control, _other) = UnixStream::pair()?;
        let mut net = Net::new(target, control)?;
        let (mut events, mut buffer) = (Events::default(), read_buffer());
        while !net.all_ready() {
            net.connect_more()?;
            net.flush()?;
            net.wait(&mut events, 10 * MILLISECOND)?;
            net.handle(&mut events, &mut buffer, &mut Idle)?;
        }
        let refused = net.refused;
        drop(net);
        serving.join().unwrap();
        Ok(refused)
    }

    #[test]
    fn who_is_refused_for_now_comes_again() {
        let busy = r#"{"type":"error","id":0,"error":{"status":503,"retryable":true}}"#;
        let refused = connect([busy, r#"{"type":"ready"}"#]).unwrap();
        assert_eq!(refused, 1);
    }
}
