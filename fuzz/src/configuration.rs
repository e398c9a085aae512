//! A configuration file and the environment.

use std::path::Path;

use chinwag_server::config::{Config, ConfigError, KEYS, Settings, Value, show};

/// Plays an input that is a configuration file; lines before one of `---` are variables of the environment. What is wrong
/// is told, and no secret is.
pub fn configuration(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (environment, file) = text.split_once("---\n").unwrap_or(("", &text));
    let mut settings = Settings::default();
    let read = settings
        .add_file(Path::new("chinwag.toml"), file)
        .and_then(|()| {
            let variables = environment.lines().filter_map(|line| line.split_once('='));
            settings.add_environment(variables.map(|(name, value)| (name.into(), value.into())))
        });
    let shown = show(&settings);
    for key in KEYS.iter().filter(|key| key.secret) {
        if let Some((Value::Text(_), _)) = settings.get(key.name) {
            assert!(
                shown.contains(&format!("{} = \"***\"", key.name)),
                "{shown}"
            );
        }
    }
    let made = read.and_then(|()| Config::from_settings(settings));
    if let Err(error) = made {
        assert!(!error.to_string().is_empty());
        assert!(!matches!(error, ConfigError::Unreadable { .. }), "{error}");
    }
}
