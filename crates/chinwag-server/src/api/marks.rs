//! A member's own marks and settings in a chat, and everybody's receipts.

use std::sync::Arc;

use chinwag_core::owner::Command;
use chinwag_proto::{
    Problem,
    http::{PageQuery, Preferences, PutDelivered, PutRead, ReceiptsPage},
};
use http::Method;

use super::{Api, answer::Answer, call::Call, route::Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::PUT,
            "/v1/chats/{id}/read",
            "putRead",
            "Moves the caller's read mark.",
        )
        .body::<PutRead>()
        .run(read),
        Route::new(
            Method::PUT,
            "/v1/chats/{id}/delivered",
            "putDelivered",
            "Moves the caller's delivered mark.",
        )
        .body::<PutDelivered>()
        .run(delivered),
        Route::new(
            Method::GET,
            "/v1/chats/{id}/receipts",
            "listReceipts",
            "Reads the members' marks.",
        )
        .query::<PageQuery>()
        .answers::<ReceiptsPage>(200)
        .run(|api, call| async move {
            let chat = call.part("id")?;
            Answer::ok(
                &api.reads
                    .receipts(&call.caller()?, chat, call.query()?)
                    .await?,
            )
        }),
        Route::new(
            Method::PUT,
            "/v1/chats/{id}/preferences",
            "putPreferences",
            "Sets the caller's own settings of a chat, as a whole.",
        )
        .body::<Preferences>()
        .run(|api, call| async move {
            let chat = call.part("id")?;
            api.reads
                .set_preferences(&call.caller()?, chat, call.body()?)
                .await?;
            Ok(Answer::none())
        }),
    ]
}

async fn read(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let request: PutRead = call.body()?;
    let command = Command::Read {
        message: request.last_read_message_id,
        unread: request.unread,
    };
    mark(&api, &call, command).await
}

async fn delivered(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let request: PutDelivered = call.body()?;
    let command = Command::Delivered {
        message: request.delivered_message_id,
    };
    mark(&api, &call, command).await
}

async fn mark(api: &Arc<Api>, call: &Call, command: Command) -> Result<Answer, Problem> {
    api.owner
        .execute(&call.caller()?, call.part("id")?, command)
        .await?;
    Ok(Answer::none())
}
