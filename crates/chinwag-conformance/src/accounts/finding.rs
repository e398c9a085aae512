//! Finding users by how they begin, and by when they changed.

use chinwag_core::model::UserRow;
use chinwag_proto::UserId;

use super::users::named;
use crate::{AccountsEngine, time, user};

async fn found<E: AccountsEngine>(engine: &E, prefix: &str) -> Vec<String> {
    let users = engine.accounts().find_users(prefix, None, 100).await;
    ids(users.unwrap())
}

fn ids(users: Vec<UserRow>) -> Vec<String> {
    users.into_iter().map(|user| user.id.to_string()).collect()
}

async fn create<E: AccountsEngine>(engine: &E, users: &[(&str, &str)]) {
    let rows = users.iter().map(|(id, name)| named(id, name)).collect();
    engine.accounts().create_users(rows).await.unwrap();
}

pub async fn users_are_found_by_the_beginning_of_id_or_name<E: AccountsEngine>(engine: E) {
    let users = [("u1", "Maria"), ("mark", "Zoe"), ("u2", "Tomaria")];
    create(&engine, &users).await;
    let nameless = vec![UserRow::new(user("mara"), time(0))];
    engine.accounts().create_users(nameless).await.unwrap();
    assert_eq!(found(&engine, "mar").await, ["mara", "mark", "u1"]);
    assert_eq!(found(&engine, "mark").await, ["mark"]);
    assert_eq!(found(&engine, "maria").await, ["u1"]);
    assert!(found(&engine, "aria").await.is_empty());
    assert!(found(&engine, "marks").await.is_empty());
}

pub async fn a_name_is_found_whatever_its_case<E: AccountsEngine>(engine: E) {
    let users = [("u1", "Élodie"), ("u2", "ЁЛКА"), ("u3", "李明")];
    create(&engine, &users).await;
    for prefix in ["Élo", "élO", "ÉLODIE"] {
        assert_eq!(found(&engine, prefix).await, ["u1"], "{prefix}");
    }
    assert_eq!(found(&engine, "ёлк").await, ["u2"]);
    assert_eq!(found(&engine, "李").await, ["u3"]);
}

pub async fn found_users_come_in_order_of_id_by_page<E: AccountsEngine>(engine: E) {
    // By id, by name and by both; names in another order than ids; each comes once.
    let users = [
        ("ana", "ana"),
        ("an", "zoe"),
        ("u1", "Anton"),
        ("b", "Andy"),
        ("Z", "AN"),
        ("other", "nobody"),
    ];
    create(&engine, &users).await;
    for limit in 1..=6 {
        let mut all = Vec::new();
        let mut after: Option<UserId> = None;
        loop {
            let accounts = engine.accounts();
            let page = accounts.find_users("an", after.as_ref(), limit).await;
            let page = page.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            all.extend(ids(page));
        }
        assert_eq!(all, ["Z", "an", "ana", "b", "u1"], "limit {limit}");
    }
}

pub async fn a_renamed_user_is_found_by_the_new_name_alone<E: AccountsEngine>(engine: E) {
    create(&engine, &[("u1", "Before")]).await;
    let renamed = named("u1", "After");
    engine.accounts().put_user(renamed).await.unwrap();
    assert!(found(&engine, "before").await.is_empty());
    assert_eq!(found(&engine, "after").await, ["u1"]);
    let nameless = UserRow::new(user("u1"), time(0));
    engine.accounts().put_user(nameless).await.unwrap();
    assert!(found(&engine, "after").await.is_empty());
}

pub async fn an_empty_prefix_finds_everyone<E: AccountsEngine>(engine: E) {
    create(&engine, &[("b", "x"), ("A", "y")]).await;
    let nameless = vec![UserRow::new(user("c"), time(0))];
    engine.accounts().create_users(nameless).await.unwrap();
    assert_eq!(found(&engine, "").await, ["A", "b", "c"]);
}

pub async fn marks_in_a_prefix_mean_themselves<E: AccountsEngine>(engine: E) {
    create(&engine, &[("a%b", "100%"), ("axb", "x"), ("a_c", "y*")]).await;
    for (prefix, wanted) in [
        ("a%", vec!["a%b"]),
        ("%", vec![]),
        ("a_", vec!["a_c"]),
        ("*", vec![]),
        ("a.*", vec![]),
        ("\\", vec![]),
        ("100%", vec!["a%b"]),
        ("y*", vec!["a_c"]),
    ] {
        assert_eq!(found(&engine, prefix).await, wanted, "{prefix}");
    }
}

fn changed(id: &str, at: i64) -> UserRow {
    UserRow {
        changed_at: time(at),
        ..named(id, id)
    }
}

pub async fn users_changed_since_a_time_come_in_order_of_change<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let rows = vec![changed("a", 30), changed("b", 10), changed("c", 20)];
    accounts.create_users(rows).await.unwrap();
    for (since, wanted) in [
        (0, vec!["b", "c", "a"]),
        (10, vec!["b", "c", "a"]),
        (11, vec!["c", "a"]),
        (30, vec!["a"]),
        (31, vec![]),
    ] {
        let users = accounts.users_changed_since(time(since), 10).await;
        assert_eq!(ids(users.unwrap()), wanted, "since {since}");
    }
}

pub async fn a_user_changed_twice_comes_once<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    for at in [10, 40, 20] {
        accounts.put_user(changed("a", at)).await.unwrap();
    }
    let users = accounts.users_changed_since(time(0), 10).await.unwrap();
    assert_eq!(users, [changed("a", 20)]);
    let later = accounts.users_changed_since(time(21), 10).await.unwrap();
    assert!(later.is_empty());
}

pub async fn changes_are_at_most_the_limit<E: AccountsEngine>(engine: E) {
    let accounts = engine.accounts();
    let rows = (0..30).map(|number| changed(&format!("u{number:02}"), number));
    accounts.create_users(rows.collect()).await.unwrap();
    for limit in [0, 1, 29, 30, 31] {
        let users = accounts.users_changed_since(time(0), limit).await;
        let wanted: Vec<_> = (0..30).map(|n| format!("u{n:02}")).take(limit).collect();
        assert_eq!(ids(users.unwrap()), wanted);
    }
}
