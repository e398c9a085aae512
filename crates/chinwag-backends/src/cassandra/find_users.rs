//! Users by the beginning of their id or name, and by when they changed.

use std::collections::{BTreeSet, HashSet};

use chinwag_core::{model::UserRow, ports::EngineResult};
use chinwag_proto::{Timestamp, UserId};

use super::{
    cql::each,
    keys::{USER_BUCKETS, user_from},
    store::Cassandra,
    users::{day_of, folded},
};

/// Hints of one statement.
const HINTS_AT_ONCE: usize = 500;

/// Users who may be meant.
struct Candidates {
    users: BTreeSet<UserId>,
    /// Whether there are more behind `complete_to`.
    is_cut: bool,
    /// Up to here none is missing, where it is cut.
    complete_to: Option<UserId>,
}

impl Cassandra {
    /// Finds users whose id, or folded name, begins so; in order of id, after one.
    pub(super) async fn users_by_prefix(
        &self,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        // Every id begins with nothing, so names would find nobody else.
        let by_name = match prefix {
            "" => BTreeSet::new(),
            prefix => self.by_name(&folded(prefix), after).await?,
        };
        let mut found: Vec<UserRow> = Vec::new();
        let mut after = after.cloned();
        while found.len() < limit {
            let mut candidates = self.by_id(prefix, after.as_ref(), limit).await?;
            let is_next = |user: &&UserId| {
                after.as_ref().is_none_or(|after| *user > after)
                    && (!candidates.is_cut || candidates.complete_to.as_ref() >= Some(*user))
            };
            let by_name: Vec<UserId> = by_name.iter().filter(is_next).cloned().collect();
            candidates.users.extend(by_name);
            let users: Vec<UserId> = candidates.users.into_iter().collect();
            let rows = each(&users, |user| self.user_row(user)).await?;
            let meant = rows
                .into_iter()
                .flatten()
                .filter(|row| is_meant(row, prefix));
            found.extend(meant);
            if !candidates.is_cut {
                break;
            }
            after = candidates.complete_to;
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Looks at the beginnings of ids: some of each bucket, and of those all up to where the first bucket was cut.
    async fn by_id(
        &self,
        prefix: &str,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Candidates> {
        let at_once = limit.clamp(1, HINTS_AT_ONCE);
        let rows_limit = i32::try_from(at_once).unwrap_or(i32::MAX);
        // What lies before the prefix is not meant by "after".
        let after = after.map(UserId::as_str).filter(|after| *after >= prefix);
        let statements = &self.statements;
        let buckets = each(0..USER_BUCKETS, async |bucket| {
            let rows: Vec<(String,)> = match after {
                Some(after) => {
                    let values = (bucket, after, rows_limit);
                    self.cql.rows(&statements.user_ids_after, values).await?
                }
                None => {
                    let values = (bucket, prefix, rows_limit);
                    self.cql.rows(&statements.user_ids_from, values).await?
                }
            };
            Ok(rows)
        });
        let mut candidates = Candidates {
            users: BTreeSet::new(),
            is_cut: false,
            complete_to: None,
        };
        for rows in buckets.await? {
            let is_full = rows.len() == at_once;
            let begins_so = rows.iter().filter(|(user,)| user.starts_with(prefix));
            let users: Vec<UserId> = begins_so
                .map(|(user,)| user_from(user))
                .collect::<EngineResult<_>>()?;
            if is_full && users.len() == at_once {
                let last = users.last().cloned();
                candidates.complete_to = match candidates.complete_to.take() {
                    Some(first) => last.map(|last| last.min(first)),
                    None => last,
                };
                candidates.is_cut = true;
            }
            candidates.users.extend(users);
        }
        if let Some(complete_to) = &candidates.complete_to {
            candidates.users.retain(|user| user <= complete_to);
        }
        Ok(candidates)
    }

    /// Looks at the beginnings of names. They are not in order of id, so all that match are looked at.
    async fn by_name(
        &self,
        prefix: &str,
        after: Option<&UserId>,
    ) -> EngineResult<BTreeSet<UserId>> {
        if prefix.is_empty() {
            return Ok(BTreeSet::new());
        }
        let buckets = each(0..USER_BUCKETS, |bucket| {
            self.names_of(bucket, prefix, after)
        });
        Ok(buckets.await?.into_iter().flatten().collect())
    }

    async fn names_of(
        &self,
        bucket: i32,
        prefix: &str,
        after: Option<&UserId>,
    ) -> EngineResult<Vec<UserId>> {
        let limit = i32::try_from(HINTS_AT_ONCE).unwrap_or(i32::MAX);
        let statements = &self.statements;
        let mut found = Vec::new();
        let mut rows: Vec<(String, String, i64)> = {
            let values = (bucket, prefix, limit);
            self.cql.rows(&statements.user_names_from, values).await?
        };
        loop {
            let is_all = rows.len() < HINTS_AT_ONCE;
            let last = rows.last().cloned();
            for (name, user, _) in rows {
                if !name.starts_with(prefix) {
                    return Ok(found);
                }
                let user = user_from(&user)?;
                if after.is_none_or(|after| user > *after) {
                    found.push(user);
                }
            }
            let Some((name, user, version)) = last.filter(|_| !is_all) else {
                return Ok(found);
            };
            let values = (bucket, name, user, version, limit);
            rows = self.cql.rows(&statements.user_names_after, values).await?;
        }
    }

    /// Reads the users that changed at or after a time, in order of that change.
    pub(super) async fn changed_users(
        &self,
        since: Timestamp,
        limit: usize,
    ) -> EngineResult<Vec<UserRow>> {
        let since = since.unix_millis();
        let values = (day_of(since),);
        let days: Vec<(i64,)> = self.cql.rows(&self.statements.change_days, values).await?;
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for (day,) in days {
            let mut after = (since - 1, String::new(), i64::MAX);
            // All users' names lie above the empty one, so this begins at `since`.
            after.1.push(char::MAX);
            while found.len() < limit {
                let at_once = HINTS_AT_ONCE;
                let values = (
                    day,
                    after.0,
                    after.1.as_str(),
                    after.2,
                    HINTS_AT_ONCE as i32,
                );
                let rows: Vec<(i64, String, i64)> =
                    self.cql.rows(&self.statements.user_changes, values).await?;
                let Some(last) = rows.last().cloned() else {
                    break;
                };
                let is_all = rows.len() < at_once;
                after = last;
                let users = each(&rows, async |(at, user, _)| {
                    let row = self.user_row(&user_from(user)?).await?;
                    Ok(row.filter(|row| row.changed_at.unix_millis() == *at))
                });
                for row in users.await?.into_iter().flatten() {
                    if found.len() < limit && seen.insert(row.id.clone()) {
                        found.push(row);
                    }
                }
                if is_all {
                    break;
                }
            }
        }
        Ok(found)
    }
}

fn is_meant(user: &UserRow, prefix: &str) -> bool {
    let by_name = user
        .name
        .as_deref()
        .is_some_and(|name| folded(name).starts_with(&folded(prefix)));
    user.id.as_str().starts_with(prefix) || by_name
}
