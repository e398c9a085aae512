//! `chinwag doctor`

use std::{io::IsTerminal as _, sync::Arc};

use anyhow::{Result, bail};
use chinwag_core::{Clock, SystemClock};
use chinwag_server::{
    checkup::{self, Finding, Verdict},
    config::Config,
};

/// Look at everything that is configured, and say what may go wrong and what to do. Changes nothing.
///
/// This machine's disk and limits, keys, each engine (versions, copies, clocks, disks), and the other nodes. It ends with
/// 1 where something doesn't work; warnings alone are no failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let findings = checkup::examine(&config, &clock).await;
    let errors = count(&findings, Verdict::Error);
    let warnings = count(&findings, Verdict::Warning);
    if arguments.json {
        let report = serde_json::json!({
            "ok": errors == 0,
            "errors": errors,
            "warnings": warnings,
            "findings": findings,
        });
        println!("{report:#}");
    } else {
        let colours = std::io::stdout().is_terminal();
        for finding in &findings {
            println!("{}", line(finding, colours));
        }
    }
    if errors > 0 {
        bail!("{errors} things would keep the server from working");
    }
    Ok(())
}

fn count(findings: &[Finding], verdict: Verdict) -> usize {
    let of = findings.iter().filter(|finding| finding.verdict == verdict);
    of.count()
}

fn line(finding: &Finding, colours: bool) -> String {
    let (word, colour) = match finding.verdict {
        Verdict::Ok => ("ok", 32),
        Verdict::Warning => ("warning", 33),
        Verdict::Error => ("error", 31),
    };
    let word = format!("{word:<7}");
    let word = if colours {
        format!("\x1b[{colour}m{word}\x1b[0m")
    } else {
        word
    };
    let Finding { about, found, .. } = finding;
    let advice = finding.advice.as_ref();
    let advice = advice.map_or_else(String::new, |advice| format!(" → {advice}"));
    format!("{word} {about:<13} {found}{advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_with_what_to_do() {
        let finding = Finding::warning("kafka", "one copy", "have three");
        assert_eq!(
            line(&finding, false),
            "warning kafka         one copy → have three"
        );
    }
}
