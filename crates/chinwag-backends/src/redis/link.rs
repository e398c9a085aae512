//! One connection to one node, which comes back by itself.

use std::{fmt, sync::Arc, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, Pipeline, PushInfo, PushKind,
    RedisResult, Value,
    aio::{MultiplexedConnection, SendError},
};
use tokio::{sync::watch, task::AbortHandle, time::timeout};

use super::error::Failure;

/// How long to wait after a connection failed; twice as long after each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// How long at most: what is away is noticed to be back within this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Requests that may wait to be written; more wait outside, as long as any answer may take.
const WAITING: usize = 1_024;

/// Where a node is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Address {
    /// Its name or number.
    pub(super) host: String,
    /// Its port.
    pub(super) port: u16,
}

impl Address {
    /// Reads `host:port`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Some(Self {
            host: host.into(),
            port: port.parse().ok()?,
        })
    }

    /// Returns where a connection leads; none where it isn't to a port.
    pub(super) fn of(connection: &ConnectionInfo) -> Option<Self> {
        let (host, port) = match connection.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                (host.clone(), *port)
            }
            _ => return None,
        };
        Some(Self { host, port })
    }

    /// Returns a like connection that leads here.
    pub(super) fn reached_like(&self, connection: &ConnectionInfo) -> ConnectionInfo {
        let mut address = connection.addr().clone();
        if let ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } =
            &mut address
        {
            (*host, *port) = (self.host.clone(), self.port);
        }
        connection.clone().set_addr(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.host, self.port)
    }
}

/// Returns how a connection behaves.
pub(super) fn connection_config(within: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(within))
        .set_response_timeout(Some(within))
        .set_pipeline_buffer_size(WAITING)
}

/// One connection to one node.
pub(super) struct Link {
    address: Address,
    timeout: Duration,
    state: Arc<watch::Sender<State>>,
    keeper: AbortHandle,
}

#[derive(Clone)]
enum State {
    /// The first try goes on.
    Connecting,
    Up(MultiplexedConnection, u64),
    /// Every request fails at once, with why.
    Down(Arc<str>),
}

impl Link {
    /// Begins to connect, and goes on until it is dropped.
    pub(super) fn open(
        address: Address,
        connection: &ConnectionInfo,
        within: Duration,
    ) -> RedisResult<Self> {
        let client = Client::open(address.reached_like(connection))?;
        let state = Arc::new(watch::Sender::new(State::Connecting));
        let keeper = tokio::spawn(keep(client, within, Arc::clone(&state)));
        Ok(Self {
            address,
            timeout: within,
            state,
            keeper: keeper.abort_handle(),
        })
    }

    /// Sends commands together and returns the answer to each, in order.
    pub(super) async fn run(&self, pipeline: &mut Pipeline) -> Result<Vec<Answer>, Failure> {
        let (mut connection, number) = self.connection().await?;
        let answers: RedisResult<Vec<RedisResult<Value>>> =
            pipeline.ignore_errors().query_async(&mut connection).await;
        match answers {
            Ok(answers) => Ok(answers.into_iter().map(sorted).collect()),
            Err(error) => {
                let why = error.to_string();
                give_up(&self.state, number, &why);
                Err(self.away(&why))
            }
        }
    }

    /// Waits for the first try, and for nothing after it.
    async fn connection(&self) -> Result<(MultiplexedConnection, u64), Failure> {
        let mut state = self.state.subscribe();
        // The first try ends by itself within the connection's time; this bounds a busy runtime.
        let tried = timeout(
            2 * self.timeout,
            state.wait_for(|state| !matches!(state, State::Connecting)),
        );
        match tried.await.map(|state| state.map(|state| state.clone())) {
            Ok(Ok(State::Up(connection, number))) => Ok((connection, number)),
            Ok(Ok(State::Down(why))) => Err(self.away(&why)),
            _ => Err(self.away("no connection in time")),
        }
    }

    fn away(&self, why: &str) -> Failure {
        Failure::Away(format!("{} is away: {why}", self.address))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// The answer to one command.
pub(super) type Answer = Result<Value, Failure>;

fn sorted(answer: RedisResult<Value>) -> Answer {
    answer.map_err(|error| Failure::of(&error))
}

/// Gives a connection up that failed, unless that was done: also one that is open but doesn't answer, since nothing
/// else notices a peer that is gone without a word.
fn give_up(state: &watch::Sender<State>, number: u64, why: &str) {
    state.send_if_modified(|state| {
        let is_current = matches!(state, State::Up(_, current) if *current == number);
        if is_current {
            *state = State::Down(why.into());
        }
        is_current
    });
}

/// Connects, and again whenever the connection was given up.
async fn keep(client: Client, within: Duration, state: Arc<watch::Sender<State>>) {
    let mut changes = state.subscribe();
    let mut pause = FIRST_PAUSE;
    for number in 0.. {
        let ended = Arc::downgrade(&state);
        let config = connection_config(within).set_push_sender(move |push: PushInfo| {
            if push.kind == PushKind::Disconnection
                && let Some(state) = ended.upgrade()
            {
                give_up(&state, number, "the connection was closed");
            }
            Ok::<_, SendError>(())
        });
        match client
            .get_multiplexed_async_connection_with_config(&config)
            .await
        {
            Ok(connection) => {
                state.send_replace(State::Up(connection, number));
                pause = FIRST_PAUSE;
                let given_up = changes.wait_for(|state| matches!(state, State::Down(_)));
                if given_up.await.is_err() {
                    return;
                }
            }
            Err(error) => {
                state.send_replace(State::Down(error.to_string().into()));
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
