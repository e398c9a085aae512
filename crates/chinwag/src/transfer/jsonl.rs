//! Lines of JSON: sent as they are, whole ones only.

use std::io::{Read, Write as _};

use anyhow::{Result, anyhow};

use super::{feed::Feed, source::Source};

const BUFFER_BYTES: usize = 64 * 1024;

/// Sends a file's lines. Where the file breaks off, what is there of the last line is not sent.
pub(crate) fn send(mut source: Source, feed: &mut Feed) -> Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut begun: Vec<u8> = Vec::new();
    let mut lines = 0_u64;
    loop {
        let read = match source.reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => &buffer[..read],
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(anyhow!("the file breaks off after line {lines}: {error}"));
            }
        };
        let Some(end) = read.iter().rposition(|byte| *byte == b'\n') else {
            begun.extend_from_slice(read);
            if begun.len() > chinwag_server::transfer::MAX_LINE_BYTES {
                // It is refused however it ends, and need not be held.
                feed.write_all(&begun)?;
                begun.clear();
            }
            continue;
        };
        let (whole, rest) = read.split_at(end + 1);
        lines += whole.iter().filter(|byte| **byte == b'\n').count() as u64;
        feed.write_all(&begun)?;
        feed.write_all(whole)?;
        begun.clear();
        begun.extend_from_slice(rest);
        if source.bytes.is_none() {
            // Whoever writes into a pipe may wait to see this line arrive.
            feed.flush()?;
        }
    }
    feed.write_all(&begun)?;
    Ok(())
}
