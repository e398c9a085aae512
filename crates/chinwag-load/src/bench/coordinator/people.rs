//! Users of a run, their tokens, and their chats.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use chinwag_client::Http;
use chinwag_proto::{
    ChatId, Seq, UserId,
    http::{CreateChat, TokenAnswer},
    shapes::HistoryVisible,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jsonwebtoken::{EncodingKey, Header};
use reqwest::{Client, StatusCode};
use serde::Serialize;

use crate::bench::clock::wall_millis;

/// Requests under way at a time.
const AT_ONCE: usize = 32;
/// How long a token of a run is good for, seconds.
const TOKEN_SECONDS: u64 = 24 * 3_600;
/// Members that one request adds.
const MEMBERS: usize = 1_000;

/// What tokens come from.
pub(super) enum TokenMaker {
    /// The secret that the server checks them by.
    Secret(String),
    /// The server's control socket.
    Control(PathBuf),
}

/// One user.
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) token: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    iat: u64,
    exp: u64,
}

impl TokenMaker {
    /// Makes users of this run alone, each with a token.
    pub(super) async fn people(&self, count: u32) -> Result<Vec<Person>> {
        let run: u32 = rand::random();
        let ids = (0..count).map(|number| UserId::new(&format!("bench-{run:08x}-{number}")));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        match self {
            Self::Secret(secret) => ids.into_iter().map(|id| signed(id, secret)).collect(),
            Self::Control(path) => {
                let client = Client::builder().unix_socket(path.clone()).build()?;
                let made = ids.into_iter().map(|id| by_control(&client, id));
                stream::iter(made).buffered(AT_ONCE).try_collect().await
            }
        }
    }
}

fn signed(id: UserId, secret: &str) -> Result<Person> {
    let now = wall_millis() / 1_000;
    let claims = Claims {
        sub: id.as_str(),
        iat: now,
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

/// Makes the direct chats of each two that follow one another; returns them with their last places.
pub(super) async fn direct_chats(url: &str, people: &[Person]) -> Result<Vec<(ChatId, Seq)>> {
    let http = Http::new(url);
    let chats = people.chunks_exact(2).map(|pair| {
        let http = http.clone().with_token(&pair[0].token);
        let chat = CreateChat::Direct {
            user_id: pair[1].id.clone(),
            client_id: None,
        };
        async move {
            let chat = http.create_chat(&chat).await?;
            anyhow::Ok((chat.id, chat.head.seq))
        }
    });
    let chats = stream::iter(chats).buffered(AT_ONCE);
    chats.try_collect().await.context("can't make the chats")
}

/// Makes one group of all; returns it with its last place.
pub(super) async fn group(url: &str, people: &[Person]) -> Result<(ChatId, Seq)> {
    let (owner, others) = people.split_first().context("nobody is there")?;
    let http = Http::new(url).with_token(&owner.token);
    let ids = |people: &[Person]| people.iter().map(|person| person.id.clone()).collect();
    let mut rest = others.chunks(MEMBERS);
    let group = CreateChat::Group {
        name: "bench".into(),
        members: rest.next().map(ids).unwrap_or_default(),
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    let made = http.create_chat(&group).await;
    let made = made.context("can't make the group")?.id;
    for people in rest {
        let added = http.add_members(made, ids(people)).await;
        added.context("can't add members")?;
    }
    let chat = http.chat(made).await?;
    Ok((chat.id, chat.head.seq))
}
