//! Whom a message is told.

use std::sync::Arc;

use chinwag_core::{
    model::{ChatRow, DeviceRow, Membership},
    ports::EngineResult,
};
use chinwag_proto::{
    ChatId, Seq, Timestamp, UserId,
    shapes::{PresenceStatus, PushPreference},
};
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};

use super::{
    Push,
    lanes::{Errand, Key, What},
    looks::{Look, Notice, Stage},
    senders::LaneKey,
    settings::{PAGE, USERS_AT_ONCE},
};

/// What came of a look.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Who is told now.
    pub(super) errands: Vec<(LaneKey, Key, Errand)>,
    /// Who is looked at later.
    pub(super) later: Vec<UserId>,
}

impl Push {
    /// Looks whom a message is told now, and at whom to look later.
    ///
    /// Bounded by `push.all_members_max` members, or the users that a message may mention.
    pub(super) async fn look(&self, look: &Look) -> EngineResult<Seen> {
        let notice = &*look.notice;
        let mut seen = Seen::default();
        let chats = self.ports.directory.chats(&[notice.chat]).await?;
        let Some(chat) = chats.into_iter().next().flatten() else {
            return Ok(seen);
        };
        if chat.deleted {
            return Ok(seen);
        }
        let users = match &look.users {
            Some(users) => users.clone(),
            None => self.concerned(notice, &chat).await?,
        };
        let mut has_device = false;
        for page in users.chunks(PAGE) {
            has_device |= self.look_at(look, &chat, page, &mut seen).await?;
        }
        let all_looked_at = look.users.is_none() && chat.members <= self.settings.all_members_max;
        if all_looked_at && !has_device && !self.has_device(&notice.sender).await? {
            self.quiet.remember(notice.chat, notice.moment);
        }
        Ok(seen)
    }

    /// Reads whom a message may concern: all members but its author, or in a large chat those whom it mentions.
    async fn concerned(&self, notice: &Notice, chat: &ChatRow) -> EngineResult<Vec<UserId>> {
        if chat.members > self.settings.all_members_max {
            return Ok(notice.mentions.clone());
        }
        let mut users = Vec::new();
        let mut after: Option<UserId> = None;
        loop {
            let page = self
                .ports
                .directory
                .members(chat.id, after.as_ref(), PAGE)
                .await?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|member| member.user.clone());
            let active = page.into_iter().filter(|member| member.active);
            users.extend(active.map(|member| member.user));
            if is_last {
                users.retain(|user| *user != notice.sender);
                return Ok(users);
            }
        }
    }

    /// Looks at some users; returns whether one of them has a device.
    async fn look_at(
        &self,
        look: &Look,
        chat: &ChatRow,
        users: &[UserId],
        seen: &mut Seen,
    ) -> EngineResult<bool> {
        let notice = &*look.notice;
        let with_devices = self.with_devices(users).await?;
        let has_device = !with_devices.is_empty();
        if !has_device {
            return Ok(false);
        }
        let users: Vec<UserId> = with_devices.iter().map(|(user, _)| user.clone()).collect();
        let memberships = self
            .ports
            .directory
            .memberships(notice.chat, &users)
            .await?;
        let online = match look.stage {
            Stage::Came => self.online(&users).await,
            Stage::Acknowledged | Stage::Unread => vec![false; users.len()],
        };
        let now = self.ports.clock.now();
        let all = with_devices.into_iter().zip(memberships).zip(online);
        for (((user, devices), membership), is_online) in all {
            let Some(membership) = membership else {
                continue;
            };
            let mentioned = notice.mentions.contains(&user);
            if !self.is_wanted(&membership, chat, notice.seq, mentioned, now) {
                continue;
            }
            let acknowledged = is_acknowledged(&membership, notice.seq);
            match look.stage {
                Stage::Came if is_online => seen.later.push(user),
                Stage::Acknowledged if acknowledged => seen.later.push(user),
                _ => {
                    let errand = self.errand(notice);
                    seen.errands
                        .extend(self.errands(devices, notice.chat, errand));
                }
            }
        }
        Ok(has_device)
    }

    fn errand(&self, notice: &Notice) -> Errand {
        Errand {
            what: What::Message {
                seq: notice.seq,
                id: notice.id,
            },
            attempts: 0,
            expires_at: self.expires_at(notice.sent_at),
            ticket: Some(Arc::clone(&notice.ticket)),
        }
    }

    /// Makes an errand to each device that somebody brings notes to, in that one's lane.
    pub(super) fn errands(
        &self,
        devices: Vec<DeviceRow>,
        chat: ChatId,
        errand: Errand,
    ) -> impl Iterator<Item = (LaneKey, Key, Errand)> {
        devices.into_iter().filter_map(move |device| {
            let lane = self.ports.senders.lane(&device)?;
            let key = Key {
                user: device.user,
                device: device.device,
                chat,
            };
            Some((lane, key, errand.clone()))
        })
    }

    /// Returns when a message is too old to be told.
    pub(super) fn expires_at(&self, sent_at: Timestamp) -> Timestamp {
        let ttl_ms = i64::try_from(self.settings.ttl.as_millis()).unwrap_or(i64::MAX);
        sent_at.plus_millis(ttl_ms)
    }

    /// Returns whether a member wants to be told of a message: in, it is visible and unread, the chat isn't muted.
    pub(super) fn is_wanted(
        &self,
        membership: &Membership,
        chat: &ChatRow,
        seq: Seq,
        mentioned: bool,
        now: Timestamp,
    ) -> bool {
        let member = &membership.member;
        let preferences = &membership.preferences;
        let is_muted = preferences.muted_until > Some(now);
        let is_heard = match preferences.push {
            PushPreference::None => false,
            PushPreference::Mentions => mentioned,
            PushPreference::All => true,
        };
        member.active
            && member.intervals.contains(seq)
            && member.unread_after(&membership.marks, chat) < seq
            && is_heard
            && (!is_muted || (mentioned && self.settings.mentions_override_mute))
    }

    /// Reads the devices of those who have some, in the order of the users.
    async fn with_devices(&self, users: &[UserId]) -> EngineResult<Vec<(UserId, Vec<DeviceRow>)>> {
        let reading = users.iter().cloned();
        let reading = reading.map(|user| self.with_its_devices(user));
        let read = stream::iter(reading).buffered(USERS_AT_ONCE);
        read.try_filter_map(future::ok).try_collect().await
    }

    async fn with_its_devices(
        &self,
        user: UserId,
    ) -> EngineResult<Option<(UserId, Vec<DeviceRow>)>> {
        let devices = self.devices(&user).await?;
        Ok((!devices.is_empty()).then_some((user, devices)))
    }

    /// Reads the devices that somebody brings notes to.
    async fn devices(&self, user: &UserId) -> EngineResult<Vec<DeviceRow>> {
        let mut devices = self.ports.accounts.devices(user).await?;
        devices.retain(|device| self.ports.senders.get(device.kind).is_some());
        Ok(devices)
    }

    async fn has_device(&self, user: &UserId) -> EngineResult<bool> {
        Ok(!self.devices(user).await?.is_empty())
    }

    /// Reads who has a session; where that can't be told, everyone may.
    async fn online(&self, users: &[UserId]) -> Vec<bool> {
        match self.ports.presence.online(users).await {
            Ok(presences) => presences
                .into_iter()
                .map(|presence| presence.status == PresenceStatus::Online)
                .collect(),
            Err(error) => {
                tracing::debug!(%error, "who is online can't be told; all are given time");
                vec![true; users.len()]
            }
        }
    }
}

/// Returns whether one of the member's sessions said that the message arrived.
fn is_acknowledged(membership: &Membership, seq: Seq) -> bool {
    let delivered = membership.marks.delivered;
    delivered.is_some_and(|delivered| delivered.seq >= seq)
}
