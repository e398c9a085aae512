//! `/sessions`: the caller's own connections.

use std::sync::Arc;

use chinwag_core::ports::BusMessage;
use chinwag_proto::{
    CloseCode, ErrorCode, Problem, SessionId, UserId, http::Sessions, shapes::Session,
};
use http::Method;

use super::{Api, answer::Answer, call::Call, route::Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::GET,
            "/v1/sessions",
            "listSessions",
            "Reads the caller's sessions.",
        )
        .answers::<Sessions>(200)
        .run(list),
        Route::new(
            Method::DELETE,
            "/v1/sessions",
            "endSessions",
            "Ends all of the caller's sessions.",
        )
        .run(|api, call| async move {
            close(&api, &call.caller()?.user, None).await;
            Ok(Answer::none())
        }),
        Route::new(
            Method::DELETE,
            "/v1/sessions/{id}",
            "endSession",
            "Ends one of the caller's sessions.",
        )
        .run(end),
    ]
}

async fn sessions(api: &Api, user: &UserId) -> Result<Vec<Session>, Problem> {
    let read = api.presence.sessions(user).await?;
    let shape = |location: chinwag_core::ports::SessionLocation| Session {
        id: location.session,
        device_id: location.device,
        connected_at: location.connected_at,
        current: false,
    };
    Ok(read.into_iter().map(shape).collect())
}

async fn list(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let sessions = sessions(&api, &call.caller()?.user).await?;
    Answer::ok(&Sessions { sessions })
}

async fn end(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    let user = call.caller()?.user;
    let session: SessionId = call.part("id")?;
    if !sessions(&api, &user)
        .await?
        .iter()
        .any(|own| own.id == session)
    {
        return Err(Problem::new(
            ErrorCode::NotFound,
            "there is no such session of yours",
        ));
    }
    close(&api, &user, Some(session)).await;
    Ok(Answer::none())
}

async fn close(api: &Api, user: &UserId, session: Option<SessionId>) {
    let message = BusMessage::Close {
        user: user.clone(),
        session,
        except: None,
        issued_before: None,
        issued_at: None,
        code: CloseCode::Revoked,
    };
    api.delivery
        .to_users(std::slice::from_ref(user), message)
        .await;
}
