//! The way onto the line in a world of the run's own: no socket is between a device and the line.

use std::{
    io,
    sync::{Arc, Weak},
};

use chinwag_client::{ClientError, Network, Stream};
use futures_util::future::BoxFuture;
use http::{Request, Response};

use super::{State, relay};

/// Bytes that are under way in each direction before whoever writes waits.
const UNDER_WAY: usize = 64 * 1_024;

/// Leads onto the line, for as long as it is there.
struct OntoTheLine(Weak<State>);

/// Returns what leads onto a line.
pub(super) fn to(state: &Arc<State>) -> Arc<dyn Network> {
    Arc::new(OntoTheLine(Arc::downgrade(state)))
}

impl Network for OntoTheLine {
    fn connect(&self, _: &str) -> BoxFuture<'static, io::Result<Box<dyn Stream>>> {
        let state = self.0.upgrade();
        Box::pin(async move {
            let state = state.ok_or(io::ErrorKind::ConnectionRefused)?;
            let (near, far) = tokio::io::duplex(UNDER_WAY);
            tokio::spawn(relay::relay(state, Box::new(far)));
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }

    fn ask(
        &self,
        _: Request<Vec<u8>>,
    ) -> BoxFuture<'static, Result<Response<Vec<u8>>, ClientError>> {
        let refused = "the line carries sessions only";
        Box::pin(async move { Err(ClientError::Network(refused.into())) })
    }
}
