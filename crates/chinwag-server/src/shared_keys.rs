//! Keys that all nodes have in common: the one that signs tokens, and the one that browsers know the server by.
//!
//! Each node keeps them in its data directory, as the only node there is does. The first one that ever started put its own
//! into the store, and every other takes them from there.

use chinwag_core::ports::Ownership;

use crate::{
    auth,
    config::{Config, TokenKeys},
    error::StartError,
    made_once,
    push::own_vapid_key,
};

/// Brings this node's keys in line with those of all.
pub(crate) async fn share(config: &Config, ownership: &dyn Ownership) -> Result<(), StartError> {
    let data_dir = &config.data_dir;
    if config.auth.keys == TokenKeys::Own {
        let own = auth::own_key(data_dir).map_err(StartError::file(data_dir))?;
        share_one(config, ownership, auth::OWN_KEY_FILE, own).await?;
    }
    if config.push.webpush.is_some() {
        let (file, own) = own_vapid_key(data_dir)?;
        share_one(config, ownership, file, own).await?;
    }
    Ok(())
}

async fn share_one(
    config: &Config,
    ownership: &dyn Ownership,
    file: &str,
    own: Vec<u8>,
) -> Result<(), StartError> {
    let shared = ownership.shared_secret(file, own.clone()).await;
    let shared = shared.map_err(|error| StartError::Owner(error.into()))?;
    if shared == own {
        return Ok(());
    }
    tracing::info!(
        file,
        "the key of all nodes takes the place of this one's own"
    );
    let path = config.data_dir.join(file);
    made_once::write(&config.data_dir, file, &shared).map_err(StartError::file(&path))
}
