//! The task behind a client: connects, authenticates, syncs, sends, receives, and comes back.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chinwag_proto::{
    ChatId, CloseCode, DeviceId, Timestamp,
    frames::{ClientFrame, Request, ServerFrame},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use crate::{
    Backoff, ClientError, ClientEvent, Options,
    link::{Ended, Link},
    outbox::{Answer, ClientIds, Outbox, Settled},
    state::{Action, State},
};

const HEARTBEAT: Duration = Duration::from_secs(20);
/// A server that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(70);
/// A connection that stood for so long was a good one.
const STABLE: Duration = Duration::from_secs(30);
const AUTH: Duration = Duration::from_secs(10);
const TYPING: Duration = Duration::from_secs(3);
/// How long a clean close waits for what is under way.
const NEVER: Duration = Duration::from_secs(86_400 * 365);

/// What the handle asks of the task.
pub(crate) enum Ask {
    /// A change: waits in the outbox.
    Change(ChatId, Request, Answer),
    /// Anything else: only while there is a connection.
    Request(Request, Answer),
    /// The user is typing.
    Typing(ChatId),
    /// These chats are on the screen.
    OnScreen(Vec<ChatId>),
    /// What waits to be acknowledged.
    Outbox(oneshot::Sender<Vec<(ChatId, Request)>>),
    /// Try to connect now instead of after the pause.
    RetryNow,
    /// No more.
    Close,
}

/// Why a connection was left.
enum Left {
    /// For good.
    Stop(String),
    /// To come back, after a pause that the server named, or by the client's own.
    Retry(Option<Duration>, String),
}

pub(crate) struct Driver {
    options: Options,
    asks: mpsc::Receiver<Ask>,
    events: mpsc::Sender<ClientEvent>,
    state: State,
    outbox: Outbox,
    ids: ClientIds,
    backoff: Backoff,
    requests: HashMap<u64, Answer>,
    watched: Vec<chinwag_proto::UserId>,
    on_screen: Vec<ChatId>,
    typed: HashMap<ChatId, Instant>,
    number: u64,
    online: bool,
    sync_at: Instant,
}

impl Driver {
    pub(crate) fn new(
        options: Options,
        asks: mpsc::Receiver<Ask>,
        events: mpsc::Sender<ClientEvent>,
    ) -> Self {
        let far = Instant::now() + NEVER;
        Self {
            outbox: Outbox::new(options.outbox),
            backoff: options.backoff.clone(),
            options,
            asks,
            events,
            state: State::default(),
            ids: ClientIds::default(),
            requests: HashMap::new(),
            watched: Vec::new(),
            on_screen: Vec::new(),
            typed: HashMap::new(),
            number: 1,
            online: false,
            sync_at: far,
        }
    }

    pub(crate) async fn run(mut self) {
        loop {
            let started = Instant::now();
            let left = self.connection().await;
            self.disconnected().await;
            if started.elapsed() >= STABLE {
                self.backoff.reset();
            }
            let (pause, reason) = match left {
                Left::Stop(reason) => {
                    self.outbox.close(&reason);
                    self.tell(ClientEvent::Closed(reason)).await;
                    return;
                }
                Left::Retry(Some(pause), reason) => (pause, reason),
                Left::Retry(None, reason) => (self.backoff.next(rand::random()), reason),
            };
            let after_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            self.tell(ClientEvent::Retrying { reason, after_ms }).await;
            if let Some(reason) = self.wait(pause).await {
                self.outbox.close(&reason);
                self.tell(ClientEvent::Closed(reason)).await;
                return;
            }
        }
    }

    /// Waits for the next try, and takes what the app asks meanwhile.
    async fn wait(&mut self, pause: Duration) -> Option<String> {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                () = sleep_until(until) => return None,
                ask = self.asks.recv() => match ask {
                    None | Some(Ask::Close) => return Some("closed".into()),
                    Some(Ask::RetryNow) => return None,
                    Some(ask) => self.asked_offline(ask),
                },
            }
        }
    }

    fn asked_offline(&mut self, ask: Ask) {
        match ask {
            Ask::Change(chat, request, answer) => self.take_change(chat, request, answer),
            Ask::Request(request, answer) => {
                self.note_watched(&request);
                let _ = answer.send(Err(ClientError::NotConnected));
            }
            Ask::OnScreen(chats) => self.on_screen = chats,
            Ask::Outbox(answer) => drop(answer.send(self.outbox.list())),
            Ask::Typing(_) | Ask::RetryNow | Ask::Close => {}
        }
    }

    fn take_change(&mut self, chat: ChatId, mut request: Request, answer: Answer) {
        if let Some(client_id) = request.client_id_mut() {
            client_id.get_or_insert_with(|| self.ids.next(now()));
        }
        self.outbox.push(chat, request, answer);
    }

    async fn disconnected(&mut self) {
        self.state.disconnected();
        self.outbox.disconnected();
        for (_, answer) in self.requests.drain() {
            let _ = answer.send(Err(ClientError::NotConnected));
        }
        if std::mem::take(&mut self.online) {
            self.tell(ClientEvent::Offline).await;
        }
    }

    async fn connection(&mut self) -> Left {
        let connecting = connect(self.options.clone());
        tokio::pin!(connecting);
        let (mut link, server_time) = loop {
            tokio::select! {
                connected = &mut connecting => match connected {
                    Ok(connected) => break connected,
                    Err(left) => return left,
                },
                ask = self.asks.recv() => match ask {
                    None | Some(Ask::Close) => return Left::Stop("closed".into()),
                    Some(ask) => self.asked_offline(ask),
                },
            }
        };
        let here = now();
        if (here.unix_millis() - server_time.unix_millis()).abs() > 60_000 {
            self.ids.correct(here, server_time);
        }
        match self.converse(&mut link).await {
            Ok(left) => {
                link.close().await;
                left
            }
            Err(ended) => after_end(&ended),
        }
    }

    async fn converse(&mut self, link: &mut Link) -> Result<Left, Ended> {
        let far = Instant::now() + NEVER;
        self.sync_at = far;
        self.flush(link).await?;
        if let Some(sync) = self.state.sync() {
            self.ask(link, sync).await?;
        }
        if !self.watched.is_empty() {
            let add = self.watched.clone();
            self.ask(
                link,
                Request::WatchPresence {
                    add,
                    remove: Vec::new(),
                },
            )
            .await?;
        }
        let mut heartbeat_at = Instant::now() + jittered(HEARTBEAT);
        let mut silent_at = Instant::now() + SILENCE;
        loop {
            tokio::select! {
                received = link.receive() => {
                    silent_at = Instant::now() + SILENCE;
                    if let Some(frame) = received? && let Some(left) = self.receive(link, frame).await? {
                        return Ok(left);
                    }
                }
                ask = self.asks.recv() => match ask {
                    None | Some(Ask::Close) => return Ok(Left::Stop("closed".into())),
                    Some(ask) => self.asked(link, ask).await?,
                },
                () = sleep_until(heartbeat_at) => {
                    heartbeat_at = Instant::now() + jittered(HEARTBEAT);
                    let chats = self.state.places(&self.on_screen);
                    link.send(&ClientFrame { id: None, request: Request::Heartbeat { chats } }).await?;
                }
                () = sleep_until(self.outbox.due().unwrap_or(far)) => self.flush(link).await?,
                () = sleep_until(self.sync_at) => {
                    self.sync_at = far;
                    if let Some(sync) = self.state.sync() {
                        self.ask(link, sync).await?;
                    }
                }
                () = sleep_until(silent_at) => {
                    return Ok(Left::Retry(None, "the server fell silent".into()));
                }
            }
        }
    }

    async fn asked(&mut self, link: &mut Link, ask: Ask) -> Result<(), Ended> {
        match ask {
            Ask::Change(chat, request, answer) => {
                self.take_change(chat, request, answer);
                self.flush(link).await
            }
            Ask::Request(request, answer) => {
                self.note_watched(&request);
                let id = self.next_number();
                self.requests.insert(id, answer);
                link.send(&ClientFrame {
                    id: Some(id),
                    request,
                })
                .await
            }
            Ask::Typing(chat) => {
                let due = self
                    .typed
                    .get(&chat)
                    .is_none_or(|at| at.elapsed() >= TYPING);
                if due {
                    self.typed.insert(chat, Instant::now());
                    link.send(&ClientFrame {
                        id: None,
                        request: Request::Typing { chat_id: chat },
                    })
                    .await?;
                }
                Ok(())
            }
            Ask::OnScreen(chats) => {
                self.on_screen = chats;
                Ok(())
            }
            Ask::Outbox(answer) => {
                let _ = answer.send(self.outbox.list());
                Ok(())
            }
            Ask::RetryNow | Ask::Close => Ok(()),
        }
    }

    /// Remembers whom the app watches, so that a new connection watches them too.
    fn note_watched(&mut self, request: &Request) {
        if let Request::WatchPresence { add, remove } = request {
            self.watched
                .retain(|user| !remove.contains(user) && !add.contains(user));
            self.watched.extend(add.iter().cloned());
        }
    }

    /// Asks on the client's own behalf.
    async fn ask(&mut self, link: &mut Link, request: Request) -> Result<(), Ended> {
        let id = self.next_number();
        link.send(&ClientFrame {
            id: Some(id),
            request,
        })
        .await
    }

    async fn flush(&mut self, link: &mut Link) -> Result<(), Ended> {
        let number = &mut self.number;
        let sendable = self.outbox.sendable(Instant::now(), || {
            *number += 1;
            *number
        });
        for (id, request) in sendable {
            link.send(&ClientFrame {
                id: Some(id),
                request,
            })
            .await?;
        }
        Ok(())
    }

    async fn receive(
        &mut self,
        link: &mut Link,
        frame: ServerFrame,
    ) -> Result<Option<Left>, Ended> {
        let actions = match frame_id(&frame) {
            Some(id) if self.requests.contains_key(&id) => {
                let result = match frame {
                    ServerFrame::Error { error, .. } => Err(error.into()),
                    frame => Ok(frame),
                };
                if let Some(answer) = self.requests.remove(&id) {
                    let _ = answer.send(result);
                }
                return Ok(None);
            }
            Some(id) => match self.answered(id, &frame) {
                Some((actions, settled)) => {
                    let flushed = self.flush(link).await;
                    let acted = self.act(link, actions).await;
                    settled.answer();
                    flushed?;
                    return acted;
                }
                None => self.state.receive(frame),
            },
            None => self.state.receive(frame),
        };
        self.act(link, actions).await
    }

    /// Takes the answer to a change; none where the number isn't of the outbox.
    fn answered(&mut self, id: u64, frame: &ServerFrame) -> Option<(Vec<Action>, Settled)> {
        let chat = self.outbox.chat_of(id)?;
        if let ServerFrame::Error { error, .. } = frame {
            tracing::debug!(%error, retry_after_ms = error.retry_after_ms, "a change is refused");
        }
        let settled = self
            .outbox
            .answered(id, frame.clone(), &mut self.ids, now())?;
        Some((self.state.acknowledged(chat, frame), settled))
    }

    async fn act(&mut self, link: &mut Link, actions: Vec<Action>) -> Result<Option<Left>, Ended> {
        for action in actions {
            match action {
                Action::Tell(event) => {
                    self.online |= event == ClientEvent::Online;
                    self.tell(event).await;
                }
                Action::Ask(request) => self.ask(link, request).await?,
                Action::SyncAfter(millis) => {
                    self.sync_at = self
                        .sync_at
                        .min(Instant::now() + Duration::from_millis(millis));
                }
                Action::ReconnectAfter(millis) => {
                    let pause = Duration::from_millis(millis);
                    return Ok(Some(Left::Retry(
                        Some(pause),
                        "the server is leaving".into(),
                    )));
                }
                Action::Reauthenticate => {
                    if let Ok(token) = self.options.token.token().await {
                        let device_id = self.options.device.clone();
                        self.ask(link, Request::Auth { token, device_id }).await?;
                    }
                }
            }
        }
        Ok(None)
    }

    async fn tell(&self, event: ClientEvent) {
        // A client whose events nobody reads any more still sends.
        let _ = self.events.send(event).await;
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }
}

fn after_end(ended: &Ended) -> Left {
    tracing::debug!(
        code = ended.code,
        reason = ended.reason,
        "the connection ended"
    );
    match ended.code {
        Some(code) if !CloseCode::reconnects(code) => Left::Stop(ended.reason.clone()),
        _ => Left::Retry(None, ended.reason.clone()),
    }
}

/// Connects and says who is asking; answers the server's time with the connection.
async fn connect(options: Options) -> Result<(Link, Timestamp), Left> {
    let token = match options.token.token().await {
        Ok(token) => token,
        Err(ClientError::Refused(problem)) if !problem.retryable => {
            return Err(Left::Stop(problem.detail));
        }
        Err(error) => return Err(Left::Retry(None, error.to_string())),
    };
    let begun = async {
        let mut link = Link::connect(&options.url, options.network.as_deref()).await?;
        let server_time = authenticate(&mut link, token, options.device).await?;
        Ok::<_, Ended>((link, server_time))
    };
    begun.await.map_err(|ended| after_end(&ended))
}

async fn authenticate(
    link: &mut Link,
    token: String,
    device_id: Option<DeviceId>,
) -> Result<Timestamp, Ended> {
    link.send(&ClientFrame {
        id: Some(0),
        request: Request::Auth { token, device_id },
    })
    .await?;
    let until = Instant::now() + AUTH;
    loop {
        let received = tokio::time::timeout_at(until, link.receive()).await;
        match received.map_err(|_| Ended::lost("no answer to the token"))?? {
            Some(ServerFrame::Ready { server_time, .. }) => return Ok(server_time),
            Some(ServerFrame::Error { error, .. }) => {
                let code = (!error.retryable).then(|| CloseCode::BadToken.code());
                return Err(Ended {
                    code,
                    reason: error.detail,
                });
            }
            _ => {}
        }
    }
}

fn frame_id(frame: &ServerFrame) -> Option<u64> {
    match frame {
        ServerFrame::Ready { id, .. }
        | ServerFrame::Ack { id, .. }
        | ServerFrame::Ok { id }
        | ServerFrame::Heartbeat { id, .. }
        | ServerFrame::Sync { id, .. }
        | ServerFrame::Events { id, .. }
        | ServerFrame::Messages { id, .. }
        | ServerFrame::Error { id, .. }
        | ServerFrame::Presence { id, .. } => *id,
        _ => None,
    }
}

fn jittered(period: Duration) -> Duration {
    period.mul_f64(rand::random_range(0.75..1.0))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the client's own clock gives client ids; the server corrects it"
)]
fn now() -> Timestamp {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_unix_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
