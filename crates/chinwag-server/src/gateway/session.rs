//! One connection of one device, as the rest of the node sees it.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering},
};

use bytes::Bytes;
use chinwag_core::{model::NodeId, owner::Caller, ports::SessionBeat};
use chinwag_proto::{
    CloseCode, DeviceId, SessionId, Timestamp, UserId,
    frames::{PRESENCE_TTL_SECONDS, ServerFrame},
};
use parking_lot::{Mutex, MutexGuard};

use super::encode;
use crate::{
    auth::Authenticated,
    ws::{Class, Connection, Sent},
};

/// Whose presence a client is told: bounded by the protocol's limit, and mostly by what is on a screen.
#[derive(Default)]
pub(super) struct Watching {
    pub(super) users: HashSet<UserId>,
}

/// Returns whether a lease may have ended that was given by a call that began at one time, and again by one that ended
/// at another; both are cut off to whole seconds.
const fn may_have_lapsed(begun: u32, ended: u32) -> bool {
    ended.saturating_sub(begun) + 1 >= PRESENCE_TTL_SECONDS
}

/// A session. While it is idle it holds no buffer and no timer.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) user: UserId,
    device: Option<DeviceId>,
    connected_at: Timestamp,
    api_key: bool,
    connection: Connection,
    /// When the token was issued, milliseconds since 1970.
    issued_at: AtomicI64,
    /// When the token expires, milliseconds since 1970; `i64::MAX` where it doesn't.
    expires_at: AtomicI64,
    /// The last sign of life, seconds of the clock that never steps.
    heard: AtomicU32,
    /// When presence was last renewed.
    touched: AtomicU32,
    /// Changes that were asked for and not answered yet.
    in_flight: AtomicU32,
    pinged: AtomicBool,
    warned: AtomicBool,
    /// Where the session is could not be written: once it is, the client is told to fetch what it missed.
    unlocated: AtomicBool,
    /// Whose presence the client is told; allocated by the first watch.
    watching: Mutex<Option<Box<Watching>>>,
}

impl Session {
    pub(super) fn new(
        id: SessionId,
        user: UserId,
        device: Option<DeviceId>,
        connected_at: Timestamp,
        authenticated: &Authenticated,
        connection: Connection,
        seconds: u32,
    ) -> Self {
        let session = Self {
            id,
            user,
            device,
            connected_at,
            api_key: authenticated.api_key,
            connection,
            issued_at: 0.into(),
            expires_at: 0.into(),
            heard: seconds.into(),
            touched: seconds.into(),
            in_flight: 0.into(),
            pinged: false.into(),
            warned: false.into(),
            unlocated: false.into(),
            watching: Mutex::default(),
        };
        session.renew(authenticated);
        session
    }

    /// Returns who asks, in this session.
    pub(super) fn caller(&self) -> Caller {
        Caller {
            user: self.user.clone(),
            session: Some(self.id),
            api_key: self.api_key,
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Takes a token of the user: the first one, or a fresh one.
    pub(super) fn renew(&self, authenticated: &Authenticated) {
        let expires = authenticated
            .expires_at
            .map_or(i64::MAX, Timestamp::unix_millis);
        self.issued_at
            .store(authenticated.issued_at.unix_millis(), Ordering::Relaxed);
        self.expires_at.store(expires, Ordering::Relaxed);
        self.warned.store(false, Ordering::Relaxed);
    }

    pub(super) fn issued_at(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.issued_at.load(Ordering::Relaxed))
    }

    pub(super) fn expires_at(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.expires_at.load(Ordering::Relaxed))
    }

    /// Returns true the first time it is asked for a token.
    pub(super) fn warn_once(&self) -> bool {
        !self.warned.swap(true, Ordering::Relaxed)
    }

    /// Notes a sign of life.
    pub(super) fn heard(&self, seconds: u32) {
        self.heard.store(seconds, Ordering::Relaxed);
        self.pinged.store(false, Ordering::Relaxed);
    }

    pub(super) fn silent_for(&self, seconds: u32) -> u32 {
        seconds.saturating_sub(self.heard.load(Ordering::Relaxed))
    }

    /// Returns true the first time since the last sign of life.
    pub(super) fn ping_once(&self) -> bool {
        !self.pinged.swap(true, Ordering::Relaxed)
    }

    /// Returns whether presence must be renewed: there was life since the last time, and that is a while ago.
    pub(super) fn touch_due(&self, seconds: u32, every: u32) -> bool {
        let touched = self.touched.load(Ordering::Relaxed);
        let lived = self.heard.load(Ordering::Relaxed) > touched
            && seconds.saturating_sub(touched) >= every;
        lived || self.unlocated.load(Ordering::Relaxed)
    }

    /// Notes that presence was renewed, by a call that began and ended at these times; returns whether nobody may have
    /// known before where the session is: it was never written, or its lease may have ended meanwhile.
    pub(super) fn touched(&self, begun: u32, ended: u32) -> bool {
        let before = self.touched.swap(begun, Ordering::Relaxed);
        let was_unlocated = self.unlocated.swap(false, Ordering::Relaxed);
        was_unlocated || may_have_lapsed(before, ended)
    }

    /// Notes that where the session is could not be written.
    pub(super) fn not_located(&self) {
        self.unlocated.store(true, Ordering::Relaxed);
    }

    /// Notes that a change was asked for.
    pub(super) fn begin_change(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that one was answered.
    pub(super) fn end_change(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns whether nothing that was asked for waits for its answer.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) == 0
    }

    /// Returns whose presence the client is told.
    pub(super) fn watching(&self) -> MutexGuard<'_, Option<Box<Watching>>> {
        self.watching.lock()
    }

    /// Returns what tells others where the session is.
    pub(super) fn beat(&self, node: NodeId) -> SessionBeat {
        SessionBeat {
            user: self.user.clone(),
            session: self.id,
            node,
            device: self.device.clone(),
            connected_at: self.connected_at,
        }
    }

    /// Sends a frame that must arrive.
    pub(super) fn send(&self, frame: &ServerFrame) -> Sent {
        self.connection.send(encode::frame(frame), Class::Event)
    }

    pub(super) fn send_encoded(&self, frames: &[Bytes], class: Class) -> Sent {
        match frames {
            [] => Sent::Written,
            [one] => self.connection.send(one.clone(), class),
            many => self.connection.send_many(many, class),
        }
    }

    pub(super) fn close(&self, code: CloseCode) {
        self.connection.close(code.code(), code.reason());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_may_lapse_between_calls_that_are_its_length_apart_at_most() {
        // Renewed as usual, after 15 to 21 s, and a call that took long but not too long.
        assert!(!may_have_lapsed(100, 115));
        assert!(!may_have_lapsed(100, 128));
        // Given at 100.9 it may have ended at 130.9; given again at 129.0 or later nobody knows.
        assert!(may_have_lapsed(100, 129));
        assert!(may_have_lapsed(100, 500));
        assert!(!may_have_lapsed(100, 99));
    }
}
