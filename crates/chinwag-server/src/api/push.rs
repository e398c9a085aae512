//! `/push`: which devices this server tells of messages, and how a browser subscribes.

use std::sync::Arc;

use chinwag_proto::{Problem, http::PushOffer};
use http::Method;

use super::{Api, answer::Answer, call::Call, route::Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::GET,
            "/v1/push",
            "readPush",
            "Tells which kinds of device are told of messages, and the key that browsers subscribe with.",
        )
        .answers::<PushOffer>(200)
        .run(offer),
    ]
}

async fn offer(api: Arc<Api>, call: Call) -> Result<Answer, Problem> {
    call.caller()?;
    Answer::ok(&PushOffer {
        kinds: api.senders.kinds(),
        vapid_public_key: api.senders.vapid_public_key().map(str::to_owned),
    })
}
