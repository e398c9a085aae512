//! Writes the configuration for people: what holds, and the example file.

use std::fmt::Write as _;

use super::{
    keys::{KEYS, Key},
    kind::{Kind, Value},
    settings::Settings,
};

/// Writes every key with its value and where the value came from; secrets masked.
#[must_use]
pub fn show(settings: &Settings) -> String {
    let mut text = String::new();
    for key in KEYS {
        let line = match settings.get(key.name) {
            None => format!("# {} is not set", key.name),
            Some((_, origin)) if key.secret => format!("{} = \"***\"  # {origin}", key.name),
            Some((value, origin)) => format!("{} = {}  # {origin}", key.name, literal(value)),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Writes the documented example: every key with its default.
#[must_use]
pub fn example() -> String {
    let mut text = String::from(
        "# Chinwag's configuration. Every key is here with its default; a key without one stands behind a #.\n\
         # Each can also be set by the environment variable named beside it, which wins over this file.\n\
         # `chinwag config` prints what holds and where it came from.\n",
    );
    let mut table = "";
    for key in KEYS {
        let (key_table, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        if key_table != table {
            let _ = write!(text, "\n[{key_table}]\n");
            table = key_table;
        } else {
            text.push('\n');
        }
        let _ = writeln!(text, "# {}", key.doc);
        let _ = writeln!(text, "# {} ({})", key.variable(), key.kind.expected());
        let _ = writeln!(text, "{}", example_line(key, name));
    }
    text
}

fn example_line(key: &Key, name: &str) -> String {
    match key.default {
        None => format!("# {name} = \"\""),
        // A size or time reads better as the table has it than as a bare number.
        Some(default) if matches!(key.kind, Kind::Bytes | Kind::Time) => {
            format!("{name} = {default:?}")
        }
        Some(default) => {
            let value = key
                .kind
                .read_text(default)
                .expect("a test reads every default");
            format!("{name} = {}", literal(&value))
        }
    }
}

/// Writes a value as TOML.
fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        Value::List(items) => toml::Value::from(items.clone()).to_string(),
        Value::Number(number) => number.to_string(),
        Value::Time(time) => format!("\"{}\"", time_text(time.as_millis())),
        Value::Flag(flag) => flag.to_string(),
    }
}

fn time_text(millis: u128) -> String {
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ];
    let exact = units
        .iter()
        .find(|(size, _)| millis >= *size && millis.is_multiple_of(*size));
    exact.map_or_else(
        || format!("{millis}ms"),
        |(size, unit)| format!("{}{unit}", millis / size),
    )
}
