//! Gathers the values of all keys from defaults, the file and the environment, and keeps where each came from.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use super::{
    ConfigError,
    keys::{self, KEYS, Key},
    kind::Value,
};

/// Where a value came from; later ones win.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The table of keys.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// The program that starts the server.
    Program,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Variable(name) => out.write_str(name),
            Self::Program => out.write_str("program"),
        }
    }
}

/// Variables that begin like ours but are not keys: what commands take, and what container platforms set for a
/// service that is called chinwag.
const OTHER_VARIABLES: &[&str] = &[
    "CHINWAG_CONFIG",
    "CHINWAG_TOKEN",
    "CHINWAG_SERVER",
    "CHINWAG_PORT",
];
const OTHER_PREFIXES: &[&str] = &[
    "CHINWAG_SERVICE_",
    "CHINWAG_PORT_",
    "CHINWAG_TEST_",
    "CHINWAG_BENCH_",
];

/// The values of all keys.
#[derive(Clone)]
pub struct Settings(BTreeMap<&'static str, (Value, Origin)>);

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&super::show(self))
    }
}

impl Default for Settings {
    fn default() -> Self {
        let mut settings = Self(BTreeMap::new());
        for key in KEYS {
            if let Some(text) = key.default {
                let value = key
                    .kind
                    .read_text(text)
                    .expect("a test reads every default");
                settings.0.insert(key.name, (value, Origin::Default));
            }
        }
        settings
    }
}

impl Settings {
    /// Returns a key's value and where it came from.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&(Value, Origin)> {
        self.0.get(name)
    }

    /// Takes what a file says.
    pub fn add_file(&mut self, path: &std::path::Path, text: &str) -> Result<(), ConfigError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            detail: error.to_string(),
        })?;
        self.add_table("", &table, &Origin::File(path.to_owned()))
    }

    fn add_table(
        &mut self,
        prefix: &str,
        table: &toml::Table,
        origin: &Origin,
    ) -> Result<(), ConfigError> {
        for (name, value) in table {
            let name = format!("{prefix}{name}");
            if let Some(key) = keys::find(&name) {
                let value = key.kind.read_toml(value);
                self.set(key, value, origin.clone())?;
            } else if let toml::Value::Table(inner) = value
                && KEYS
                    .iter()
                    .any(|key| key.name.starts_with(&format!("{name}.")))
            {
                self.add_table(&format!("{name}."), inner, origin)?;
            } else {
                return Err(unknown_key(&name, origin));
            }
        }
        Ok(())
    }

    /// Takes what the environment says; an empty variable counts as unset.
    pub fn add_environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (name, text) in variables {
            if !name.starts_with("CHINWAG_") || text.is_empty() || is_other(&name) {
                continue;
            }
            let Some(key) = KEYS.iter().find(|key| key.variable() == name) else {
                return Err(ConfigError::UnknownKey {
                    nearest: keys::nearest(&name, KEYS.iter().map(Key::variable)),
                    origin: Origin::Variable(name.clone()),
                    name,
                });
            };
            self.set(key, key.kind.read_text(&text), Origin::Variable(name))?;
        }
        Ok(())
    }

    /// Takes one value as text from the program that starts the server.
    pub fn add(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let key = keys::find(name).ok_or_else(|| unknown_key(name, &Origin::Program))?;
        self.set(key, key.kind.read_text(text), Origin::Program)
    }

    fn set(
        &mut self,
        key: &'static Key,
        value: Option<Value>,
        origin: Origin,
    ) -> Result<(), ConfigError> {
        let value = value.ok_or_else(|| ConfigError::WrongKind {
            name: key.name,
            expected: key.kind.expected(),
            origin: origin.clone(),
        })?;
        self.0.insert(key.name, (value, origin));
        Ok(())
    }
}

fn is_other(name: &str) -> bool {
    OTHER_VARIABLES.contains(&name) || OTHER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn unknown_key(name: &str, origin: &Origin) -> ConfigError {
    ConfigError::UnknownKey {
        name: name.into(),
        nearest: keys::nearest(name, KEYS.iter().map(|key| key.name.to_owned())),
        origin: origin.clone(),
    }
}
