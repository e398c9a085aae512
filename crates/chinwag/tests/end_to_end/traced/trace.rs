//! What strace wrote of a process: system calls, each with the lines at which it began and ended.

use std::collections::HashMap;

/// One call that succeeded. Lines are moments: one before another means one moment before another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: String,
    /// What the first argument is, as strace tells it: a path, or the ends of a connection.
    pub(super) file: String,
    /// The bytes in quotation marks, as strace escapes them.
    pub(super) text: String,
    pub(super) began: usize,
    pub(super) ended: usize,
}

impl Call {
    pub(super) fn syncs(&self) -> bool {
        self.name == "fdatasync" || self.name == "fsync"
    }

    pub(super) fn on_journal(&self) -> bool {
        self.file.ends_with(".jnl")
    }

    pub(super) fn on_connection(&self) -> bool {
        self.file.starts_with("TCP") || self.file.starts_with("socket:")
    }
}

/// Reads a trace of `strace -f -yy`.
pub(super) fn read(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut unfinished: HashMap<&str, Call> = HashMap::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((thread, what)) = line.split_once(' ') else {
            continue;
        };
        let what = what.trim_start();
        let failed = what.contains(" = -1 ");
        if what.starts_with("<... ") {
            if let Some(mut call) = unfinished.remove(thread).filter(|_| !failed) {
                call.ended = at;
                calls.push(call);
            }
            continue;
        }
        let Some(call) = begun(what, at) else {
            continue;
        };
        if what.ends_with("<unfinished ...>") {
            unfinished.insert(thread, call);
        } else if !failed {
            calls.push(call);
        }
    }
    calls
}

fn begun(what: &str, at: usize) -> Option<Call> {
    let (name, arguments) = what.split_once('(')?;
    let (_, file) = arguments.split_once('<')?;
    let (file, rest) = split_file(file)?;
    let text = match (rest.find('"'), rest.rfind('"')) {
        (Some(first), Some(last)) if first < last => &rest[first + 1..last],
        _ => "",
    };
    Some(Call {
        name: name.to_owned(),
        file: file.to_owned(),
        text: text.to_owned(),
        began: at,
        ended: at,
    })
}

/// Splits what stands in angle brackets from the rest; a connection's arrow is no bracket.
fn split_file(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let end = from + text[from..].find('>')?;
        if !text[..end].ends_with('-') {
            return Some((&text[..end], &text[end + 1..]));
        }
        from = end + 1;
    }
}

/// Says what is wrong with the answers that carry a text: each must have left after a sync of the journal that began
/// when the text had been written there, and ended before.
pub(super) fn fault(calls: &[Call], text: &str) -> Option<String> {
    let Some(written) = appended(calls, text) else {
        return Some(format!("{text} was never written to a journal"));
    };
    let syncs = calls
        .iter()
        .filter(|call| call.syncs() && call.on_journal());
    let after = syncs.filter(|sync| sync.began > written);
    let Some(durable) = after.map(|sync| sync.ended).min() else {
        return Some(format!("{text} was never synced after line {written}"));
    };
    let told: Vec<_> = calls
        .iter()
        .filter(|call| call.on_connection() && call.text.contains(text))
        .collect();
    if told.is_empty() {
        return Some(format!("{text} was never told to anybody"));
    }
    let early = told.iter().find(|call| call.began < durable)?;
    Some(format!(
        "{text} was told at line {}, written at {written}, and durable at {durable}",
        early.began
    ))
}

/// Finds when the last byte of a text had been written to a journal, over however many calls it went.
fn appended(calls: &[Call], text: &str) -> Option<usize> {
    let mut journals: HashMap<&str, String> = HashMap::new();
    let mut writes: Vec<&Call> = calls
        .iter()
        .filter(|call| call.on_journal() && call.name.contains("write"))
        .collect();
    writes.sort_by_key(|call| call.began);
    for call in writes {
        let written = journals.entry(&call.file).or_default();
        written.push_str(&call.text);
        if written.contains(text) {
            return Some(call.ended);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPEND: &str = r#"7 write(12</d/store/0.jnl>, "\1\0m-1\3", 30) = 30"#;
    const SYNC: &str = "7 fdatasync(12</d/store/0.jnl>) = 0";
    const ACK: &str =
        r#"9 sendto(20<TCP:[127.0.0.1:80->127.0.0.1:81]>, "{\"ack\":\"m-1\"}", 9, 0) = 9"#;

    fn fault_in(lines: &[&str]) -> Option<String> {
        fault(&read(&lines.join("\n")), "m-1")
    }

    #[test]
    fn an_acknowledgement_after_the_sync_is_right_and_one_before_it_is_a_fault() {
        assert_eq!(fault_in(&[APPEND, SYNC, ACK]), None);
        assert!(fault_in(&[APPEND, ACK, SYNC]).unwrap().contains("line 1"));
        assert!(fault_in(&[ACK, APPEND, SYNC]).is_some());
        assert!(
            fault_in(&[SYNC, APPEND, ACK])
                .unwrap()
                .contains("never synced")
        );
        assert!(fault_in(&[APPEND, SYNC]).unwrap().contains("never told"));
        assert!(fault_in(&[SYNC, ACK]).unwrap().contains("never written"));
    }

    #[test]
    fn a_sync_that_began_before_the_append_or_had_not_ended_proves_nothing() {
        let began = "7 fdatasync(12</d/store/0.jnl> <unfinished ...>";
        let ended = "7 <... fdatasync resumed>) = 0";
        let append = APPEND.replace("7 ", "8 ");
        assert!(fault_in(&[began, &append, ended, ACK]).is_some());
        assert!(fault_in(&[&append, began, ACK, ended]).is_some());
        assert_eq!(fault_in(&[&append, began, ended, ACK]), None);
        let failed = "7 <... fdatasync resumed>) = -1 EIO (Input/output error)";
        assert!(fault_in(&[&append, began, failed, ACK]).is_some());
        let of_another = SYNC.replace("store/0.jnl", "high-water");
        assert!(fault_in(&[APPEND, &of_another, ACK]).is_some());
    }

    #[test]
    fn a_text_that_went_out_in_two_writes_is_there_after_the_second() {
        let first = r#"7 write(12</d/store/0.jnl>, "xxm", 3) = 3"#;
        let second = r#"7 write(12</d/store/0.jnl>, "-1yy", 4) = 4"#;
        assert_eq!(fault_in(&[first, second, SYNC, ACK]), None);
        assert!(fault_in(&[first, SYNC, second, ACK]).is_some());
    }
}
