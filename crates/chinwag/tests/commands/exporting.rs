//! `chinwag export`

use std::io::Read as _;

use serde_json::{Value, json};

use crate::{
    importing::{IMPORT, content, exported, talk},
    place::{Place, Serving},
};

/// A person at the HTTP API.
struct Person<'a> {
    serving: &'a Serving,
    token: String,
}

impl Person<'_> {
    fn post(&self, path: &str, body: &Value) -> Value {
        self.serving.json("POST", path, &self.token, body)
    }

    fn say(&self, chat: &str, content: &str, rest: &Value) -> String {
        let mut body = json!({"chatId": chat, "content": content});
        if let (Value::Object(body), Value::Object(rest)) = (&mut body, rest.clone()) {
            body.extend(rest);
        }
        self.post("/v1/messages", &body)["id"]
            .as_str()
            .unwrap()
            .into()
    }

    fn group(&self, name: &str, members: &[&str]) -> String {
        let body =
            json!({"type": "group", "name": name, "members": members, "historyVisible": "all"});
        self.post("/v1/chats", &body)["id"].as_str().unwrap().into()
    }

    fn ask(&self, method: &str, path: &str, body: &Value) {
        self.serving.json(method, path, &self.token, body);
    }
}

/// Lets people use everything that a line can tell.
fn live(place: &Place, serving: &Serving) {
    let person = |name: &str, shown: &str| {
        place.prints(&["user", "add", name, "--name", shown], "");
        let token = place.prints(&["token", name], "");
        Person {
            serving,
            token: token.trim().into(),
        }
    };
    let (ana, ben, cem) = (
        person("ana", "Ana"),
        person("ben", "Ben B."),
        person("cem", "Cem"),
    );
    place.prints(&["user", "add", "dan"], "");
    let tea = ana.group("tea", &["ben", "cem", "dan"]);
    let first = ana.say(
        &tea,
        "first",
        &json!({"mentions": ["ben"], "metadata": {"b": 1, "a": [null]}}),
    );
    let reply = ben.say(
        &tea,
        "reply",
        &json!({"replyTo": first, "timestamp": "2026-01-01T00:00:00.000Z"}),
    );
    cem.say(&tea, "reply to a reply", &json!({"replyTo": reply}));
    for text in ["second", "third", "päivää 今日は 👋"] {
        ana.ask(
            "PATCH",
            &format!("/v1/messages/{first}"),
            &json!({"content": text}),
        );
    }
    for (person, key) in [
        (&ben, "%F0%9F%91%8D"),
        (&cem, "%F0%9F%91%8D"),
        (&cem, "x"),
        (&ana, "y"),
    ] {
        person.ask(
            "PUT",
            &format!("/v1/messages/{first}/reactions/{key}"),
            &Value::Null,
        );
    }
    ana.ask(
        "DELETE",
        &format!("/v1/messages/{first}/reactions/y"),
        &Value::Null,
    );
    let gone = cem.say(&tea, "a secret", &json!({}));
    ben.say(&tea, "about a secret", &json!({"replyTo": gone}));
    cem.ask("DELETE", &format!("/v1/messages/{gone}"), &Value::Null);
    ana.ask(
        "PUT",
        &format!("/v1/chats/{tea}/members/ben"),
        &json!({"role": "admin"}),
    );
    ana.ask(
        "DELETE",
        &format!("/v1/chats/{tea}/members/dan"),
        &Value::Null,
    );
    ana.ask(
        "DELETE",
        &format!("/v1/chats/{tea}/members/ana"),
        &Value::Null,
    );
    ben.say(&tea, "without ana", &json!({}));
    for _ in 0..3 {
        let other = cem.group("tea", &["ana"]);
        cem.say(&other, "same name", &json!({}));
    }
    let direct = ana.post("/v1/chats", &json!({"type": "direct", "userId": "cem"}));
    ana.say(direct["id"].as_str().unwrap(), "between us", &json!({}));
    let deleted = ana.group("gone", &["ben"]);
    ana.say(&deleted, "never seen again", &json!({}));
    ana.ask("DELETE", &format!("/v1/chats/{deleted}"), &Value::Null);
    place.prints(&["user", "disable", "dan"], "");
}

#[test]
fn what_was_taken_out_and_brought_in_is_taken_out_as_the_same_bytes() {
    let (first, second) = (Place::new(), Place::new());
    let serving = first.serve();
    live(&first, &serving);
    let lines = first.prints(&["export"], "");
    let said = second.prints(&[IMPORT.as_slice(), &["-"]].concat(), &lines);
    assert!(said.contains("0 were there already, 0 refused"), "{said}");
    assert_eq!(second.prints(&["export"], ""), lines);
    let count = lines.lines().count();
    let said = second.prints(&[IMPORT.as_slice(), &["-"]].concat(), &lines);
    assert!(
        said.starts_with(&format!("0 lines brought in, {count} were there")),
        "{said}"
    );
}

#[test]
fn a_line_has_other_fields_only_where_there_is_something() {
    let place = Place::new();
    let serving = place.serve();
    live(&place, &serving);
    let lines = exported(&place);
    let fields =
        |line: &Value| -> Vec<String> { line.as_object().unwrap().keys().cloned().collect() };
    let said = |text: &str| lines.iter().find(|line| line["text"] == text).unwrap();
    let plain = ["at", "chat", "text", "user"];
    assert_eq!(fields(said("without ana")), plain);
    let first = said("päivää 今日は 👋");
    assert_eq!(first["mentions"], json!(["ben"]));
    assert_eq!(first["metadata"], json!({"a": [null], "b": 1}));
    assert_eq!(
        first["reactions"],
        json!([{"key": "👍", "users": ["ben", "cem"]}, {"key": "x", "users": ["cem"]}])
    );
    let versions = first["edited"]["versions"].as_array().unwrap();
    let texts: Vec<_> = versions.iter().map(|version| &version["text"]).collect();
    assert_eq!(texts, ["first", "second", "third"]);
    let reply = said("reply");
    assert_eq!(reply["replyTo"], first["id"]);
    assert_eq!(reply["clientTimestamp"], "2026-01-01T00:00:00.000Z");
    let deleted = lines
        .iter()
        .find(|line| !line["deleted"].is_null())
        .unwrap();
    assert_eq!(fields(deleted), ["at", "chat", "deleted", "id", "user"]);
    assert_eq!(said("about a secret")["replyTo"], deleted["id"]);
    let text = place.prints(&["export"], "");
    assert!(
        !text.contains("\"a secret\"") && !text.contains("never seen again"),
        "{text}"
    );
    let members: Vec<_> = lines
        .iter()
        .filter(|line| line["chat"] == "tea" && !line["membership"].is_null())
        .map(|line| &line["membership"])
        .collect();
    assert_eq!(
        members[0],
        &json!({"change": "added", "users": ["ana"], "role": "owner"})
    );
    assert_eq!(
        members.last().unwrap(),
        &&json!({"change": "left", "users": ["ana"], "role": "owner", "heir": "ben"})
    );
    let chats: Vec<&Value> = lines.iter().map(|line| &line["chat"]).collect();
    for name in ["tea", "tea (2)", "tea (3)", "tea (4)", "ana, cem"] {
        assert!(chats.contains(&&json!(name)), "{name}");
    }
    assert_eq!(lines[0], json!({"user": "ana", "name": "Ana"}));
    assert!(lines.contains(&json!({"user": "dan", "disabled": true})));
}

#[test]
fn what_was_brought_in_is_taken_out_equal_in_content_and_then_in_bytes() {
    let (first, second) = (Place::new(), Place::new());
    let lines = talk(3_000);
    first.prints(&[IMPORT.as_slice(), &["-"]].concat(), &lines);
    assert_eq!(exported(&first), content(&lines));
    let taken_out = first.prints(&["export"], "");
    second.prints(&[IMPORT.as_slice(), &["-"]].concat(), &taken_out);
    assert_eq!(second.prints(&["export"], ""), taken_out);
}

#[test]
fn an_export_shows_one_moment_and_says_on_the_side_how_much_it_was() {
    let place = Place::new();
    place.prints(&[IMPORT.as_slice(), &["-"]].concat(), talk(200));
    let output = place.run(&["export"], "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("200 lines: "), "{said}");
    assert!(output.stdout.ends_with(b"\n"));
}

#[test]
fn whoever_reads_only_the_beginning_gets_no_error() {
    let place = Place::new();
    place.prints(&[IMPORT.as_slice(), &["-"]].concat(), talk(20_000));
    let mut child = place.spawn(&["export"]);
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
