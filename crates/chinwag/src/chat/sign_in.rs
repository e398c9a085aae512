//! Who chats, and what proves it.

use std::{io::IsTerminal as _, sync::Arc};

use anyhow::{Result, anyhow, bail};
use chinwag_client::{ClientError, Http, TokenSource};
use chinwag_core::{Clock as _, SystemClock};
use chinwag_proto::{
    ErrorCode, Problem, UserId,
    http::{Login, Register, TokenAnswer},
    shapes::User,
};
use chinwag_server::{
    api::control::{AddUser, ServerAnswer},
    config::Config,
};
use reqwest::Method;
use tokio::sync::Mutex;

use super::status::without_number;
use crate::{
    operator::{Operator, Refused, path},
    program, prompt,
};

/// A token that holds for less than this is renewed before it is used.
const RENEWED_BEFORE_MS: i64 = 5 * 60 * 1_000;

/// Who is to chat, as asked for.
#[derive(Debug)]
pub(crate) struct Who {
    /// The user.
    pub(crate) user: Option<String>,
    /// The server; the one of the data directory where none is named.
    pub(crate) server: Option<String>,
    /// Whether the user is to be made.
    pub(crate) register: bool,
    /// The name that people see, of one to be made.
    pub(crate) name: Option<String>,
    /// A token that says it all.
    pub(crate) token: Option<String>,
}

/// Who chats.
pub(crate) struct SignedIn {
    /// The user.
    pub(crate) user: User,
    /// The server.
    pub(crate) url: String,
    /// HTTP in the user's name.
    pub(crate) http: Http,
    /// Tokens for the connection.
    pub(crate) tokens: TokenSource,
    /// How it was proven, where that might surprise.
    pub(crate) how: Option<String>,
}

/// Finds out who chats. Errors say what is missing.
pub(crate) async fn sign_in(who: Who, config: &Config) -> Result<SignedIn> {
    let local = match &who.server {
        Some(_) => None,
        None => Operator::of_running(config).await?,
    };
    let url = match (&who.server, &local) {
        (Some(server), _) => server.trim_end_matches('/').to_owned(),
        (None, Some(operator)) => operator.get::<ServerAnswer>("/control/server").await?.url,
        (None, None) => usual_url(config),
    };
    if let Some(token) = &who.token {
        return by_token(&who, url, token).await;
    }
    let Some(user) = who.user.clone() else {
        bail!("as whom? {} chat --as USER", program());
    };
    match local {
        Some(operator) => at_this_machine(&who, url, &user, operator, config).await,
        None => by_password(&who, url, &user).await,
    }
}

fn usual_url(config: &Config) -> String {
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{}", config.listen)
}

async fn by_token(who: &Who, url: String, token: &str) -> Result<SignedIn> {
    let http = Http::new(&url).with_token(token);
    let user = http.me().await.map_err(|error| explained(error, &url))?;
    if who
        .user
        .as_ref()
        .is_some_and(|wanted| *wanted != user.id.as_str())
    {
        bail!("CHINWAG_TOKEN is {}'s token", user.id);
    }
    Ok(SignedIn {
        user,
        url,
        http,
        tokens: TokenSource::fixed(token),
        how: None,
    })
}

/// Signs in without a password: whoever may open the control socket may sign tokens for anybody anyway.
async fn at_this_machine(
    who: &Who,
    url: String,
    user: &str,
    operator: Operator,
    config: &Config,
) -> Result<SignedIn> {
    let user = UserId::new(user).map_err(|error| anyhow!("{user:?} is no user id: {error}"))?;
    if who.register {
        make(&operator, &user, who.name.clone()).await?;
    }
    let answer = match sign(&operator, &user).await {
        Err(error) if is_unknown(&error) => {
            let question = format!("There is no user {user} yet. Make one?");
            if !prompt::confirm(&question, true)? {
                bail!("there is no user {user}; --register makes one");
            }
            make(&operator, &user, who.name.clone()).await?;
            sign(&operator, &user).await?
        }
        answer => answer?,
    };
    let how = format!(
        "no password was asked for: whoever may open {} may sign in as anybody",
        config.data_dir.display()
    );
    let operator = Arc::new(operator);
    let renew = move || {
        let (operator, user) = (Arc::clone(&operator), user.clone());
        async move {
            let signed = sign(&operator, &user).await;
            signed.map_err(|error| match error.downcast::<Refused>() {
                Ok(refused) => ClientError::Refused(refused.0),
                Err(error) => ClientError::Network(format!("{error:#}")),
            })
        }
    };
    Ok(signed_in(url, answer, Some(how), renew))
}

async fn make(operator: &Operator, user: &UserId, name: Option<String>) -> Result<()> {
    let request = AddUser {
        user_id: user.clone(),
        name,
        password: None,
    };
    let made: User = operator
        .send(Method::POST, "/control/users", &request)
        .await?;
    eprintln!(
        "made the user {}; {} user password {} lets them sign in elsewhere",
        made.id,
        program(),
        made.id
    );
    Ok(())
}

async fn sign(operator: &Operator, user: &UserId) -> Result<TokenAnswer> {
    let path = path(&["control", "users", user.as_str(), "token"]);
    operator
        .send(Method::POST, &path, &serde_json::json!({}))
        .await
}

fn is_unknown(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<Refused>();
    refused.is_some_and(|refused| refused.0.code == ErrorCode::UnknownUser)
}

async fn by_password(who: &Who, url: String, user: &str) -> Result<SignedIn> {
    let http = Http::new(&url);
    // Before a password is asked for in vain.
    let reached = reqwest::get(format!("{url}/healthz")).await;
    reached.map_err(|error| explained(error.into(), &url))?;
    let answer = if who.register {
        let password = prompt::new_password()?;
        register(&http, who, user, password).await
    } else {
        let password = prompt::password(&format!("password of {user}: "))?;
        let login = Login {
            user_id: user.to_owned(),
            password: password.clone(),
        };
        match http.login(&login).await {
            Err(ClientError::Refused(problem)) if problem.code == ErrorCode::BadCredentials => {
                newcomer(&http, who, user, password, *problem).await?
            }
            answer => answer,
        }
    };
    let answer = answer.map_err(|error| explained(error, &url))?;
    let token = Arc::new(Mutex::new(answer.token.clone()));
    let base = url.clone();
    let renew = move || {
        let (base, token) = (base.clone(), Arc::clone(&token));
        async move {
            let mut token = token.lock().await;
            let answer = Http::new(base).with_token(token.as_str()).refresh().await?;
            answer.token.clone_into(&mut token);
            Ok(answer)
        }
    };
    Ok(signed_in(url, answer, None, renew))
}

/// Offers to register who can't sign in.
async fn newcomer(
    http: &Http,
    who: &Who,
    user: &str,
    password: String,
    problem: Problem,
) -> Result<Result<TokenAnswer, ClientError>> {
    if !std::io::stdin().is_terminal() {
        return Ok(Err(problem.into()));
    }
    eprintln!("{}.", problem.detail);
    let question = format!("Is {user} new here? Register with that password?");
    if !prompt::confirm(&question, false)? {
        bail!("not signed in");
    }
    if prompt::password("again: ")? != password {
        bail!("the two differ");
    }
    Ok(register(http, who, user, password).await)
}

async fn register(
    http: &Http,
    who: &Who,
    user: &str,
    password: String,
) -> Result<TokenAnswer, ClientError> {
    let register = Register {
        user_id: user.to_owned(),
        name: who.name.clone(),
        password,
    };
    http.register(&register).await
}

fn explained(error: ClientError, url: &str) -> anyhow::Error {
    match error {
        ClientError::Refused(problem) => anyhow!("{}", problem.detail),
        error => anyhow!(
            "can't reach {url}: {}. `{} serve` starts a server here, --server URL names another",
            without_number(&error.to_string()),
            program()
        ),
    }
}

/// Puts together who signed in; tokens are renewed before they expire, and given out as they are until then.
fn signed_in<F, R>(url: String, answer: TokenAnswer, how: Option<String>, renew: F) -> SignedIn
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<TokenAnswer, ClientError>> + Send + 'static,
{
    let http = Http::new(&url).with_token(&answer.token);
    let user = answer.user.clone();
    let held = Arc::new(Mutex::new(answer));
    let renew = Arc::new(renew);
    let tokens = TokenSource::from_fn(move || {
        let (held, renew) = (Arc::clone(&held), Arc::clone(&renew));
        async move {
            let mut held = held.lock().await;
            let now = SystemClock::default().now();
            if held.expires_at < now.plus_millis(RENEWED_BEFORE_MS) {
                *held = renew().await?;
            }
            Ok(held.token.clone())
        }
    });
    SignedIn {
        user,
        url,
        http,
        tokens,
        how,
    }
}
