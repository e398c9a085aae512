//! Who brings notes to which kind of device.

use std::{fs, io, path::Path, sync::Arc};

use chinwag_backends::{
    PushSetupError,
    apns::{self, Apns},
    fcm::{self, Fcm},
    webpush::{self, Subscription, SubscriptionError, VapidKey, WebPush},
};
use chinwag_core::{Clock, model::DeviceRow, ports::PushSender};
use chinwag_proto::http::DeviceKind;

use crate::{
    config::{ApnsConfig, FcmConfig, PushConfig, WebPushConfig},
    error::StartError,
    made_once,
};

/// The file of the key pair that browsers know this server by.
const VAPID_FILE: &str = "vapid.key";

/// The senders that are configured.
#[derive(Clone, Default)]
pub struct Senders {
    fcm: Option<Arc<dyn PushSender>>,
    apns: Option<Arc<dyn PushSender>>,
    webpush: Option<Arc<dyn PushSender>>,
    vapid_public_key: Option<String>,
    allows_private: bool,
}

/// What a failure is shared by: what one of them can't take says nothing about the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum LaneKey {
    Fcm,
    Apns,
    /// A push service's host.
    Host(String),
    /// All hosts for which there is no room.
    OtherHosts,
}

impl Senders {
    /// Prepares the senders that a configuration names; asks nothing of the providers yet.
    pub fn open(
        config: &PushConfig,
        data_dir: &Path,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let mut senders = Self::default();
        if let Some(webpush) = &config.webpush {
            let sender = open_webpush(webpush, config, data_dir, clock)?;
            senders.vapid_public_key = Some(sender.public_key().to_owned());
            senders.allows_private = webpush.allows_private;
            senders.webpush = Some(Arc::new(sender));
        }
        if let Some(fcm) = &config.fcm {
            senders.fcm = Some(Arc::new(open_fcm(fcm, config, clock)?));
        }
        if let Some(apns) = &config.apns {
            senders.apns = Some(Arc::new(open_apns(apns, config, clock)?));
        }
        Ok(senders)
    }

    /// Returns the sender for a kind of device; none where it isn't configured.
    #[must_use]
    pub fn get(&self, kind: DeviceKind) -> Option<&Arc<dyn PushSender>> {
        match kind {
            DeviceKind::Fcm => self.fcm.as_ref(),
            DeviceKind::Apns => self.apns.as_ref(),
            DeviceKind::Webpush => self.webpush.as_ref(),
        }
    }

    /// Returns the kinds that are configured.
    #[must_use]
    pub fn kinds(&self) -> Vec<DeviceKind> {
        let kinds = [DeviceKind::Fcm, DeviceKind::Apns, DeviceKind::Webpush];
        let configured = kinds.into_iter().filter(|kind| self.get(*kind).is_some());
        configured.collect()
    }

    /// Returns the key that browsers subscribe with; none where Web Push is off.
    #[must_use]
    pub fn vapid_public_key(&self) -> Option<&str> {
        self.vapid_public_key.as_deref()
    }

    /// Reads a browser's subscription as notes would go there.
    pub fn subscription(&self, text: &str) -> Result<Subscription, SubscriptionError> {
        Subscription::read(text, self.allows_private)
    }

    /// Returns where a device's notes wait; nowhere where nobody would send them.
    pub(super) fn lane(&self, device: &DeviceRow) -> Option<LaneKey> {
        self.get(device.kind)?;
        match device.kind {
            DeviceKind::Fcm => Some(LaneKey::Fcm),
            DeviceKind::Apns => Some(LaneKey::Apns),
            DeviceKind::Webpush => {
                let subscription = self.subscription(&device.address).ok()?;
                Some(LaneKey::Host(subscription.endpoint.authority().to_owned()))
            }
        }
    }
}

/// Looks at the keys that a configuration names, and makes none.
pub(crate) fn check(
    config: &PushConfig,
    data_dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Vec<(&'static str, Result<String, String>)> {
    let mut checked = Vec::new();
    if config.webpush.is_some() {
        checked.push(("push.webpush", check_vapid_key(data_dir)));
    }
    if let Some(fcm) = &config.fcm {
        let opened = open_fcm(fcm, config, clock);
        checked.push(("push.fcm", usable(opened.map(drop))));
    }
    if let Some(apns) = &config.apns {
        let opened = open_apns(apns, config, clock);
        checked.push(("push.apns", usable(opened.map(drop))));
    }
    checked
}

fn check_vapid_key(data_dir: &Path) -> Result<String, String> {
    let kept = kept_vapid_key(data_dir).map_err(|error| error.to_string())?;
    let Some(kept) = kept else {
        let found =
            "the key that browsers know the server by is made, or taken over, at the first start";
        return Ok(found.into());
    };
    let key = VapidKey::from_bytes(kept).map_err(|error| error.to_string());
    usable(key.map(drop))
}

fn usable<E: std::fmt::Display>(opened: Result<(), E>) -> Result<String, String> {
    match opened {
        Ok(()) => Ok("its key can be used".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads the file of the key pair that browsers know the server by; none where it was never made.
pub(crate) fn kept_vapid_key(data_dir: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(data_dir.join(VAPID_FILE)) {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the file of the key pair that browsers know the server by.
pub(crate) fn keep_vapid_key(data_dir: &Path, key: &[u8]) -> io::Result<()> {
    made_once::write(data_dir, VAPID_FILE, key)
}

/// Reads the key that browsers know this server by, making it where there is none; with the name of its file.
pub(crate) fn own_vapid_key(data_dir: &Path) -> Result<(&'static str, Vec<u8>), StartError> {
    let make = || {
        let made = VapidKey::generate().map_err(io::Error::other)?;
        Ok(made.as_bytes().to_vec())
    };
    let path = data_dir.join(VAPID_FILE);
    let bytes = made_once::read_or_make(data_dir, VAPID_FILE, make);
    Ok((VAPID_FILE, bytes.map_err(StartError::file(&path))?))
}

fn open_webpush(
    config: &WebPushConfig,
    push: &PushConfig,
    data_dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<WebPush, StartError> {
    let path = data_dir.join(VAPID_FILE);
    let (_, bytes) = own_vapid_key(data_dir)?;
    let key = VapidKey::from_bytes(bytes);
    let key = key.map_err(|error| {
        let detail = "is damaged; moved away, another is made, and browsers subscribe anew";
        StartError::Config(format!("{} {detail}: {error}", path.display()))
    })?;
    let options = webpush::Options {
        key,
        contact: config.contact.clone(),
        allows_private: config.allows_private,
        timeout: push.timeout,
        clock: Arc::clone(clock),
    };
    WebPush::new(options).map_err(setup)
}

fn open_fcm(
    config: &FcmConfig,
    push: &PushConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Fcm, StartError> {
    let path = &config.service_account;
    let service_account = fs::read_to_string(path).map_err(StartError::file(path))?;
    let options = fcm::Options {
        service_account,
        url: config.url.clone(),
        timeout: push.timeout,
        clock: Arc::clone(clock),
    };
    Fcm::new(options)
        .map_err(|error| StartError::Config(format!("push.fcm ({}): {error}", path.display())))
}

fn open_apns(
    config: &ApnsConfig,
    push: &PushConfig,
    clock: &Arc<dyn Clock>,
) -> Result<Apns, StartError> {
    let path = &config.key_file;
    let options = apns::Options {
        key: fs::read_to_string(path).map_err(StartError::file(path))?,
        key_id: config.key_id.clone(),
        team_id: config.team_id.clone(),
        topic: config.topic.clone(),
        url: config.url.clone(),
        timeout: push.timeout,
        clock: Arc::clone(clock),
    };
    Apns::new(options).map_err(setup)
}

fn setup(error: PushSetupError) -> StartError {
    StartError::Config(error.to_string())
}
