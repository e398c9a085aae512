//! This machine: its disk, and how many files it lets a process open.

use std::{
    fs,
    io::{Error, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chinwag_backends::free_bytes;
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};

use super::Finding;
use crate::config::{Config, StoreEngine};

const DISK: &str = "disk";
const FILES: &str = "files";
/// A write that takes longer to be kept makes every send slow.
const SLOW_SYNC: Duration = Duration::from_millis(20);
/// How many writes are measured, and of how many bytes.
const SYNCS: u32 = 10;
const SYNCED_BYTES: usize = 4_096;
/// Each connection takes a file descriptor.
const FEW_FILES: u64 = 10_000;
/// So many times what sends need free is little.
const LITTLE_ROOM: u64 = 4;

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![data_dir(&config.data_dir), room(config)];
    if config.engines.store == StoreEngine::Embedded {
        findings.push(sync(&nearest(&config.data_dir)));
    }
    if config.node.serves_clients() {
        findings.push(open_files());
    }
    findings
}

fn data_dir(path: &Path) -> Finding {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(there) if there.permissions().mode() & 0o077 != 0 => {
            let found = format!("others than its owner may look into {shown}");
            Finding::warning(DISK, found, format!("chmod 700 {shown}"))
        }
        Ok(_) => Finding::ok(DISK, format!("{shown} is for its owner alone")),
        Err(_) => Finding::ok(DISK, format!("{shown} is made at the first start")),
    }
}

/// Returns the directory that is there, on the disk where a directory is or will be.
fn nearest(path: &Path) -> PathBuf {
    let mut candidates = path.ancestors().filter(|path| !path.as_os_str().is_empty());
    let there = candidates.find(|path| path.is_dir());
    there.unwrap_or(Path::new(".")).to_owned()
}

fn room(config: &Config) -> Finding {
    let directory = nearest(&config.data_dir);
    let free = match free_bytes(&directory) {
        Ok(free) => free,
        Err(error) => {
            let found = format!("how much is free isn't told: {error}");
            return Finding::error(DISK, found, "see that data_dir can be used");
        }
    };
    let needed = config.storage_min_free;
    let found = format!("{} MiB are free", free >> 20);
    let advice = format!(
        "make room: below {} MiB (storage.min_free) nothing can be sent",
        needed >> 20
    );
    match free {
        free if free < needed => Finding::error(DISK, found, advice),
        free if free < needed.saturating_mul(LITTLE_ROOM) => Finding::warning(DISK, found, advice),
        _ => Finding::ok(DISK, found),
    }
}

/// Measures how long the disk takes to keep a write for good.
fn sync(directory: &Path) -> Finding {
    match measure_sync(directory) {
        Err(error) => {
            let found = format!("can't write to {}: {error}", directory.display());
            Finding::error(DISK, found, "see who owns it, or set data_dir")
        }
        Ok(time) if time > SLOW_SYNC => {
            let found =
                format!("it takes {time:.1?} to keep a write, and every send waits for that");
            Finding::warning(DISK, found, "put data_dir on an SSD")
        }
        Ok(time) => Finding::ok(DISK, format!("it keeps a write in {time:.1?}")),
    }
}

/// Writes into a file without a name, of which nothing is left however this ends.
fn measure_sync(directory: &Path) -> Result<Duration, Error> {
    let mut file = nameless(directory)?;
    let started = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&[0; SYNCED_BYTES])?;
        file.sync_data()?;
    }
    Ok(started.elapsed() / SYNCS)
}

fn nameless(directory: &Path) -> Result<fs::File, Error> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => Ok(file.into()),
        // Some file systems know no such files: then it has a name for a moment.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT) => {
            let path = directory.join(format!(".doctor-{}", std::process::id()));
            let file = fs::File::create_new(&path)?;
            fs::remove_file(&path)?;
            Ok(file)
        }
        Err(error) => Err(error.into()),
    }
}

fn open_files() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    match limit.current {
        Some(few) if few < FEW_FILES => Finding::warning(
            FILES,
            format!("{few} open files allowed, one for each connection"),
            "raise it: ulimit -n, or LimitNOFILE in systemd",
        ),
        Some(many) => Finding::ok(FILES, format!("{many} open files allowed")),
        None => Finding::ok(FILES, "open files are not limited"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkup::Verdict;

    #[test]
    fn a_directory_that_others_may_look_into_is_told_and_nothing_is_left_in_it() {
        let directory = tempfile::tempdir().unwrap();
        let mode = |mode| fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode));
        mode(0o755).unwrap();
        assert_eq!(data_dir(directory.path()).verdict, Verdict::Warning);
        mode(0o700).unwrap();
        assert_eq!(data_dir(directory.path()).verdict, Verdict::Ok);
        assert_ne!(sync(directory.path()).verdict, Verdict::Error);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn too_little_room_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = directory.path().join("not/there").display().to_string();
        let verdict = |min_free: &str| {
            let pairs = [("data_dir", &*data_dir), ("storage.min_free", min_free)];
            room(&Config::of(&pairs).unwrap()).verdict
        };
        assert_eq!(verdict("0"), Verdict::Ok);
        assert_eq!(verdict("1000000GiB"), Verdict::Error);
    }
}
