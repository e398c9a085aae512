//! Messages as the engine takes them: two lines of JSON each, what to do and the document.

use bytes::Bytes;
use chinwag_core::{ports::SearchDocument, search::analyze};
use serde::Serialize;

use super::{Options, layout};

#[derive(Serialize)]
struct Action {
    index: Target,
}

#[derive(Serialize)]
struct Target {
    #[serde(rename = "_id")]
    id: String,
    version: u64,
    version_type: &'static str,
}

/// A message; of a deleted one only where it stood.
#[derive(Serialize)]
struct Row<'a> {
    id: u64,
    chat: String,
    seq: u64,
    time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

/// Writes messages in parts that fit into a request each, one part at a time.
pub(super) struct Parts<'a> {
    documents: std::slice::Iter<'a, SearchDocument>,
    max_bytes: usize,
    max_documents: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn of(documents: &'a [SearchDocument], options: &Options) -> Self {
        Self {
            documents: documents.iter(),
            max_bytes: options.bulk_bytes,
            max_documents: options.bulk_documents,
        }
    }
}

impl Iterator for Parts<'_> {
    type Item = Bytes;

    /// Writes until the part has so many bytes or documents: it is larger than asked for by one message at most.
    fn next(&mut self) -> Option<Bytes> {
        let mut lines = Vec::new();
        for document in self.documents.by_ref().take(self.max_documents) {
            write(document, &mut lines);
            if lines.len() >= self.max_bytes {
                break;
            }
        }
        (!lines.is_empty()).then(|| lines.into())
    }
}

fn write(document: &SearchDocument, lines: &mut Vec<u8>) {
    let action = Action {
        index: Target {
            id: document.id.to_string(),
            version: document.change_seq.0,
            version_type: "external",
        },
    };
    let content = document.content.as_deref();
    let row = Row {
        id: document.id.0,
        chat: document.chat.to_string(),
        seq: document.seq.0,
        time: document.timestamp.unix_millis(),
        sender: content.map(|_| document.sender.as_str()),
        content: content.map(|content| layout::written(&analyze(content))),
    };
    let infallible = "plain fields are written to memory";
    serde_json::to_writer(&mut *lines, &action).expect(infallible);
    lines.push(b'\n');
    serde_json::to_writer(&mut *lines, &row).expect(infallible);
    lines.push(b'\n');
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{ChatId, EventId, Seq, Timestamp, UserId};

    use super::*;

    fn document(seq: u64, content: Option<&str>) -> SearchDocument {
        SearchDocument {
            id: EventId(1 << 60 | seq),
            chat: ChatId(7),
            seq: Seq(seq),
            sender: UserId::new("ana").unwrap(),
            timestamp: Timestamp::from_unix_millis(5),
            content: content.map(Into::into),
            change_seq: Seq(9),
        }
    }

    fn parts(documents: &[SearchDocument], max_bytes: usize, max_documents: usize) -> Vec<String> {
        let options = Options {
            bulk_bytes: max_bytes,
            bulk_documents: max_documents,
            ..Options::at(Vec::new())
        };
        let parts = Parts::of(documents, &options);
        parts
            .map(|part| String::from_utf8(part.into()).unwrap())
            .collect()
    }

    #[test]
    fn a_deleted_message_leaves_nothing_of_what_it_said() {
        let documents = [document(1, Some("Hi there")), document(2, None)];
        let text = &parts(&documents, usize::MAX, usize::MAX)[0];
        let wanted = concat!(
            r#"{"index":{"_id":"1152921504606846977","version":9,"version_type":"external"}}"#,
            "\n",
            r#"{"id":1152921504606846977,"chat":"7","seq":1,"time":5,"sender":"ana","content":"hi. there."}"#,
            "\n",
            r#"{"index":{"_id":"1152921504606846978","version":9,"version_type":"external"}}"#,
            "\n",
            r#"{"id":1152921504606846978,"chat":"7","seq":2,"time":5}"#,
            "\n",
        );
        assert_eq!(text, wanted);
    }

    #[test]
    fn requests_are_bounded_by_bytes_and_by_documents() {
        let documents: Vec<_> = (1..=7).map(|seq| document(seq, Some("word"))).collect();
        let all = parts(&documents, usize::MAX, usize::MAX).concat();
        let lines = |part: &String| part.lines().count() / 2;
        for (bytes, count, wanted) in [
            (usize::MAX, 3, vec![3, 3, 1]),
            (usize::MAX, 7, vec![7]),
            (1, usize::MAX, vec![1; 7]),
            (all.len() / 3, usize::MAX, vec![3, 3, 1]),
        ] {
            let parts = parts(&documents, bytes, count);
            assert_eq!(parts.iter().map(lines).collect::<Vec<_>>(), wanted);
            assert_eq!(parts.concat(), all);
        }
        assert!(parts(&[], 1, 1).is_empty());
    }
}
