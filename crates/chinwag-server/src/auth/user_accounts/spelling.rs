//! Whom a name means: where people register here, every spelling of a name is the one account.

use chinwag_proto::{Problem, UserId};

use super::UserAccounts;
use crate::auth::name;

impl UserAccounts {
    /// Returns the ids of the accounts that are meant, in order.
    ///
    /// An id that an account bears means that account; any other, where people register here, the account that the
    /// same name in its one spelling belongs to. What means nobody comes back as it is.
    pub async fn meant(&self, mut ids: Vec<UserId>) -> Result<Vec<UserId>, Problem> {
        if !self.stand_alone {
            return Ok(ids);
        }
        let found = self.accounts.users(&ids).await?;
        let mut respelt: Vec<(usize, UserId)> = Vec::new();
        for (position, row) in found.iter().enumerate() {
            if row.is_none()
                && let Ok(name) = name::prepare(ids[position].as_str())
            {
                respelt.push((position, name));
            }
        }
        if respelt.is_empty() {
            return Ok(ids);
        }
        let names: Vec<UserId> = respelt.iter().map(|(_, name)| name.clone()).collect();
        let known = self.accounts.users(&names).await?;
        for ((position, name), row) in respelt.into_iter().zip(known) {
            if row.is_some() {
                ids[position] = name;
            }
        }
        Ok(ids)
    }

    /// Returns the id of the account that is meant.
    pub async fn one_meant(&self, id: UserId) -> Result<UserId, Problem> {
        let meant = self.meant(vec![id.clone()]).await?;
        Ok(meant.into_iter().next().unwrap_or(id))
    }
}
