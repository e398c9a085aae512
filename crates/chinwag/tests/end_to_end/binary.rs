//! The real binary, as a process of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How `chinwag serve` is started.
pub(crate) struct Serve {
    data: PathBuf,
    settings: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Serve {
    /// Serves what lies in a directory, on a free port, without rates.
    pub(crate) fn on(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            settings: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// Sets a key of the configuration.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        let variable = format!("CHINWAG_{}", key.replace('.', "_").to_uppercase());
        self.settings.push((variable, value.to_owned()));
        self
    }

    /// Adds an argument of the command.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Makes the command; `before` is another program that runs it, and its arguments.
    pub(crate) fn command(&self, before: &[&str]) -> Command {
        let serve = [env!("CARGO_BIN_EXE_chinwag"), "serve"];
        let mut words = before.iter().copied().chain(serve);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .args(&self.arguments)
            .env("CHINWAG_LISTEN", "127.0.0.1:0")
            .env("CHINWAG_DATA_DIR", &self.data)
            .env("CHINWAG_LIMITS_RATES", "off")
            .env("CHINWAG_STORAGE_MIN_FREE", "0")
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .current_dir(self.data.parent().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts it and waits until it serves.
    pub(crate) fn start(&self) -> Served {
        self.try_start()
            .unwrap_or_else(|refused| panic!("the server starts: {}", refused.stderr))
    }

    /// Starts it; answers what it says where it refuses to serve.
    pub(crate) fn try_start(&self) -> Result<Served, Refused> {
        Served::of(self.command(&[]).spawn().unwrap())
    }
}

/// A start that came to nothing.
pub(crate) struct Refused {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

/// A running server, killed when it is dropped.
pub(crate) struct Served {
    child: Child,
    address: SocketAddr,
    lines: Arc<AtomicUsize>,
}

impl Served {
    /// Waits for the line that tells the address.
    pub(crate) fn of(mut child: Child) -> Result<Self, Refused> {
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split([',', ' ']).next()?.parse().ok());
        let Some(address) = address else {
            let mut told = String::new();
            stderr.read_to_string(&mut told).unwrap();
            return Err(Refused {
                status: child.wait().unwrap(),
                stderr: told,
            });
        };
        // Keeps reading, so that the server never waits for a full pipe.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(drop));
        let lines = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&lines);
        std::thread::spawn(move || {
            let lines = BufReader::new(stderr).lines();
            lines.map_while(Result::ok).for_each(|_| {
                counted.fetch_add(1, Ordering::Relaxed);
            });
        });
        Ok(Self {
            child,
            address,
            lines,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Counts the lines that it has logged.
    pub(crate) fn lines(&self) -> usize {
        self.lines.load(Ordering::Relaxed)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // SIGKILL: nothing is finished, nothing is flushed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
