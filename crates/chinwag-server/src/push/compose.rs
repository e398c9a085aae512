//! What a device is told at this moment, if anything.

use chinwag_core::{
    model::{DeviceRow, LogRow, Membership, UserRow},
    ports::{EngineError, EngineResult, PushNote},
};
use chinwag_proto::{Problem, Seq, UserId, shapes::ChatType};

use super::{
    Push,
    lanes::{Errand, Key, What},
    text::{Told, lines},
};

impl Push {
    /// Reads what a device is told; nothing where that isn't wanted any more, or can't be.
    pub(super) async fn compose(
        &self,
        key: &Key,
        errand: &Errand,
    ) -> EngineResult<Option<PushNote>> {
        let devices = self.ports.accounts.devices(&key.user).await?;
        let device = devices
            .into_iter()
            .find(|device| device.device == key.device);
        let Some(device) = device else {
            return Ok(None);
        };
        let now = self.ports.clock.now();
        let left_ms = errand.expires_at.unix_millis() - now.unix_millis();
        let Ok(ttl_seconds) = u32::try_from(left_ms / 1_000) else {
            return Ok(None);
        };
        match errand.what {
            What::Message { seq, .. } => self.message(key, device, seq, ttl_seconds).await,
            What::Clear { through } => {
                if !self.has_read(key, through).await? {
                    return Ok(None);
                }
                Ok(Some(PushNote {
                    device,
                    chat: key.chat,
                    message: None,
                    title: String::new(),
                    body: String::new(),
                    badge: self.badge(key, None).await?,
                    ttl_seconds,
                }))
            }
        }
    }

    async fn message(
        &self,
        key: &Key,
        device: DeviceRow,
        seq: Seq,
        ttl_seconds: u32,
    ) -> EngineResult<Option<PushNote>> {
        let rows = self.ports.store.rows(&[(key.chat, seq)]).await?;
        let Some(row) = rows.into_iter().next().flatten() else {
            return Ok(None);
        };
        let Some(message) = row.message().filter(|message| message.deleted.is_none()) else {
            return Ok(None);
        };
        let chats = self.ports.directory.chats(&[key.chat]).await?;
        let chat = chats.into_iter().next().flatten();
        let Some(chat) = chat.filter(|chat| !chat.deleted) else {
            return Ok(None);
        };
        let Some(membership) = self.membership(key).await? else {
            return Ok(None);
        };
        let mentioned = message.mentions.contains(&key.user);
        let now = self.ports.clock.now();
        if !self.is_wanted(&membership, &chat, seq, mentioned, now) {
            return Ok(None);
        }
        let Some(sender) = self.sender_told_to(&key.user, &row).await? else {
            return Ok(None);
        };
        let told = Told {
            sender: &sender,
            group: match chat.kind {
                ChatType::Group => Some(chat.name.as_deref().unwrap_or_default()),
                ChatType::Direct => None,
            },
            content: &message.content,
            locale: device.locale.as_deref(),
        };
        let (title, body) = lines(self.settings.content, told);
        Ok(Some(PushNote {
            chat: key.chat,
            message: Some(row.id),
            title,
            body,
            badge: self.badge(key, Some(seq)).await?,
            ttl_seconds,
            device,
        }))
    }

    /// Reads the name of a message's sender; nothing where the reader's account is disabled or gone.
    async fn sender_told_to(&self, reader: &UserId, row: &LogRow) -> EngineResult<Option<String>> {
        let asked = [reader.clone(), row.user.clone()];
        let users: Vec<Option<UserRow>> = self.ports.accounts.users(&asked).await?;
        let [reader, sender] = <[_; 2]>::try_from(users)
            .map_err(|_| EngineError::Damaged("two users were asked for".into()))?;
        if reader.is_none_or(|reader| reader.disabled) {
            return Ok(None);
        }
        let name = sender.and_then(|sender| sender.name);
        Ok(Some(name.unwrap_or_else(|| row.user.to_string())))
    }

    async fn has_read(&self, key: &Key, through: Seq) -> EngineResult<bool> {
        let membership = self.membership(key).await?;
        let read = membership.and_then(|membership| membership.marks.read);
        Ok(read.is_some_and(|read| read.seq >= through))
    }

    async fn membership(&self, key: &Key) -> EngineResult<Option<Membership>> {
        let users = std::slice::from_ref(&key.user);
        let memberships = self.ports.directory.memberships(key.chat, users).await?;
        Ok(memberships.into_iter().next().flatten())
    }

    async fn badge(&self, key: &Key, at: Option<Seq>) -> EngineResult<u64> {
        let at = at.map(|seq| (key.chat, seq));
        let badge = self.ports.reads.badge(&key.user, at).await;
        badge.map_err(|problem: Problem| EngineError::Unavailable(problem.detail))
    }
}
