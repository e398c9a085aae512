//! Requests to the HTTP API.

use chinwag_proto::Problem;

use crate::stage;

/// Plays an input that is a request: `user POST /v1/messages` (or `app`, by an API key, or `nobody`), then its body from
/// the second line on.
pub fn bodies(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let head = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let body = parts.next().unwrap_or_default();
    let mut words = head.splitn(3, ' ');
    let (Some(who), Some(method), Some(path)) = (words.next(), words.next(), words.next()) else {
        return;
    };
    stage::play(async |stage| {
        let credential = match who {
            "user" => Some(stage.token.clone()),
            "app" => Some(stage.key.clone()),
            _ => None,
        };
        let path = stage.fill(path);
        let body = match std::str::from_utf8(body) {
            Ok(text) => stage.fill(text).into_bytes(),
            Err(_) => body.to_vec(),
        };
        let asked = stage.ask(method, &path, credential.as_deref(), body);
        let Some(reply) = asked.await else {
            return;
        };
        assert_ne!(reply.status, 500, "{reply:?}");
        let is_refused = reply.status >= 400;
        assert_eq!(reply.is_problem, is_refused, "{reply:?}");
        if is_refused {
            let problem: Problem = serde_json::from_value(reply.body).unwrap();
            assert_eq!(problem.status, reply.status);
        }
    });
}
