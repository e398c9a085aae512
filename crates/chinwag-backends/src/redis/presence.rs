//! [`Presence`]: `presence:{user}` is there while a user is online, `sessions:{user}` holds where.
//!
//! Time is Redis's own, so that nodes whose clocks differ agree. A session is a field of the hash, with when it ends
//! before what is told of it; a field `left` keeps when the last of those ended that are no longer there.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_core::{
    model::NodeId,
    ports::{EngineError, EngineResult, Presence, SessionBeat, SessionLocation},
};
use chinwag_proto::{
    DeviceId, SessionId, Timestamp, UserId,
    shapes::{self, PresenceStatus},
};
use redis::{Cmd, Value};

use super::{
    connecting::Redis,
    error::Failure,
    keys::UserKeys,
    link::Answer,
    script::{Calls, Script},
};

/// How long a session lives after a sign of life, milliseconds.
const LEASE_MS: u64 = 30_000;
/// How long a user stays online after the last session left, milliseconds.
const GRACE_MS: u64 = 5_000;

/// Keeps the leases of sessions in Redis.
pub struct RedisPresence {
    redis: Arc<Redis>,
    touch: Script,
    leave: Script,
    locate: Script,
    online: Script,
    sessions: Script,
}

impl RedisPresence {
    /// Keeps them in this Redis.
    #[must_use]
    pub fn new(redis: Arc<Redis>) -> Self {
        Self {
            redis,
            touch: Script::new(include_str!("scripts/touch.lua")),
            leave: Script::new(include_str!("scripts/leave.lua")),
            locate: Script::new(include_str!("scripts/locate.lua")),
            online: Script::new(include_str!("scripts/online.lua")),
            sessions: Script::new(include_str!("scripts/sessions.lua")),
        }
    }

    fn keys(&self, user: &UserId) -> UserKeys {
        UserKeys::of(&self.redis.nodes().options().prefix, user)
    }

    fn remembered_ms(&self) -> u64 {
        let remembered = self.redis.nodes().options().last_seen.as_millis();
        // What is remembered must outlive the lease.
        u64::try_from(remembered)
            .unwrap_or(u64::MAX)
            .max(2 * LEASE_MS)
    }

    /// Asks one thing about each of many users.
    async fn ask(&self, script: &Script, users: &[UserId], with: Keys) -> EngineResult<Vec<Value>> {
        let keys = users.iter().map(|user| self.keys(user)).collect();
        let answers = match with {
            Keys::Both => script.run(self.redis.nodes(), &AboutBoth(keys)).await,
            Keys::Sessions => {
                let question = AboutSessions { keys, except: None };
                script.run(self.redis.nodes(), &question).await
            }
        };
        all(answers)
    }
}

/// Which keys a script takes.
enum Keys {
    Both,
    Sessions,
}

fn all(answers: Vec<Answer>) -> EngineResult<Vec<Value>> {
    let answers: Result<Vec<Value>, Failure> = answers.into_iter().collect();
    answers.map_err(Failure::told)
}

fn damaged(what: &str) -> EngineError {
    EngineError::Damaged(format!("redis: {what} can't be read"))
}

#[async_trait]
impl Presence for RedisPresence {
    async fn touch(&self, beats: &[SessionBeat]) -> EngineResult<()> {
        let keys = beats.iter().map(|beat| self.keys(&beat.user)).collect();
        let touches = Touches {
            beats,
            keys,
            remembered_ms: self.remembered_ms(),
        };
        let answers = self.touch.run(self.redis.nodes(), &touches).await;
        all(answers).map(drop)
    }

    async fn leave(&self, user: &UserId, session: SessionId) -> EngineResult<()> {
        let leaving = Leaving {
            keys: self.keys(user),
            session,
            remembered_ms: self.remembered_ms(),
        };
        let answers = self.leave.run(self.redis.nodes(), &leaving).await;
        all(answers).map(drop)
    }

    async fn locate(
        &self,
        users: &[UserId],
        except: Option<SessionId>,
    ) -> EngineResult<Vec<Vec<NodeId>>> {
        let question = AboutSessions {
            keys: users.iter().map(|user| self.keys(user)).collect(),
            except,
        };
        let answers = all(self.locate.run(self.redis.nodes(), &question).await)?;
        answers.iter().map(read_nodes).collect()
    }

    async fn online(&self, users: &[UserId]) -> EngineResult<Vec<shapes::Presence>> {
        let answers = self.ask(&self.online, users, Keys::Both).await?;
        let presence = users.iter().zip(answers).map(|(user, answer)| {
            let Value::Int(left) = answer else {
                return Err(damaged("presence"));
            };
            Ok(shapes::Presence {
                user_id: user.clone(),
                status: if left < 0 {
                    PresenceStatus::Online
                } else {
                    PresenceStatus::Offline
                },
                last_seen: (left > 0).then(|| Timestamp::from_unix_millis(left)),
            })
        });
        presence.collect()
    }

    async fn sessions(&self, user: &UserId) -> EngineResult<Vec<SessionLocation>> {
        let users = std::slice::from_ref(user);
        let answers = self.ask(&self.sessions, users, Keys::Sessions).await?;
        let read = answers.first().and_then(read_sessions);
        let mut sessions = read.ok_or_else(|| damaged("a session"))?;
        sessions.sort_by_key(|it| (it.connected_at, it.session));
        Ok(sessions)
    }
}

struct Touches<'a> {
    beats: &'a [SessionBeat],
    keys: Vec<UserKeys>,
    remembered_ms: u64,
}

impl Calls for Touches<'_> {
    const KEYS: usize = 2;

    fn slots(&self) -> Vec<u16> {
        self.keys.iter().map(|keys| keys.slot).collect()
    }

    fn add(&self, index: usize, command: &mut Cmd) {
        let (keys, beat) = (&self.keys[index], &self.beats[index]);
        command
            .arg(&keys.presence)
            .arg(&keys.sessions)
            .arg(beat.session.0)
            .arg(told_of(beat))
            .arg(LEASE_MS)
            .arg(self.remembered_ms);
    }
}

/// Writes what is told of a session: its node, when it connected, its device where that has a name.
fn told_of(beat: &SessionBeat) -> String {
    let device = beat.device.as_ref().map_or("", DeviceId::as_str);
    let connected_at = beat.connected_at.unix_millis();
    format!("{} {connected_at} {device}", beat.node.0)
}

fn read_sessions(answer: &Value) -> Option<Vec<SessionLocation>> {
    let Value::Array(parts) = answer else {
        return None;
    };
    parts.chunks(2).map(read_session).collect()
}

fn read_session(number_and_told: &[Value]) -> Option<SessionLocation> {
    let [Value::BulkString(number), Value::BulkString(told)] = number_and_told else {
        return None;
    };
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    let mut told = std::str::from_utf8(told).ok()?.splitn(3, ' ');
    let node = told.next()?.parse().ok()?;
    let connected_at = told.next()?.parse().ok()?;
    let device = told.next()?;
    let device = match device {
        "" => None,
        name => Some(DeviceId::new(name).ok()?),
    };
    Some(SessionLocation {
        session: SessionId(number),
        node: NodeId(node),
        device,
        connected_at: Timestamp::from_unix_millis(connected_at),
    })
}

fn read_nodes(answer: &Value) -> EngineResult<Vec<NodeId>> {
    let Value::Array(parts) = answer else {
        return Err(damaged("a session's node"));
    };
    let mut nodes = Vec::with_capacity(parts.len());
    for part in parts {
        let Value::Int(number) = part else {
            return Err(damaged("a session's node"));
        };
        let node = NodeId(u16::try_from(*number).map_err(|_| damaged("a session's node"))?);
        if !nodes.contains(&node) {
            nodes.push(node);
        }
    }
    Ok(nodes)
}

struct Leaving {
    keys: UserKeys,
    session: SessionId,
    remembered_ms: u64,
}

impl Calls for Leaving {
    const KEYS: usize = 2;

    fn slots(&self) -> Vec<u16> {
        vec![self.keys.slot]
    }

    fn add(&self, _: usize, command: &mut Cmd) {
        command
            .arg(&self.keys.presence)
            .arg(&self.keys.sessions)
            .arg(self.session.0)
            .arg(GRACE_MS)
            .arg(self.remembered_ms);
    }
}

struct AboutBoth(Vec<UserKeys>);

impl Calls for AboutBoth {
    const KEYS: usize = 2;

    fn slots(&self) -> Vec<u16> {
        self.0.iter().map(|keys| keys.slot).collect()
    }

    fn add(&self, index: usize, command: &mut Cmd) {
        let keys = &self.0[index];
        command.arg(&keys.presence).arg(&keys.sessions);
    }
}

/// What users' sessions are, all or all but one.
struct AboutSessions {
    keys: Vec<UserKeys>,
    except: Option<SessionId>,
}

impl Calls for AboutSessions {
    const KEYS: usize = 1;

    fn slots(&self) -> Vec<u16> {
        self.keys.iter().map(|keys| keys.slot).collect()
    }

    fn add(&self, index: usize, command: &mut Cmd) {
        command.arg(&self.keys[index].sessions);
        if let Some(session) = self.except {
            command.arg(session.0);
        }
    }
}
