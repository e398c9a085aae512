//! The HTTP API: every route on top of the owner and the reads.

mod accounts;
mod admin;
mod answer;
mod asyncapi;
mod call;
mod chats;
pub mod control;
mod cors;
mod credential;
mod devices;
mod dispatch;
mod health;
mod incoming;
mod marks;
mod members;
mod messages;
mod openapi;
mod push;
mod query;
mod reactions;
mod route;
mod schemas;
mod search;
mod sessions;
mod sync;
mod users;

use std::{net::IpAddr, sync::Arc};

use axum::{Extension, Router};
use chinwag_core::{
    Clock,
    delivery::Delivery,
    ports::{Accounts, Directory, Presence},
    reads::Reads,
};
use chinwag_proto::Limits;

use crate::{
    auth::{Authenticator, UserAccounts},
    health::Health,
    limits::RateLimits,
    metrics::Metrics,
    node::Node,
    origins::Origins,
    push::{DeviceChanges, Senders},
    routing,
};

pub(crate) use answer::problem_response;
pub use credential::Operator;
pub use incoming::Peer;
pub(crate) use query::read as read_query;

/// What the HTTP API needs.
pub struct Api {
    /// Decides and writes.
    pub owner: Arc<routing::Router>,
    /// Reads.
    pub reads: Arc<Reads>,
    /// Tells who asks.
    pub authenticator: Arc<dyn Authenticator>,
    /// Changes accounts.
    pub user_accounts: Arc<UserAccounts>,
    /// Devices.
    pub accounts: Arc<dyn Accounts>,
    /// Who brings notes to them.
    pub senders: Senders,
    /// Whether one was registered.
    pub device_changes: Arc<DeviceChanges>,
    /// A user's chats, where an account is removed.
    pub directory: Arc<dyn Directory>,
    /// A user's sessions.
    pub presence: Arc<dyn Presence>,
    /// Brings the word to sessions that must close.
    pub delivery: Arc<Delivery>,
    /// Rates.
    pub rates: Arc<RateLimits>,
    /// Sizes.
    pub limits: Limits,
    /// Which pages may ask.
    pub origins: Arc<Origins>,
    /// Reverse proxies whose word about addresses is believed.
    pub proxies: Vec<IpAddr>,
    /// Whether parts of the server are away.
    pub health: Arc<Health>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Makes the router of every route.
pub fn router(api: Arc<Api>) -> Router {
    dispatch::router(api, route::routes())
}

/// Makes the router of what an orchestrator asks, and nothing else.
pub fn health_router(api: Arc<Api>) -> Router {
    dispatch::router(api, health::routes())
}

/// Makes the router of the control socket: the API as any user, and the operator's commands.
pub fn control_router(api: Arc<Api>, node: &Arc<Node>) -> Router {
    let mut routes = route::routes();
    routes.extend(control::routes(node));
    dispatch::router(api, routes).layer(Extension(Operator))
}
