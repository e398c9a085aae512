//! What an engine brings to be tested: one small trait a port.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    model::DeviceRow,
    ports::{
        Accounts, Bus, Directory, EventQueue, MessageStore, Ownership, Presence, PushNote,
        PushOutcome, PushSender, QueueMarks, SearchIndex,
    },
};

/// An engine under test, for one case.
#[async_trait]
pub trait Engine: Sized + Send + Sync + 'static {
    /// Opens the engine with nothing in it; panics where it is absent.
    async fn fresh() -> Self;

    /// Closes the engine and opens it again, with what was durable.
    async fn reopen(self) -> Self;
}

/// Has a [`MessageStore`].
pub trait MessageStoreEngine: Engine {
    /// Returns the port.
    fn message_store(&self) -> Arc<dyn MessageStore>;
}

/// Has a [`Directory`], whose chats and members are written by its [`MessageStore`].
pub trait DirectoryEngine: MessageStoreEngine {
    /// Returns the port.
    fn directory(&self) -> Arc<dyn Directory>;
}

/// Has [`Accounts`].
pub trait AccountsEngine: Engine {
    /// Returns the port.
    fn accounts(&self) -> Arc<dyn Accounts>;
}

/// Has an [`EventQueue`], which follows its [`MessageStore`].
pub trait EventQueueEngine: MessageStoreEngine {
    /// Returns the port.
    fn event_queue(&self) -> Arc<dyn EventQueue>;
}

/// Has [`Ownership`].
pub trait OwnershipEngine: Engine {
    /// Returns the port.
    fn ownership(&self) -> Arc<dyn Ownership>;
}

/// Has [`QueueMarks`].
pub trait QueueMarksEngine: Engine {
    /// Returns the port.
    fn queue_marks(&self) -> Arc<dyn QueueMarks>;
}

/// Has [`Presence`].
#[async_trait]
pub trait PresenceEngine: Engine {
    /// Returns the port.
    fn presence(&self) -> Arc<dyn Presence>;

    /// Lets time pass for the leases: by a clock of its own, or by waiting.
    async fn pass(&self, time: Duration);
}

/// Has a [`Bus`].
pub trait BusEngine: Engine {
    /// How many messages a subscription surely can't hold when nobody takes one.
    const TOO_MANY: usize;

    /// Returns the port.
    fn bus(&self) -> Arc<dyn Bus>;
}

/// Has a [`SearchIndex`].
pub trait SearchIndexEngine: Engine {
    /// Returns the port.
    fn search_index(&self) -> Arc<dyn SearchIndex>;
}

/// Has a [`PushSender`] and a provider behind it that can be looked at.
#[async_trait]
pub trait PushSenderEngine: Engine {
    /// Returns the port.
    fn push_sender(&self) -> Arc<dyn PushSender>;

    /// Lets the provider answer notes to an address like this from now on.
    async fn answer(&self, address: &str, outcome: PushOutcome);

    /// Returns the notes on a device's screen, in order of chat.
    async fn screen(&self, device: &DeviceRow) -> Vec<PushNote>;
}
