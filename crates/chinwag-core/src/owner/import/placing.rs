//! How imported lines take their places, and what follows from each.

use std::sync::Arc;

use chinwag_proto::{
    EventId, Problem, Seq, Timestamp,
    shapes::{MembershipChange, Role},
};
use tokio::sync::oneshot;

use super::{
    Imported, ImportedBody, ImportedChat, ImportedEvent, Verdict, answer_without_place,
    stored::stored,
};
use crate::{
    model::{LogRow, MemberRow, RowBody, Term},
    owner::{
        Owner,
        chat::{NextEvent, Outgoing, State, TopicChange, Waiting},
        members::Audience,
        path::BOTH_PATHS,
    },
    ports::{Append, Follow, GroupSet, QueueGroup},
};

/// After how many events the chat's row tells how far the import is.
const TOLD_EVERY: usize = 64;

/// One call's lines on their way to their places, under the chat's lock.
pub(super) struct Placing<'a> {
    owner: &'a Owner,
    pub(super) target: &'a ImportedChat,
    term: Term,
    pub(super) state: &'a mut State,
    pub(super) now: Timestamp,
    /// Whom live events of an import go to.
    nobody: Arc<Audience>,
}

/// When all of a call's events are confirmed, or why they are not.
type Done = oneshot::Receiver<Result<(), Problem>>;

impl<'a> Placing<'a> {
    pub(super) fn new(
        owner: &'a Owner,
        target: &'a ImportedChat,
        term: Term,
        state: &'a mut State,
    ) -> Self {
        Self {
            now: owner.ports.clock.now(),
            owner,
            target,
            term,
            state,
            nobody: Arc::default(),
        }
    }

    /// Gives each fresh line the next place under the next id; there is one at least.
    pub(super) fn place_all(
        mut self,
        events: Vec<ImportedEvent>,
        verdicts: Vec<Verdict>,
        ids: &[EventId],
    ) -> (Vec<Result<Imported, Problem>>, Done) {
        let mut ids = ids.iter().copied();
        if self.state.term_due {
            self.state.term_due = false;
            let id = ids.next().expect("an id was chosen for the term event");
            self.place_term(id);
        }
        let mut left = ids.len();
        let (answer, done) = oneshot::channel();
        let mut answer = Some(answer);
        let mut answers: Vec<Result<Imported, Problem>> = Vec::with_capacity(events.len());
        for (event, verdict) in events.into_iter().zip(verdicts) {
            if !matches!(verdict, Verdict::Fresh) {
                answers.push(answer_without_place(verdict));
                continue;
            }
            let id = ids.next().expect("an id was chosen for each fresh line");
            left -= 1;
            let seq = self.place_one(event, id, left, &answers);
            answers.push(Ok(Imported {
                seq,
                id,
                repeated: false,
            }));
            if left == 0
                && let Some(last) = self.state.waiting.back_mut()
            {
                last.done = answer.take();
            }
        }
        (answers, done)
    }

    fn place_term(&mut self, id: EventId) {
        let event = NextEvent {
            id,
            user: self.target.owner.clone(),
            timestamp: self.now,
            client_id: None,
            digest: None,
            body: RowBody::Term,
        };
        let row = self.state.take_place(self.term, event);
        self.wait(row, Vec::new(), TopicChange::None);
    }

    fn place_one(
        &mut self,
        event: ImportedEvent,
        id: EventId,
        left: usize,
        before: &[Result<Imported, Problem>],
    ) -> Seq {
        let seq = self.state.head.seq.next();
        let was_large = self.state.row.large;
        let mut follows = Vec::new();
        let mut joined = Vec::new();
        if self.state.members.held() == 0 {
            let owner = self.target.owner.clone();
            joined.extend(self.join(&owner, Role::Owner, event.at));
        }
        joined.extend(self.join(&event.user, Role::Member, event.at));
        let body = match event.body {
            ImportedBody::Message(message) => stored(&mut follows, *message, seq, before),
            ImportedBody::Membership(change) => {
                for user in &change.users {
                    joined.extend(self.change(user, &change, seq, event.at));
                }
                if let Some(heir) = &change.heir {
                    joined.extend(self.put_role(heir, Role::Owner));
                }
                RowBody::Membership {
                    change: change.change,
                    users: change.users,
                    role: change.role,
                    heir: change.heir,
                }
            }
        };
        let event = NextEvent {
            id,
            user: event.user,
            timestamp: event.at,
            client_id: Some(event.identity),
            digest: None,
            body,
        };
        let row = self.state.take_place(self.term, event);
        self.tell_chat(&mut follows, seq, left);
        let topics = self.topics(&row, was_large, &joined);
        follows.extend(joined.into_iter().map(Follow::Member));
        self.wait(row, follows, topics);
        seq
    }

    /// Moves how far the import is, and counts members, in the chat's row.
    fn tell_chat(&mut self, follows: &mut Vec<Follow>, seq: Seq, left: usize) {
        let members = self.state.member_count();
        let row = &mut self.state.row;
        let is_told = seq == Seq(1) || left.is_multiple_of(TOLD_EVERY) || members != row.members;
        row.imported_through = seq;
        row.members = members;
        row.large |= members > self.owner.settings.direct_max_members;
        row.changed_at = self.now;
        if is_told {
            follows.push(Follow::Chat(row.clone()));
        }
    }

    /// Returns who must begin or end to listen to the chat's topic.
    fn topics(&mut self, row: &LogRow, was_large: bool, changed: &[MemberRow]) -> TopicChange {
        if !self.state.row.large {
            return TopicChange::None;
        }
        if !was_large {
            // Whoever is online hears of it while both paths carry.
            self.state.both_paths_until = self.owner.ports.clock.elapsed() + BOTH_PATHS;
            return TopicChange::Joined(self.state.members.all_active().cloned().collect());
        }
        match &row.body {
            RowBody::Membership {
                change: MembershipChange::Removed | MembershipChange::Left,
                users,
                ..
            } => TopicChange::Parted(users.clone()),
            _ if changed.is_empty() => TopicChange::None,
            _ => TopicChange::Joined(changed.to_vec()),
        }
    }

    fn wait(&mut self, row: LogRow, follows: Vec<Follow>, topics: TopicChange) {
        let groups = match &row.body {
            RowBody::Message(_) => GroupSet::of(&[QueueGroup::Indexer]),
            _ => GroupSet::NONE,
        };
        let append = Append {
            chat: self.target.id,
            row,
            follows,
            groups,
        };
        let outgoing = Outgoing {
            audience: Arc::clone(&self.nobody),
            target: None,
            except: None,
            direct: false,
            topics,
            minute: None,
        };
        self.state.waiting.push_back(Waiting {
            append,
            outgoing,
            done: None,
        });
    }
}
