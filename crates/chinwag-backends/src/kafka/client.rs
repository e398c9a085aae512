//! What every client of Kafka shares: where it connects, and how it tells what happens to it.

use chinwag_core::ports::EngineError;
use rdkafka::{
    ClientConfig, ClientContext, config::RDKafkaLogLevel, error::KafkaError,
    types::RDKafkaErrorCode,
};

use super::Options;

/// Returns the settings that every client has.
pub(super) fn config(options: &Options) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", options.brokers.join(","))
        .set("client.id", "chinwag")
        .set("socket.keepalive.enable", "true")
        // What is away is noticed to be back within a second.
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "1000");
    config
}

/// Tells what happens to a client in the log.
pub(super) struct Told;

impl ClientContext for Told {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tell(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tell_error(&error, reason);
    }
}

/// Writes a line of the client library.
pub(super) fn tell(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error
        | RDKafkaLogLevel::Warning => tracing::warn!(facility, "kafka: {message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
            tracing::info!(facility, "kafka: {message}");
        }
        RDKafkaLogLevel::Debug => tracing::debug!(facility, "kafka: {message}"),
    }
}

/// Writes what a client met with and goes on after.
pub(super) fn tell_error(error: &KafkaError, reason: &str) {
    tracing::warn!(%error, "kafka: {reason}");
}

/// Tells a failure as that of a port.
pub(super) fn unavailable(what: &str, error: &KafkaError) -> EngineError {
    EngineError::Unavailable(format!("kafka: {what}: {error}"))
}

/// Returns whether a client overcomes an error by itself.
pub(super) fn passes_by_itself(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::AllBrokersDown
            | Code::BrokerTransportFailure
            | Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::NotCoordinator
            | Code::CoordinatorNotAvailable
            | Code::CoordinatorLoadInProgress
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::NetworkException
            // A consumer that was paused for too long joins again when it is asked for more.
            | Code::PollExceeded
            | Code::IllegalGeneration
            | Code::UnknownMemberId
            | Code::RebalanceInProgress
            | Code::PartitionEOF
    )
}
