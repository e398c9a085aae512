//! A message as an export has it, and the line that it becomes.

use chinwag_core::model::Deletion;
use chinwag_core::transfer::{
    Edited, EventBody, EventLine, Line, MembershipLine, MessageLine, Reactions,
};
use chinwag_proto::{Metadata, Timestamp, UserId, shapes::MembershipChange};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    channel::Channel,
    emoji,
    people::{People, Profile},
    text,
};

/// Bytes of metadata: the protocol's limit.
const METADATA_BYTES: usize = 4 * 1024;

/// A message as an export has it: what Chinwag has no place for is left unread.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SlackMessage {
    subtype: Option<String>,
    user: Option<String>,
    bot_id: Option<String>,
    username: Option<String>,
    user_profile: Option<Profile>,
    inviter: Option<String>,
    text: Option<String>,
    ts: String,
    thread_ts: Option<String>,
    reply_count: Option<u64>,
    edited: Option<SlackEdited>,
    reactions: Vec<SlackReaction>,
    files: Vec<SlackFile>,
    attachments: Vec<SlackAttachment>,
}

#[derive(Debug, Deserialize)]
struct SlackEdited {
    ts: String,
}

#[derive(Debug, Deserialize)]
struct SlackReaction {
    name: String,
    #[serde(default)]
    users: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SlackFile {
    name: Option<String>,
    title: Option<String>,
    permalink: Option<String>,
    url_private: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SlackAttachment {
    fallback: Option<String>,
    pretext: Option<String>,
    title: Option<String>,
    text: Option<String>,
}

/// What becomes of a message.
pub(super) enum Converted {
    /// A line, and one before it that names its user.
    Line(Option<Line>, Box<EventLine>),
    /// It says nothing of its own: the log of a change, told with the message that was changed.
    LeftOut,
}

/// Makes a line of a message. The error is for a person.
pub(super) fn convert(
    message: SlackMessage,
    channel: &mut Channel,
    people: &mut People,
) -> Result<Converted, String> {
    let subtype = message.subtype.as_deref().unwrap_or_default();
    if matches!(
        subtype,
        "message_changed" | "message_deleted" | "message_replied"
    ) {
        return Ok(Converted::LeftOut);
    }
    let at = time(&message.ts).ok_or_else(|| format!("its ts {:?} is no time", message.ts))?;
    let (user, named) = sender(&message, people)?;
    let body = match subtype {
        "channel_join" | "group_join" | "mpim_join" => {
            let by = message.inviter.as_deref().and_then(|id| people.called(id));
            let line = membership(MembershipChange::Added, &user);
            channel.joined(&user);
            return Ok(Converted::Line(
                named,
                Box::new(channel.line(at, by.unwrap_or(user), EventBody::Membership(line))),
            ));
        }
        "channel_leave" | "group_leave" => {
            channel.left(&user);
            EventBody::Membership(membership(MembershipChange::Left, &user))
        }
        "tombstone" => EventBody::Message(Box::new(MessageLine {
            id: channel.label(&message.ts, true),
            deleted: Some(Deletion {
                at,
                by: user.clone(),
            }),
            ..MessageLine::default()
        })),
        _ => EventBody::Message(Box::new(said(&message, subtype, channel, people)?)),
    };
    if matches!(body, EventBody::Message(_)) {
        channel.spoke(&user);
    }
    Ok(Converted::Line(
        named,
        Box::new(channel.line(at, user, body)),
    ))
}

fn membership(change: MembershipChange, user: &UserId) -> MembershipLine {
    MembershipLine {
        change,
        users: vec![user.clone()],
        role: None,
        heir: None,
    }
}

/// Returns who sent a message: a user, a bot with a user, a bot without one, or whoever an app says.
fn sender(message: &SlackMessage, people: &mut People) -> Result<(UserId, Option<Line>), String> {
    let ids = [&message.user, &message.bot_id, &message.username];
    let known = ids.into_iter().flatten().find(|id| people.knows(id));
    let id = known.or_else(|| ids.into_iter().flatten().find(|id| !id.is_empty()));
    let id = id.ok_or("it names no user")?;
    let profile = message.user_profile.as_ref().and_then(Profile::name);
    let name = profile.or_else(|| message.username.as_deref().and_then(super::people::shown));
    let line = people.meet(id, name);
    let user = people
        .called(id)
        .ok_or_else(|| format!("{id:?} is no user id"))?;
    Ok((user, line))
}

fn said(
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

/// Reads Slack's times: seconds since 1970, a point, and six digits.
fn time(ts: &str) -> Option<Timestamp> {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, "0"));
    let seconds: i64 = seconds.parse().ok()?;
    let digits: String = rest.chars().chain("000".chars()).take(3).collect();
    let millis: i64 = digits.parse().ok().filter(|millis| *millis >= 0)?;
    let seconds = seconds.checked_mul(1_000)?;
    Some(Timestamp::from_unix_millis(seconds.checked_add(millis)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_millisecond() {
        for (ts, millis) in [
            ("1577836800.000200", Some(1_577_836_800_000)),
            ("1577836800.123456", Some(1_577_836_800_123)),
            ("1577836800", Some(1_577_836_800_000)),
            ("1577836800.5", Some(1_577_836_800_500)),
            ("", None),
            ("x", None),
            ("1.-2", None),
            ("9223372036854775807.0", None),
        ] {
            assert_eq!(time(ts).map(Timestamp::unix_millis), millis, "{ts}");
        }
    }

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
