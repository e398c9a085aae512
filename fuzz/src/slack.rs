//! An export of Slack's.

use std::io::{Cursor, Write as _};

use chinwag_core::transfer::Line;
use chinwag_slack::Export;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// Plays an input of files, each behind a line `== NAME`. What Slack says is left out or becomes lines that an import
/// reads.
pub fn slack(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for file in text.split("== ").skip(1) {
        let (name, content) = file.split_once('\n').unwrap_or((file, ""));
        if zip.start_file(name, stored).is_ok() {
            zip.write_all(content.as_bytes()).unwrap();
        }
    }
    let Ok(zip) = zip.finish() else {
        return;
    };
    let bytes = zip.get_ref().len() as u64;
    let Ok((export, _)) = Export::over(zip, bytes, true) else {
        return;
    };
    let mut lines = Vec::new();
    let _ = export.send(&mut lines);
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let read = Line::read(line);
        assert!(read.is_ok(), "{read:?}: {}", String::from_utf8_lossy(line));
    }
}
