//! What only an API key may do to accounts.

use std::sync::Arc;

use chinwag_core::owner::{Caller, Command};
use chinwag_proto::{ErrorCode, Problem, UserId, http::PutUser, shapes::User};
use http::{Method, StatusCode};

use super::{
    Api,
    answer::Answer,
    call::Call,
    route::{Route, Who},
};

/// Memberships read at a time.
const PAGE: usize = 200;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::PUT,
            "/v1/users/{id}",
            "putUser",
            "Makes a user, or changes the name.",
        )
        .who(Who::ApiKey)
        .body::<PutUser>()
        .answers::<User>(201)
        .answers::<User>(200)
        .run(put),
        Route::new(
            Method::DELETE,
            "/v1/users/{id}",
            "deleteUser",
            "Ends a user's memberships and sessions and removes the account; messages stay.",
        )
        .who(Who::ApiKey)
        .run(delete),
        Route::new(
            Method::POST,
            "/v1/users/{id}/disable",
            "disableUser",
            "Locks a user out; all sessions close.",
        )
        .who(Who::ApiKey)
        .answers::<User>(200)
        .run(|api, call| async move {
            Answer::ok(
                &api.user_accounts
                    .set_disabled(&call.part("id")?, true)
                    .await?,
            )
        }),
        Route::new(
            Method::POST,
            "/v1/users/{id}/enable",
            "enableUser",
            "Lets a user in again.",
        )
        .who(Who::ApiKey)
        .answers::<User>(200)
        .run(|api, call| async move {
            Answer::ok(
                &api.user_accounts
                    .set_disabled(&call.part("id")?, false)
                    .await?,
            )
        }),
        Route::new(
            Method::POST,
            "/v1/users/{id}/revoke",
            "revokeTokens",
            "Revokes all tokens issued before now; their sessions close.",
        )
        .who(Who::ApiKey)
        .answers::<User>(200)
        .run(|api, call| async move {
            Answer::ok(&api.user_accounts.revoke(&call.part("id")?).await?)
        }),
    ]
}

async fn put(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let request: PutUser = call.body_or_default()?;
    let (user, made) = api
        .user_accounts
        .put_user(&call.part("id")?, request.name)
        .await?;
    let status = if made {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Answer::json(status, &user)
}

async fn delete(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let user: UserId = call.part("id")?;
    api.user_accounts.user(&user).await?;
    // Locked out first, so that no membership comes back while they end.
    api.user_accounts.set_disabled(&user, true).await?;
    end_memberships(&api, &user).await?;
    api.user_accounts.remove(&user).await?;
    Ok(Answer::none())
}

async fn end_memberships(api: &Arc<Api>, user: &UserId) -> Result<(), Problem> {
    let caller = Caller {
        user: user.clone(),
        session: None,
        api_key: true,
    };
    let mut after = None;
    loop {
        let read = api.directory.chats_of(user, after, PAGE).await;
        let page = read?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(last.member.chat);
        for membership in page.iter().filter(|membership| membership.member.active) {
            let command = Command::RemoveMember {
                user: user.clone(),
                client_id: None,
            };
            match api
                .owner
                .execute(&caller, membership.member.chat, command)
                .await
            {
                Ok(_) => {}
                // One never leaves a direct chat; a chat that is gone has no members.
                Err(problem)
                    if matches!(problem.code, ErrorCode::NotAllowed | ErrorCode::NotFound) => {}
                Err(problem) => return Err(problem),
            }
        }
    }
}
