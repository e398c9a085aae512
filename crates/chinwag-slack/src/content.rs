//! What a message says: its text, what stands for one, its reactions, and what else is kept of it.

use chinwag_core::transfer::{Edited, MessageLine, Reactions};
use chinwag_proto::Metadata;
use serde_json::{Map, Value, json};

use super::{
    channel::Channel,
    emoji,
    message::{SlackFile, SlackMessage, time},
    people::People,
    text,
};

/// Bytes of metadata: the protocol's limit.
const METADATA_BYTES: usize = 4 * 1024;

/// Makes the line's own part of a message. The error is for a person.
pub(crate) fn said(
    message: &SlackMessage,
    subtype: &str,
    channel: &mut Channel,
    people: &People,
) -> Result<MessageLine, String> {
    let mut said = text::plain(message.text.as_deref().unwrap_or_default(), people);
    said.text = emoji::in_text(&said.text);
    if said.text.trim().is_empty() {
        said.text = instead_of_text(message, people);
    }
    if said.text.is_empty() {
        return Err("it has no text, and nothing that stands for one".into());
    }
    let starts_thread = message.thread_ts.as_ref() == Some(&message.ts)
        || message.reply_count.is_some_and(|count| count > 0);
    let reply_to = message.thread_ts.as_ref().filter(|ts| **ts != message.ts);
    let reactions = message.reactions.iter().map(|reaction| Reactions {
        key: emoji::reaction(&reaction.name),
        users: reaction
            .users
            .iter()
            .filter_map(|id| people.called(id))
            .collect(),
    });
    Ok(MessageLine {
        text: said.text,
        mentions: said.mentions,
        id: channel.label(&message.ts, starts_thread),
        reply_to: reply_to.and_then(|ts| channel.answered(ts)),
        metadata: metadata(message, subtype),
        edited: message.edited.as_ref().and_then(|edited| {
            Some(Edited {
                at: time(&edited.ts)?,
                versions: Vec::new(),
            })
        }),
        reactions: merged(reactions),
        ..MessageLine::default()
    })
}

/// Puts reactions together that are the same here.
fn merged(reactions: impl Iterator<Item = Reactions>) -> Vec<Reactions> {
    let mut merged: Vec<Reactions> = Vec::new();
    for reaction in reactions {
        match merged.iter_mut().find(|there| there.key == reaction.key) {
            Some(there) => there.users.extend(reaction.users),
            None => merged.push(reaction),
        }
    }
    merged
}

/// What stands for the text of a message that has none: what an app attached, or the names of its files.
fn instead_of_text(message: &SlackMessage, people: &People) -> String {
    let attached = message.attachments.iter().filter_map(|attached| {
        let parts = [&attached.pretext, &attached.title, &attached.text];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        match parts.iter().all(|part| part.is_empty()) {
            true => attached.fallback.clone(),
            false => Some(parts.join("\n")),
        }
    });
    let attached = attached.map(|markup| text::plain(&markup, people).text);
    let files = message.files.iter().filter_map(file_name);
    let parts: Vec<String> = attached
        .chain(files)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("\n")
}

fn file_name(file: &SlackFile) -> Option<String> {
    file.name.clone().or_else(|| file.title.clone())
}

/// Keeps what kind of message it was, and where its files are; files that find no room are left out.
fn metadata(message: &SlackMessage, subtype: &str) -> Metadata {
    let mut slack = Map::new();
    let is_usual = matches!(
        subtype,
        "" | "thread_broadcast" | "bot_message" | "file_share"
    );
    if !is_usual {
        slack.insert("subtype".into(), subtype.into());
    }
    let files = message.files.iter().filter_map(|file| {
        let address = file.permalink.as_ref().or(file.url_private.as_ref())?;
        Some(json!({"name": file_name(file), "url": address}))
    });
    let mut files: Vec<Value> = files.collect();
    loop {
        if !files.is_empty() {
            slack.insert("files".into(), files.clone().into());
        }
        if slack.is_empty() {
            return Metadata::default();
        }
        let text = json!({"slack": slack}).to_string();
        if text.len() <= METADATA_BYTES
            && let Ok(metadata) = text.parse()
        {
            return metadata;
        }
        slack.remove("files");
        if files.pop().is_none() {
            return Metadata::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_stays_within_the_protocols_limit() {
        let file = || SlackFile {
            name: Some("a".repeat(300)),
            permalink: Some("https://a.org/".into()),
            ..SlackFile::default()
        };
        let message = SlackMessage {
            files: (0..40).map(|_| file()).collect(),
            ..SlackMessage::default()
        };
        let text = metadata(&message, "").to_text();
        assert!(
            text.len() <= METADATA_BYTES && text.len() > 3_000,
            "{}",
            text.len()
        );
    }
}
