//! `openapi.json`, made of the table of routes.

use std::sync::LazyLock;

use bytes::Bytes;
use chinwag_proto::Problem;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{
    route::{Route, SchemaOf, Who, routes},
    schemas::Schemas,
};

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

/// Returns the document.
pub(super) fn bytes() -> Bytes {
    DOCUMENT.clone()
}

pub(super) fn document() -> Value {
    let mut schemas = Schemas::default();
    let problem = schemas.answered.subschema_for::<Problem>().to_value();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes() {
        let operation = operation(&route, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Chinwag",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Chat for teams: the HTTP API. The WebSocket is described in /asyncapi.json.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas.into_definitions(),
            "responses": {"problem": {
                "description": "What went wrong (RFC 9457).",
                "content": {"application/problem+json": {"schema": problem}},
            }},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "apiKey": {"type": "http", "scheme": "bearer", "description": "A key of the app's own backend, ck_…; \
                    with the header Chinwag-User (percent-encoded) it speaks for a user."},
            },
        },
    })
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    for (status, schema) in &route.answers {
        let mut response = json!({"description": describe(*status)});
        if let Some(schema) = schema {
            response["content"] =
                json!({"application/json": {"schema": schema(&mut schemas.answered)}});
        }
        responses.insert(status.to_string(), response);
    }
    responses.insert(
        "default".into(),
        json!({"$ref": "#/components/responses/problem"}),
    );
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": responses,
        "security": match route.who {
            Who::Anyone => json!([]),
            Who::User => json!([{"token": []}, {"apiKey": []}]),
            Who::ApiKey => json!([{"apiKey": []}]),
        },
    });
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": body(&mut schemas.asked)}},
        });
    }
    operation
}

fn describe(status: u16) -> &'static str {
    match status {
        201 => "It was made.",
        204 => "It is done.",
        503 => "Clients are not served.",
        _ => "It is so.",
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let names = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = names
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    if let Some(query) = route.query {
        parameters.extend(query_parameters(query));
    }
    if route.who == Who::User {
        parameters.push(json!({
            "name": "Chinwag-User",
            "in": "header",
            "required": false,
            "description": "With an API key: the user it speaks for, percent-encoded.",
            "schema": {"type": "string"},
        }));
    }
    parameters
}

fn query_parameters(query: SchemaOf) -> Vec<Value> {
    // Inline, since each field becomes a parameter of its own.
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.inline_subschemas = true;
        })
        .into_generator();
    let schema = query(&mut generator).to_value();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let fields = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let parameter = |(name, mut field): (String, Value)| {
        let description = field
            .as_object_mut()
            .and_then(|field| field.remove("description"));
        json!({
            "name": name,
            "in": "query",
            "required": required.iter().any(|one| *one == json!(name)),
            "description": description,
            "schema": field,
        })
    };
    fields.into_iter().map(parameter).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn described() -> BTreeSet<(String, String)> {
        let document = document();
        let paths = document["paths"].as_object().unwrap().clone();
        let pairs = paths.into_iter().flat_map(|(path, operations)| {
            let methods: Vec<_> = operations.as_object().unwrap().keys().cloned().collect();
            methods
                .into_iter()
                .map(move |method| (method.to_uppercase(), path.clone()))
        });
        pairs.collect()
    }

    #[test]
    fn every_route_is_described_and_nothing_else_is() {
        let table: BTreeSet<_> = routes()
            .iter()
            .map(|route| (route.method.to_string(), route.path.to_owned()))
            .collect();
        assert_eq!(described(), table);
    }

    /// The protocol's own table, method by method.
    #[test]
    fn every_route_of_the_protocol_is_there() {
        let protocol = "
            POST /v1/auth/register, POST /v1/auth/login, POST /v1/auth/refresh, POST /v1/auth/password,
            POST /v1/auth/logout, POST /v1/messages, GET /v1/messages, GET /v1/messages/{id},
            PATCH /v1/messages/{id}, DELETE /v1/messages/{id}, GET /v1/messages/{id}/versions,
            PUT /v1/messages/{id}/reactions/{key}, DELETE /v1/messages/{id}/reactions/{key},
            POST /v1/chats, GET /v1/chats, GET /v1/chats/{id}, PATCH /v1/chats/{id}, DELETE /v1/chats/{id},
            GET /v1/chats/{id}/members, POST /v1/chats/{id}/members, PUT /v1/chats/{id}/members/{userId},
            DELETE /v1/chats/{id}/members/{userId}, GET /v1/chats/{id}/events, PUT /v1/chats/{id}/read,
            PUT /v1/chats/{id}/delivered, GET /v1/chats/{id}/receipts, PUT /v1/chats/{id}/preferences,
            POST /v1/sync, GET /v1/users, GET /v1/users/{id}, GET /v1/me, PATCH /v1/me, GET /v1/sessions,
            DELETE /v1/sessions, DELETE /v1/sessions/{id}, PUT /v1/users/{id}, DELETE /v1/users/{id},
            POST /v1/users/{id}/disable, POST /v1/users/{id}/enable, POST /v1/users/{id}/revoke,
            GET /v1/presence, GET /v1/search, POST /v1/devices, GET /v1/devices, DELETE /v1/devices/{id}, GET /v1/push,
            GET /healthz, GET /readyz, GET /openapi.json, GET /asyncapi.json";
        let wanted: BTreeSet<_> = protocol
            .split(',')
            .map(|line| {
                let (method, path) = line.trim().split_once(' ').unwrap();
                (method.to_owned(), path.to_owned())
            })
            .collect();
        assert_eq!(described(), wanted);
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
        let document = document();
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let pointer = part.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        let names: BTreeSet<_> = routes().iter().map(|route| route.operation).collect();
        assert_eq!(names.len(), routes().len());
    }
}
