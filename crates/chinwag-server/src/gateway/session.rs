//! One connection of one device, as the rest of the node sees it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use bytes::Bytes;
use chinwag_core::ports::SessionBeat;
use chinwag_proto::{CloseCode, DeviceId, SessionId, Timestamp, UserId, frames::ServerFrame};

use super::encode;
use crate::{
    auth::Authenticated,
    ws::{Class, Connection, Sent},
};

/// A session. While it is idle it holds no buffer and no timer.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) user: UserId,
    pub(super) device: Option<DeviceId>,
    pub(super) connected_at: Timestamp,
    pub(super) api_key: bool,
    connection: Connection,
    /// When the token was issued, milliseconds since 1970.
    issued_at: AtomicI64,
    /// When the token expires, milliseconds since 1970; `i64::MAX` where it doesn't.
    expires_at: AtomicI64,
    /// The last sign of life, seconds of the clock that never steps.
    heard: AtomicU32,
    /// When presence was last renewed.
    touched: AtomicU32,
    pinged: AtomicBool,
    warned: AtomicBool,
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
            pinged: false.into(),
            warned: false.into(),
        };
        session.renew(authenticated);
        session
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Takes a fresh token of the same user.
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
        let due = self.heard.load(Ordering::Relaxed) > touched
            && seconds.saturating_sub(touched) >= every;
        if due {
            self.touched.store(seconds, Ordering::Relaxed);
        }
        due
    }

    pub(super) fn beat(&self, node: chinwag_core::model::NodeId) -> SessionBeat {
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
