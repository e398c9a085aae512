//! `asyncapi.json`, made of the protocol's frames.

use std::sync::LazyLock;

use bytes::Bytes;
use chinwag_proto::{
    CloseCode,
    frames::{ClientFrame, Request, SUBPROTOCOL, ServerFrame},
};
use serde_json::{Map, Value, json};

use super::schemas::Schemas;

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

/// Returns the document.
pub(super) fn bytes() -> Bytes {
    DOCUMENT.clone()
}

pub(super) fn document() -> Value {
    let mut schemas = Schemas::default();
    schemas.asked.subschema_for::<ClientFrame>();
    schemas.answered.subschema_for::<ServerFrame>();
    let schemas = schemas.into_definitions();
    let sent = messages(&schemas, "ClientFrame", "client.", Request::TYPES);
    let received = messages(&schemas, "ServerFrame", "server.", ServerFrame::TYPES);
    let references = |prefix: &str, types: &[&str]| -> Value {
        let reference =
            |name: &&str| json!({"$ref": format!("#/channels/session/messages/{prefix}{name}")});
        types.iter().map(reference).collect()
    };
    let channel: Map<String, Value> = sent
        .keys()
        .chain(received.keys())
        .map(|name| {
            (
                name.clone(),
                json!({"$ref": format!("#/components/messages/{name}")}),
            )
        })
        .collect();
    let components: Map<String, Value> = sent.into_iter().chain(received).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Chinwag",
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "Chat for teams: the WebSocket, subprotocol {SUBPROTOCOL}, one JSON object a text frame. A request \
                 carries an `id` of the client's, and its answer the same. Close codes: {}. Below 4500 a client \
                 reconnects.",
                close_codes()
            ),
        },
        "channels": {"session": {"address": "/v1/ws", "messages": channel}},
        "operations": {
            "request": {
                "action": "receive",
                "summary": "What a client sends.",
                "channel": {"$ref": "#/channels/session"},
                "messages": references("client.", Request::TYPES),
            },
            "tell": {
                "action": "send",
                "summary": "What the server sends: answers, which carry the request's id, and events.",
                "channel": {"$ref": "#/channels/session"},
                "messages": references("server.", ServerFrame::TYPES),
            },
        },
        "components": {"messages": components, "schemas": schemas},
    })
}

fn close_codes() -> String {
    use CloseCode::{
        BadToken, Draining, HeartbeatMissed, ProtocolError, Revoked, SlowConsumer, TokenExpired,
        TooManyFrames, WrongVersion,
    };
    let all = [
        TokenExpired,
        HeartbeatMissed,
        SlowConsumer,
        Draining,
        TooManyFrames,
        ProtocolError,
        BadToken,
        Revoked,
        WrongVersion,
    ];
    let texts = all
        .iter()
        .map(|code| format!("{} {}", code.code(), code.reason()));
    texts.collect::<Vec<_>>().join(", ")
}

fn messages(
    schemas: &Map<String, Value>,
    root: &str,
    prefix: &str,
    types: &[&str],
) -> Map<String, Value> {
    let message = |name: &&str| {
        // A type that isn't found keeps no payload; a test refuses that.
        let payload = payload(schemas, &schemas[root], name).unwrap_or(Value::Null);
        let key = format!("{prefix}{name}");
        (
            key,
            json!({"name": name, "contentType": "application/json", "payload": payload}),
        )
    };
    types.iter().map(message).collect()
}

/// Finds the schema of the frames with a `type`, together with what surrounds the alternatives.
fn payload(schemas: &Map<String, Value>, schema: &Value, name: &str) -> Option<Value> {
    if schema["properties"]["type"]["const"] == name {
        return Some(schema.clone());
    }
    if let Some(target) = schema["$ref"]
        .as_str()
        .and_then(|text| text.strip_prefix("#/components/schemas/"))
    {
        return payload(schemas, schemas.get(target)?, name);
    }
    let alternatives = ["oneOf", "anyOf"]
        .iter()
        .find_map(|key| schema[*key].as_array());
    let found = alternatives?
        .iter()
        .find_map(|one| payload(schemas, one, name))?;
    let mut around = schema.as_object()?.clone();
    around.remove("oneOf");
    around.remove("anyOf");
    around.remove("description");
    if around.is_empty() {
        return Some(found);
    }
    Some(json!({"allOf": [around, found]}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_described_with_its_payload_and_nothing_else_is() {
        let document = document();
        let messages = document["components"]["messages"].as_object().unwrap();
        let wanted = Request::TYPES
            .iter()
            .map(|name| format!("client.{name}"))
            .chain(
                ServerFrame::TYPES
                    .iter()
                    .map(|name| format!("server.{name}")),
            );
        let wanted: std::collections::BTreeSet<_> = wanted.collect();
        assert_eq!(
            messages
                .keys()
                .cloned()
                .collect::<std::collections::BTreeSet<_>>(),
            wanted
        );
        for (name, message) in messages {
            assert!(message["payload"].is_object(), "{name} has no payload");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
