//! Who asks, from a request's headers.

use chinwag_proto::{ErrorCode, Problem, Timestamp, UserId};
use http::{HeaderMap, request::Parts};

use super::{
    Api, query,
    route::{Route, Who},
};
use crate::auth::{Authenticated, bearer};

const CHINWAG_USER: &str = "chinwag-user";

/// Marks requests of whoever may open the control socket: they administer, like an API key.
#[derive(Debug, Clone, Copy)]
pub struct Operator;

/// Finds who asks; none where anyone may.
pub(super) async fn who(
    api: &Api,
    route: &Route,
    parts: &Parts,
) -> Result<Option<Authenticated>, Problem> {
    if route.who == Who::Anyone {
        return Ok(None);
    }
    let acting_as = acting_as(&parts.headers)?;
    let who = if parts.extensions.get::<Operator>().is_some() {
        Authenticated {
            user: acting_as,
            issued_at: Timestamp::default(),
            expires_at: None,
            api_key: true,
        }
    } else {
        let missing = || {
            let detail = "this needs the header Authorization: Bearer …";
            Problem::new(ErrorCode::Unauthorized, detail)
        };
        let credential = bearer(&parts.headers)?.ok_or_else(missing)?;
        let checked = api
            .authenticator
            .authenticate(credential, acting_as.as_ref())
            .await;
        checked.map_err(|error| error.problem())?
    };
    if route.who == Who::ApiKey && !who.api_key {
        return Err(Problem::new(ErrorCode::Forbidden, "this is for an API key"));
    }
    Ok(Some(who))
}

/// Reads whom an API key speaks for; percent-encoded, since headers are ASCII and user ids aren't.
fn acting_as(headers: &HeaderMap) -> Result<Option<UserId>, Problem> {
    let Some(value) = headers.get(CHINWAG_USER) else {
        return Ok(None);
    };
    let malformed = || {
        Problem::new(
            ErrorCode::BadRequest,
            "Chinwag-User isn't a user id, percent-encoded",
        )
    };
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| malformed())?;
    let text = query::decode(text, false).map_err(|_| malformed())?;
    UserId::new(&text).map(Some).map_err(|_| malformed())
}
