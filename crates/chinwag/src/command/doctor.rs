//! `chinwag doctor`

use std::{
    fs,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use chinwag_server::{config::Config, control};

/// An fsync above this makes every send slow.
const SLOW_SYNC: Duration = Duration::from_millis(20);
/// Each connection takes a file descriptor.
const FEW_FILES: u64 = 10_000;

/// Look for what may go wrong on this machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

enum Finding {
    Good(String),
    Odd(String),
    Bad(String),
}

pub(super) async fn run(_: Arguments, config: Config) -> Result<()> {
    let running = tokio::net::UnixStream::connect(control::socket_path(&config.data_dir))
        .await
        .is_ok();
    let findings = [
        Finding::Good("the configuration can be read".into()),
        server(&config, running).await,
        disk_sync(&config.data_dir),
        open_files(),
        certificate(&config),
    ];
    let mut bad = 0;
    for finding in findings {
        match finding {
            Finding::Good(text) => println!("  ok    {text}"),
            Finding::Odd(text) => println!("  hm    {text}"),
            Finding::Bad(text) => {
                bad += 1;
                println!("  wrong {text}");
            }
        }
    }
    if bad > 0 {
        bail!("{bad} things would keep the server from working");
    }
    Ok(())
}

async fn server(config: &Config, running: bool) -> Finding {
    if running {
        return Finding::Good(format!("a server runs on {}", config.data_dir.display()));
    }
    match tokio::net::TcpListener::bind(&config.listen).await {
        Ok(_) => Finding::Good(format!("{} is free to listen on", config.listen)),
        Err(error) => Finding::Bad(format!("can't listen on {}: {error}", config.listen)),
    }
}

/// Measures how long the disk takes to keep a write for good.
fn disk_sync(data_dir: &Path) -> Finding {
    let directory = if data_dir.exists() {
        data_dir
    } else {
        Path::new(".")
    };
    let path = directory.join(format!("doctor-{}.tmp", std::process::id()));
    let measured = (|| {
        let mut file = fs::File::create(&path)?;
        let started = Instant::now();
        for _ in 0..10 {
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
        }
        Ok::<_, std::io::Error>(started.elapsed() / 10)
    })();
    let _ = fs::remove_file(&path);
    match measured {
        Err(error) => Finding::Bad(format!("can't write to {}: {error}", directory.display())),
        Ok(time) if time > SLOW_SYNC => Finding::Odd(format!(
            "the disk takes {time:.1?} to keep a write: every send waits for that"
        )),
        Ok(time) => Finding::Good(format!("the disk keeps a write in {time:.1?}")),
    }
}

fn open_files() -> Finding {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    match soft {
        Some(soft) if soft < FEW_FILES => Finding::Odd(format!(
            "{soft} open files allowed, one for each connection: raise it by ulimit -n"
        )),
        Some(soft) => Finding::Good(format!("{soft} open files allowed")),
        None => Finding::Good("open files are not limited".into()),
    }
}

fn certificate(config: &Config) -> Finding {
    let Some(tls) = &config.tls else {
        return Finding::Good("no certificate: a proxy in front should speak TLS".into());
    };
    for path in [&tls.cert, &tls.key] {
        if let Err(error) = fs::read(path) {
            return Finding::Bad(format!("can't read {}: {error}", path.display()));
        }
    }
    Finding::Good("certificate and key can be read".into())
}
