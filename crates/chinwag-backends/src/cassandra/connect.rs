//! Opens the driver's session.

use std::{sync::Arc, time::Duration};

use rustls::ClientConfig;
use scylla::{
    client::{
        execution_profile::ExecutionProfile, session::Session, session_builder::SessionBuilder,
    },
    policies::load_balancing::DefaultPolicy,
    statement::{Consistency, SerialConsistency},
};

use super::{
    error::OpenError,
    options::{Options, Tls},
};
use crate::authorities::Authorities;

/// How long a node may take to take a connection.
const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
/// How often silent connections are tried, and how long an answer may take before one counts as lost.
const KEEPALIVE: Duration = Duration::from_secs(5);
/// How long the nodes may take to agree on a changed schema.
const AGREES_WITHIN: Duration = Duration::from_secs(30);

/// Connects, and finds the data centre whose replicas count.
pub(super) async fn connect(options: &Options) -> Result<(Session, String), OpenError> {
    check(options)?;
    let session = builder(options, None)?.build().await;
    let session = session.map_err(|error| OpenError::Unreachable {
        contact_points: options.contact_points.join(", "),
        error: Box::new(error),
    })?;
    let data_center = data_center(&session, options)?;
    // Only now is it known whose replicas statements go to.
    let profile = profile(options, Some(&data_center));
    session
        .get_default_execution_profile_handle()
        .clone()
        .map_to_another_profile(profile);
    Ok((session, data_center))
}

fn check(options: &Options) -> Result<(), OpenError> {
    let unfit = |detail: String| Err(OpenError::Unfit(detail));
    if options.contact_points.is_empty() {
        return unfit("cassandra.contact_points is empty: name at least one node".into());
    }
    let keyspace = &options.keyspace;
    let is_name = keyspace
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name
        || !keyspace.starts_with(|first: char| first.is_ascii_lowercase())
        || keyspace.len() > 48
    {
        return unfit(format!(
            "cassandra.keyspace: {keyspace:?}: up to 48 of a-z, 0-9 and _, beginning with a letter"
        ));
    }
    Ok(())
}

fn builder(options: &Options, data_center: Option<&str>) -> Result<SessionBuilder, OpenError> {
    let mut builder = SessionBuilder::new()
        .known_nodes(&options.contact_points)
        .default_execution_profile_handle(profile(options, data_center).into_handle())
        .connection_timeout(CONNECTS_WITHIN)
        .keepalive_interval(KEEPALIVE)
        .keepalive_timeout(KEEPALIVE)
        .schema_agreement_timeout(AGREES_WITHIN)
        // Or each node reads every keyspace of the cluster, at its start and whenever any table of any of them changes.
        .keyspaces_to_fetch([&options.keyspace]);
    if let Some((user, password)) = &options.credentials {
        builder = builder.user(user, password);
    }
    if let Some(tls) = &options.tls {
        builder = builder.tls_context(Some(Arc::new(tls_config(tls)?)));
    }
    Ok(builder)
}

fn profile(options: &Options, data_center: Option<&str>) -> ExecutionProfile {
    let mut policy = DefaultPolicy::builder().token_aware(true);
    if let Some(data_center) = data_center {
        policy = policy.prefer_datacenter(data_center.to_owned());
    }
    ExecutionProfile::builder()
        .consistency(Consistency::LocalQuorum)
        .serial_consistency(Some(SerialConsistency::Serial))
        .request_timeout(Some(options.timeout))
        .load_balancing_policy(policy.build())
        .build()
}

fn data_center(session: &Session, options: &Options) -> Result<String, OpenError> {
    let state = session.get_cluster_state();
    let mut there: Vec<String> = state
        .get_nodes_info()
        .iter()
        .filter_map(|node| node.datacenter.clone())
        .collect();
    there.sort_unstable();
    there.dedup();
    match &options.local_data_center {
        Some(wanted) if there.contains(wanted) => Ok(wanted.clone()),
        Some(wanted) => Err(OpenError::Unfit(format!(
            "cassandra.local_data_center is {wanted:?}, but the cluster has {}",
            there.join(", ")
        ))),
        None if there.len() == 1 => Ok(there.remove(0)),
        None => Err(OpenError::Unfit(format!(
            "the cluster has the data centres {}: name one as cassandra.local_data_center, the same on every node",
            there.join(", ")
        ))),
    }
}

fn tls_config(tls: &Tls) -> Result<ClientConfig, OpenError> {
    let authorities = Authorities::read(&tls.authorities);
    let config = authorities.and_then(Authorities::client_config);
    config.map_err(OpenError::Tls)
}
