//! `chinwag backup` and `chinwag restore`

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::{
    importing::{IMPORT, exported, talk},
    place::Place,
};

/// Restores a backup of another place.
fn restored(from: &Place, file: &str) -> Place {
    let place = Place::new();
    let file = from.path().join(file);
    let said = place.prints(&["restore", file.to_str().unwrap()], "");
    assert!(said.contains("everybody signs in again"), "{said}");
    place
}

#[test]
fn what_was_backed_up_while_the_server_ran_is_there_after_restoring_it() {
    let first = Place::new();
    let serving = first.serve();
    first.prints(
        &["user", "add", "ana", "--name", "Ana", "--password"],
        "correct horse\n",
    );
    first.prints(&["user", "add", "ben"], "");
    let key = first.prints(&["key", "add", "backend"], "");
    let token = first.prints(&["token", "ana"], "");
    let (token, key) = (token.trim(), key.trim());
    let group =
        json!({"type": "group", "name": "tea", "members": ["ben"], "historyVisible": "all"});
    let chat = serving.json("POST", "/v1/chats", token, &group);
    let chat = chat["id"].as_str().unwrap();
    let message = json!({"chatId": chat, "content": "the kettle is on", "clientId": "c1"});
    let sent = serving.json("POST", "/v1/messages", token, &message);
    let id = sent["id"].as_str().unwrap();
    serving.json(
        "PATCH",
        &format!("/v1/messages/{id}"),
        token,
        &json!({"content": "the kettle boils"}),
    );
    serving.json(
        "PUT",
        &format!("/v1/messages/{id}/reactions/x"),
        token,
        &Value::Null,
    );
    serving.json(
        "PUT",
        &format!("/v1/chats/{chat}/preferences"),
        token,
        &json!({"push": "none"}),
    );
    let device = json!({"kind": "fcm", "token": "t", "deviceId": "phone"});
    serving.json("POST", "/v1/devices", token, &device);
    let reader = first.prints(&["token", "ben"], "");
    let read = json!({"lastReadMessageId": id});
    serving.json(
        "PUT",
        &format!("/v1/chats/{chat}/read"),
        reader.trim(),
        &read,
    );
    let said = first.prints(&["backup", "b.chinwag"], "");
    assert!(
        said.starts_with("b.chinwag: ") && said.contains("as it was at 2"),
        "{said}"
    );
    // What comes later is not in it.
    let later = json!({"chatId": chat, "content": "too late"});
    serving.json("POST", "/v1/messages", token, &later);
    serving.terminate();

    let second = restored(&first, "b.chinwag");
    let serving = second.serve();
    assert!(
        serving.get("/v1/me", token).starts_with("HTTP/1.1 401"),
        "its key is a new one"
    );
    let login = json!({"userId": "ana", "password": "correct horse"});
    let signed_in = serving.json("POST", "/v1/auth/login", "", &login);
    assert_eq!(signed_in["user"]["name"], "Ana");
    let token = signed_in["token"].as_str().unwrap();
    let shown = serving.json("GET", &format!("/v1/chats/{chat}"), token, &Value::Null);
    assert_eq!(
        (&shown["epoch"], &shown["push"]),
        (&json!(2), &json!("none"))
    );
    let page = serving.json(
        "GET",
        &format!("/v1/messages?chatId={chat}"),
        token,
        &Value::Null,
    );
    let messages = page["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["content"], "the kettle boils");
    assert_eq!(messages[0]["reactions"][0]["mine"], true);
    let versions = serving.json(
        "GET",
        &format!("/v1/messages/{id}/versions"),
        token,
        &Value::Null,
    );
    assert_eq!(versions["versions"][0]["content"], "the kettle is on");
    let devices = serving.json("GET", "/v1/devices", token, &Value::Null);
    assert_eq!(devices["devices"][0]["deviceId"], "phone");
    let receipts = serving.json(
        "GET",
        &format!("/v1/chats/{chat}/receipts"),
        token,
        &Value::Null,
    );
    assert!(receipts.to_string().contains(id), "{receipts}");
    // A phone that was offline sends again what was stored before the backup.
    let again = serving.json("POST", "/v1/messages", token, &message);
    assert_eq!(again["id"], id);
    // Until the index is built anew, search says that it's away.
    let found = (0..20_000).any(|_| {
        let answer = serving.get("/v1/search?q=kettle", token);
        answer.contains("\"total\":1")
    });
    assert!(found, "search is built from what was restored");
    // The app's key is as good as it was.
    serving.json("POST", "/v1/users/ben/revoke", key, &Value::Null);
    let sent = json!({"chatId": chat, "content": "it goes on"});
    serving.json("POST", "/v1/messages", token, &sent);
    serving.terminate();
}

#[test]
fn a_copy_made_without_a_server_holds_the_same_and_so_does_its_own() {
    let first = Place::new();
    first.prints(&[IMPORT.as_slice(), &["-"]].concat(), talk(2_000));
    first.prints(&["backup", "b.chinwag"], "");
    let mode = std::fs::metadata(first.path().join("b.chinwag"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "it holds password hashes");
    let second = restored(&first, "b.chinwag");
    assert_eq!(exported(&second), exported(&first));
    let piped = second.run(&["backup", "-"], "").stdout;
    second.put("c.chinwag", piped);
    let third = restored(&second, "c.chinwag");
    assert_eq!(exported(&third), exported(&first));
    let said = third.prints(&[IMPORT.as_slice(), &["-"]].concat(), talk(2_000));
    assert!(
        said.starts_with("0 lines brought in, 2,000 were there"),
        "{said}"
    );
}

/// Reads a file of a place's data directory, and its mode.
fn secret(place: &Place, name: &str) -> Option<(Vec<u8>, u32)> {
    let path = place.path().join("data").join(name);
    let bytes = std::fs::read(&path).ok()?;
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    Some((bytes, mode & 0o777))
}

#[test]
fn browsers_know_the_restored_server_and_nobody_holds_a_token_of_it() {
    let first = Place::new();
    first.serve().terminate();
    let key = secret(&first, "vapid.key").unwrap();
    first.prints(&["backup", "b.chinwag"], "");
    let second = restored(&first, "b.chinwag");
    assert_eq!(secret(&second, "vapid.key").unwrap(), (key.0, 0o600));
    assert!(
        secret(&second, "signing.key").is_none(),
        "it is in no backup"
    );
    let offered = |place: &Place| {
        let serving = place.serve();
        let token = place.prints(&["token", "ana"], "");
        let offer = serving.json("GET", "/v1/push", token.trim(), &Value::Null);
        serving.terminate();
        offer["vapidPublicKey"].clone()
    };
    first.prints(&["user", "add", "ana"], "");
    second.prints(&["user", "add", "ana"], "");
    assert_eq!(offered(&second), offered(&first));
}

#[test]
fn a_backup_of_a_server_without_such_a_key_restores_none() {
    let first = Place::new();
    for arguments in [["user", "add", "ana"].as_slice(), &["backup", "b.chinwag"]] {
        let mut command = first.command(arguments);
        command.env("CHINWAG_PUSH_WEBPUSH_ENABLED", "false");
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    }
    assert!(secret(&first, "vapid.key").is_none());
    let second = restored(&first, "b.chinwag");
    assert!(secret(&second, "vapid.key").is_none());
}

#[test]
fn a_backup_never_takes_the_place_of_another_file() {
    let place = Place::new();
    place.put("b.chinwag", "mine");
    let said = place.fails(&["backup", "b.chinwag"], "");
    assert!(said.contains("b.chinwag is there already"), "{said}");
    assert_eq!(
        std::fs::read(place.path().join("b.chinwag")).unwrap(),
        b"mine"
    );
}

#[test]
fn only_an_empty_data_directory_takes_a_backup() {
    let place = Place::new();
    place.prints(&["user", "add", "ana"], "");
    place.prints(&["backup", "b.chinwag"], "");
    let said = place.fails(&["restore", "b.chinwag"], "");
    assert!(said.contains("data is not empty"), "{said}");
    assert!(place.prints(&["user", "list"], "").contains("ana"));
    let serving = place.serve();
    place.fails(&["restore", "b.chinwag"], "");
    serving.terminate();
}

#[test]
fn a_backup_that_is_damaged_cut_short_or_none_is_refused_and_nothing_is_written() {
    let place = Place::new();
    place.prints(&[IMPORT.as_slice(), &["-"]].concat(), talk(500));
    place.prints(&["backup", "b.chinwag"], "");
    let whole = std::fs::read(place.path().join("b.chinwag")).unwrap();
    let other = Place::new();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (bytes, wanted) in [
        (
            &whole[..whole.len() - 1],
            "is damaged or cut short: its checksum is wrong",
        ),
        (
            &whole[..whole.len() / 2],
            "is damaged or cut short: its checksum is wrong",
        ),
        (&flipped, "is damaged or cut short: its checksum is wrong"),
        (b"{}", "is no backup of Chinwag's"),
        (b"", "is no backup of Chinwag's"),
    ] {
        other.put("b.chinwag", bytes);
        let said = other.fails(&["restore", "b.chinwag"], "");
        assert!(said.contains(&format!("b.chinwag {wanted}")), "{said}");
        assert!(!other.path().join("data").exists());
    }
    let said = other.fails(&["restore", "absent"], "");
    assert!(
        said.contains("absent") && said.contains("No such file"),
        "{said}"
    );
}

#[test]
fn a_restore_that_was_killed_leaves_a_directory_that_nobody_serves() {
    let place = Place::new();
    place.prints(&[IMPORT.as_slice(), &["-"]].concat(), talk(20_000));
    place.prints(&["backup", "b.chinwag"], "");
    let other = Place::new();
    let file = place.path().join("b.chinwag");
    let mut child = other.spawn(&["restore", file.to_str().unwrap()]);
    while !other.path().join("data/store/store").exists() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended too early to be killed"
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for command in [
        ["serve"].as_slice(),
        &["user", "list"],
        &["export"],
        &["restore", file.to_str().unwrap()],
    ] {
        let said = other.fails(command, "");
        let wanted =
            "a restore into ./data was cut short, so not everything is there: remove the directory";
        assert!(said.contains(wanted), "{command:?}: {said}");
    }
    std::fs::remove_dir_all(other.path().join("data")).unwrap();
    other.prints(&["restore", file.to_str().unwrap()], "");
    assert_eq!(exported(&other).len(), 20_000);
}
