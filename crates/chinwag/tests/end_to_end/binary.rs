//! The real binary, as a process of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// How `chinwag serve` is started.
pub(crate) struct Serve {
    data: PathBuf,
    settings: Vec<(String, String)>,
}

impl Serve {
    /// Serves what lies in a directory, on a free port, without rates.
    pub(crate) fn on(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            settings: Vec::new(),
        }
    }

    /// Sets a key of the configuration.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        let variable = format!("CHINWAG_{}", key.replace('.', "_").to_uppercase());
        self.settings.push((variable, value.to_owned()));
        self
    }

    /// Makes the command; `before` is another program that runs it, and its arguments.
    pub(crate) fn command(&self, before: &[&str]) -> Command {
        let serve = [env!("CARGO_BIN_EXE_chinwag"), "serve"];
        let mut words = before.iter().copied().chain(serve);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
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
        Served::of(self.command(&[]).spawn().unwrap())
            .unwrap_or_else(|refused| panic!("the server starts: {}", refused.stderr))
    }
}

/// A start that came to nothing.
pub(crate) struct Refused {
    pub(crate) stderr: String,
}

/// A running server, killed when it is dropped.
pub(crate) struct Served {
    child: Child,
    address: SocketAddr,
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
            child.wait().unwrap();
            return Err(Refused { stderr: told });
        };
        // Keeps reading, so that the server never waits for a full pipe.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(drop));
        std::thread::spawn(move || {
            let lines = BufReader::new(stderr).lines();
            lines.map_while(Result::ok).for_each(drop);
        });
        Ok(Self { child, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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
