//! Reads JSON from strangers: every refusal says where and why.

use serde::de::DeserializeOwned;

use crate::problem::{ErrorCode, Problem};

/// Reads a body or frame; refuses what isn't UTF-8, isn't JSON, or doesn't fit `T`.
///
/// Depth is bounded by the parser (128 levels); lone surrogates and duplicate fields are refused.
/// Errors: `badJson` for what isn't JSON, `badRequest` with a JSON pointer for what doesn't fit.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Problem::new(
            ErrorCode::BadJson,
            format!("not UTF-8 from byte {} on", error.valid_up_to()),
        )
    })?;
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        if inner.is_data() {
            Problem::field(&pointer, without_position(&inner))
        } else {
            malformed(&inner)
        }
    })?;
    parser.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(ErrorCode::BadJson, format!("not well-formed JSON: {error}"))
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ")
        .map_or(text.clone(), |(start, _)| start.to_owned())
}

/// Writes a path as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")))
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::SendMessage;

    fn refused(text: &[u8]) -> Problem {
        read::<SendMessage>(text).expect_err("must be refused")
    }

    #[test]
    fn a_refusal_points_at_the_field() {
        let problem = refused(br#"{"chatId":"1","content":"x","mentions":["ok",""]}"#);
        assert_eq!(problem.code, ErrorCode::BadRequest);
        assert_eq!(problem.errors[0].pointer, "/mentions/1");
    }

    #[test]
    fn unknown_and_duplicate_fields_are_refused() {
        assert_eq!(
            refused(br#"{"chatId":"1","content":"x","colour":1}"#).code,
            ErrorCode::BadRequest
        );
        assert_eq!(
            refused(br#"{"chatId":"1","content":"x","content":"y"}"#).code,
            ErrorCode::BadRequest
        );
    }

    #[test]
    fn what_is_not_json_in_utf_8_is_refused() {
        assert_eq!(
            refused(b"{\"chatId\":\"1\",\"content\":\"\xff\"}").code,
            ErrorCode::BadJson
        );
        assert_eq!(
            refused(br#"{"chatId":"1","content":"\ud800"}"#).code,
            ErrorCode::BadJson
        );
        assert_eq!(
            refused(br#"{"chatId":"1","content":"x"} x"#).code,
            ErrorCode::BadJson
        );
        assert_eq!(refused("[".repeat(100_000).as_bytes()).status, 400);
    }
}
