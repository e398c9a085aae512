//! `chinwag import --format slack`

use std::io::Write as _;

use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{importing::exported, place::Place};

const IMPORT: [&str; 6] = [
    "import",
    "--format",
    "slack",
    "--owner",
    "ana",
    "export.zip",
];

/// Makes the zip of an export.
fn zipped(files: &[(&str, Value)]) -> Vec<u8> {
    let files = files
        .iter()
        .map(|(name, value)| (*name, value.to_string().into_bytes()));
    zipped_bytes(&files.collect::<Vec<_>>())
}

fn zipped_bytes(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn users() -> Value {
    json!([
        {"id": "U1", "name": "ana", "real_name": "Ana K.", "profile": {"display_name": "ana k"}},
        {"id": "U2", "name": "ben", "profile": {"real_name": "Ben B."}},
        {"id": "U3", "name": "ben", "profile": {}},
        {"id": "U4", "name": "old", "deleted": true, "profile": {"real_name": "Olga D."}},
        {"id": "U5", "name": "deploybot", "is_bot": true, "profile": {"bot_id": "B1", "real_name": "Deploy"}},
    ])
}

fn message(user: &str, seconds: u64, text: &str) -> Value {
    json!({"type": "message", "user": user, "ts": format!("{}.000100", 1_577_836_800 + seconds), "text": text})
}

/// Adds fields to a message.
fn and(mut message: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else {
        unreachable!("an object")
    };
    message.as_object_mut().unwrap().extend(fields);
    message
}

fn export() -> Vec<(&'static str, Value)> {
    let thread = "1577836860.000100";
    vec![
        ("users.json", users()),
        (
            "channels.json",
            json!([
                {"id": "C1", "name": "general", "members": ["U1", "U2", "U3"], "created": 1_577_000_000},
                {"id": "C2", "name": "empty", "members": ["U1"]},
            ]),
        ),
        (
            "groups.json",
            json!([{"id": "G1", "name": "secret", "members": ["U1", "U2"]}]),
        ),
        ("dms.json", json!([{"id": "D1", "members": ["U1", "U2"]}])),
        ("secret/2020-01-01.json", json!([message("U2", 5, "psst")])),
        (
            "D1/2020-01-01.json",
            json!([message("U2", 5, "between us")]),
        ),
        (
            "general/2020-01-02.json",
            json!([
                and(
                    message("U2", 86_460, "late reply"),
                    json!({"thread_ts": thread})
                ),
                and(
                    message("U4", 86_470, "bye"),
                    json!({"subtype": "channel_leave"})
                ),
                and(
                    message("U2", 86_480, "no such thread"),
                    json!({"thread_ts": "1.0"})
                ),
            ]),
        ),
        (
            "general/2020-01-01.json",
            json!([
                and(message("U1", 0, "<@U1> has joined the channel"), json!({"subtype": "channel_join"})),
                and(message("U2", 10, "<@U2> has joined"), json!({"subtype": "channel_join", "inviter": "U1"})),
                and(
                    message("U1", 60, "Hi <@U2|ben> &amp; <!here>, see <https://a.org|the page> :tada:"),
                    json!({
                        "thread_ts": thread,
                        "reply_count": 1,
                        "reactions": [
                            {"name": "+1", "users": ["U2", "U4"], "count": 2},
                            {"name": "thumbsup", "users": ["U2", "U1"]},
                            {"name": "partyparrot", "users": ["U1"]},
                        ],
                        "edited": {"user": "U1", "ts": "1577836870.000000"},
                    })
                ),
                and(message("U4", 70, "the log"), json!({"subtype": "channel_topic"})),
                {"type": "message", "subtype": "bot_message", "bot_id": "B1", "ts": "1577836880.0", "text": "",
                 "attachments": [{"title": "Deployed", "text": "to <https://b.org>"}]},
                {"type": "message", "subtype": "bot_message", "bot_id": "B9", "username": "Weather", "ts": "1577836890.0", "text": "rain"},
                and(message("U9", 100, "from elsewhere"), json!({"user_profile": {"real_name": "Guest"}})),
                and(message("U2", 110, ""), json!({"files": [{"name": "cat.png", "permalink": "https://files/cat"}]})),
                and(message("U2", 120, "x"), json!({"subtype": "message_changed", "hidden": true})),
                {"type": "message", "user": "U2", "ts": "nonsense", "text": "when?"},
                message("U2", 130, ""),
                and(message("U2", 140, "gone"), json!({"subtype": "tombstone"})),
                "not a message",
            ]),
        ),
    ]
}

#[test]
fn slacks_export_becomes_groups_threads_reactions_and_mentions() {
    let place = Place::new();
    place.put("export.zip", zipped(&export()));
    let output = place.run(&IMPORT, "");
    let said = String::from_utf8(output.stderr).unwrap();
    for wanted in [
        "general/2020-01-01.json, message 10: its ts \"nonsense\" is no time",
        "general/2020-01-01.json, message 11: it has no text",
        "general/2020-01-01.json, message 13: invalid type",
        "left out 1 records of edits and deletions",
        "left out 2 private channels and direct messages",
        "chinwag: 3 lines were refused, the rest is in",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let lines = exported(&place);
    let in_chats: Vec<&Value> = lines
        .iter()
        .filter(|line| !line["chat"].is_null())
        .collect();
    assert!(in_chats.iter().all(|line| line["chat"] == "general"));
    let said = |text: &str| in_chats.iter().find(|line| line["text"] == text).unwrap();
    let first = said("Hi @ben & @here, see the page (https://a.org) 🎉");
    assert_eq!(first["user"], "ana");
    assert_eq!(first["at"], "2020-01-01T00:01:00.000Z");
    assert_eq!(first["mentions"], json!(["ben"]));
    assert_eq!(first["edited"], json!({"at": "2020-01-01T00:01:10.000Z"}));
    assert_eq!(
        first["reactions"],
        json!([{"key": "👍", "users": ["ana", "ben", "old"]}, {"key": ":partyparrot:", "users": ["ana"]}])
    );
    assert_eq!(said("late reply")["replyTo"], first["id"]);
    assert_eq!(said("no such thread")["replyTo"], Value::Null);
    assert_eq!(
        said("the log")["metadata"],
        json!({"slack": {"subtype": "channel_topic"}})
    );
    assert_eq!(said("Deployed\nto https://b.org")["user"], "deploybot");
    assert_eq!(said("rain")["user"], "B9");
    assert_eq!(said("from elsewhere")["user"], "U9");
    assert_eq!(
        said("cat.png")["metadata"],
        json!({"slack": {"files": [{"name": "cat.png", "url": "https://files/cat"}]}})
    );
    assert!(in_chats.iter().any(|line| line["deleted"]["by"] == "ben"));
    let changes: Vec<Value> = in_chats
        .iter()
        .filter(|line| !line["membership"].is_null())
        .map(|line| {
            json!([
                line["user"],
                line["membership"]["change"],
                line["membership"]["users"]
            ])
        })
        .collect();
    let wanted = [
        json!(["ana", "added", ["ana"]]),
        json!(["ana", "added", ["ben"]]),
        json!(["old", "left", ["old"]]),
        json!(["ben", "added", ["U3"]]),
    ];
    assert_eq!(changes, wanted);
    let names: Vec<&Value> = lines.iter().filter(|line| line["chat"].is_null()).collect();
    for wanted in [
        json!({"user": "ana", "name": "ana k"}),
        json!({"user": "ben", "name": "Ben B."}),
        json!({"user": "old", "name": "Olga D.", "disabled": true}),
        json!({"user": "B9", "name": "Weather"}),
        json!({"user": "U9", "name": "Guest"}),
    ] {
        assert!(names.contains(&&wanted), "{wanted}");
    }
    let again = place.run(&IMPORT, "");
    let said = String::from_utf8(again.stdout).unwrap();
    assert!(said.starts_with("0 lines brought in, "), "{said}");
    assert_eq!(exported(&place), lines);
}

#[test]
fn private_channels_and_direct_messages_come_in_only_when_asked_for() {
    let place = Place::new();
    place.put("export.zip", zipped(&export()));
    place.run(&[IMPORT.as_slice(), &["--private"]].concat(), "");
    let lines = exported(&place);
    let said = |text: &str| lines.iter().find(|line| line["text"] == text).unwrap();
    assert_eq!(said("psst")["chat"], "secret");
    assert_eq!(said("between us")["chat"], "ana, ben");
}

#[test]
fn members_are_in_the_end_those_that_the_export_lists() {
    let place = Place::new();
    let serving = place.serve();
    place.put("export.zip", zipped(&export()));
    place.run(&IMPORT, "");
    let token = place.prints(&["token", "ben"], "");
    let token = token.trim();
    let chats = serving.json("GET", "/v1/chats", token, &Value::Null);
    let id = chats["chats"][0]["id"].as_str().unwrap();
    let members = serving.json(
        "GET",
        &format!("/v1/chats/{id}/members"),
        token,
        &Value::Null,
    );
    let mut ids: Vec<&str> = members["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["userId"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    // The bots and the guest spoke; who left is not among them.
    assert_eq!(ids, ["B9", "U3", "U9", "ana", "ben", "deploybot"]);
    assert_eq!(chats["chats"][0]["unread"], 0);
    serving.terminate();
}

#[test]
fn an_export_packed_with_its_folder_is_read_alike() {
    let place = Place::new();
    let names: Vec<String> = export()
        .iter()
        .map(|(name, _)| format!("my team/{name}"))
        .collect();
    let files: Vec<(&str, Value)> = names
        .iter()
        .map(String::as_str)
        .zip(export().into_iter().map(|(_, value)| value))
        .collect();
    place.put("export.zip", zipped(&files));
    place.run(&IMPORT, "");
    let other = Place::new();
    other.put("export.zip", zipped(&export()));
    other.run(&IMPORT, "");
    assert_eq!(exported(&place), exported(&other));
}

#[test]
fn what_is_no_export_of_slacks_is_said_before_anything_is_touched() {
    let place = Place::new();
    for (bytes, wanted) in [
        (b"no zip".to_vec(), "export.zip is no zip"),
        (zipped(&[("a.json", json!([]))]), "holds no users.json"),
    ] {
        place.put("export.zip", bytes);
        let said = place.fails(&IMPORT, "");
        assert!(said.contains(wanted), "{said}");
        assert!(!place.path().join("data").exists());
    }
    let said = place.fails(&["import", "--format", "slack", "--owner", "ana", "-"], "");
    assert!(said.contains("needs a file"), "{said}");
}

#[test]
fn a_zip_that_bursts_is_refused_and_what_came_before_is_in() {
    let place = Place::new();
    // 70 MB of one text, in 70 KB.
    let mut bomb =
        b"[{\"type\":\"message\",\"user\":\"U1\",\"ts\":\"1577836800.1\",\"text\":\"".to_vec();
    bomb.resize(70 << 20, b'x');
    bomb.extend(b"\"}]");
    let text = |value: &Value| value.to_string().into_bytes();
    let channels = json!([{"id": "C1", "name": "general"}]);
    let day = json!([message("U2", 0, "before")]);
    let files = [
        ("users.json", text(&users())),
        ("channels.json", text(&channels)),
        ("general/2020-01-01.json", text(&day)),
        ("general/2020-01-02.json", bomb),
    ];
    place.put("export.zip", zipped_bytes(&files));
    let said = place.fails(&IMPORT, "");
    assert!(
        said.contains("general/2020-01-02.json can't be read"),
        "{said}"
    );
    assert!(
        said.contains("unpacks to far more than an export's file may hold"),
        "{said}"
    );
    let lines = exported(&place);
    assert!(lines.iter().any(|line| line["text"] == "before"));
}
