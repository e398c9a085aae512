//! `chinwag chat` at a terminal of its own.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    process::Child,
    sync::mpsc,
    time::Duration,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use crate::place::Place;

/// How long a test waits for what must come; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a program at it.
struct Terminal {
    child: Child,
    keyboard: File,
    /// The program's side, held to look at how it leaves it.
    line: File,
    shown: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let line = OpenOptions::new()
            .read(true)
            .write(true)
            .open(name)
            .unwrap();
        let child = place
            .command(arguments)
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(line.try_clone().unwrap())
            .stdout(line.try_clone().unwrap())
            .stderr(line.try_clone().unwrap())
            .spawn()
            .unwrap();
        let keyboard = File::from(master);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(read @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            keyboard,
            line,
            shown,
            seen: String::new(),
        }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until a text was shown since the last one waited for.
    fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let shown = self.shown.recv_timeout(PATIENCE);
            let shown =
                shown.unwrap_or_else(|_| panic!("{text:?} never came after {:?}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&shown));
        }
    }

    /// Waits until the program has ended well.
    fn until_it_ends(&mut self) {
        const LOOK_EVERY: Duration = Duration::from_millis(10);
        for _ in 0..PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
            if let Some(status) = self.child.try_wait().unwrap() {
                return assert!(status.success(), "{status}");
            }
            if let Ok(shown) = self.shown.recv_timeout(LOOK_EVERY) {
                self.seen.push_str(&String::from_utf8_lossy(&shown));
            }
        }
        panic!("it never ends after {:?}", self.seen);
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.line)
            .unwrap()
            .local_modes
            .contains(LocalModes::ECHO)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_person_chats_below_what_comes_in_and_gets_the_terminal_back() {
    let place = Place::new();
    place.prints(&["user", "add", "ana", "--name", "Ana"], "");
    place.prints(&["user", "add", "ben", "--name", "Ben"], "");
    let serving = place.serve();
    let mut ana = Terminal::start(&place, &["chat", "--as", "ana"]);
    ana.until("you are in no chat yet");
    ana.press("/direct ben\r");
    ana.until("nothing was said here yet");
    ana.until("Ben>");
    assert!(!ana.echoes(), "keys are taken one by one");
    ana.press("helo\x7flo, 会\r");
    ana.until("hello, 会  ");
    ana.until("✓ sent");
    ana.press("half a th");
    ana.until("half a th");
    let answer = "/open ana\nan answer that comes meanwhile\n";
    place.prints(&["chat", "--as", "ben"], answer);
    let before = ana.until("an answer that comes meanwhile");
    assert!(
        before.contains("\x1b[J"),
        "the line was wiped first: {before:?}"
    );
    ana.until("half a th");
    ana.press("ought\r");
    ana.until("half a thought  ");
    // Whoever leaves before asks for it twice.
    ana.until("✓ sent");
    // Pasted: a line break in it sends nothing.
    ana.press("\x1b[200~one\rtwo\x1b[201~");
    ana.until("two");
    ana.press("\x03");
    ana.press("/quit\r");
    ana.until_it_ends();
    assert!(ana.echoes(), "the terminal is as it was");
    let said = place.prints(&["chat", "--as", "ben"], "/1\n");
    assert!(
        said.contains("half a thought") && !said.contains("two"),
        "{said}"
    );
    serving.terminate();
}

#[test]
fn a_password_is_asked_for_without_showing_it_and_an_interrupt_gives_the_terminal_back() {
    let place = Place::new();
    place.prints(&["user", "add", "ben", "--password"], "correct horse\n");
    let serving = place.serve();
    let url = format!("http://{}", serving.address);
    let arguments = ["chat", "--as", "ben", "--server", &url];
    let mut ben = Terminal::start(&place, &arguments);
    ben.until("password of ben: ");
    while ben.echoes() {
        std::thread::yield_now();
    }
    ben.press("correct horse\r");
    let shown = ben.until("you are in no chat yet");
    assert!(!shown.contains("horse"), "{shown:?}");
    let mut interrupted = Terminal::start(&place, &arguments);
    interrupted.until("password of ben: ");
    while interrupted.echoes() {
        std::thread::yield_now();
    }
    interrupted.press("correct\x03");
    interrupted.until("chinwag: interrupted");
    interrupted.child.wait().unwrap();
    assert!(interrupted.echoes());
    drop(ben);
    serving.terminate();
}
