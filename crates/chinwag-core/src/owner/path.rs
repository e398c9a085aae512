//! On which path an event travels: by the owner itself, by the chat's topic, behind the log (design: "Delivery").

use std::time::Duration;

use chinwag_proto::{ChatId, UserId, shapes::MembershipChange};

use super::{
    Owner,
    chat::{Chat, State, TopicChange},
    decision::Following,
};
use crate::{
    model::{ChatRow, LogRow, MemberRow, RowBody},
    ports::{GroupSet, QueueGroup},
};

/// How long a chat that changed its path is delivered on both.
pub(super) const BOTH_PATHS: Duration = Duration::from_secs(60);

impl Owner {
    /// Lets a chat that grew past the bound, or shrank well below it, change its path.
    ///
    /// Where no id is left it stays as it is; the next event tries again.
    pub(super) fn change_path(&self, id: ChatId, chat: &Chat, state: &mut State, user: &UserId) {
        let count = state.members.count();
        let bound = self.settings.direct_max_members as usize;
        let large = if state.row.large {
            count * 10 > bound * 8
        } else {
            count > bound
        };
        if large == state.row.large {
            return;
        }
        let Ok(row) = self.next_row(chat, state, user, None, RowBody::Path { large }) else {
            return;
        };
        let changed = ChatRow {
            large,
            ..state.row.clone()
        };
        let following = Following {
            chat: Some(changed),
            ..Following::default()
        };
        state.both_paths_until = self.ports.clock.elapsed() + BOTH_PATHS;
        self.enqueue(id, state, row, following, None, None);
        if large && let Some(waiting) = state.waiting.back_mut() {
            waiting.outgoing.topics =
                TopicChange::Joined(state.members.all_active().cloned().collect());
        }
    }
}

/// Says whether an event adds somebody who must hear of it.
pub(super) fn brings_members(row: &LogRow) -> bool {
    matches!(
        &row.body,
        RowBody::Membership {
            change: MembershipChange::Added,
            ..
        }
    )
}

/// Says who begins or ends to listen to a large chat's topic with an event.
pub(super) fn topic_change(row: &LogRow, large: bool, members: &[MemberRow]) -> TopicChange {
    match &row.body {
        RowBody::Membership {
            change: MembershipChange::Added,
            ..
        } if large => TopicChange::Joined(members.to_vec()),
        RowBody::Membership {
            change: MembershipChange::Removed | MembershipChange::Left,
            users,
            ..
        } if large => TopicChange::Parted(users.clone()),
        _ => TopicChange::None,
    }
}

/// Says who works behind the log on an event; `feeds_devices`: whether somebody has a device.
pub(super) fn groups(row: &LogRow, on_topic: bool, feeds_devices: bool) -> GroupSet {
    let mut groups = Vec::with_capacity(3);
    match &row.body {
        RowBody::Message(_) => {
            groups.push(QueueGroup::Indexer);
            if feeds_devices {
                groups.push(QueueGroup::Push);
            }
        }
        RowBody::Edit(_) | RowBody::Deletion(_) => groups.push(QueueGroup::Indexer),
        RowBody::Chat { deleted: true, .. } => {
            groups.extend([QueueGroup::Indexer, QueueGroup::Purger]);
        }
        _ => {}
    }
    if on_topic {
        groups.push(QueueGroup::Fanout);
    }
    GroupSet::of(&groups)
}
