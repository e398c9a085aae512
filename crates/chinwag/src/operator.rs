//! Speaks to the running server over its control socket, or opens the data directory where none runs.

use std::{fmt, time::Duration};

use anyhow::{Context as _, Result, bail};
use chinwag_proto::Problem;
use chinwag_server::{
    config::Config,
    control::{self, CommandNode},
    wiring::Opening,
};
use reqwest::{Body, Client, Method, Response};
use serde::{Serialize, de::DeserializeOwned};

/// How often a directory is tried that another process has, and how long to wait between.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);
/// How long the server may take to say anything at all.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Whoever may open the data directory: commands the server, as any user.
pub(crate) struct Operator {
    client: Client,
    /// Open here where no server runs.
    own: Option<CommandNode>,
}

impl Operator {
    /// Connects to the server, or opens the data directory.
    ///
    /// A process that holds the directory and doesn't answer is about to begin or to end: it's waited for, some seconds.
    pub(crate) async fn connect(config: &Config) -> Result<Self> {
        Self::connect_or(config, Opening::default).await
    }

    /// Connects to the server, or opens the data directory for reading only.
    pub(crate) async fn connect_to_read(config: &Config) -> Result<Self> {
        let read_only = || Opening {
            read_only: true,
            ..Opening::default()
        };
        Self::connect_or(config, read_only).await
    }

    async fn connect_or(config: &Config, opening: impl Fn() -> Opening) -> Result<Self> {
        let client = client(config)?;
        for _ in 1..TRIES {
            if answers(&client).await {
                return Ok(Self { client, own: None });
            }
            match CommandNode::open(config, opening()).await {
                Err(error) if error.is_locked() => tokio::time::sleep(PAUSE).await,
                opened => {
                    let own = Some(opened?);
                    return Ok(Self { client, own });
                }
            }
        }
        let own = Some(CommandNode::open(config, opening()).await?);
        Ok(Self { client, own })
    }

    /// Connects to the server; nothing where none runs, or where the caller may not open its control socket.
    pub(crate) async fn of_running(config: &Config) -> Result<Option<Self>> {
        let client = client(config)?;
        let running = answers(&client).await;
        Ok(running.then_some(Self { client, own: None }))
    }

    /// Writes what waits and lets the data directory go, where it was opened here.
    pub(crate) async fn close(self) {
        drop(self.client);
        if let Some(own) = self.own {
            own.close().await;
        }
    }

    /// Reads.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let request = self.client.get(address(path));
        Ok(answered(request.send().await).await?.json().await?)
    }

    /// Reads as a stream.
    pub(crate) async fn open(&self, path: &str) -> Result<Response> {
        answered(self.client.get(address(path)).send().await).await
    }

    /// Sends a stream; the answer may begin before its end.
    pub(crate) async fn stream(&self, path: &str, body: Body) -> Result<Response> {
        answered(self.client.post(address(path)).body(body).send().await).await
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let request = self.client.request(method, address(path)).json(body);
        Ok(answered(request.send().await).await?.json().await?)
    }

    /// Sends a request whose answer says nothing.
    pub(crate) async fn command(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<()> {
        let request = self.client.request(method, address(path)).json(body);
        answered(request.send().await).await?;
        Ok(())
    }

    /// Sends a request without a body whose answer says nothing.
    pub(crate) async fn act(&self, method: Method, path: &str) -> Result<()> {
        answered(self.client.request(method, address(path)).send().await).await?;
        Ok(())
    }
}

/// What the server refused, and why; reads as its sentence.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Box<Problem>);

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.detail)
    }
}

impl std::error::Error for Refused {}

fn client(config: &Config) -> Result<Client> {
    let path = control::socket_path(&config.data_dir);
    Ok(Client::builder().unix_socket(path).build()?)
}

/// Says whether somebody answers on the control socket: a process that is being killed still takes connections.
async fn answers(client: &Client) -> bool {
    let request = client.get(address("/")).timeout(ANSWER_WITHIN);
    request.send().await.is_ok()
}

fn address(path: &str) -> String {
    format!("http://localhost{path}")
}

async fn answered(sent: reqwest::Result<Response>) -> Result<Response> {
    let response = sent.context("the server doesn't answer")?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    match response.json::<Problem>().await {
        Ok(problem) => Err(Refused(Box::new(problem)).into()),
        Err(_) => bail!("the server answered {status}"),
    }
}

/// Makes a path of its parts, each encoded.
pub(crate) fn path(parts: &[&str]) -> String {
    parts
        .iter()
        .map(|part| format!("/{}", encode(part)))
        .collect()
}

/// Percent-encodes a part of an address.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
    let encoded = text.bytes().map(|byte| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    encoded.collect()
}
