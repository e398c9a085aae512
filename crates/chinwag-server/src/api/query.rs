//! Reads a query into its type, strictly: unknown and repeated fields are refused, numbers are numbers.

use chinwag_proto::{ErrorCode, Problem};
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads a query; the fields that exist are those of the type's schema.
///
/// Errors: `badRequest` pointing at the field.
pub(crate) fn read<T: DeserializeOwned + JsonSchema>(query: &str) -> Result<T, Problem> {
    let schema = SchemaGenerator::default()
        .into_root_schema_for::<T>()
        .to_value();
    let mut fields = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name, true)?;
        let pointer = format!("/{name}");
        let Some(field) = schema["properties"].get(&name) else {
            return Err(Problem::field(&pointer, unknown(&schema)));
        };
        let value = typed(&schema, field, decode(text, true)?, &pointer)?;
        if fields.insert(name, value).is_some() {
            return Err(Problem::field(&pointer, "stands twice"));
        }
    }
    chinwag_proto::json::read(Value::Object(fields).to_string().as_bytes())
}

fn unknown(schema: &Value) -> String {
    let known = schema["properties"]
        .as_object()
        .map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    match known {
        Some(names) if !names.is_empty() => {
            format!("is unknown here; known are {}", names.join(", "))
        }
        _ => "is unknown; nothing can be asked for here".into(),
    }
}

fn typed(schema: &Value, field: &Value, text: String, pointer: &str) -> Result<Value, Problem> {
    if has_type(schema, field, "integer") {
        let number: i64 = text
            .parse()
            .map_err(|_| Problem::field(pointer, "expected a whole number"))?;
        return Ok(number.into());
    }
    if has_type(schema, field, "boolean") {
        let flag: bool = text
            .parse()
            .map_err(|_| Problem::field(pointer, "expected true or false"))?;
        return Ok(flag.into());
    }
    Ok(text.into())
}

/// Tells whether a schema allows a type, looking through references and alternatives.
fn has_type(root: &Value, schema: &Value, wanted: &str) -> bool {
    if let Some(reference) = schema["$ref"]
        .as_str()
        .and_then(|text| text.strip_prefix('#'))
    {
        return root
            .pointer(reference)
            .is_some_and(|target| has_type(root, target, wanted));
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        return alternatives.iter().any(|one| has_type(root, one, wanted));
    }
    match &schema["type"] {
        Value::String(one) => one == wanted,
        Value::Array(several) => several.iter().any(|one| one == wanted),
        _ => false,
    }
}

/// Decodes percent signs; in forms a plus is a space, in paths it is a plus.
pub(super) fn decode(text: &str, form: bool) -> Result<String, Problem> {
    let malformed = || {
        Problem::new(
            ErrorCode::BadRequest,
            "the address has a malformed percent-encoding",
        )
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (
                    digit().ok_or_else(malformed)?,
                    digit().ok_or_else(malformed)?,
                );
                u8::try_from(high * 16 + low).map_err(|_| malformed())?
            }
            b'+' if form => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use chinwag_proto::http::{EventsQuery, HistoryQuery, PageQuery, SearchQuery};

    use super::*;

    #[test]
    fn a_query_is_read_into_its_type() {
        let query: HistoryQuery =
            read("chatId=42&limit=7&before=2026-01-31T12%3A00%3A00%2B01%3A00").unwrap();
        assert_eq!(query.chat_id.0, 42);
        assert_eq!(query.limit, Some(7));
        assert_eq!(query.before.as_deref(), Some("2026-01-31T12:00:00+01:00"));
        let query: EventsQuery = read("after=3&epoch=2").unwrap();
        assert_eq!(
            (query.after.0, query.epoch.map(|epoch| epoch.0)),
            (3, Some(2))
        );
        let query: SearchQuery = read("q=a+b%26c").unwrap();
        assert_eq!(query.q, "a b&c");
    }

    #[test]
    fn what_does_not_fit_is_refused_where_it_stands() {
        for (text, pointer) in [
            ("limit=-1", "/limit"),
            ("limit=x", "/limit"),
            ("limit=", "/limit"),
            ("limit=1e3", "/limit"),
            ("limit=99999999999999999999", "/limit"),
            ("limit=4294967296", "/limit"),
            ("limt=1", "/limt"),
            ("limit=1&limit=2", "/limit"),
        ] {
            let problem = read::<PageQuery>(text).expect_err(text);
            assert_eq!(problem.errors[0].pointer, pointer, "{text}");
        }
        assert!(read::<PageQuery>("cursor=%zz").is_err());
        assert!(read::<PageQuery>("cursor=%ff").is_err());
        assert!(read::<HistoryQuery>("chatId=1&colour=1").is_err());
        assert!(read::<HistoryQuery>("limit=1").is_err());
    }
}
