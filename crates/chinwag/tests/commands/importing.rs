//! `chinwag import --format jsonl`

use std::io::Write as _;

use serde_json::{Value, json};

use crate::place::Place;

pub(crate) fn line(chat: &str, at: &str, user: &str, text: &str) -> String {
    let line = json!({"chat": chat, "at": at, "user": user, "text": text});
    format!("{line}\n")
}

/// Lines as of chats that went on for some weeks: several chats, people who come back, a few times that step back.
pub(crate) fn talk(lines: u64) -> String {
    let mut text = String::new();
    for n in 0..lines {
        let minute = if n % 97 == 96 { n - 50 } else { n };
        let at = format!(
            "2016-02-{:02}T{:02}:{:02}:00Z",
            1 + minute / 1440 % 28,
            minute / 60 % 24,
            minute % 60
        );
        let chat = format!("2016-02_{:02}", n / 40 % 7);
        let user = format!("u{:03}", n * n % 53);
        text.push_str(&line(
            &chat,
            &at,
            &user,
            &format!("line {n}: päivää 今日は 👋"),
        ));
    }
    text
}

pub(crate) const IMPORT: [&str; 3] = ["import", "--owner", "ana"];

/// What an export says, each line as JSON.
pub(crate) fn exported(place: &Place) -> Vec<Value> {
    let text = place.prints(&["export"], "");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Lines as they can be compared: their times have one form, and chats' orders are kept.
pub(crate) fn content(lines: &str) -> Vec<Value> {
    let mut values: Vec<Value> = lines
        .lines()
        .map(|line| {
            let mut value: Value = serde_json::from_str(line).unwrap();
            let at = value["at"].as_str().unwrap().replace("Z", ".000Z");
            value["at"] = at.into();
            value
        })
        .collect();
    let mut order = Vec::new();
    for value in &values {
        if !order.contains(&value["chat"]) {
            order.push(value["chat"].clone());
        }
    }
    values.sort_by_key(|value| order.iter().position(|chat| *chat == value["chat"]));
    values
}

fn with(file: &str) -> Vec<&str> {
    [IMPORT.as_slice(), &[file]].concat()
}

#[test]
fn lines_come_in_from_a_file_plain_or_packed_and_from_standard_input() {
    let lines = talk(400);
    let packed = zstd::encode_all(lines.as_bytes(), 1).unwrap();
    for (name, bytes) in [
        ("plain.jsonl", lines.as_bytes()),
        ("packed.anything", &packed),
        ("-", lines.as_bytes()),
        ("-", &packed),
    ] {
        let place = Place::new();
        let input = if name == "-" { bytes } else { &[] };
        if name != "-" {
            place.put(name, bytes);
        }
        let said = place.prints(&with(name), input);
        assert!(
            said.starts_with("400 lines brought in, 0 were there already, 0 refused"),
            "{said}"
        );
        assert_eq!(exported(&place), content(&lines), "{name}");
    }
}

#[test]
fn the_same_lines_come_in_with_a_server_and_without_one() {
    let lines = talk(300);
    let (alone, served) = (Place::new(), Place::new());
    alone.prints(&with("-"), &lines);
    let serving = served.serve();
    served.prints(&with("-"), &lines);
    assert_eq!(
        alone.prints(&["export"], ""),
        served.prints(&["export"], "")
    );
    serving.terminate();
    assert_eq!(
        alone.prints(&["export"], ""),
        served.prints(&["export"], "")
    );
}

#[test]
fn the_same_file_again_doubles_nothing_and_a_longer_one_adds_what_is_new() {
    let place = Place::new();
    let (part, whole) = (talk(250), talk(600));
    place.prints(&with("-"), &part);
    let said = place.prints(&with("-"), &part);
    assert!(
        said.starts_with("0 lines brought in, 250 were there already"),
        "{said}"
    );
    let said = place.prints(&with("-"), &whole);
    assert!(
        said.starts_with("350 lines brought in, 250 were there already"),
        "{said}"
    );
    let mut lines = exported(&place);
    let mut wanted = content(&whole);
    // What is new comes after what was there, in each chat.
    let key = |value: &Value| value.to_string();
    lines.sort_by_key(key);
    wanted.sort_by_key(key);
    assert_eq!(lines, wanted);
}

#[test]
fn equal_lines_are_as_many_as_the_file_has() {
    let place = Place::new();
    let one = line("tea", "2016-01-01T00:00:00Z", "ben", "yes");
    let other = line("tea", "2016-01-01T00:00:00Z", "cem", "yes");
    let three = [one.as_str(), &other, &one, &one].concat();
    place.prints(&with("-"), &three);
    assert_eq!(exported(&place).len(), 4);
    let said = place.prints(&with("-"), &three);
    assert!(
        said.starts_with("0 lines brought in, 4 were there"),
        "{said}"
    );
    let said = place.prints(&with("-"), [three.as_str(), &one].concat());
    assert!(
        said.starts_with("1 lines brought in, 4 were there"),
        "{said}"
    );
}

#[test]
fn each_refused_line_is_named_with_its_reason_and_the_rest_goes_in() {
    let place = Place::new();
    let at = "2016-01-01T00:00:00Z";
    let mut file = Vec::new();
    let good = |n: u32| line("tea", at, "ben", &format!("good {n}")).into_bytes();
    let long = format!(
        "{{\"chat\":\"tea\",\"text\":\"{}\"}}\n",
        "x".repeat(5 << 20)
    );
    let bad: Vec<(Vec<u8>, &str)> = vec![
        (b"not json\n".into(), "not a JSON object"),
        (b"\xff\xfe\x00rubbish\n".into(), "not a JSON object"),
        (
            line("tea", "1998-07-09T16:00:00Z", "ben", "x").into(),
            "1998-07-09T16:00:00.000Z is before 2000",
        ),
        (
            line("tea", "2999-01-01T00:00:00Z", "ben", "x").into(),
            "lies in the future",
        ),
        (
            line("tea", "2016-01-01T00:00:00", "ben", "x").into(),
            "/at: expected an RFC 3339 time with a zone",
        ),
        (line("tea", at, "", "x").into(), "/user: "),
        (line("tea", at, "ben", "").into(), "/content: is empty"),
        (line("", at, "ben", "x").into(), "/chat: is empty"),
        (
            line("tea", at, "ben", &"x".repeat(20_000)).into(),
            "20000 bytes of UTF-8, at most 16384",
        ),
        (line("tea", at, "ben", "x\0y").into(), "U+0000"),
        (
            br#"{"chat":"tea","at":"2016-01-01T00:00:00Z","user":"ben","text":"x","colour":1}"#
                .into(),
            "unknown field `colour`",
        ),
        (
            br#"{"chat":"tea","at":"2016-01-01T00:00:00Z","user":"ben","text":"x","replyTo":"9"}"#
                .into(),
            "no line before it in this chat has the id \"9\"",
        ),
        (
            br#"{"chat":"tea","at":"2016-01-01T00:00:00Z","user":"ben"}"#.into(),
            "/text: is missing",
        ),
        (long.into(), "longer than 4 MiB"),
        (b"{\"chat\":\"\xff\"}\n".into(), "not UTF-8 from byte 9"),
        ("[".repeat(100_000).into(), "not a JSON object"),
        (
            format!("{{\"metadata\":{}", "{\"a\":".repeat(100_000)).into(),
            "more than 32 levels deep",
        ),
        (b"{\"chat\":\"tea\n".into(), "not well-formed JSON"),
    ];
    let mut wanted = Vec::new();
    for (number, (bytes, reason)) in (0..).zip(&bad) {
        file.extend(good(number));
        file.extend(bytes);
        if !bytes.ends_with(b"\n") {
            file.push(b'\n');
        }
        wanted.push((2 * number + 2, *reason));
    }
    file.extend(b"\n\n");
    file.extend(good(999).strip_suffix(b"\n").unwrap());
    place.put("bad.jsonl", file);
    let output = place.run(&with("bad.jsonl"), "");
    let said = String::from_utf8(output.stderr).unwrap();
    for ((number, reason), told) in wanted.into_iter().zip(said.lines()) {
        assert!(told.starts_with(&format!("line {number}: ")), "{told}");
        assert!(told.contains(reason), "wanted {reason:?} in {told}");
        assert!(told.len() < 500, "{told}");
    }
    assert!(
        said.ends_with("chinwag: 18 lines were refused, the rest is in\n"),
        "{said}"
    );
    assert!(!output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("19 lines brought in, 0 were there already, 18 refused"),
        "{said}"
    );
    assert_eq!(exported(&place).len(), 19);
}

#[test]
fn a_file_that_breaks_off_goes_in_up_to_there_and_on_from_there() {
    let place = Place::new();
    // Small frames, so that a good part of a cut file can be read.
    let lines = talk(1_000);
    let mut packed = Vec::new();
    let mut encoder = zstd::Encoder::new(&mut packed, 1).unwrap();
    for part in lines.as_bytes().chunks(5_000) {
        encoder.write_all(part).unwrap();
        encoder.flush().unwrap();
    }
    encoder.finish().unwrap();
    place.put("cut.zst", &packed[..packed.len() * 2 / 3]);
    place.put("whole.zst", &packed);
    let said = place.fails(&with("cut.zst"), "");
    assert!(said.contains("the file breaks off after line "), "{said}");
    let there = exported(&place);
    assert!((300..1_000).contains(&there.len()), "{} lines", there.len());
    let told = format!("after line {}", there.len());
    assert!(said.contains(&told), "{said} {told}");
    place.prints(&with("whole.zst"), "");
    assert_eq!(exported(&place).len(), 1_000);
}

#[test]
fn what_is_no_such_file_is_said_before_anything_is_touched() {
    let place = Place::new();
    place.put("a.gz", [0x1f, 0x8b, 8, 0, 0]);
    place.put("a.zip", b"PK\x03\x04 and so on");
    for (arguments, wanted) in [
        (with("absent.jsonl"), "can't read absent.jsonl"),
        (with("."), ". is a directory"),
        (with("a.gz"), "packed by gzip"),
        (with("a.zip"), "needs --format slack"),
    ] {
        let said = place.fails(&arguments, "");
        assert!(
            said.starts_with("chinwag: ") && said.contains(wanted),
            "{said}"
        );
        assert!(!place.path().join("data").exists());
    }
    let said = place.fails(&["import", "a.jsonl"], "");
    assert!(said.contains("--owner"), "{said}");
    let said = place.fails(&["import", "--owner", "ana", "--as-one", "", "-"], "");
    assert!(said.contains("/name: is empty"), "{said}");
    // An empty file is a file without lines.
    let said = place.prints(&with("-"), "");
    assert!(said.starts_with("0 lines brought in"), "{said}");
}

#[test]
fn everything_goes_into_one_group_of_the_name_given() {
    let place = Place::new();
    let lines = talk(200);
    let same = [
        line("one", "2016-03-01T00:00:00Z", "ben", "hi"),
        line("other", "2016-03-01T00:00:00Z", "ben", "hi"),
    ];
    let file = [lines.as_str(), &same[0], &same[1]].concat();
    let arguments = ["import", "--owner", "ana", "--as-one", "all of it", "-"];
    place.prints(&arguments, &file);
    let said = place.prints(&arguments, &file);
    assert!(
        said.starts_with("0 lines brought in, 202 were there"),
        "{said}"
    );
    let texts = |lines: Vec<Value>| -> Vec<Value> {
        lines
            .into_iter()
            .map(|mut line| line["text"].take())
            .collect()
    };
    let there = exported(&place);
    assert!(there.iter().all(|line| line["chat"] == "all of it"));
    let wanted = file.lines().map(|line| serde_json::from_str(line).unwrap());
    assert_eq!(
        texts(there),
        texts(wanted.collect()),
        "in the order of the file"
    );
    // The same file without the option is another import.
    let said = place.prints(&with("-"), &file);
    assert!(said.starts_with("202 lines brought in"), "{said}");
}

#[test]
fn who_left_one_of_the_chats_did_not_leave_the_one_group_of_all() {
    let place = Place::new();
    let left = json!({
        "chat": "one", "at": "2016-03-01T00:00:01Z", "user": "ben",
        "membership": {"change": "left", "users": ["ben"]},
    });
    let lines = [
        line("one", "2016-03-01T00:00:00Z", "ben", "bye"),
        format!("{left}\n"),
        line("other", "2016-03-01T00:00:02Z", "ben", "still here"),
    ]
    .concat();
    let arguments = ["import", "--owner", "ana", "--as-one", "all", "-"];
    let said = place.prints(&arguments, &lines);
    assert!(said.starts_with("1 lines about members left out"), "{said}");
    let serving = place.serve();
    let token = place.prints(&["token", "ben"], "");
    let chats = serving.json("GET", "/v1/chats", token.trim(), &Value::Null);
    assert_eq!(chats["chats"][0]["name"], "all");
    serving.terminate();
}

#[test]
fn a_speaker_can_be_a_person_who_finds_everything_read_and_searches_it() {
    let place = Place::new();
    let serving = place.serve();
    let lines = [
        line("tea", "2016-01-01T00:00:00Z", "ben", "the kettle is on"),
        line("tea", "2016-01-01T00:00:01Z", "cem", "coming"),
    ];
    place.prints(&with("-"), lines.concat());
    let token = place.prints(&["token", "cem"], "");
    let token = token.trim();
    let chats = serving.json("GET", "/v1/chats", token, &Value::Null);
    let chat = &chats["chats"][0];
    assert_eq!((&chat["name"], &chat["unread"]), (&json!("tea"), &json!(0)));
    assert_eq!(
        (&chat["role"], &chat["memberCount"]),
        (&json!("member"), &json!(3))
    );
    let id = chat["id"].as_str().unwrap();
    let page = serving.json(
        "GET",
        &format!("/v1/messages?chatId={id}"),
        token,
        &Value::Null,
    );
    assert_eq!(page["messages"][1]["timestamp"], "2016-01-01T00:00:00.000Z");
    let found = (0..20_000).find_map(|_| {
        let found = serving.json("GET", "/v1/search?q=kettle", token, &Value::Null);
        (found["total"] == 1).then_some(found)
    });
    assert!(found.is_some(), "it is found in time");
    let sent = json!({"chatId": id, "content": "and now?"});
    serving.json("POST", "/v1/messages", token, &sent);
    let owner = place.prints(&["token", "ana"], "");
    let chats = serving.json("GET", "/v1/chats", owner.trim(), &Value::Null);
    assert_eq!(chats["chats"][0]["unread"], 1);
    assert_eq!(chats["chats"][0]["role"], "owner");
    place.prints(&["user", "password", "ben"], "correct horse\n");
    let login = json!({"userId": "ben", "password": "correct horse"});
    serving.json("POST", "/v1/auth/login", "", &login);
    serving.terminate();
}
