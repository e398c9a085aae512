//! The lines of a history that violations name.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::BufRead as _,
    path::Path,
};

use anyhow::Result;

use crate::{check::report::Report, verify::history_file::lines_of};

/// Lines that are shown at most: what a person reads.
const LINES: usize = 300;
/// Bytes of a line that are shown.
const BYTES: usize = 400;

/// Reads the lines that a report names.
pub(in crate::verify) fn evidence(path: &Path, report: &Report) -> Result<BTreeMap<u32, String>> {
    let named = report
        .violations()
        .flat_map(|violation| &violation.evidence);
    let mut wanted: BTreeSet<u32> = named.copied().filter(|line| *line > 0).collect();
    while wanted.len() > LINES {
        wanted.pop_last();
    }
    let mut lines = BTreeMap::new();
    let Some(last) = wanted.last().copied() else {
        return Ok(lines);
    };
    let mut source = lines_of(path)?;
    let mut line = Vec::new();
    for number in 1..=last {
        line.clear();
        source.read_until(b'\n', &mut line)?;
        if wanted.contains(&number) {
            lines.insert(number, cut(&line));
        }
    }
    Ok(lines)
}

fn cut(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line.trim_ascii_end());
    let end = text.floor_char_boundary(BYTES);
    match end < text.len() {
        true => format!("{}…", &text[..end]),
        false => text.into_owned(),
    }
}
