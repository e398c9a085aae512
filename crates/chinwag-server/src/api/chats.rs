//! `/chats`.

use std::sync::Arc;

use chinwag_core::owner::{Command, NewGroup};
use chinwag_proto::{
    ChatId, Problem,
    http::{ChatsPage, ChatsQuery, CreateChat, EventsPage, EventsQuery, UpdateChat},
    shapes::Chat,
};
use http::Method;

use super::{Api, answer::Answer, call::Call, route::Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::POST,
            "/v1/chats",
            "createChat",
            "Makes a group, or gives the direct chat with a user, made where there is none.",
        )
        .body::<CreateChat>()
        .large()
        .answers::<Chat>(201)
        .run(create),
        Route::new(
            Method::GET,
            "/v1/chats",
            "listChats",
            "Reads the caller's chats, latest message first.",
        )
        .query::<ChatsQuery>()
        .answers::<ChatsPage>(200)
        .run(|api, call| async move {
            Answer::ok(&api.reads.chats(&call.caller()?, call.query()?).await?)
        }),
        Route::new(
            Method::GET,
            "/v1/chats/{id}",
            "getChat",
            "Reads one chat with up to 100 members.",
        )
        .answers::<Chat>(200)
        .run(|api, call| async move {
            Answer::ok(&api.reads.chat(&call.caller()?, call.part("id")?).await?)
        }),
        Route::new(
            Method::PATCH,
            "/v1/chats/{id}",
            "updateChat",
            "Changes a group's name or rule.",
        )
        .body::<UpdateChat>()
        .answers::<Chat>(200)
        .run(update),
        Route::new(
            Method::DELETE,
            "/v1/chats/{id}",
            "deleteChat",
            "Deletes a group, for all.",
        )
        .run(delete),
        Route::new(
            Method::GET,
            "/v1/chats/{id}/events",
            "listEvents",
            "Reads the places after one, gap-free.",
        )
        .query::<EventsQuery>()
        .answers::<EventsPage>(200)
        .run(|api, call| async move {
            let chat = call.part("id")?;
            Answer::ok(
                &api.reads
                    .events(&call.caller()?, chat, call.query()?)
                    .await?,
            )
        }),
    ]
}

async fn create(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let caller = call.caller()?;
    let chat = match call.body()? {
        CreateChat::Direct { user_id, .. } => {
            let user = api.user_accounts.one_meant(user_id).await?;
            api.owner.create_direct(&caller, &user).await?
        }
        CreateChat::Group {
            name,
            members,
            history_visible,
            client_id,
        } => {
            let group = NewGroup {
                name,
                members: api.user_accounts.meant(members).await?,
                history_visible,
                client_id,
            };
            api.owner.create_group(&caller, group).await?
        }
    };
    Answer::created(&api.reads.chat(&caller, chat).await?)
}

async fn update(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let caller = call.caller()?;
    let chat: ChatId = call.part("id")?;
    let request: UpdateChat = call.body()?;
    let command = Command::Update {
        name: request.name,
        history_visible: request.history_visible,
        client_id: request.client_id,
    };
    api.owner.execute(&caller, chat, command).await?;
    Answer::ok(&api.reads.chat(&caller, chat).await?)
}

async fn delete(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    api.owner
        .execute(&call.caller()?, call.part("id")?, Command::DeleteChat)
        .await?;
    Ok(Answer::none())
}
