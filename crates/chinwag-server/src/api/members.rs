//! `/chats/{id}/members`.

use std::sync::Arc;

use chinwag_core::owner::{Command, Outcome};
use chinwag_proto::{
    ChatId, ErrorCode, Problem, UserId,
    http::{AddMembers, ClientIdQuery, MembersPage, PageQuery, PutMember},
    shapes::{Event, Role},
};
use http::Method;

use super::{Api, answer::Answer, call::Call, route::Route};

const ONE: &str = "/v1/chats/{id}/members/{userId}";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::GET,
            "/v1/chats/{id}/members",
            "listMembers",
            "Reads a page of a chat's members.",
        )
        .query::<PageQuery>()
        .answers::<MembersPage>(200)
        .run(|api, call| async move {
            let chat = call.part("id")?;
            Answer::ok(
                &api.reads
                    .members(&call.caller()?, chat, call.query()?)
                    .await?,
            )
        }),
        Route::new(
            Method::POST,
            "/v1/chats/{id}/members",
            "addMembers",
            "Adds users, as one event.",
        )
        .body::<AddMembers>()
        .large()
        .answers::<Event>(200)
        .run(add),
        Route::new(
            Method::PUT,
            ONE,
            "putMember",
            "Adds one user, or changes a member's role.",
        )
        .body::<PutMember>()
        .answers::<Event>(200)
        .run(put),
        Route::new(
            Method::DELETE,
            ONE,
            "removeMember",
            "Removes a member; oneself: leaves.",
        )
        .query::<ClientIdQuery>()
        .answers::<Event>(200)
        .run(remove),
    ]
}

async fn add(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let request: AddMembers = call.body()?;
    if request.user_ids.len() > api.limits.members_per_request as usize {
        let detail = format!("at most {} users at once", api.limits.members_per_request);
        return Err(Problem::field("/userIds", detail));
    }
    let users = api.user_accounts.meant(request.user_ids).await?;
    require_users(&api, &users).await?;
    let command = Command::AddMembers {
        users,
        role: Role::Member,
        client_id: request.client_id,
    };
    execute(&api, &call, command).await
}

async fn put(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let user = api.user_accounts.one_meant(call.part("userId")?).await?;
    let request: PutMember = call.body()?;
    require_users(&api, std::slice::from_ref(&user)).await?;
    let command = Command::PutMember {
        user,
        role: request.role,
        client_id: request.client_id,
    };
    execute(&api, &call, command).await
}

async fn remove(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let query: ClientIdQuery = call.query()?;
    let command = Command::RemoveMember {
        user: api.user_accounts.one_meant(call.part("userId")?).await?,
        client_id: query.client_id,
    };
    execute(&api, &call, command).await
}

async fn execute(api: &Arc<Api>, call: &Call, command: Command) -> Result<Answer, Problem> {
    let chat: ChatId = call.part("id")?;
    match api.owner.execute(&call.caller()?, chat, command).await? {
        Outcome::Event { event, .. } => Answer::ok(&event),
        Outcome::Message { .. } | Outcome::Done => Ok(Answer::none()),
    }
}

/// Checks that users exist, as the owner expects of its callers.
async fn require_users(api: &Api, users: &[UserId]) -> Result<(), Problem> {
    let found = api.accounts.users(users).await?;
    let missing = users.iter().zip(&found).find(|(_, row)| row.is_none());
    match missing {
        None => Ok(()),
        Some((user, _)) => {
            let detail = format!("there is no user {:?}", user.as_str());
            Err(Problem::new(ErrorCode::UnknownUser, detail))
        }
    }
}
