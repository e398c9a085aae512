//! A line of the format: read from JSON and written to it.

use chinwag_proto::{
    Metadata, Problem, Timestamp, UserId, json,
    shapes::{MembershipChange, Role},
};
use serde::{Deserialize, Serialize};

use super::fields::Fields;
use crate::model::Deletion;

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A user's name.
    User(UserLine),
    /// Something that happened in a chat.
    Event(EventLine),
}

/// A user who has a name, or who is locked out.
#[derive(Debug, Clone, PartialEq)]
pub struct UserLine {
    /// The user.
    pub user: UserId,
    /// The name that people see.
    pub name: Option<String>,
    /// Whether the account is disabled.
    pub disabled: bool,
}

/// Something that happened in a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct EventLine {
    /// The chat as the file names it.
    pub chat: String,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub user: UserId,
    /// What.
    pub body: EventBody,
}

/// What happened in a chat.
#[derive(Debug, Clone, PartialEq)]
pub enum EventBody {
    /// A message.
    Message(Box<MessageLine>),
    /// Members came, went or changed roles.
    Membership(MembershipLine),
}

/// A message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MessageLine {
    /// The text; empty where it was deleted.
    pub text: String,
    /// What later lines of this chat call it.
    pub id: Option<String>,
    /// The `id` of the line that it answers, before it in the same chat.
    pub reply_to: Option<String>,
    /// Whom it mentions.
    pub mentions: Vec<UserId>,
    /// What the app attached.
    pub metadata: Metadata,
    /// When the client said it was written.
    pub client_timestamp: Option<Timestamp>,
    /// When it was last edited, and what it was before.
    pub edited: Option<Edited>,
    /// When and by whom it was deleted.
    pub deleted: Option<Deletion>,
    /// Who reacted with what, keys in the order in which they first came.
    pub reactions: Vec<Reactions>,
}

/// When a message was edited, and what it was before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Edited {
    /// When it was last edited.
    pub at: Timestamp,
    /// Its earlier texts, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<TextVersion>,
}

/// An earlier text of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextVersion {
    /// The text.
    pub text: String,
    /// Since when it was so.
    pub at: Timestamp,
}

/// Who reacted to a message with one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reactions {
    /// The reaction, most often an emoji.
    pub key: String,
    /// Who.
    pub users: Vec<UserId>,
}

/// Members that came, went or changed roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MembershipLine {
    /// What changed.
    pub change: MembershipChange,
    /// Whose membership.
    pub users: Vec<UserId>,
    /// The new role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Who became owner because the last one left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heir: Option<UserId>,
}

impl Line {
    /// Reads a line. The error is for a person: which field, and why.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err("not a JSON object".into());
        }
        // The slower reader says where; it is asked only where something is wrong.
        let fields: Fields = match serde_json::from_slice(bytes) {
            Ok(fields) => fields,
            Err(_) => json::read(bytes).map_err(|problem: Problem| problem.detail)?,
        };
        fields.into_line().map_err(str::to_owned)
    }

    /// Writes a line with its end.
    pub fn write(self, out: &mut Vec<u8>) {
        serde_json::to_writer(&mut *out, &Fields::of(self)).expect("writing to memory can't fail");
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        Line::read(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn every_kind_of_line_comes_back_as_it_was_written() {
        for line in [
            r#"{"chat":"tea","at":"2004-11-15T12:18:00.000Z","user":"ana","text":"hello"}"#,
            r#"{"user":"ana","name":"Ana"}"#,
            r#"{"user":"ana","disabled":true}"#,
            r#"{"chat":"tea","at":"2004-11-15T12:18:00.000Z","user":"ana","text":"x","id":"1","replyTo":"0","mentions":["ben"],"metadata":{"a":1},"clientTimestamp":"2004-11-15T12:17:00.000Z","edited":{"at":"2004-11-15T12:19:00.000Z","versions":[{"text":"w","at":"2004-11-15T12:18:00.000Z"}]},"reactions":[{"key":"+","users":["ben","cem"]}]}"#,
            r#"{"chat":"tea","at":"2004-11-15T12:18:00.000Z","user":"ana","deleted":{"at":"2004-11-15T12:19:00.000Z","by":"ben"}}"#,
            r#"{"chat":"tea","at":"2004-11-15T12:18:00.000Z","user":"ana","membership":{"change":"left","users":["ana"],"role":"owner","heir":"ben"}}"#,
        ] {
            let mut written = Vec::new();
            Line::read(line.as_bytes()).unwrap().write(&mut written);
            assert_eq!(String::from_utf8(written).unwrap(), format!("{line}\n"));
        }
    }

    #[test]
    fn a_refusal_names_the_field() {
        let said = refused(r#"{"chat":"tea","at":"2004-11-15T12:18:00","user":"ana","text":"x"}"#);
        assert!(
            said.starts_with("/at: ") && said.contains("with a zone"),
            "{said}"
        );
        let said = refused(r#"{"chat":"tea","at":"2004-11-15T12:18:00Z","user":"","text":"x"}"#);
        assert!(said.starts_with("/user: "), "{said}");
        let said = refused(r#"{"chat":"tea","at":"2004-11-15T12:18:00Z","user":"a","txt":"x"}"#);
        assert!(said.contains("unknown field `txt`"), "{said}");
        assert_eq!(refused(r#"{"user":"ana"}"#), "/chat: is missing");
        assert_eq!(refused(r#"{"text":"x"}"#), "/user: is missing");
        let said = Line::read(b"{\"user\":\"\xff\"}").unwrap_err();
        assert!(said.contains("not UTF-8"), "{said}");
    }

    #[test]
    fn a_line_says_one_thing() {
        let membership = r#""membership":{"change":"left","users":["ana"]}"#;
        let event = r#""chat":"tea","at":"2004-11-15T12:18:00Z","user":"ana""#;
        assert!(
            refused(&format!("{{{event},{membership},\"text\":\"x\"}}")).contains("/membership")
        );
        assert!(refused(&format!("{{{event},\"text\":\"x\",\"name\":\"Ana\"}}")).contains("/name"));
        let twice = r#""reactions":[{"key":"+","users":["a"]},{"key":"+","users":["b"]}]"#;
        assert!(refused(&format!("{{{event},\"text\":\"x\",{twice}}}")).contains("twice"));
    }
}
