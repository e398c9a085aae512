//! How a process comes by its node's number (rule O3).

use chinwag_proto::{ErrorCode, Problem, snowflake};

use super::{OwnerSettings, watch::SILENT};
use crate::{
    model::NodeId,
    ports::{EngineResult, NodeProfile, NodeRow, Ownership},
};

/// How often another number is tried because others were faster.
const TRIES: usize = 64;

/// Takes the lowest number that is free for a process: one that nobody had, or whose lease is closed.
///
/// Errors: the ownership's engine is away, or all numbers are in use.
pub async fn take_free_number(
    ownership: &dyn Ownership,
    process: u64,
    profile: &NodeProfile,
) -> Result<NodeId, Problem> {
    for _ in 0..TRIES {
        let rows = ownership.nodes().await?;
        // 0 is the number of the only node there is.
        let free = (1..snowflake::IMPORT_NODE).map(NodeId).find(|number| {
            let row = rows.iter().find(|row| row.node == *number);
            row.is_none_or(|row| row.closed)
        });
        let Some(node) = free else { break };
        ownership.introduce(node, process, profile).await?;
        let row = rows.into_iter().find(|row| row.node == node);
        if ownership.take(node, process, row).await? {
            return Ok(node);
        }
    }
    let detail = "no number is free for this node: too many start at once, or 1,022 others run";
    Err(Problem::new(ErrorCode::NotOwner, detail))
}

/// Takes a node's number for this process: at once where nobody has it, or who had it left; else once its beat has stood
/// still for long enough that whoever had it doesn't act on it any more.
pub(super) async fn take_number(
    ownership: &dyn Ownership,
    settings: &OwnerSettings,
) -> Result<(), Problem> {
    let (node, process) = (settings.node, settings.process);
    ownership
        .introduce(node, process, &settings.profile)
        .await?;
    let mut row = read(ownership, node).await?;
    if row.is_some_and(|row| !row.closed && row.process != process) {
        tracing::info!(
            node = node.0,
            "another process had this node's number and didn't leave; waiting for the end of its lease"
        );
        tokio::time::sleep(SILENT).await;
        let now = read(ownership, node).await?;
        // Another node may have closed it meanwhile.
        if now.map(|now| (now.process, now.beat)) != row.map(|row| (row.process, row.beat)) {
            return Err(in_use(node));
        }
        row = now;
    }
    if ownership.take(node, process, row).await? {
        Ok(())
    } else {
        Err(in_use(node))
    }
}

async fn read(ownership: &dyn Ownership, node: NodeId) -> EngineResult<Option<NodeRow>> {
    let rows = ownership.nodes().await?;
    Ok(rows.into_iter().find(|row| row.node == node))
}

fn in_use(node: NodeId) -> Problem {
    let detail = format!(
        "another process is node {}: one process has a number",
        node.0
    );
    Problem::new(ErrorCode::NotOwner, detail)
}
