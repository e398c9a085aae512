//! `/search`.

use chinwag_proto::http::{SearchAnswer, SearchQuery};
use http::Method;

use super::{answer::Answer, route::Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::GET,
            "/v1/search",
            "search",
            "Finds messages that the caller may read, by their words.",
        )
        .query::<SearchQuery>()
        .answers::<SearchAnswer>(200)
        .run(|api, call| async move {
            Answer::ok(&api.reads.search(&call.caller()?, call.query()?).await?)
        }),
    ]
}
