//! Runs as a file names them: TOML, in the words of the command line.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use serde::Deserialize;
use toml::{Table, Value};

use super::options::Scenario;

/// Runs of one file: it is read by a person.
const RUNS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    run: Vec<Table>,
}

/// What the command line would say of one run.
#[derive(Parser)]
#[command(name = "run", no_binary_name = true)]
struct Words {
    #[command(subcommand)]
    scenario: Scenario,
}

/// Reads the runs of a file, in order.
///
/// Each `[[run]]` has a `scenario` and, by their names without dashes before them, the options of that scenario's
/// command; what is left out is as it is there. Errors name the run that can't be read.
pub fn read(path: &Path) -> Result<Vec<Scenario>> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("can't read {}", path.display()))?;
    parse(&text).with_context(|| format!("in {}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Scenario>> {
    let file: File = toml::from_str(text)?;
    ensure!(file.run.len() <= RUNS, "more than {RUNS} runs");
    let runs = file.run.iter().zip(1..);
    runs.map(|(run, nth)| scenario(run).with_context(|| format!("run {nth}")))
        .collect()
}

fn scenario(run: &Table) -> Result<Scenario> {
    let name = run.get("scenario").and_then(Value::as_str);
    let mut words = vec![name.context("names no scenario")?.to_owned()];
    for (key, value) in run.iter().filter(|(key, _)| *key != "scenario") {
        let flag = format!("--{}", key.replace('_', "-"));
        match value {
            Value::Boolean(true) => words.push(flag),
            Value::Boolean(false) => {}
            Value::Integer(number) => words.extend([flag, number.to_string()]),
            Value::Float(number) => words.extend([flag, number.to_string()]),
            Value::String(text) => words.extend([flag, text.clone()]),
            _ => bail!("{key} is neither a number, a text nor true or false"),
        }
    }
    match Words::try_parse_from(words) {
        Ok(words) => Ok(words.scenario),
        Err(refused) => bail!("{}", first_line(&refused.to_string())),
    }
}

/// What follows it is about a command line that nobody typed.
fn first_line(told: &str) -> &str {
    let line = told.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_the_command_line_would() {
        let runs = parse(
            "[[run]]\nscenario = 'direct'\nconnections = 1000\nrate = 250.5\n\
             [[run]]\nscenario = \"group\"\nmembers = 10\nno_bare = true\nduration = 2\n\
             [[run]]\nscenario = 'history'\nmessages = 70\npage = 20\nrate = 9.5\n",
        );
        let runs = runs.unwrap();
        let [
            Scenario::Direct(direct),
            Scenario::Group(group),
            Scenario::History(history),
        ] = &runs[..]
        else {
            panic!("{runs:?}");
        };
        assert_eq!((history.filled.messages, history.page), (70, 20));
        assert!((history.asks.rate - 9.5).abs() < 1e-9);
        assert_eq!((direct.connections, direct.pace.rate), (1_000, Some(250.5)));
        assert!(
            (direct.times.duration - 10.0).abs() < 1e-9,
            "the default holds"
        );
        assert!(group.no_bare);
        assert!((group.times.duration - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, wanted) in [
            ("[[run]]\nconnections = 1\n", "names no scenario"),
            ("[[run]]\nscenario = 'nobody'\n", "nobody"),
            (
                "[[run]]\nscenario = 'direct'\n[[run]]\nscenario = 'idle'\nspeed = 3\n",
                "run 2",
            ),
            (
                "[[run]]\nscenario = 'direct'\nconnections = 1\n",
                "--connections",
            ),
            (
                "[[run]]\nscenario = 'direct'\nconnections = [1]\n",
                "neither",
            ),
            ("[[runs]]\nscenario = 'direct'\n", "runs"),
        ] {
            let told = format!("{:#}", parse(text).unwrap_err());
            assert!(told.contains(wanted), "{told:?} names {wanted:?}");
        }
    }
}
