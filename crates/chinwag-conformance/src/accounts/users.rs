//! Users and API keys.

use chinwag_core::model::{ApiKey, EndedToken, UserRow};
use chinwag_proto::http::DeviceKind;

use super::devices::device;
use crate::{AccountsEngine, time, user};

/// Makes a user with a name.
pub(super) fn named(id: &str, name: &str) -> UserRow {
    UserRow {
        name: Some(name.into()),
        ..UserRow::new(user(id), time(0))
    }
}

async fn read<E: AccountsEngine>(engine: &E, id: &str) -> Option<UserRow> {
    let mut rows = engine.accounts().users(&[user(id)]).await.unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

pub async fn creating_leaves_users_who_exist_as_they_are<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let first = named("ana", "Ana");
    let made = accounts.create_users(vec![first.clone()]).await.unwrap();
    assert_eq!(made, [true]);
    let again = vec![named("bo", "Bo"), named("ana", "Impostor")];
    assert_eq!(accounts.create_users(again).await.unwrap(), [true, false]);
    assert_eq!(read(&engine, "ana").await, Some(first));
    assert!(accounts.create_users(Vec::new()).await.unwrap().is_empty());
}

pub async fn of_one_user_created_twice_in_a_call_the_first_holds<E: AccountsEngine>(engine: E) {
    let twice = vec![named("ana", "First"), named("ana", "Second")];
    let made = engine.accounts().create_users(twice).await.unwrap();
    assert_eq!(made, [true, false]);
    assert_eq!(read(&engine, "ana").await, Some(named("ana", "First")));
}

pub async fn of_many_creating_one_user_at_once_one_does<E: AccountsEngine>(engine: E) {
    for round in 0..10 {
        let racers: Vec<_> = (0..8)
            .map(|racer| {
                let accounts = engine.accounts();
                let row = named(&format!("user{round}"), &format!("racer {racer}"));
                tokio::spawn(async move { accounts.create_users(vec![row]).await.unwrap()[0] })
            })
            .collect();
        let mut winners = Vec::new();
        for (number, racer) in racers.into_iter().enumerate() {
            if racer.await.unwrap() {
                winners.push(format!("racer {number}"));
            }
        }
        let holds = read(&engine, &format!("user{round}")).await.unwrap();
        assert_eq!(winners, [holds.name.unwrap()]);
    }
}

pub async fn a_user_is_read_as_last_written<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    accounts.put_user(named("ana", "Ana")).await.unwrap();
    let row = UserRow {
        password_hash: Some("$argon2id$…".into()),
        disabled: true,
        revoked_before: Some(time(5)),
        changed_at: time(6),
        ended_tokens: vec![EndedToken {
            issued_at: time(1),
            expires_at: time(99),
        }],
        ..named("ana", "Ana 👩‍🚀")
    };
    accounts.put_user(row.clone()).await.unwrap();
    assert_eq!(read(&engine, "ana").await, Some(row));
    assert_eq!(read(&engine, "an").await, None);
}

pub async fn users_answer_in_the_order_of_the_question<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let rows = ["ana", "Ana", "bo"].map(|id| named(id, id));
    accounts.create_users(rows.to_vec()).await.unwrap();
    let asked = ["bo", "nobody", "Ana", "ana", "bo"].map(user);
    let found = accounts.users(&asked).await.unwrap();
    let [ana, other, bo] = rows.map(Some);
    assert_eq!(found, [bo.clone(), None, other, ana, bo]);
}

pub async fn a_removed_user_is_gone_with_the_devices<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let rows = vec![named("ana", "Ana"), named("anab", "Bo")];
    accounts.create_users(rows).await.unwrap();
    for (id, address) in [("ana", "one"), ("anab", "two")] {
        let device = device(id, "phone", DeviceKind::Fcm, address);
        accounts.put_device(device).await.unwrap();
    }
    for _ in 0..2 {
        accounts.remove_user(&user("ana")).await.unwrap();
    }
    assert_eq!(read(&engine, "ana").await, None);
    assert!(accounts.devices(&user("ana")).await.unwrap().is_empty());
    let found = accounts.find_users("ana", None, 9).await.unwrap();
    assert_eq!(found, [named("anab", "Bo")]);
    let changed = accounts.users_changed_since(time(0), 9).await.unwrap();
    assert_eq!(changed, [named("anab", "Bo")]);
    assert_eq!(accounts.devices(&user("anab")).await.unwrap().len(), 1);
}

pub async fn a_removed_user_can_be_created_again<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    accounts.put_user(named("ana", "Ana")).await.unwrap();
    accounts.remove_user(&user("ana")).await.unwrap();
    let again = named("ana", "Another");
    let made = accounts.create_users(vec![again.clone()]).await.unwrap();
    assert_eq!(made, [true]);
    assert_eq!(read(&engine, "ana").await, Some(again));
}

pub async fn users_are_there_after_reopening<E: AccountsEngine>(engine: E) {
    let rows = vec![named("ana", "Ana"), named("bo", "Bo")];
    engine.accounts().create_users(rows).await.unwrap();
    engine.accounts().remove_user(&user("bo")).await.unwrap();
    let engine = engine.reopen().await;
    assert_eq!(read(&engine, "ana").await, Some(named("ana", "Ana")));
    assert_eq!(read(&engine, "bo").await, None);
    let found = engine.accounts().find_users("an", None, 9).await.unwrap();
    assert_eq!(found.len(), 1);
}

pub async fn api_keys_stay_also_when_revoked<E: AccountsEngine>(engine: E) {
    let key = |id: &str| ApiKey {
        id: id.into(),
        name: "backend".into(),
        hash: vec![0, 1, 255],
        created_at: time(1),
        revoked_at: None,
    };
    let revoked = ApiKey {
        revoked_at: Some(time(2)),
        ..key("two")
    };
    let accounts = engine.accounts();
    for key in [key("one"), key("two"), revoked.clone()] {
        accounts.put_key(key).await.unwrap();
    }
    drop(accounts);
    let engine = engine.reopen().await;
    let mut keys = engine.accounts().keys().await.unwrap();
    keys.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(keys, [key("one"), revoked]);
}
