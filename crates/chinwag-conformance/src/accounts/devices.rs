//! Devices.

use chinwag_core::model::DeviceRow;
use chinwag_proto::{DeviceId, http::DeviceKind};

use crate::{AccountsEngine, time, user};

/// Makes a device.
pub(super) fn device(of: &str, id: &str, kind: DeviceKind, address: &str) -> DeviceRow {
    DeviceRow {
        user: user(of),
        device: DeviceId::new(id).unwrap(),
        kind,
        address: address.into(),
        locale: None,
        updated_at: time(0),
    }
}

async fn devices<E: AccountsEngine>(engine: &E, of: &str) -> Vec<DeviceRow> {
    let mut devices = engine.accounts().devices(&user(of)).await.unwrap();
    devices.sort_by(|one, other| one.device.cmp(&other.device));
    devices
}

pub async fn a_device_is_read_as_last_written<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let phone = device("ana", "phone", DeviceKind::Fcm, "one");
    let browser = DeviceRow {
        locale: Some("pt-BR".into()),
        updated_at: time(9),
        ..device("ana", "browser", DeviceKind::Webpush, r#"{"endpoint":"…"}"#)
    };
    let of_another = device("anab", "phone", DeviceKind::Apns, "three");
    for device in [&phone, &browser, &of_another] {
        accounts.put_device(device.clone()).await.unwrap();
    }
    assert_eq!(devices(&engine, "ana").await, [browser.clone(), phone]);
    assert_eq!(devices(&engine, "anab").await, [of_another]);
    assert!(devices(&engine, "an").await.is_empty());
    let again = DeviceRow {
        updated_at: time(10),
        ..device("ana", "phone", DeviceKind::Fcm, "one")
    };
    accounts.put_device(again.clone()).await.unwrap();
    assert_eq!(devices(&engine, "ana").await, [browser, again]);
}

pub async fn an_address_belongs_to_the_last_device_that_named_it<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let first = device("ana", "phone", DeviceKind::Fcm, "shared");
    let second = device("bo", "phone", DeviceKind::Fcm, "shared");
    let third = device("bo", "tablet", DeviceKind::Fcm, "shared");
    accounts.put_device(first).await.unwrap();
    accounts.put_device(second.clone()).await.unwrap();
    assert!(devices(&engine, "ana").await.is_empty());
    assert_eq!(devices(&engine, "bo").await, [second]);
    accounts.put_device(third.clone()).await.unwrap();
    assert_eq!(devices(&engine, "bo").await, [third]);
}

pub async fn a_device_may_change_its_address<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let before = device("ana", "phone", DeviceKind::Fcm, "before");
    let after = device("ana", "phone", DeviceKind::Fcm, "after");
    accounts.put_device(before).await.unwrap();
    accounts.put_device(after.clone()).await.unwrap();
    // Who gets the address that she gave up takes nothing from her.
    let heir = device("bo", "phone", DeviceKind::Fcm, "before");
    accounts.put_device(heir.clone()).await.unwrap();
    assert_eq!(devices(&engine, "ana").await, [after]);
    assert_eq!(devices(&engine, "bo").await, [heir]);
}

pub async fn removing_a_device_says_whether_it_was_there<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let phone = device("ana", "phone", DeviceKind::Fcm, "one");
    let tablet = device("ana", "tablet", DeviceKind::Fcm, "two");
    for device in [&phone, &tablet] {
        accounts.put_device(device.clone()).await.unwrap();
    }
    let (ana, bo) = (user("ana"), user("bo"));
    assert!(!accounts.remove_device(&bo, &phone.device).await.unwrap());
    assert!(accounts.remove_device(&ana, &phone.device).await.unwrap());
    assert!(!accounts.remove_device(&ana, &phone.device).await.unwrap());
    assert_eq!(devices(&engine, "ana").await, [tablet]);
}

pub async fn devices_are_there_after_reopening<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let phone = device("ana", "phone", DeviceKind::Apns, "one");
    let tablet = device("ana", "tablet", DeviceKind::Apns, "two");
    accounts.put_device(phone.clone()).await.unwrap();
    accounts.put_device(tablet.clone()).await.unwrap();
    let removed = accounts.remove_device(&user("ana"), &tablet.device).await;
    assert!(removed.unwrap());
    drop(accounts);
    let engine = engine.reopen().await;
    assert_eq!(devices(&engine, "ana").await, [phone]);
    let moved = device("bo", "phone", DeviceKind::Apns, "one");
    engine.accounts().put_device(moved).await.unwrap();
    assert!(devices(&engine, "ana").await.is_empty());
}
