//! Imports that are stopped or killed, and run again.

use std::{
    fs::File,
    io::Write as _,
    os::unix::net::UnixListener,
    process::{Child, ChildStdin, Command},
};

use crate::{
    importing::{IMPORT, content, exported, talk},
    place::Place,
};

/// An import that has read a part of its lines and waits for more.
struct Halfway {
    child: Child,
    lines: String,
    /// Open, so that the import goes on waiting.
    _stdin: ChildStdin,
}

/// Starts an import and waits until a part of what it was given is in. A server must run: its exports show it.
fn halfway(place: &Place) -> Halfway {
    let lines = talk(3_000);
    let mut child = place.spawn(&[IMPORT.as_slice(), &["-"]].concat());
    let mut stdin = child.stdin.take().unwrap();
    let half = lines.len() / 2;
    stdin.write_all(&lines.as_bytes()[..half]).unwrap();
    stdin.flush().unwrap();
    let part = content(&lines[..=lines[..half].rfind('\n').unwrap()]).len();
    while exported(place).len() < part {}
    Halfway {
        child,
        lines,
        _stdin: stdin,
    }
}

fn signal(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([signal, &pid])
            .status()
            .unwrap()
            .success()
    );
}

fn runs_again_without_doubling(place: &Place, lines: &str) {
    let said = place.prints(&[IMPORT.as_slice(), &["-"]].concat(), lines);
    assert!(!said.contains(" 0 were there already"), "{said}");
    assert_eq!(exported(place), content(lines));
}

#[test]
fn an_import_that_was_killed_goes_on_when_it_is_run_again() {
    let place = Place::new();
    let _serving = place.serve();
    let mut halfway = halfway(&place);
    signal(&halfway.child, "-KILL");
    halfway.child.wait().unwrap();
    runs_again_without_doubling(&place, &halfway.lines);
}

#[test]
fn an_import_that_was_stopped_says_so_and_goes_on_when_it_is_run_again() {
    let place = Place::new();
    let _serving = place.serve();
    let halfway = halfway(&place);
    signal(&halfway.child, "-INT");
    let output = halfway.child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("chinwag: stopped; the same command goes on where this ended"),
        "{said}"
    );
    assert!(!output.status.success());
    let counted = String::from_utf8(output.stdout).unwrap();
    assert!(
        counted.contains(" lines brought in, 0 were there already, 0 refused"),
        "{counted}"
    );
    runs_again_without_doubling(&place, &halfway.lines);
}

#[test]
fn an_import_whose_server_was_killed_goes_on_with_the_next_one() {
    let place = Place::new();
    let mut serving = place.serve();
    let halfway = halfway(&place);
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    let output = halfway.child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the server has gone"), "{said}");
    let _serving = place.serve();
    runs_again_without_doubling(&place, &halfway.lines);
}

#[test]
fn an_import_does_not_keep_a_server_from_leaving() {
    let place = Place::new();
    let serving = place.serve();
    let halfway = halfway(&place);
    let (success, _) = serving.terminate();
    assert!(success);
    let output = halfway.child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("the server is leaving; the same command goes on"),
        "{said}"
    );
    runs_again_without_doubling(&place, &halfway.lines);
}

#[test]
fn a_command_waits_for_a_process_that_is_just_ending() {
    let place = Place::new();
    place.prints(&["user", "list"], "");
    let data = place.path().join("data");
    // What a process does that is being killed: the kernel still takes connections, nobody answers, the lock is held.
    let lock = File::open(data.join("store/lock")).unwrap();
    lock.lock().unwrap();
    let socket = data.join("control.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let ending = std::thread::spawn(move || {
        drop(listener.accept().unwrap());
        drop(listener);
        drop(lock);
    });
    place.prints(&["user", "list"], "");
    ending.join().unwrap();
}
