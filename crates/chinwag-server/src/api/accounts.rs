//! `/auth`: stand-alone accounts, and logging out.

use chinwag_proto::http::{ChangePassword, Login, Register, TokenAnswer};
use http::Method;

use super::{
    answer::Answer,
    route::{Route, Who},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::POST,
            "/v1/auth/register",
            "register",
            "Makes an account and signs in.",
        )
        .who(Who::Anyone)
        .body::<Register>()
        .answers::<TokenAnswer>(201)
        .run(|api, call| async move {
            Answer::created(&api.user_accounts.register(call.body()?).await?)
        }),
        Route::new(
            Method::POST,
            "/v1/auth/login",
            "login",
            "Signs in with a password.",
        )
        .who(Who::Anyone)
        .body::<Login>()
        .answers::<TokenAnswer>(200)
        .run(|api, call| async move {
            Answer::ok(&api.user_accounts.login(call.body::<Login>()?).await?)
        }),
        Route::new(
            Method::POST,
            "/v1/auth/refresh",
            "refresh",
            "Gives a fresh token for one that holds.",
        )
        .answers::<TokenAnswer>(200)
        .run(|api, call| async move { Answer::ok(&api.user_accounts.refresh(call.who()?).await?) }),
        Route::new(
            Method::POST,
            "/v1/auth/password",
            "changePassword",
            "Changes the own password; every token so far is revoked and its sessions close.",
        )
        .body::<ChangePassword>()
        .answers::<TokenAnswer>(200)
        .run(|api, call| async move {
            let request: ChangePassword = call.body()?;
            Answer::ok(
                &api.user_accounts
                    .change_password(call.who()?, request)
                    .await?,
            )
        }),
        Route::new(
            Method::POST,
            "/v1/auth/logout",
            "logout",
            "Ends the token that asks; its sessions close.",
        )
        .run(|api, call| async move {
            api.user_accounts.logout(call.who()?).await?;
            Ok(Answer::none())
        }),
    ]
}
