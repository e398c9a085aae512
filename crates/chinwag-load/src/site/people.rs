//! Users of a run and their tokens.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, bail};
use chinwag_client::{ClientError, Http};
use chinwag_proto::{UserId, http::TokenAnswer};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jsonwebtoken::{EncodingKey, Header};
use reqwest::{Client, StatusCode};
use serde::Serialize;

use crate::clock::wall_millis;

/// Requests under way at a time.
const AT_ONCE: usize = 32;
/// How long a token of a run is good for, seconds.
const TOKEN_SECONDS: u64 = 24 * 3_600;
/// So long before now a token says that it was issued: servers refuse what comes from their future, and a run lets the
/// clock of one be slow by minutes.
const ISSUED_BEFORE: u64 = 600;

/// What tokens come from.
pub(crate) enum TokenMaker {
    /// The secret that the server checks them by.
    Secret(String),
    /// The server's control socket.
    Control(PathBuf),
    /// Whoever else signs them.
    Signer(Signer),
}

/// Signs a user's token.
pub type Signer = Arc<dyn Fn(&UserId) -> String + Send + Sync>;

/// One user.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) token: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    iat: u64,
    exp: u64,
}

impl TokenMaker {
    /// Makes users of this run alone, each with a token; their ids begin with the run's kind.
    pub(crate) async fn people(&self, kind: &str, count: u32) -> Result<Vec<Person>> {
        let run: u32 = rand::random();
        let ids = (0..count).map(|number| UserId::new(&format!("{kind}-{run:08x}-{number}")));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        match self {
            Self::Secret(secret) => ids.into_iter().map(|id| signed(id, secret)).collect(),
            Self::Signer(sign) => {
                let made = ids.into_iter().map(|id| Person {
                    token: sign(&id),
                    id,
                });
                Ok(made.collect())
            }
            Self::Control(path) => {
                let client = Client::builder().unix_socket(path.clone()).build()?;
                let made = ids.into_iter().map(|id| by_control(&client, id));
                stream::iter(made).buffered(AT_ONCE).try_collect().await
            }
        }
    }
}

/// Lets users come into being: whom a token names is known from its first request on.
pub(crate) async fn appear(http: &Http, people: &[Person]) -> Result<(), ClientError> {
    let ask = |person: &Person| {
        let http = http.clone().with_token(&person.token);
        async move { http.me().await }
    };
    let asked = stream::iter(people.iter().map(ask)).buffer_unordered(AT_ONCE);
    let all: Result<Vec<_>, _> = asked.try_collect().await;
    all.map(drop)
}

fn signed(id: UserId, secret: &str) -> Result<Person> {
    let now = wall_millis() / 1_000;
    let claims = Claims {
        sub: id.as_str(),
        iat: now - ISSUED_BEFORE,
        exp: now + TOKEN_SECONDS,
    };
    let key = EncodingKey::from_secret(secret.as_bytes());
    let token = jsonwebtoken::encode(&Header::default(), &claims, &key)?;
    Ok(Person { id, token })
}

async fn by_control(client: &Client, id: UserId) -> Result<Person> {
    let user = serde_json::json!({ "userId": id });
    let request = client.post("http://localhost/control/users").json(&user);
    let answer = request
        .send()
        .await
        .context("the control socket doesn't answer")?;
    if !answer.status().is_success() && answer.status() != StatusCode::CONFLICT {
        bail!("can't make a user: {}", answer.text().await?);
    }
    let url = format!("http://localhost/control/users/{id}/token");
    let request = client.post(url).json(&serde_json::json!({}));
    let answer = request.send().await?.error_for_status()?;
    let token = answer.json::<TokenAnswer>().await?.token;
    Ok(Person { id, token })
}
