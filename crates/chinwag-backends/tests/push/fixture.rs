//! What the providers' tests share.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chinwag_conformance::{providers::Taken, time, user};
use chinwag_core::{Clock, SystemClock, model::DeviceRow, ports::PushNote};
use chinwag_proto::{ChatId, DeviceId, EventId, http::DeviceKind};

/// Longer than any answer takes that comes.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::default())
}

/// A note to a device.
pub(crate) fn note(kind: DeviceKind, address: &str) -> PushNote {
    PushNote {
        device: DeviceRow {
            user: user("ana"),
            device: DeviceId::new("phone").unwrap(),
            kind,
            address: address.into(),
            locale: None,
            updated_at: time(0),
        },
        chat: ChatId(9_007_199_254_740_993),
        message: Some(EventId(9_007_199_254_740_995)),
        title: "Bo".into(),
        body: "hé 👋 \"quoted\"".into(),
        badge: 3,
        ttl_seconds: 3_600,
    }
}

/// Checks that a note arrived as it was sent, its ids digit for digit.
pub(crate) fn assert_arrived(taken: &[Taken], note: &PushNote) {
    let [taken] = taken else {
        panic!("{} notes arrived", taken.len());
    };
    assert_eq!((&taken.title, &taken.body), (&note.title, &note.body));
    assert_eq!(taken.fields["type"], "message");
    assert_eq!(taken.fields["chatId"], "9007199254740993");
    assert_eq!(taken.fields["messageId"], "9007199254740995");
    assert_eq!(taken.fields["badge"], "3");
    assert_eq!(taken.collapse_key, "9007199254740993");
}

/// Returns what stands on a device's screen after all that was taken, in order of chat.
pub(crate) fn screen(taken: &[Taken], address: &str, device: &DeviceRow) -> Vec<PushNote> {
    let mut screen: BTreeMap<ChatId, PushNote> = BTreeMap::new();
    for taken in taken.iter().filter(|taken| taken.address == address) {
        let chat: u64 = taken.collapse_key.parse().unwrap();
        assert_eq!(taken.fields["chatId"], taken.collapse_key);
        if taken.is_clear() {
            screen.remove(&ChatId(chat));
            continue;
        }
        let message: u64 = taken.fields["messageId"].parse().unwrap();
        let note = PushNote {
            device: device.clone(),
            chat: ChatId(chat),
            message: Some(EventId(message)),
            title: taken.title.clone(),
            body: taken.body.clone(),
            badge: taken.fields["badge"].parse().unwrap(),
            // Where a provider is told a moment instead, a second may lie in between.
            ttl_seconds: taken.ttl_seconds.next_multiple_of(10),
        };
        screen.insert(ChatId(chat), note);
    }
    screen.into_values().collect()
}
