//! The report as a person reads it.

use std::fmt::{self, Display, Formatter};

use super::{Report, Run, Verdict};

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(run) = &self.run {
            run.fmt(out)?;
        }
        self.check.fmt(out)?;
        if !self.evidence.is_empty() {
            writeln!(out, "evidence:")?;
            for (number, line) in &self.evidence {
                writeln!(out, "  {number}: {line}")?;
            }
        }
        if let Some(path) = &self.history {
            writeln!(out, "history: {}", path.display())?;
        }
        match self.verdict {
            Verdict::Kept => writeln!(out, "every promise that was looked at was kept"),
            Verdict::Broken if self.check.passed() => {
                writeln!(out, "A USER WAS TOLD WHAT NOBODY SHOULD BE")
            }
            Verdict::Broken => writeln!(out, "A PROMISE WAS BROKEN"),
            Verdict::Unproven => {
                let rules = self.missing.join(", ");
                writeln!(out, "nothing is proven: no occasion to check {rules}")
            }
        }
    }
}

impl Display for Run {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let settings = &self.settings;
        let nodes = match settings.nodes {
            1 => String::new(),
            nodes => format!(" and {nodes} nodes"),
        };
        writeln!(
            out,
            "{}{nodes}: {} users, {} groups, {} changes/s for {} s, seed {}; {:.0} s in all, {} connections",
            self.url,
            settings.users,
            settings.groups,
            settings.rate,
            settings.duration,
            settings.seed,
            self.seconds,
            self.connections,
        )?;
        let faults = self.faults.iter();
        let faults: Vec<String> = faults
            .map(|(fault, times)| format!("{times} × {fault}"))
            .collect();
        match faults.is_empty() {
            true => writeln!(out, "faults: none")?,
            false => writeln!(out, "faults: {}", faults.join(", "))?,
        }
        if let Some(planted) = &self.planted {
            let (plant, breaches) = (planted.plant, planted.breaches);
            writeln!(out, "planted: {plant:?}, {breaches} times")?;
        }
        writeln!(
            out,
            "{} messages acknowledged; {} requests were asked again; the longest wait for an answer was {:.1} s",
            self.messages,
            self.asked_again,
            self.longest_wait_ms as f64 / 1_000.0,
        )?;
        let surprises = &self.surprises;
        if surprises.count > 0 {
            writeln!(out, "nobody expected, {} times:", surprises.count)?;
            for what in &surprises.told {
                writeln!(out, "  {what}")?;
            }
        }
        Ok(())
    }
}
