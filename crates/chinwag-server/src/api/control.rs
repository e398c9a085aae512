//! The operator's commands, served on the control socket beside the API.

use std::sync::{Arc, Weak};

use chinwag_core::model::ApiKey;
use chinwag_proto::{ErrorCode, Problem, Timestamp, UserId, http::TokenAnswer, shapes::User};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Api, answer::Answer, call::Call, route::Route};
use crate::{auth::shape, demo, indexer::Report, node::Node};

/// Users and keys of a page.
const PAGE: usize = 200;

/// A user to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddUser {
    /// The id, as it will be.
    pub user_id: UserId,
    /// The name that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A password, where the user is to sign in by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// A password to set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetPassword {
    /// The password from now on.
    pub password: String,
}

/// A key to make.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddKey {
    /// What it is for.
    pub name: String,
}

/// An API key without its secret.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyAnswer {
    /// Its public part.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// The whole key, shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The API keys.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeysAnswer {
    /// All, the revoked ones too.
    pub keys: Vec<KeyAnswer>,
}

/// Where the server is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerAnswer {
    /// Where clients on this machine find it.
    pub url: String,
}

/// What the demonstration made.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DemoAnswer {
    /// Who is there now.
    pub users: Vec<UserId>,
    /// How many chats there are.
    pub chats: usize,
    /// How many messages were said.
    pub messages: usize,
    /// The password of each, where people sign in here; shown once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Where clients on this machine find the server, where one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A page of users.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsersAnswer {
    /// In order of id.
    pub users: Vec<User>,
    /// Leads to the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Which page of users.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsersAfter {
    /// `nextCursor` of the page before.
    #[serde(default)]
    pub cursor: Option<UserId>,
}

pub(super) fn routes(node: &Arc<Node>) -> Vec<Route> {
    let node = Arc::downgrade(node);
    let serving = node.clone();
    let stage = node.clone();
    let begun = node.clone();
    let told = node.clone();
    vec![
        Route::new(
            Method::GET,
            "/control/server",
            "controlServer",
            "Tells where the server is.",
        )
        .run(move |_, _| std::future::ready(server(&serving))),
        Route::new(
            Method::POST,
            "/control/users",
            "controlAddUser",
            "Makes a user.",
        )
        .body::<AddUser>()
        .run(add_user),
        Route::new(
            Method::GET,
            "/control/users",
            "controlUsers",
            "Lists users.",
        )
        .query::<UsersAfter>()
        .run(users),
        Route::new(
            Method::PUT,
            "/control/users/{id}/password",
            "controlPassword",
            "Sets a password.",
        )
        .body::<SetPassword>()
        .run(set_password),
        Route::new(
            Method::POST,
            "/control/users/{id}/token",
            "controlToken",
            "Signs a token.",
        )
        .answers::<TokenAnswer>(200)
        .run(|api, call| async move {
            Answer::ok(&api.user_accounts.token_for(&call.part("id")?).await?)
        }),
        Route::new(
            Method::GET,
            "/control/keys",
            "controlKeys",
            "Lists API keys.",
        )
        .run(keys),
        Route::new(
            Method::POST,
            "/control/keys",
            "controlAddKey",
            "Makes an API key.",
        )
        .body::<AddKey>()
        .run(add_key),
        Route::new(
            Method::DELETE,
            "/control/keys/{id}",
            "controlRevokeKey",
            "Revokes an API key.",
        )
        .run(|api, call| async move {
            api.user_accounts
                .revoke_key(&call.part::<String>("id")?)
                .await?;
            Ok(Answer::none())
        }),
        Route::new(
            Method::POST,
            "/control/demo",
            "controlDemo",
            "Fills an empty server with a made-up team.",
        )
        .answers::<DemoAnswer>(201)
        .run(move |_, _| fill(stage.clone())),
        Route::new(
            Method::POST,
            "/control/reindex",
            "controlReindex",
            "Begins to rebuild the search index, unless a rebuild goes on.",
        )
        .answers::<Report>(200)
        .run(move |_, _| answer_rebuild(begun.clone(), true)),
        Route::new(
            Method::GET,
            "/control/reindex",
            "controlReindexReport",
            "Tells how far the rebuild of the search index is.",
        )
        .answers::<Report>(200)
        .run(move |_, _| answer_rebuild(told.clone(), false)),
    ]
}

fn server(node: &Weak<Node>) -> Result<Answer, Problem> {
    let node = node.upgrade();
    let url = node.as_ref().and_then(|node| node.url());
    let none = || Problem::new(ErrorCode::Unavailable, "no server runs here, only commands");
    let url = url.ok_or_else(none)?.to_owned();
    Answer::ok(&ServerAnswer { url })
}

async fn fill(node: Weak<Node>) -> Result<Answer, Problem> {
    let gone = || Problem::new(ErrorCode::Unavailable, "the server is leaving");
    let node = node.upgrade().ok_or_else(gone)?;
    Answer::created(&demo::fill(&node).await?)
}

async fn answer_rebuild(node: Weak<Node>, begins: bool) -> Result<Answer, Problem> {
    let gone = || Problem::new(ErrorCode::Unavailable, "the server is leaving");
    let node = node.upgrade().ok_or_else(gone)?;
    if begins {
        node.rebuilder().start();
    }
    Answer::ok(&node.rebuilder().report())
}

async fn add_user(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let request: AddUser = call.body()?;
    if api.user_accounts.user(&request.user_id).await.is_ok() {
        let detail = format!("there is a user {:?} already", request.user_id.as_str());
        return Err(Problem::new(ErrorCode::NameTaken, detail));
    }
    let hash = match &request.password {
        Some(password) => Some(api.user_accounts.hash_password(password).await?),
        None => None,
    };
    let (user, _) = api
        .user_accounts
        .put_user_with(&request.user_id, request.name, hash)
        .await?;
    Answer::created(&user)
}

async fn users(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let query: UsersAfter = call.query()?;
    let rows = api.user_accounts.users(query.cursor.as_ref(), PAGE).await?;
    let full = rows.len() == PAGE;
    let next_cursor = rows
        .last()
        .filter(|_| full)
        .map(|row| row.id.as_str().to_owned());
    let users = rows.iter().map(shape).collect();
    Answer::ok(&UsersAnswer { users, next_cursor })
}

async fn set_password(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let request: SetPassword = call.body()?;
    api.user_accounts
        .set_password(&call.part("id")?, &request.password)
        .await?;
    Ok(Answer::none())
}

async fn keys(api: Arc<Api>, _: Call) -> Result<Answer, Problem> {
    let keys = api
        .user_accounts
        .keys()
        .await?
        .into_iter()
        .map(|row| key(row, None))
        .collect();
    Answer::ok(&KeysAnswer { keys })
}

async fn add_key(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let request: AddKey = call.body()?;
    let (row, text) = api.user_accounts.add_key(&request.name).await?;
    Answer::created(&key(row, Some(text)))
}

fn key(row: ApiKey, text: Option<String>) -> KeyAnswer {
    KeyAnswer {
        id: row.id,
        name: row.name,
        created_at: row.created_at,
        revoked_at: row.revoked_at,
        key: text,
    }
}
