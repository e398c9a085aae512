//! Brings confirmed events to the members and to the queue (rule A2: after the acknowledgement, in order).

use std::sync::Arc;

use chinwag_proto::{ChatId, Seq, UserId};

use super::{
    Owner,
    chat::{Chat, Outgoing, TopicChange},
    failpoint::Failpoint,
    feeding::{Minutes, Owed},
    members::Audience,
};
use crate::{
    model::{MemberRow, Shard, Term},
    ports::{Append, Broadcast, BroadcastFrame, BusMessage},
    render,
};

/// Events that go out in one round: what a slow chat can hold up.
const ROUND: usize = 256;

impl Owner {
    /// Publishes until nothing confirmed is left; one at a time a chat, so that order holds.
    pub(super) async fn publish(self: Arc<Self>, id: ChatId, chat: Arc<Chat>) {
        loop {
            let (epoch, round): (_, Vec<(Append, Outgoing)>) = {
                let mut state = chat.state();
                if state.outgoing.is_empty() {
                    state.publishing = false;
                    return;
                }
                let count = state.outgoing.len().min(ROUND);
                (state.row.epoch, state.outgoing.drain(..count).collect())
            };
            Failpoint::Acknowledged.reach().await;
            for broadcast in broadcasts(id, epoch, &round) {
                let users = Arc::clone(&broadcast.users);
                self.ports
                    .delivery
                    .to_users(&users, BusMessage::Events(broadcast))
                    .await;
            }
            for (append, outgoing) in &round {
                self.tell_topics(id, append.row.seq, &outgoing.topics).await;
            }
            Failpoint::Published.reach().await;
            self.hand_to_queue(id, chat.term, round).await;
        }
    }

    async fn hand_to_queue(&self, id: ChatId, term: Term, round: Vec<(Append, Outgoing)>) {
        let mut minutes = Minutes::new();
        let first = round.first().map_or(Seq(0), |(append, _)| append.row.seq);
        for minute in round.iter().filter_map(|(_, outgoing)| outgoing.minute) {
            *minutes.entry(minute).or_default() += 1;
        }
        let queued: Vec<_> = round
            .into_iter()
            .filter(|(append, _)| !append.groups.is_empty())
            .map(|(append, _)| (id, append.row, append.groups))
            .collect();
        if !queued.is_empty()
            && let Err(error) = self.ports.queue.publish(queued).await
        {
            tracing::warn!(chat = %id, %error, "can't queue; it is queued again from the log");
            let from = first;
            return self.ledger.owe(
                id,
                Owed {
                    term,
                    from,
                    minutes,
                },
            );
        }
        if !minutes.is_empty() {
            self.ledger.done(Shard::of(id), term, &minutes);
        }
    }

    /// Tells the nodes of those who came into a large chat, or left it, at a place.
    pub(super) async fn tell_topics(&self, chat: ChatId, seq: Seq, topics: &TopicChange) {
        let (users, message): (Vec<UserId>, _) = match topics {
            TopicChange::None => return,
            TopicChange::Joined(members) => {
                let with_intervals = |row: &MemberRow| (row.user.clone(), row.intervals.clone());
                let joined = BusMessage::Joined {
                    chat,
                    members: members.iter().map(with_intervals).collect(),
                };
                (members.iter().map(|row| row.user.clone()).collect(), joined)
            }
            TopicChange::Parted(users) => (
                users.clone(),
                BusMessage::Parted {
                    chat,
                    users: users.clone(),
                    through: seq,
                },
            ),
        };
        self.ports.delivery.to_users(&users, message).await;
    }
}

/// Makes one broadcast of each run of events with the same audience.
pub(super) fn broadcasts(
    chat: ChatId,
    epoch: chinwag_proto::Epoch,
    round: &[(Append, Outgoing)],
) -> Vec<Broadcast> {
    let mut made: Vec<(&Arc<Audience>, Broadcast)> = Vec::new();
    for (append, outgoing) in round.iter().filter(|(_, outgoing)| outgoing.direct) {
        let target = append.row.target();
        let cannot_see = |member: &&MemberRow| {
            !member
                .intervals
                .sees(append.row.seq, target.map(|target| target.seq))
        };
        let restricted = outgoing
            .audience
            .restricted
            .iter()
            .filter(|_| target.is_some());
        let frame = BroadcastFrame {
            frame: render::frame(chat, epoch, &append.row, outgoing.target.as_ref()),
            target: target.map(|target| target.seq),
            hidden_from: restricted
                .filter(cannot_see)
                .map(|member| member.user.clone())
                .collect(),
            except: outgoing.except,
        };
        match made.last_mut() {
            Some((audience, broadcast)) if Arc::ptr_eq(audience, &outgoing.audience) => {
                broadcast.frames.push(frame)
            }
            _ => {
                let users = Arc::clone(&outgoing.audience.users);
                made.push((
                    &outgoing.audience,
                    Broadcast {
                        chat,
                        frames: vec![frame],
                        users,
                    },
                ));
            }
        }
    }
    made.into_iter().map(|(_, broadcast)| broadcast).collect()
}
