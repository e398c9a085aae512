//! Errors as clients see them: RFC 9457 with a code for the machine and a sentence for the person.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = ($status:literal, $title:literal),)*) => {
        /// What went wrong, as a name that a program can rely on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// Every code there is.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name,)*];

            /// Returns the HTTP status that goes with the code.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// Returns the code's title, the same each time.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

error_codes! {
    /// The body or frame is not well-formed JSON in UTF-8.
    BadJson = (400, "Malformed JSON"),
    /// A field is missing, unknown, of the wrong kind or out of bounds; `errors` points at each.
    BadRequest = (400, "Bad request"),
    /// A cursor is neither a time with a zone nor the id of an event of this chat.
    BadCursor = (400, "Bad cursor"),
    /// A search query has nothing to search for.
    BadQuery = (400, "Bad query"),
    /// The UUIDv7 of a new message lies more than two minutes in the future: correct the clock, take a new id.
    ClientIdFromFuture = (400, "clientId from the future"),
    /// A request for the WebSocket isn't one that RFC 6455 lets be upgraded.
    BadHandshake = (400, "Bad WebSocket handshake"),
    /// A request's head is larger than its limit.
    HeadTooLarge = (431, "Request head too large"),
    /// A text, body, frame or list is larger than its limit.
    TooLarge = (413, "Too large"),
    /// A frame of a type that this server doesn't know.
    UnknownType = (400, "Unknown frame type"),
    /// No credential, or none that is valid.
    Unauthorized = (401, "Unauthorized"),
    /// Name and password don't belong together.
    BadCredentials = (401, "Wrong name or password"),
    /// The user is disabled.
    Disabled = (403, "Account disabled"),
    /// The caller is known but may not do this.
    Forbidden = (403, "Forbidden"),
    /// The request comes from a page whose origin is not allowed.
    ForbiddenOrigin = (403, "Origin not allowed"),
    /// There is no such chat, message, session or page for this caller.
    NotFound = (404, "Not found"),
    /// There is no such user.
    UnknownUser = (404, "Unknown user"),
    /// The method doesn't fit the thing, such as deleting a direct chat.
    NotAllowed = (405, "Not allowed"),
    /// The name is taken, or too like one that is.
    NameTaken = (409, "Name taken"),
    /// The same `clientId` came with other content.
    IdempotencyConflict = (409, "clientId used for another request"),
    /// The message was deleted.
    MessageDeleted = (409, "Message deleted"),
    /// The change contradicts what the chat is now.
    Conflict = (409, "Conflict"),
    /// The client speaks another version of the protocol.
    WrongVersion = (426, "Upgrade required"),
    /// More requests than the rate allows.
    RateLimited = (429, "Too many requests"),
    /// Something failed in the server that a retry may not mend; `requestId` finds it in the log.
    Internal = (500, "Internal error"),
    /// It is not known whether the request took effect: repeat it with the same `clientId`.
    UnknownOutcome = (503, "Outcome unknown"),
    /// More work is waiting than the server takes on.
    Overloaded = (503, "Overloaded"),
    /// The disk is full: reading goes on, writing comes back when there is room.
    StorageFull = (503, "Storage full"),
    /// Another node owns the chat at this moment.
    NotOwner = (503, "Not the owner"),
    /// A part of the server that this request needs is away.
    Unavailable = (503, "Unavailable"),
    /// The data is open for reading only.
    ReadOnly = (503, "Read only"),
}

impl ErrorCode {
    /// Returns whether the same request may succeed later.
    #[must_use]
    pub const fn retryable(self) -> bool {
        matches!(self.status(), 429 | 503)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(out)
    }
}

/// One field that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// What is wrong with it, for a person.
    pub detail: String,
}

/// An error answer: `application/problem+json`, and the `error` of an error frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{code}: {detail}")]
pub struct Problem {
    /// Names the kind of problem: `about:blank` followed by nothing; `code` tells more.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code's title.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, for a person.
    pub detail: String,
    /// What happened, for a program.
    pub code: ErrorCode,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// How long to wait before that, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The server's time, where the client's clock is the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_time: Option<crate::Timestamp>,
    /// Each field that was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Finds the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// Makes a problem from its code and a sentence for a person.
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".into(),
            title: code.title().into(),
            status: code.status(),
            detail: detail.into(),
            code,
            retryable: code.retryable(),
            retry_after_ms: None,
            server_time: None,
            errors: Vec::new(),
            request_id: None,
        }
    }

    /// Makes a `badRequest` about one field.
    #[must_use]
    pub fn field(pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let sentence = format!(
            "{}: {detail}",
            if pointer.is_empty() {
                "the body"
            } else {
                pointer
            }
        );
        let mut problem = Self::new(ErrorCode::BadRequest, sentence);
        problem.errors.push(FieldError {
            pointer: pointer.into(),
            detail,
        });
        problem
    }

    /// Adds how long to wait before trying again.
    #[must_use]
    pub fn retry_after(mut self, millis: u64) -> Self {
        self.retry_after_ms = Some(millis);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_retryable_codes_are_those_of_the_protocol() {
        for code in [
            ErrorCode::UnknownOutcome,
            ErrorCode::Overloaded,
            ErrorCode::StorageFull,
            ErrorCode::NotOwner,
        ] {
            assert!(code.retryable() && code.status() == 503);
        }
        assert!(!ErrorCode::ClientIdFromFuture.retryable());
    }

    #[test]
    fn a_problem_reads_as_rfc_9457() {
        let json = serde_json::to_value(Problem::field("/content", "is empty")).unwrap();
        assert_eq!(json["code"], "badRequest");
        assert_eq!(json["status"], 400);
        assert_eq!(json["errors"][0]["pointer"], "/content");
        assert_eq!(json["retryable"], false);
    }
}
