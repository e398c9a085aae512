//! A message as an export has it, and the line that it becomes.

use chinwag_core::model::Deletion;
use chinwag_core::transfer::{EventBody, EventLine, Line, MembershipLine, MessageLine};
use chinwag_proto::{Timestamp, UserId, shapes::MembershipChange};
use serde::Deserialize;

use super::{
    channel::Channel,
    content::said,
    people::{People, Profile},
};

/// A message as an export has it: what Chinwag has no place for is left unread.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SlackMessage {
    pub(crate) subtype: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) bot_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) user_profile: Option<Profile>,
    pub(crate) inviter: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) ts: String,
    pub(crate) thread_ts: Option<String>,
    pub(crate) reply_count: Option<u64>,
    pub(crate) edited: Option<SlackEdited>,
    pub(crate) reactions: Vec<SlackReaction>,
    pub(crate) files: Vec<SlackFile>,
    pub(crate) attachments: Vec<SlackAttachment>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SlackEdited {
    pub(crate) ts: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SlackReaction {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) users: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SlackFile {
    pub(crate) name: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) permalink: Option<String>,
    pub(crate) url_private: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SlackAttachment {
    pub(crate) fallback: Option<String>,
    pub(crate) pretext: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) text: Option<String>,
}

/// What becomes of a message.
pub(crate) enum Converted {
    /// A line, and one before it that names its user.
    Line(Option<Line>, Box<EventLine>),
    /// It says nothing of its own: the log of a change, told with the message that was changed.
    LeftOut,
}

/// Makes a line of a message. The error is for a person.
pub(crate) fn convert(
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

/// Reads Slack's times: seconds since 1970, a point, and six digits.
pub(crate) fn time(ts: &str) -> Option<Timestamp> {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, "0"));
    let seconds: i64 = seconds.parse().ok()?;
    let digits: String = rest.chars().chain("000".chars()).take(3).collect();
    let millis: i64 = digits.parse().ok().filter(|millis| *millis >= 0)?;
    let seconds = seconds.checked_mul(1_000)?;
    Timestamp::from_told_millis(seconds.checked_add(millis)?)
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
            ("1577836860001.000", None),
        ] {
            assert_eq!(time(ts).map(Timestamp::unix_millis), millis, "{ts}");
        }
    }
}
