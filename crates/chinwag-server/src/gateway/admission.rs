//! From a request for the WebSocket to a session that stands.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chinwag_core::ports::{BusMessage, EngineResult, Topic};
use chinwag_proto::{
    CloseCode, DeviceId, ErrorCode, Problem, SessionId, Timestamp,
    frames::{HEARTBEAT_SECONDS, PRESENCE_TTL_SECONDS, Request, RequestId, ServerFrame},
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    Gateway,
    dispatch::{self, refusal},
    encode,
    session::Session,
    talk::Talk,
};
use crate::{
    auth::{AuthError, Authenticated, bearer},
    ws::{Class, Connection, Incoming, Reader, Refusal, Transport, Upgrade, evaluate},
};

/// How long a client may take to say who it is.
const AUTH_WITHIN: Duration = Duration::from_secs(10);

/// Who asked for a session.
struct Admitted {
    request: Option<RequestId>,
    device: Option<DeviceId>,
    authenticated: Authenticated,
}

impl Gateway {
    /// Takes a connection that asked for the WebSocket to a session that stands, or ends it.
    ///
    /// What this returns serves the session to its end. It belongs into a task of its own: a task keeps the size of
    /// its largest state, and an idle session must not keep that of its handshake.
    pub async fn enter<S>(
        self: &Arc<Self>,
        upgrade: Upgrade<S>,
    ) -> Option<impl Future<Output = ()> + Send + use<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + Into<Transport> + 'static,
    {
        let (session, reader) = self.admit(upgrade).await?;
        Some(Talk::new(Arc::clone(self), session, reader).until_end())
    }

    async fn admit<S>(&self, upgrade: Upgrade<S>) -> Option<(Arc<Session>, Reader)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + Into<Transport> + 'static,
    {
        let agreed = match evaluate(&upgrade.request) {
            Ok(agreed) if !self.draining.is_cancelled() => agreed,
            Ok(_) => {
                let refusal = Refusal::new(ErrorCode::Unavailable, "this node is leaving");
                let _ = upgrade.refuse(&refusal).await;
                return None;
            }
            Err(refusal) => {
                let _ = upgrade.refuse(&refusal).await;
                return None;
            }
        };
        let token = bearer(upgrade.request.headers()).map(|token| token.map(str::to_owned));
        let accepted = upgrade.accept(&agreed, Arc::clone(&self.connection_limits));
        let (connection, mut reader) = accepted.await.ok()?;
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        let admitted = tokio::select! {
            admitted = self.authenticate(&connection, &mut reader, token) => admitted,
            () = self.draining.cancelled() => {
                let problem = Problem::new(ErrorCode::Unavailable, "this node is leaving");
                refuse(&connection, None, problem, CloseCode::Draining)
            }
        };
        match admitted {
            Some(admitted) => self.begin(connection, reader, admitted).await,
            None => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                reader.finish(&connection).await;
                None
            }
        }
    }

    /// Waits for who is asking; nothing where the connection ends instead.
    async fn authenticate(
        &self,
        connection: &Connection,
        reader: &mut Reader,
        token: Result<Option<String>, Problem>,
    ) -> Option<Admitted> {
        let token = match token {
            Ok(token) => token,
            Err(problem) => return refuse(connection, None, problem, CloseCode::BadToken),
        };
        if let Some(token) = token {
            return self.admit_bearer(connection, None, None, &token).await;
        }
        let asking = self.first_frame(connection, reader);
        let Ok(first) = tokio::time::timeout(AUTH_WITHIN, asking).await else {
            // What it would have said is on its way, perhaps, behind a slow line: such a client comes back.
            let detail = "nobody said within 10 s who is asking: come again";
            let problem = Problem::new(ErrorCode::Unavailable, detail);
            return refuse(connection, None, problem, CloseCode::HeartbeatMissed);
        };
        let (id, device, token) = first?;
        self.admit_bearer(connection, id, device, &token).await
    }

    /// Admits whose token is good, unless they were closed for too many frames and are back before their time is over.
    async fn admit_bearer(
        &self,
        connection: &Connection,
        request: Option<RequestId>,
        device: Option<DeviceId>,
        token: &str,
    ) -> Option<Admitted> {
        let outcome = self.ports.authenticator.authenticate(token, None).await;
        let admitted = admitted(connection, request, device, outcome)?;
        let user = admitted.authenticated.user.as_ref()?;
        let Some(seconds) = self.barred.left(user, self.seconds()) else {
            return Some(admitted);
        };
        let detail = "a session of yours sent more frames than it may: come back later";
        let problem = Problem::new(ErrorCode::RateLimited, detail);
        let problem = problem.retry_after(u64::from(seconds) * 1_000);
        refuse(
            connection,
            admitted.request,
            problem,
            CloseCode::TooManyFrames,
        )
    }

    async fn first_frame(
        &self,
        connection: &Connection,
        reader: &mut Reader,
    ) -> Option<(Option<RequestId>, Option<DeviceId>, String)> {
        let text = loop {
            match reader.read_message(connection).await.ok()? {
                Incoming::Text(text) => break text,
                Incoming::Binary(_) => {
                    return refuse(connection, None, no_binary(), CloseCode::ProtocolError);
                }
                Incoming::Ping | Incoming::Pong => {}
            }
        };
        match dispatch::read(&text) {
            Ok(frame) => match frame.request {
                Request::Auth { token, device_id } => Some((frame.id, device_id, token)),
                _ => {
                    let detail = "the first frame says who is asking: `auth`";
                    let problem = Problem::new(ErrorCode::Unauthorized, detail);
                    refuse(connection, frame.id, problem, CloseCode::BadToken)
                }
            },
            Err((id, problem)) => refuse(connection, id, problem, CloseCode::ProtocolError),
        }
    }

    /// Makes the session: where it is is written, and its large chats are listened to, before it is told `ready`.
    async fn begin(
        &self,
        connection: Connection,
        reader: Reader,
        admitted: Admitted,
    ) -> Option<(Arc<Session>, Reader)> {
        let user = admitted.authenticated.user.clone()?;
        let now = self.ports.clock.now();
        let session = Arc::new(Session::new(
            SessionId(rand::random::<u64>() >> 1),
            user,
            admitted.device,
            now,
            &admitted.authenticated,
            connection,
            self.seconds(),
        ));
        if let Err(error) = self.locate(&session).await {
            tracing::warn!(%error, "a session begins without its place known to other nodes");
            session.not_located();
        }
        self.topics.enter(&session.user);
        if let Err(error) = self.listen_for(&session.user).await {
            tracing::warn!(%error, "a session can't begin");
            session.send(&refusal(admitted.request, error.into()));
            session.close(CloseCode::Draining);
            self.topics.entered(&session.user);
            self.topics.leave(&session.user);
            self.leave(&session).await;
            reader.finish(session.connection()).await;
            return None;
        }
        let ready = self.ready(&session, admitted.request, now);
        self.registry.add(&session, &ready);
        self.topics.entered(&session.user);
        self.announce_online(&session.user);
        if self.draining.is_cancelled() {
            // Those who are told to leave may have been gathered before it was among them.
            session.close(CloseCode::Draining);
        }
        Some((session, reader))
    }

    /// Writes where the session is, having made room for it.
    async fn locate(&self, session: &Session) -> EngineResult<()> {
        let presence = &self.ports.presence;
        let held = presence.sessions(&session.user).await?;
        let most = self.settings.limits.sessions_per_user as usize;
        // The oldest makes room: people expect the device in their hand to work.
        for old in held.iter().take((held.len() + 1).saturating_sub(most)) {
            let close = BusMessage::Close {
                user: session.user.clone(),
                session: Some(old.session),
                except: None,
                issued_before: None,
                issued_at: None,
                code: CloseCode::Revoked,
            };
            if old.node == self.settings.node {
                self.take(&Arc::new(close));
            } else {
                let messages = vec![(Topic::Inbox(old.node), Arc::new(close))];
                self.ports.bus.publish(messages).await?;
            }
            presence.leave(&session.user, old.session).await?;
        }
        presence.touch(&[session.beat(self.settings.node)]).await
    }

    /// Ends what a session holds on this node.
    pub(super) async fn forget(&self, session: &Session) {
        self.registry.remove(session);
        self.topics.leave(&session.user);
        self.watches.forget(session);
        self.leave(session).await;
        self.watches
            .ended(&session.user, self.ports.clock.elapsed());
    }

    async fn leave(&self, session: &Session) {
        if let Err(error) = self.ports.presence.leave(&session.user, session.id).await {
            tracing::warn!(%error, "a session's lease ends by itself");
        }
    }

    /// Says that the session stands, now or still.
    fn ready(&self, session: &Session, id: Option<RequestId>, now: Timestamp) -> ServerFrame {
        ServerFrame::Ready {
            id,
            user_id: session.user.clone(),
            session_id: session.id,
            heartbeat_seconds: HEARTBEAT_SECONDS,
            presence_ttl_seconds: PRESENCE_TTL_SECONDS,
            limits: self.settings.limits.clone(),
            server_time: now,
        }
    }

    /// Takes a fresh token of a session: the session stays, also where it is refused, until the old one expires.
    pub(super) async fn renew(
        self: Arc<Self>,
        session: Arc<Session>,
        id: Option<RequestId>,
        token: String,
    ) -> Option<ServerFrame> {
        let error = match self.ports.authenticator.authenticate(&token, None).await {
            Ok(fresh) if fresh.user.as_ref() == Some(&session.user) => {
                session.renew(&fresh);
                return Some(self.ready(&session, id, self.ports.clock.now()));
            }
            Ok(_) => AuthError::Invalid("it is another user's"),
            Err(error) => error,
        };
        Some(refusal(id, error.problem()))
    }
}

/// Returns who was admitted, or refuses.
fn admitted(
    connection: &Connection,
    request: Option<RequestId>,
    device: Option<DeviceId>,
    outcome: Result<Authenticated, AuthError>,
) -> Option<Admitted> {
    let error = match outcome {
        Ok(authenticated) if authenticated.user.is_some() => {
            return Some(Admitted {
                request,
                device,
                authenticated,
            });
        }
        Ok(_) => AuthError::Invalid("an API key opens no session"),
        Err(error) => error,
    };
    // What can't be checked at the moment may be good: such a client comes back.
    let code = error.close_code().unwrap_or(CloseCode::Draining);
    refuse(connection, request, error.problem(), code)
}

/// Says what was wrong and closes.
fn refuse<T>(
    connection: &Connection,
    id: Option<RequestId>,
    problem: Problem,
    code: CloseCode,
) -> Option<T> {
    connection.send(encode::frame(&refusal(id, problem)), Class::Event);
    connection.close(code.code(), code.reason());
    None
}

/// Says that frames are text.
pub(super) fn no_binary() -> Problem {
    Problem::new(ErrorCode::BadJson, "frames are text, not binary")
}
