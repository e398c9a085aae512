//! Who is online, told only to those who share a chat.

use chinwag_proto::{Problem, UserId, shapes::Presence};

use super::Reads;
use crate::owner::Caller;

impl Reads {
    /// Reads presence of those users who share a chat with the caller; the others are left out, unknown or not.
    ///
    /// Costs as `related` says, and one read of presence. Errors: `badRequest` for too many users.
    pub async fn presence(
        &self,
        caller: &Caller,
        users: &[UserId],
    ) -> Result<Vec<Presence>, Problem> {
        let most = usize::try_from(self.limits.watched_users).unwrap_or(usize::MAX);
        if users.len() > most {
            let detail = format!("names {} users of at most {most}", users.len());
            return Err(Problem::field("/userIds", detail));
        }
        let mut asked = users.to_vec();
        asked.sort_unstable();
        asked.dedup();
        let related = self.related(&caller.user, &asked).await?;
        asked.retain(|user| related.contains(user));
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.ports.presence.online(&asked).await?)
    }
}
