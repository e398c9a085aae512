//! What the loads have in common: what is asked of each, and how a send is written.

use std::io::Write as _;

use super::{
    net::{Listener, Net},
    uuid::Uuids,
};
use crate::{
    bench::{
        plan::{Outcome, Start},
        stamp::Stamp,
    },
    clock::now,
};

/// What connections do, and what is made of what they are told.
pub(super) trait Load: Listener {
    /// Learns when and where to send.
    fn start(&mut self, start: &Start);

    /// Sends what is due, and returns when the next message is; none once the last was sent.
    fn send_due(&mut self, net: &mut Net, time: u64) -> Option<u64>;

    /// Returns how many messages were sent.
    fn sent(&self) -> u64;

    /// Returns how many messages came to the end of their way.
    fn arrived(&self) -> u64;

    /// Returns whether nothing is on its way any more, where all senders of all processes sent so many.
    fn is_complete(&self, messages: u64) -> bool;

    /// Tells what came of it; what has not arrived by now is lost.
    fn outcome(self, messages: u64) -> Outcome;
}

/// Writes sends into one chat.
pub(super) struct SendWriter {
    uuids: Uuids,
    content_bytes: usize,
}

impl SendWriter {
    pub(super) fn new(content_bytes: usize) -> Self {
        Self {
            uuids: Uuids::new(),
            content_bytes,
        }
    }

    /// Says a message on a connection; the request's number is the message's. Returns when it was said.
    pub(super) fn say(&mut self, net: &mut Net, connection: usize, chat: u64, stamp: Stamp) -> u64 {
        let (uuids, length) = (&mut self.uuids, self.content_bytes);
        net.say(connection, |text| {
            // Writing to a vector can't fail.
            let _ = write!(
                text,
                r#"{{"type":"send","id":{},"chatId":"{chat}","clientId":""#,
                stamp.number
            );
            uuids.write(text);
            text.extend_from_slice(br#"","content":""#);
            stamp.write(text, length);
            text.extend_from_slice(br#""}"#);
        });
        now()
    }
}
