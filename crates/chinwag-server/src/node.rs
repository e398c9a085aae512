//! One node without its listeners: engines, owner, reads, accounts, the API. What the server and the commands share.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use chinwag_core::{
    Clock,
    delivery::Delivery,
    model::NodeId,
    owner::{Owner, OwnerPorts, OwnerSettings, take_free_number},
    ports::QueueGroup,
    reads::{ReadPorts, Reads},
};

use tokio_util::sync::CancellationToken;

use crate::{
    api::{self, Api},
    auth::{
        self, Authenticator, Gate, Passwords, Standing, Tokens, UserAccounts, UserAccountsPorts,
    },
    config::{Config, TokenKeys},
    error::StartError,
    health::Health,
    indexer::{Indexer, Rebuilder},
    limits::RateLimits,
    metrics::Metrics,
    neighbourhood,
    origins::Origins,
    purger::Purger,
    push::{DeviceChanges, Push, PushPorts, PushSettings},
    routing::{self, Calls, Router},
    transfer,
    wiring::{self, Opening, Ports},
};

/// The number of the only node there is.
const ONLY: NodeId = NodeId(0);

/// One node without its listeners.
pub struct Node {
    ports: Ports,
    owner: Arc<Owner>,
    router: Arc<Router>,
    delivery: Arc<Delivery>,
    metrics: Arc<Metrics>,
    api: Arc<Api>,
    rebuilder: Arc<Rebuilder>,
    clock: Arc<dyn Clock>,
    data_dir: PathBuf,
    url: OnceLock<String>,
}

impl Node {
    /// Opens the data directory, making it (mode 0700) where there is none, and starts the owner.
    ///
    /// `address` is where other nodes call this one. Where they could by the configuration and can't, since it only takes
    /// commands, it owns no chats.
    pub async fn open(
        config: &Config,
        opening: Opening,
        address: Option<String>,
    ) -> Result<Arc<Self>, StartError> {
        make_data_dir(&config.data_dir)?;
        transfer::refuse_unfinished(&config.data_dir)?;
        let metrics = Arc::new(Metrics::default());
        let ports = wiring::open(config, &opening, &metrics).await?;
        let calls = config.node.calls.as_ref();
        let calls = calls.map(|calls| routing::calls(&calls.key));
        Self::over(config, ports, calls, metrics, opening.clock, address).await
    }

    /// Starts a node over ports that are open; `calls` is how it asks other nodes, none where it is the only one.
    pub async fn over(
        config: &Config,
        ports: Ports,
        calls: Option<Arc<Calls>>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
        address: Option<String>,
    ) -> Result<Arc<Self>, StartError> {
        let settings = settle_settings(config, &ports, address).await?;
        let delivery = Arc::new(Delivery::new(
            settings.node,
            Arc::clone(&ports.presence),
            Arc::clone(&ports.bus),
        ));
        let owner = Owner::start(owner_ports(&ports, &delivery, &clock), settings).await;
        let owner = owner.map_err(StartError::Owner)?;
        neighbourhood::agree(&owner, config).await?;
        let router = Arc::new(Router::new(Arc::clone(&owner), calls));
        let api = make_api(config, &ports, &router, &delivery, &metrics, &clock)?;
        let rebuilder = Arc::new(Rebuilder::new(
            Arc::clone(&ports.store),
            Arc::clone(&ports.directory),
            Arc::clone(&ports.search),
        ));
        if let Err(error) = rebuilder.make_first().await {
            tracing::warn!(%error, "the first search index can't be made yet");
        }
        Ok(Arc::new(Self {
            ports,
            owner,
            router,
            delivery,
            metrics,
            api: Arc::new(api),
            rebuilder,
            clock,
            data_dir: config.data_dir.clone(),
            url: OnceLock::new(),
        }))
    }

    /// Returns the ports.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Returns whether the store is open for reading only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        let embedded = self.ports.embedded.as_ref();
        embedded.is_some_and(|embedded| embedded.is_read_only())
    }

    /// Returns the owner.
    #[must_use]
    pub fn owner(&self) -> &Arc<Owner> {
        &self.owner
    }

    /// Returns what asks the chats' owners, here and elsewhere.
    #[must_use]
    pub fn chats(&self) -> &Arc<Router> {
        &self.router
    }

    /// Returns the reads.
    #[must_use]
    pub fn reads(&self) -> &Arc<Reads> {
        &self.api.reads
    }

    /// Returns what brings events to sessions.
    #[must_use]
    pub fn delivery(&self) -> &Arc<Delivery> {
        &self.delivery
    }

    /// Returns what tells who asks.
    #[must_use]
    pub fn authenticator(&self) -> &Arc<dyn Authenticator> {
        &self.api.authenticator
    }

    /// Returns what changes accounts.
    #[must_use]
    pub fn user_accounts(&self) -> &Arc<UserAccounts> {
        &self.api.user_accounts
    }

    /// Returns the rates.
    #[must_use]
    pub fn rates(&self) -> &Arc<RateLimits> {
        &self.api.rates
    }

    /// Returns which pages may ask.
    #[must_use]
    pub fn origins(&self) -> &Arc<Origins> {
        &self.api.origins
    }

    /// Returns how the server is.
    #[must_use]
    pub fn health(&self) -> &Arc<Health> {
        &self.api.health
    }

    /// Returns the counts.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Returns the data directory.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Says where clients on this machine find this node; the first call holds.
    pub(crate) fn serves_at(&self, url: String) {
        let _ = self.url.set(url);
    }

    /// Returns where clients on this machine find this node; nowhere, where it only takes commands.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.get().map(String::as_str)
    }

    /// Returns the API's router.
    pub fn router(&self) -> axum::Router {
        api::router(Arc::clone(&self.api))
    }

    /// Returns the router of `/healthz` and `/readyz` alone.
    pub fn health_router(&self) -> axum::Router {
        api::health_router(Arc::clone(&self.api))
    }

    /// Returns the router for whoever may open the data directory: the API as any user, and the commands. `stop` ends
    /// imports.
    pub fn control_router(self: &Arc<Self>, stop: CancellationToken) -> axum::Router {
        api::control_router(Arc::clone(&self.api), self).merge(transfer::router(self, stop))
    }

    /// Reads what is measured only when somebody looks.
    pub async fn measure(&self) {
        for group in QueueGroup::ALL {
            if let Ok(lag) = self.ports.queue.lag(group).await {
                self.metrics.set_lag(group.name(), lag);
            }
        }
    }

    /// Returns what keeps the search index behind the log.
    #[must_use]
    pub fn indexer(&self) -> Indexer {
        Indexer {
            queue: Arc::clone(&self.ports.queue),
            store: Arc::clone(&self.ports.store),
            search: Arc::clone(&self.ports.search),
        }
    }

    /// Returns what removes deleted chats' rows.
    #[must_use]
    pub fn purger(&self) -> Purger {
        Purger {
            queue: Arc::clone(&self.ports.queue),
            store: Arc::clone(&self.ports.store),
        }
    }

    /// Returns what tells devices of messages.
    #[must_use]
    pub fn push(&self, settings: PushSettings) -> Arc<Push> {
        let ports = PushPorts {
            queue: Arc::clone(&self.ports.queue),
            store: Arc::clone(&self.ports.store),
            directory: Arc::clone(&self.ports.directory),
            accounts: Arc::clone(&self.ports.accounts),
            presence: Arc::clone(&self.ports.presence),
            reads: Arc::clone(self.reads()),
            senders: self.ports.senders.clone(),
            device_changes: Arc::clone(&self.api.device_changes),
            clock: Arc::clone(&self.clock),
        };
        Push::new(ports, settings)
    }

    /// Returns what builds the search index anew.
    #[must_use]
    pub fn rebuilder(&self) -> &Arc<Rebuilder> {
        &self.rebuilder
    }

    /// Stops the owner: what waits is written. A rebuild of the search index that goes on is given up.
    pub async fn stop(&self) {
        self.rebuilder.stop().await;
        // Other processes may own chats where the store isn't this one's own.
        if self.ports.embedded.is_none()
            && let Err(error) = self.owner.leave().await
        {
            tracing::warn!(%error, "the lease ends by itself: the next start waits for that");
        }
        self.owner.stop().await;
    }
}

/// Makes the data directory (mode 0700) where there is none.
pub(crate) fn make_data_dir(path: &Path) -> Result<(), StartError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(StartError::file(path))
}

fn owner_ports(ports: &Ports, delivery: &Arc<Delivery>, clock: &Arc<dyn Clock>) -> OwnerPorts {
    OwnerPorts {
        store: Arc::clone(&ports.store),
        directory: Arc::clone(&ports.directory),
        accounts: Arc::clone(&ports.accounts),
        ownership: Arc::clone(&ports.ownership),
        queue: Arc::clone(&ports.queue),
        marks: ports.marks.clone(),
        delivery: Arc::clone(delivery),
        clock: Arc::clone(clock),
    }
}

/// Makes the owner's settings; takes a free number where none is configured and there may be several nodes.
async fn settle_settings(
    config: &Config,
    ports: &Ports,
    address: Option<String>,
) -> Result<OwnerSettings, StartError> {
    let process = rand::random();
    let profile = neighbourhood::profile(config, address);
    let node = match (config.node.number, &config.node.calls) {
        (Some(number), _) => NodeId(number),
        (None, None) => ONLY,
        (None, Some(_)) => take_free_number(&*ports.ownership, process, &profile)
            .await
            .map_err(StartError::Owner)?,
    };
    Ok(OwnerSettings {
        node,
        process,
        sole: ports.embedded.is_some(),
        profile,
        limits: config.limits.clone(),
        direct_max_members: config.direct_max_members,
        feeds_devices: ports.feeds_devices,
        ..OwnerSettings::default()
    })
}

fn make_api(
    config: &Config,
    ports: &Ports,
    router: &Arc<Router>,
    delivery: &Arc<Delivery>,
    metrics: &Arc<Metrics>,
    clock: &Arc<dyn Clock>,
) -> Result<Api, StartError> {
    let stand_alone = config.auth.keys == TokenKeys::Own;
    let reads = ReadPorts {
        store: Arc::clone(&ports.store),
        directory: Arc::clone(&ports.directory),
        accounts: Arc::clone(&ports.accounts),
        presence: Arc::clone(&ports.presence),
        search: Arc::clone(&ports.search),
        owner: Arc::clone(router) as _,
        clock: Arc::clone(clock),
    };
    let own_key = auth::own_key(&config.data_dir).map_err(StartError::file(&config.data_dir))?;
    let tokens =
        Tokens::new(&config.auth, &own_key, Arc::clone(clock)).map_err(StartError::Config)?;
    let tokens = Arc::new(tokens);
    let standing = Arc::new(Standing::new(
        Arc::clone(&ports.accounts),
        Arc::clone(clock),
    ));
    let gate = Gate::new(
        Arc::clone(&tokens),
        Arc::clone(&standing),
        Arc::clone(&ports.accounts),
        Arc::clone(clock),
        !stand_alone,
    );
    let user_accounts = UserAccountsPorts {
        accounts: Arc::clone(&ports.accounts),
        delivery: Arc::clone(delivery),
        standing,
        tokens,
        passwords: Passwords::new(config.rates.hashes_at_once, config.rates.hashes_waiting),
        clock: Arc::clone(clock),
    };
    let health = Health::new(
        Arc::clone(&ports.store),
        Arc::clone(&ports.accounts),
        Arc::clone(&ports.queue),
        Arc::clone(&ports.search),
        Arc::clone(&ports.presence),
        config.data_dir.clone(),
        config.storage_min_free,
    );
    Ok(Api {
        owner: Arc::clone(router),
        reads: Arc::new(Reads::new(reads, config.limits.clone(), stand_alone)),
        authenticator: Arc::new(gate),
        user_accounts: Arc::new(UserAccounts::new(user_accounts, stand_alone)),
        accounts: Arc::clone(&ports.accounts),
        senders: ports.senders.clone(),
        device_changes: Arc::new(DeviceChanges::default()),
        directory: Arc::clone(&ports.directory),
        presence: Arc::clone(&ports.presence),
        delivery: Arc::clone(delivery),
        rates: Arc::new(RateLimits::new(&config.rates, Arc::clone(clock))),
        limits: config.limits.clone(),
        origins: Arc::new(Origins::new(&config.origins).map_err(StartError::Config)?),
        proxies: config.proxies.clone(),
        health: Arc::new(health),
        metrics: Arc::clone(metrics),
        clock: Arc::clone(clock),
    })
}
