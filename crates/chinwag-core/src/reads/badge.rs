//! What stands on an app's icon.

use chinwag_proto::{ChatId, Problem, Seq, UserId};

use super::{Reads, access::View};

/// Messages counted one by one, over all chats; above, bounds are good enough for an icon.
const COUNTED: u64 = 1_000;

impl Reads {
    /// Counts a user's unread messages, of all chats that aren't muted, each at its head; one chat at a place, where
    /// that is given: it must be confirmed, and may be one that the owner is just about to tell as the head.
    ///
    /// Costs two reads for each 1,000 of the user's chats, and those of the chats where something is unread.
    pub async fn badge(&self, user: &UserId, at: Option<(ChatId, Seq)>) -> Result<u64, Problem> {
        let now = self.ports.clock.now();
        let mut views = self.views(user).await?;
        views.retain_mut(|view| {
            if let Some((chat, seq)) = at
                && view.chat == chat
            {
                view.head = seq;
            }
            let membership = &view.membership;
            let is_muted = membership.preferences.muted_until > Some(now);
            !is_muted && !has_read_all(view)
        });
        if views.is_empty() {
            return Ok(0);
        }
        let heads = self.head_rows(&views).await?;
        let ids: Vec<ChatId> = views.iter().map(|view| view.chat).collect();
        let chats = self.ports.directory.chats(&ids).await?;
        let reads = self.reads(&views, &chats).await?;
        let mut total = 0;
        for (((view, head), read), chat) in views.iter().zip(heads).zip(reads).zip(chats) {
            if chat.is_none_or(|chat| chat.deleted) {
                continue;
            }
            total += if total < COUNTED {
                let counts = self.unread(view, read.through, head.count, read.count);
                counts.await?.unread
            } else {
                head.count.saturating_sub(read.count)
            };
        }
        Ok(total)
    }
}

fn has_read_all(view: &View) -> bool {
    let marks = &view.membership.marks;
    let read = marks.read.map_or(Seq::ZERO, |read| read.seq);
    read.max(view.membership.member.joined_seq) >= view.head
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{Timestamp, shapes::HistoryVisible};

    use crate::{
        model::PreferencesRow,
        reads::fixture::{Team, user},
    };

    #[tokio::test]
    async fn the_badge_counts_all_chats_up_to_the_place_and_no_muted_one() {
        let team = Team::new(&["ana", "bo", "cy"]).await;
        let one = team.group(&["ana", "bo"], HistoryVisible::All).await;
        let two = team.group(&["ana", "bo", "cy"], HistoryVisible::All).await;
        let first = team.send_many("bo", one, 3).await;
        let second = team.send_many("cy", two, 2).await;
        team.send("ana", two, "own").await;
        let badge = async |chat, seq| {
            let counted = team.reads.badge(&user("ana"), Some((chat, seq))).await;
            counted.unwrap()
        };
        assert_eq!(badge(one, first[2].seq).await, 5);
        assert_eq!(
            badge(one, first[0].seq).await,
            3,
            "at the first one's place"
        );
        team.read("ana", two, second[0].id).await;
        assert_eq!(badge(one, first[2].seq).await, 4);
        let muted = PreferencesRow {
            muted_until: Some(Timestamp::from_unix_millis(i64::MAX / 2)),
            ..PreferencesRow::default()
        };
        let directory = &team.ports.directory;
        directory
            .put_preferences(two, &user("ana"), muted)
            .await
            .unwrap();
        assert_eq!(badge(one, first[2].seq).await, 3);
        team.read("ana", one, first[2].id).await;
        assert_eq!(team.reads.badge(&user("ana"), None).await.unwrap(), 0);
    }
}
