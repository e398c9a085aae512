//! `/users`, `/me` and `/presence`: people as others see them.

use std::sync::Arc;

use chinwag_proto::{
    Problem, UserId,
    http::{PresenceAnswer, PresenceQuery, PutUser, UsersPage, UsersQuery},
    shapes::User,
};
use http::Method;

use super::{Api, answer::Answer, call::Call, route::Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::GET,
            "/v1/users",
            "listUsers",
            "Finds users by the beginning of name or id.",
        )
        .query::<UsersQuery>()
        .answers::<UsersPage>(200)
        .run(|api, call| async move {
            Answer::ok(&api.reads.users(&call.caller()?, call.query()?).await?)
        }),
        Route::new(Method::GET, "/v1/users/{id}", "getUser", "Reads one user.")
            .answers::<User>(200)
            .run(|api, call| async move {
                let user = api.user_accounts.one_meant(call.part("id")?).await?;
                match &call.who()?.user {
                    // An API key needn't speak for somebody to read an account.
                    None => Answer::ok(&api.user_accounts.user(&user).await?),
                    Some(_) => Answer::ok(&api.reads.user(&call.caller()?, &user).await?),
                }
            }),
        Route::new(Method::GET, "/v1/me", "getMe", "Reads the caller.")
            .answers::<User>(200)
            .run(|api, call| async move {
                Answer::ok(&api.user_accounts.user(&call.caller()?.user).await?)
            }),
        Route::new(
            Method::PATCH,
            "/v1/me",
            "updateMe",
            "Changes the caller's name.",
        )
        .body::<PutUser>()
        .answers::<User>(200)
        .run(|api, call| async move {
            let request: PutUser = call.body()?;
            Answer::ok(
                &api.user_accounts
                    .rename(&call.caller()?.user, request.name)
                    .await?,
            )
        }),
        Route::new(
            Method::GET,
            "/v1/presence",
            "getPresence",
            "Reads who is online, of users who share a chat with the caller.",
        )
        .query::<PresenceQuery>()
        .answers::<PresenceAnswer>(200)
        .run(presence),
    ]
}

async fn presence(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let query: PresenceQuery = call.query()?;
    // Each id is encoded once more on its own, so that a comma within one doesn't end it.
    let ids = query
        .user_ids
        .split(',')
        .filter(|id| !id.is_empty())
        .map(|id| {
            let decoded = super::query::decode(id, false)?;
            UserId::new(&decoded).map_err(|error| Problem::field("/userIds", error.to_string()))
        });
    let users: Vec<UserId> = ids.collect::<Result<_, _>>()?;
    let users = api.reads.presence(&call.caller()?, &users).await?;
    Answer::ok(&PresenceAnswer { users })
}
