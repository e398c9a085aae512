//! The users of an import: those whom lines name, and all who did something.

use chinwag_proto::{Problem, UserId};

use super::{Importer, Refusal, Taken};
use crate::{
    model::UserRow,
    transfer::line::{EventBody, EventLine, UserLine},
};

impl Importer {
    /// Makes the users who are named with their names; those who are there keep theirs.
    pub(super) async fn take_users(
        &mut self,
        lines: Vec<(u64, UserLine)>,
        taken: &mut Taken,
    ) -> Result<(), Problem> {
        let mut rows = Vec::with_capacity(lines.len());
        for (number, line) in lines {
            let checked = line
                .name
                .as_deref()
                .map(|name| self.ports.owner.check_name(name));
            if let Some(Err(problem)) = checked {
                let reason = problem.detail;
                taken.refused.push(Refusal { number, reason });
                continue;
            }
            rows.push(UserRow {
                name: line.name,
                disabled: line.disabled,
                ..UserRow::new(line.user, self.ports.clock.now())
            });
        }
        if rows.is_empty() {
            return Ok(());
        }
        for made in self.ports.accounts.create_users(rows).await? {
            *if made {
                &mut taken.imported
            } else {
                &mut taken.repeated
            } += 1;
        }
        Ok(())
    }

    /// Makes users where there are none.
    pub(super) async fn make_users(&mut self, people: Vec<UserId>) -> Result<(), Problem> {
        let now = self.ports.clock.now();
        let mut rows = Vec::new();
        for user in people {
            if self.users.get(user.clone()).is_none() {
                rows.push(UserRow::new(user.clone(), now));
                self.users.put(user, ());
            }
        }
        if !rows.is_empty() {
            self.ports.accounts.create_users(rows).await?;
        }
        Ok(())
    }
}

/// Adds everybody who did something: they become users.
pub(super) fn collect(line: &EventLine, people: &mut Vec<UserId>) {
    people.push(line.user.clone());
    match &line.body {
        EventBody::Membership(line) => {
            people.extend(line.users.iter().chain(&line.heir).cloned());
        }
        EventBody::Message(message) => {
            people.extend(message.deleted.iter().map(|deletion| deletion.by.clone()));
            let reactions = message.reactions.iter();
            people.extend(reactions.flat_map(|reaction| reaction.users.iter().cloned()));
        }
    }
}
