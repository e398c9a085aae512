//! The life of one connection: the handshake, `auth`, requests and answers, the end.

use std::{
    collections::{HashSet, VecDeque},
    future::Future,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use chinwag_proto::{
    CloseCode, DeviceId, ErrorCode, Problem, SessionId, UserId,
    frames::{HEARTBEAT_SECONDS, PRESENCE_TTL_SECONDS, Request, RequestId, ServerFrame},
};
use http::{HeaderMap, StatusCode, header};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Gateway, dispatch, encode, session::Session};
use crate::{
    auth::{AuthError, Authenticated},
    ws::{Class, Closed, Connection, Incoming, Reader, Refusal, Transport, Upgrade, evaluate},
};

/// How long a client may take to say who it is.
const AUTH_WITHIN: Duration = Duration::from_secs(10);
/// Requests of one session that wait for earlier ones; beyond that nothing more is read from it.
const WAITING: usize = 64;
/// How long nothing is read where so many wait, unless an answer comes first.
const FULL_PAUSE: Duration = Duration::from_millis(5);
/// The window of the frame rate, seconds.
const RATE_WINDOW: u32 = 10;

type Answer = Pin<Box<dyn Future<Output = Option<ServerFrame>> + Send>>;

impl Gateway {
    /// Serves a connection that asked for the WebSocket, to its end.
    pub async fn serve<S>(self: &Arc<Self>, upgrade: Upgrade<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + Into<Transport> + 'static,
    {
        let agreed = match evaluate(&upgrade.request) {
            Ok(agreed) if !self.draining.is_cancelled() => agreed,
            Ok(_) => {
                let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "this node is leaving");
                return drop(upgrade.refuse(&refusal).await);
            }
            Err(refusal) => return drop(upgrade.refuse(&refusal).await),
        };
        let token = bearer(upgrade.request.headers());
        let Ok((connection, mut reader)) = upgrade
            .accept(&agreed, Arc::clone(&self.connection_limits))
            .await
        else {
            return;
        };
        // Boxed: the handshake's state must not live on in an idle connection's task.
        let authenticated = Box::pin(self.authenticate(&connection, &mut reader, token)).await;
        match authenticated {
            Some((id, device, authenticated)) => {
                self.session(connection, reader, id, device, authenticated)
                    .await;
            }
            None => reader.finish(&connection).await,
        }
    }

    /// Waits for who is asking; nothing where the connection ends instead.
    async fn authenticate(
        &self,
        connection: &Connection,
        reader: &mut Reader,
        token: Option<String>,
    ) -> Option<(Option<RequestId>, Option<DeviceId>, Authenticated)> {
        let (id, device, token) = match token {
            Some(token) => (None, None, token),
            None => match tokio::time::timeout(AUTH_WITHIN, self.first_frame(connection, reader))
                .await
            {
                Ok(first) => first?,
                Err(_) => {
                    close(connection, CloseCode::BadToken);
                    return None;
                }
            },
        };
        match self.ports.authenticator.authenticate(&token, None).await {
            Ok(authenticated) if authenticated.user.is_some() => Some((id, device, authenticated)),
            Ok(_) => {
                refuse(
                    connection,
                    id,
                    &AuthError::Invalid("an API key opens no session"),
                );
                None
            }
            Err(error) => {
                refuse(connection, id, &error);
                None
            }
        }
    }

    async fn first_frame(
        &self,
        connection: &Connection,
        reader: &mut Reader,
    ) -> Option<(Option<RequestId>, Option<DeviceId>, String)> {
        loop {
            let text = match reader.read_message(connection).await.ok()? {
                Incoming::Text(text) => text,
                Incoming::Binary(_) => {
                    close(connection, CloseCode::ProtocolError);
                    return None;
                }
                Incoming::Ping | Incoming::Pong => continue,
            };
            match dispatch::read(&text) {
                Ok(frame) => match frame.request {
                    Request::Auth { token, device_id } => {
                        return Some((frame.id, device_id, token));
                    }
                    _ => {
                        let problem = Problem::new(
                            ErrorCode::Unauthorized,
                            "the first frame says who is asking: `auth`",
                        );
                        say(connection, &dispatch::refusal(frame.id, problem));
                        close(connection, CloseCode::BadToken);
                        return None;
                    }
                },
                Err((id, problem)) => {
                    say(connection, &dispatch::refusal(id, problem));
                    close(connection, CloseCode::ProtocolError);
                    return None;
                }
            }
        }
    }

    async fn session(
        self: &Arc<Self>,
        connection: Connection,
        reader: Reader,
        request: Option<RequestId>,
        device: Option<DeviceId>,
        authenticated: Authenticated,
    ) {
        let Some(user) = authenticated.user.clone() else {
            return;
        };
        let id = SessionId(rand::random::<u64>() >> 1);
        let now = self.ports.clock.now();
        let seconds = self.seconds();
        let session = Arc::new(Session::new(
            id,
            user,
            device,
            now,
            &authenticated,
            connection,
            seconds,
        ));
        if let Err(problem) = Box::pin(self.begin(&session)).await {
            session.send(&dispatch::refusal(request, problem));
            session.close(CloseCode::Draining);
            return reader.finish(session.connection()).await;
        }
        session.send(&ServerFrame::Ready {
            id: request,
            user_id: session.user.clone(),
            session_id: id,
            heartbeat_seconds: HEARTBEAT_SECONDS,
            presence_ttl_seconds: PRESENCE_TTL_SECONDS,
            limits: self.settings.limits.clone(),
            server_time: now,
        });
        self.registry.add(Arc::clone(&session));
        let mut talk = Talk::new(Arc::clone(self), Arc::clone(&session), reader);
        talk.run().await;
        Box::pin(talk.end()).await;
    }

    /// Writes where the session is, and begins to listen; both are done before `ready`.
    async fn begin(&self, session: &Session) -> Result<(), Problem> {
        let engine = |error| chinwag_core::owner::engine_problem(&error);
        let held = self
            .ports
            .presence
            .sessions(&session.user)
            .await
            .map_err(engine)?;
        let most = self.settings.limits.sessions_per_user as usize;
        if held.len() >= most {
            // The oldest makes room: after a crash of the client it is most likely dead.
            for old in held.iter().take(held.len() + 1 - most) {
                for here in self
                    .registry
                    .of(&session.user)
                    .iter()
                    .filter(|here| here.id == old.session)
                {
                    here.close(CloseCode::Revoked);
                }
                self.ports
                    .presence
                    .leave(&session.user, old.session)
                    .await
                    .map_err(engine)?;
            }
        }
        self.ports
            .presence
            .touch(&[session.beat(self.settings.node)])
            .await
            .map_err(engine)?;
        self.listen_for(&session.user).await.map_err(engine)
    }
}

/// The talk with one client. Changes are asked for one at a time, in order; so are reads, beside them.
struct Talk {
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    reader: Reader,
    changing: Option<Answer>,
    changes: VecDeque<Answer>,
    reading: Option<Answer>,
    reads: VecDeque<Answer>,
    watching: HashSet<UserId>,
    heartbeats: u32,
    window: (u32, u32),
}

impl Talk {
    fn new(gateway: Arc<Gateway>, session: Arc<Session>, reader: Reader) -> Self {
        Self {
            gateway,
            session,
            reader,
            changing: None,
            changes: VecDeque::new(),
            reading: None,
            reads: VecDeque::new(),
            watching: HashSet::new(),
            heartbeats: 0,
            window: (0, 0),
        }
    }

    async fn run(&mut self) {
        loop {
            let room = self.changes.len() + self.reads.len() < WAITING;
            tokio::select! {
                biased;
                answer = next(&mut self.changing, &mut self.changes) => self.answer(answer),
                answer = next(&mut self.reading, &mut self.reads) => self.answer(answer),
                incoming = incoming(&mut self.reader, self.session.connection(), room) => match incoming {
                    Some(Ok(incoming)) => self.take(incoming).await,
                    Some(Err(_)) => return,
                    None => {}
                },
            }
        }
    }

    fn answer(&self, answer: Option<ServerFrame>) {
        if let Some(frame) = answer {
            self.session.send(&frame);
        }
    }

    async fn take(&mut self, incoming: Incoming) {
        let seconds = self.gateway.seconds();
        self.session.heard(seconds);
        self.gateway.count_frame();
        let text = match incoming {
            Incoming::Text(text) => text,
            Incoming::Binary(_) => return self.session.close(CloseCode::ProtocolError),
            Incoming::Pong => return,
            Incoming::Ping => return self.rate(seconds),
        };
        let frame = match dispatch::read(&text) {
            Ok(frame) => frame,
            Err((id, problem)) => {
                self.session.send(&dispatch::refusal(id, problem));
                return self.rate(seconds);
            }
        };
        if !matches!(frame.request, Request::Heartbeat { .. }) {
            self.rate(seconds);
        }
        let request = match dispatch::command(frame.request) {
            Ok((chat, command)) => {
                let (gateway, session) = (Arc::clone(&self.gateway), Arc::clone(&self.session));
                return self
                    .changes
                    .push_back(Box::pin(gateway.change(session, frame.id, chat, command)));
            }
            Err(request) => request,
        };
        match request {
            Request::Auth { token, .. } => self.renew(frame.id, &token).await,
            Request::Heartbeat { chats } if chats.is_empty() => self.heartbeat(frame.id),
            Request::WatchPresence { add, remove } => {
                let answer = self
                    .gateway
                    .watch_request(&self.session, &mut self.watching, frame.id, add, remove)
                    .await;
                self.session.send(&answer);
            }
            request => {
                if matches!(request, Request::Heartbeat { .. }) {
                    self.heartbeat(frame.id);
                }
                let (gateway, session) = (Arc::clone(&self.gateway), Arc::clone(&self.session));
                self.reads
                    .push_back(Box::pin(gateway.read(session, frame.id, request)));
            }
        }
    }

    /// Answers every second heartbeat: the answer's system call is what a heartbeat costs.
    fn heartbeat(&mut self, id: Option<RequestId>) {
        self.heartbeats = self.heartbeats.wrapping_add(1);
        if id.is_some() || self.heartbeats.is_multiple_of(2) {
            self.session.send(&ServerFrame::Heartbeat {
                id,
                chats: Default::default(),
            });
        }
    }

    fn rate(&mut self, seconds: u32) {
        let Some(most) = self.gateway.settings.frames_in_10_s else {
            return;
        };
        let (since, count) = self.window;
        self.window = if seconds.saturating_sub(since) >= RATE_WINDOW {
            (seconds, 1)
        } else {
            (since, count + 1)
        };
        if self.window.1 > most {
            self.session.close(CloseCode::TooManyFrames);
        }
    }

    async fn renew(&mut self, id: Option<RequestId>, token: &str) {
        match self
            .gateway
            .ports
            .authenticator
            .authenticate(token, None)
            .await
        {
            Ok(fresh) if fresh.user.as_ref() == Some(&self.session.user) => {
                self.session.renew(&fresh);
                self.session.send(&ServerFrame::Ok { id });
            }
            Ok(_) => refuse(
                self.session.connection(),
                id,
                &AuthError::Invalid("it is another user's"),
            ),
            Err(error) => refuse(self.session.connection(), id, &error),
        }
    }

    async fn end(self) {
        self.gateway
            .watcher
            .remove(self.session.id, &mut self.watching.iter());
        self.gateway.forget(&self.session).await;
        // A change that was asked for takes effect, though nobody waits for the answer.
        for change in self.changing.into_iter().chain(self.changes) {
            change.await;
        }
        self.reader.finish(self.session.connection()).await;
    }
}

/// Waits for what the client sends; where too much of it waits already, only lets out what waits for the socket.
async fn incoming(
    reader: &mut Reader,
    connection: &Connection,
    room: bool,
) -> Option<Result<Incoming, Closed>> {
    if room {
        return Some(reader.read_message(connection).await);
    }
    reader
        .flushing(connection, tokio::time::sleep(FULL_PAUSE))
        .await;
    None
}

/// Waits for the answer under way, starting the next one; for ever where there is none.
async fn next(current: &mut Option<Answer>, waiting: &mut VecDeque<Answer>) -> Option<ServerFrame> {
    if current.is_none() {
        *current = waiting.pop_front();
    }
    match current {
        Some(answer) => {
            let frame = answer.await;
            *current = None;
            frame
        }
        None => std::future::pending().await,
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

fn say(connection: &Connection, frame: &ServerFrame) {
    connection.send(encode::frame(frame), Class::Event);
}

fn close(connection: &Connection, code: CloseCode) {
    connection.close(code.code(), code.reason());
}

fn refuse(connection: &Connection, id: Option<RequestId>, error: &AuthError) {
    say(connection, &dispatch::refusal(id, error.problem()));
    if let Some(code) = error.close_code() {
        close(connection, code);
    } else {
        close(connection, CloseCode::Draining);
    }
}
