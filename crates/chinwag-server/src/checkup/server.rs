//! The server of the data directory: how it is, or whether one could start.

use chinwag_backends::Verdict;
use tokio::net::{TcpListener, UnixStream};

use super::Finding;
use crate::{config::Config, control};

const ABOUT: &str = "server";

pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let socket = control::socket_path(&config.data_dir);
    if UnixStream::connect(&socket).await.is_ok() {
        return vec![running(config, &socket).await];
    }
    let clients = config.node.serves_clients().then_some(&config.listen);
    let nodes = config.node.calls.as_ref().map(|calls| &calls.listen);
    let mut findings = Vec::new();
    for (key, address) in [
        ("listen", clients),
        ("node.listen", nodes),
        ("metrics.listen", config.metrics_listen.as_ref()),
    ] {
        if let Some(address) = address {
            findings.push(free(key, address).await);
        }
    }
    if !config.node.serves_clients() && config.metrics_listen.is_none() {
        let found = "it serves no clients, and has no metrics.listen: nobody can ask how it is";
        findings.push(Finding::warning(ABOUT, found, "set metrics.listen"));
    }
    findings
}

/// Asks a server that runs how it is.
async fn running(config: &Config, socket: &std::path::Path) -> Finding {
    let place = config.data_dir.display();
    let asking = async {
        let client = reqwest::Client::builder().unix_socket(socket).build()?;
        let answer = client.get("http://localhost/readyz").send().await?;
        answer.bytes().await
    };
    let told: Result<serde_json::Value, String> = match asking.await {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match told {
        Ok(told) if told["status"] == "ok" => {
            Finding::ok(ABOUT, format!("one runs on {place}, and is well"))
        }
        Ok(told) => ailing(&place.to_string(), &told),
        Err(error) => {
            let found = format!("one runs on {place}, and doesn't say how it is: {error}");
            Finding::error(ABOUT, found, "see its log")
        }
    }
}

fn ailing(place: &str, told: &serde_json::Value) -> Finding {
    let parts = told["parts"].as_array().into_iter().flatten();
    let away = parts.filter(|part| part["ok"] == false).map(|part| {
        let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
        format!("{} ({})", text("name"), text("detail"))
    });
    let away: Vec<String> = away.collect();
    let status = told["status"].as_str().unwrap_or("unknown");
    let found = format!("one runs on {place}, and is {status}: {}", away.join(", "));
    let verdict = if status == "down" {
        Verdict::Error
    } else {
        Verdict::Warning
    };
    Finding {
        verdict,
        ..Finding::error(
            ABOUT,
            found,
            "see what is said of these parts below, and its log",
        )
    }
}

async fn free(key: &str, address: &str) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(ABOUT, format!("{key}: {address} is free")),
        Err(error) => {
            let found = format!("{key}: can't listen on {address}: {error}");
            Finding::error(ABOUT, found, format!("free it, or set {key}"))
        }
    }
}
