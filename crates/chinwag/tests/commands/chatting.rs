//! `chinwag chat` through pipes.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

use crate::place::{Place, Serving};

/// How long a test waits for what must come; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chat whose input stays open.
struct Chatting {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
}

impl Chatting {
    fn start(place: &Place, user: &str) -> Self {
        let mut child = place
            .command(&["chat", "--as", user])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = stdout.lines().map_while(Result::ok);
            lines.all(|line| sender.send(line).is_ok());
        });
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits for a line with a text in it.
    fn until(&self, text: &str) -> String {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return line,
                Ok(line) => before.push(line),
                Err(_) => panic!("{text:?} never came after {before:#?}"),
            }
        }
    }

    /// Ends the input and waits for the end.
    fn end(mut self) -> (bool, Vec<String>) {
        drop(self.stdin.take());
        let rest = self.lines.iter().collect();
        (self.child.wait().unwrap().success(), rest)
    }
}

impl Drop for Chatting {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn with_people(place: &Place) -> Serving {
    place.prints(&["user", "add", "ana", "--name", "Ana Lindqvist"], "");
    place.prints(&["user", "add", "ben", "--password"], "correct horse\n");
    place.serve()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_script_begins_chats_says_changes_and_finds_and_the_other_answers() {
    let place = Place::new();
    let serving = with_people(&place);
    let script = "/direct ben\nfancy a chinwag?\n/edit Fancy a chinwag?\n/react 🫖\n\
                  /group Tea: break: ben\n北京 at noon, @Ben?\n/members\n/chats\n";
    let printed = place.prints(&["chat", "--as", "ana"], script);
    for line in [
        "· signed in as Ana Lindqvist",
        "-- ben",
        "ana: fancy a chinwag?",
        "· ana changed #2: Fancy a chinwag?",
        "· ana reacted 🫖 to #2 Fancy a chinwag?",
        "-- #Tea: break",
        "○ ben  ben · member",
        "1 #Tea: break [] ana: 北京 at noon, @Ben?",
        "2 ben [] ana: Fancy a chinwag?",
    ] {
        assert!(printed.contains(line), "{line:?} isn't in {printed}");
    }
    let script = "/open tea\n/reply #3 gladly\n/reply\n";
    let output = place.run(&["chat", "--as", "ben"], script);
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    for line in [
        "1 #Tea: break [1 new, 1 @you] ana: 北京 at noon, @Ben?",
        "2 Ana Lindqvist [1 new] ana: Fancy a chinwag?",
        "-- new",
        "ben: ↳ #3 ana: 北京 at noon, @Ben?\n  gladly",
        "! /reply [#N] TEXT",
    ] {
        assert!(printed.contains(line), "{line:?} isn't in {printed}");
    }
    assert!(!output.status.success(), "a command failed");
    let found = place.prints(&["chat", "--as", "ben"], "/search 北京\n/chats\n");
    assert!(
        found.contains("#Tea: break #3") && found.contains("· 1 found"),
        "{found}"
    );
    assert!(
        found.contains("1 #Tea: break [] ben: gladly"),
        "read is read: {found}"
    );
    serving.terminate();
}

#[test]
fn receipts_typing_and_presence_are_seen() {
    let place = Place::new();
    let serving = with_people(&place);
    let mut ana = Chatting::start(&place, "ana");
    ana.say("/direct ben");
    ana.until("ben is away");
    ana.say("hello");
    ana.until("ana: hello");
    let mut ben = Chatting::start(&place, "ben");
    ana.until("ben is online");
    ben.say("/open ana");
    ben.until("ana: hello");
    ana.until("ben has read up to #2");
    ana.say("/receipts");
    ana.until("#2 hello: read by ben; delivered to nobody");
    let (left, _) = ben.end();
    assert!(left);
    ana.until("ben is away");
    assert!(ana.end().0);
    serving.terminate();
}

#[test]
fn who_is_removed_from_a_group_or_leaves_it_is_no_longer_in_it() {
    let place = Place::new();
    let serving = with_people(&place);
    let mut ana = Chatting::start(&place, "ana");
    ana.say("/group Lunch: ben");
    ana.until("-- #Lunch");
    let mut ben = Chatting::start(&place, "ben");
    ben.say("/open lunch");
    ben.until("-- #Lunch");
    ana.say("/remove ben");
    ana.until("· ana removed ben");
    ben.until("· you are no longer in #Lunch");
    ben.say("hello?");
    ben.until("! no chat is open");
    ana.say("/leave");
    ana.until("· you are no longer in #Lunch");
    ana.say("/chats");
    ana.until("· you are in no chat yet");
    assert!(ana.end().0);
    assert!(!ben.end().0, "nobody heard the last one");
    serving.terminate();
}

#[test]
fn what_is_said_while_the_server_is_dead_waits_and_gets_there_once() {
    let place = Place::new();
    let mut serving = with_people(&place);
    let address = serving.address.clone();
    let mut ana = Chatting::start(&place, "ana");
    ana.say("/direct ben");
    ana.say("before");
    ana.until("ana: before");
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    ana.until("! the connection is gone");
    for number in 0..10 {
        ana.say(&format!("meanwhile {number}"));
    }
    ana.say("/outbox");
    for number in 0..10 {
        ana.until(&format!("· waits for ben: meanwhile {number}"));
    }
    ana.say("/edit no, after");
    ana.until("! your last message still waits to be sent");
    let serving = place.serve_at(&address);
    ana.say("");
    for number in 0..10 {
        let line = ana.until("ana: meanwhile");
        assert!(line.starts_with(&format!("#{} ", 3 + number)), "{line}");
        assert!(line.ends_with(&format!(" {number}")), "{line}");
    }
    ana.say("/outbox");
    ana.until("· nothing waits");
    let (success, _) = ana.end();
    assert!(!success, "the edit was refused");
    let read = place.prints(&["chat", "--as", "ben"], "/1\n");
    assert_eq!(
        read.matches("ana: meanwhile").count(),
        1 + 10,
        "in the list, and each once in the chat: {read}"
    );
    serving.terminate();
}

#[test]
fn who_was_away_for_long_is_told_that_more_was_said_and_scrolls_back_through_it() {
    let place = Place::new();
    let mut serving = with_people(&place);
    let address = serving.address.clone();
    let mut ana = Chatting::start(&place, "ana");
    ana.say("/direct ben");
    ana.say("before");
    ana.until("ana: before");
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    ana.until("! the connection is gone");
    // At another address, so that ana is still away.
    let serving = place.serve();
    let flood: String = (0..70).map(|number| format!("flood {number}\n")).collect();
    place.prints(&["chat", "--as", "ben"], format!("/open ana\n{flood}"));
    serving.terminate();
    let serving = place.serve_at(&address);
    ana.say("");
    ana.until("· more was said meanwhile than follows here");
    let first = ana.until("ben: flood ");
    let number: usize = first.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(number > 0, "{first}");
    ana.until("ben: flood 69");
    ana.until("· back online");
    ana.say("/history 1");
    ana.until(&format!("ben: flood {}", number - 1));
    assert!(ana.end().0);
    serving.terminate();
}

#[test]
fn a_password_or_a_token_signs_in_from_elsewhere() {
    let place = Place::new();
    let serving = with_people(&place);
    let elsewhere = Place::new();
    let url = format!("http://{}", serving.address);
    let ben = ["chat", "--as", "ben", "--server", &url];
    let printed = elsewhere.prints(&ben, "correct horse\n/chats\n");
    assert!(printed.contains("you are in no chat yet"), "{printed}");
    assert!(!printed.contains("correct horse"));
    let wrong = elsewhere.run(&ben, "wrong horse\n");
    assert!(said(&wrong).contains("don't belong together"), "{wrong:?}");
    let token = place.prints(&["token", "ana"], "");
    let with_token = |arguments: &[&str]| {
        let mut command = elsewhere.command(arguments);
        command
            .env("CHINWAG_TOKEN", token.trim())
            .stdin(Stdio::null());
        command.output().unwrap()
    };
    let output = with_token(&["chat", "--server", &url]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("Ana Lindqvist"),
        "{output:?}"
    );
    let output = with_token(&["chat", "--as", "ben", "--server", &url]);
    assert!(
        said(&output).contains("CHINWAG_TOKEN is ana's token"),
        "{output:?}"
    );
    let chi = [
        "chat",
        "--as",
        "chi",
        "--register",
        "--name",
        "Chi",
        "--server",
        &url,
    ];
    let printed = elsewhere.prints(&chi, "battery staple\n/direct ana\nhi\n");
    assert!(printed.contains("chi: hi"), "{printed}");
    serving.terminate();
}

#[test]
fn who_cannot_be_signed_in_is_told_what_to_do() {
    let place = Place::new();
    let nobody_there = place.run(
        &["chat", "--as", "ana", "--server", "http://127.0.0.1:1"],
        "secret\n",
    );
    assert!(
        said(&nobody_there).contains("can't reach http://127.0.0.1:1"),
        "{nobody_there:?}"
    );
    let as_nobody = place.run(&["chat"], "");
    assert!(
        said(&as_nobody).contains("chinwag chat --as USER"),
        "{as_nobody:?}"
    );
    let serving = with_people(&place);
    let unknown = place.run(&["chat", "--as", "zoe"], "");
    assert!(
        said(&unknown).contains("there is no user zoe; --register makes one"),
        "{unknown:?}"
    );
    let made = place.prints(&["chat", "--as", "zoe", "--register"], "/chats\n");
    assert!(made.contains("you are in no chat yet"), "{made}");
    serving.terminate();
}

#[test]
fn nothing_that_others_say_commands_the_terminal() {
    let place = Place::new();
    let serving = with_people(&place);
    let attack = "look \u{1b}]0;owned\u{7} \u{1b}[2J \u{9b}1m \u{202e}gnp.exe\r over";
    place.prints(&["chat", "--as", "ana"], format!("/direct ben\n{attack}\n"));
    let output = place.run(&["chat", "--as", "ben"], "/chats\n/1\n/search look\n");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("␛]0;owned␇"), "{printed}");
    let harmless =
        |c: char| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(printed.chars().all(harmless), "{printed:?}");
    serving.terminate();
}
