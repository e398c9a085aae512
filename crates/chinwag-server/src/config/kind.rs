//! What kinds of value a key takes, read from TOML and from text alike.

use std::time::Duration;

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A path, relative to where the server starts.
    Path,
    /// A host and a port; port 0 takes a free one.
    Address,
    /// Texts; in a variable separated by commas.
    List,
    /// A whole number within bounds, both included.
    Count(u64, u64),
    /// A number of bytes: a whole number, or one with `KiB`, `MiB`, `GiB`.
    Bytes,
    /// A length of time: a whole number with `ms`, `s`, `m`, `h` or `d`.
    Time,
    /// Yes or no.
    Flag,
    /// One of a few words.
    Word(&'static [&'static str]),
}

/// A value that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Of [`Kind::Text`], [`Kind::Path`], [`Kind::Address`], [`Kind::Word`].
    Text(String),
    /// Of [`Kind::List`].
    List(Vec<String>),
    /// Of [`Kind::Count`], [`Kind::Bytes`].
    Number(u64),
    /// Of [`Kind::Time`].
    Time(Duration),
    /// Of [`Kind::Flag`].
    Flag(bool),
}

impl Kind {
    /// Says what is expected, for a person.
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Path => "a path".into(),
            Self::Address => "an address such as \"127.0.0.1:8080\"".into(),
            Self::List => "a list of texts (in a variable: separated by commas)".into(),
            Self::Count(low, high) => format!("a whole number from {low} to {high}"),
            Self::Bytes => "a number of bytes such as 65536 or \"64KiB\"".into(),
            Self::Time => {
                "a length of time such as \"500ms\", \"30s\", \"5m\", \"24h\", \"7d\"".into()
            }
            Self::Flag => "true or false".into(),
            Self::Word(words) => {
                let quoted: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                format!("one of {}", quoted.join(", "))
            }
        }
    }

    /// Reads a value of this kind from text; none where it isn't one.
    #[must_use]
    pub fn read_text(self, text: &str) -> Option<Value> {
        match self {
            Self::Text | Self::Path => Some(Value::Text(text.into())),
            Self::Address => is_address(text).then(|| Value::Text(text.into())),
            Self::Word(words) => words.contains(&text).then(|| Value::Text(text.into())),
            Self::List => {
                let items = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                Some(Value::List(items.map(str::to_owned).collect()))
            }
            Self::Count(low, high) => {
                let number = text.parse().ok()?;
                (low..=high)
                    .contains(&number)
                    .then_some(Value::Number(number))
            }
            Self::Bytes => read_bytes(text).map(Value::Number),
            Self::Time => read_time(text).map(Value::Time),
            Self::Flag => text.parse().ok().map(Value::Flag),
        }
    }

    /// Reads a value of this kind from TOML; none where it isn't one.
    #[must_use]
    pub fn read_toml(self, value: &toml::Value) -> Option<Value> {
        match (self, value) {
            (Self::Flag, toml::Value::Boolean(flag)) => Some(Value::Flag(*flag)),
            (Self::Count(..) | Self::Bytes, toml::Value::Integer(number)) => {
                self.read_text(&number.to_string())
            }
            (Self::List, toml::Value::Array(items)) => {
                let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
                texts.collect::<Option<_>>().map(Value::List)
            }
            (Self::Count(..) | Self::Flag | Self::List, _) => None,
            (_, toml::Value::String(text)) => self.read_text(text),
            _ => None,
        }
    }
}

/// Checks `HOST:PORT` without resolving the host.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

fn read_bytes(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor: u64 = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn read_time(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    // A hundred years keeps every sum with a clock within bounds.
    let length = number.checked_mul(millis)?;
    (length <= 36_500 * 86_400_000).then(|| Duration::from_millis(length))
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_times_are_read_with_their_unit() {
        assert_eq!(Kind::Bytes.read_text("64KiB"), Some(Value::Number(65_536)));
        assert_eq!(Kind::Bytes.read_text("12"), Some(Value::Number(12)));
        assert_eq!(Kind::Bytes.read_text("64kb"), None);
        assert_eq!(Kind::Bytes.read_text("99999999999GiB"), None);
        let day = Value::Time(Duration::from_secs(86_400));
        assert_eq!(Kind::Time.read_text("24h"), Some(day));
        assert_eq!(Kind::Time.read_text("24"), None);
        assert_eq!(Kind::Time.read_text("-1s"), None);
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        assert_eq!(
            Kind::Flag.read_toml(&toml::Value::String("true".into())),
            None
        );
        assert_eq!(Kind::Count(1, 9).read_toml(&toml::Value::Integer(-1)), None);
        assert_eq!(
            Kind::Count(1, 9).read_toml(&toml::Value::String("1".into())),
            None
        );
        assert_eq!(Kind::Text.read_toml(&toml::Value::Integer(1)), None);
        assert_eq!(Kind::Address.read_text("8080"), None);
        assert_eq!(Kind::Address.read_text("localhost:99999"), None);
        assert!(Kind::Address.read_text("[::1]:0").is_some());
    }
}
