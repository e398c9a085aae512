//! Brings in what was said elsewhere: no unread, no live events, no push; found by search.

use std::sync::Arc;

use chinwag_proto::{
    ChatId, ClientId, Epoch, ErrorCode, EventId, MessageId, Metadata, Problem, Seq, Timestamp,
    UserId,
    shapes::{ChatType, HistoryVisible, MembershipChange, Role, Version},
    snowflake,
};
use tokio::sync::oneshot;

use super::{
    Owner,
    chat::{Chat, Head, Outgoing, State, TopicChange, Waiting},
    load::not_owner,
    members::Members,
    writer::unknown_outcome,
};
use crate::{
    model::{
        ChatRow, Deletion, Intervals, LogRow, MarkRow, MemberRow, Place, RowBody, StoredMessage,
    },
    ports::{Append, Follow, GroupSet, QueueGroup, Stamp},
};

/// Events that one call may bring.
pub const IMPORT_BATCH: usize = 500;
/// Marks written at a time when an import ends.
const MARKS: usize = 1_000;

/// A group to be filled by an import.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedChat {
    /// Its id: [`Owner::fresh_chat`] gives one the first time.
    pub id: ChatId,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: UserId,
}

/// A line of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedEvent {
    /// Who did it; becomes a member from place 1 where they aren't one.
    pub user: UserId,
    /// The line's own time, kept as the event's `timestamp`; not before 2000.
    pub at: Timestamp,
    /// The line's identity: a line that was brought in before is left out.
    pub identity: ClientId,
    /// What happened.
    pub body: ImportedBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportedBody {
    /// A message.
    Message(Box<ImportedMessage>),
    /// Members came, went or changed roles.
    Membership {
        /// What changed.
        change: MembershipChange,
        /// Whose membership.
        users: Vec<UserId>,
        /// The new role.
        role: Option<Role>,
    },
}

/// A message as it was when it was exported.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportedMessage {
    /// The text.
    pub content: String,
    /// The message that it answers, of this chat.
    pub reply_to: Option<MessageId>,
    /// Whom it mentions.
    pub mentions: Vec<UserId>,
    /// What the app attached.
    pub metadata: Metadata,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// Its earlier contents.
    pub versions: Vec<Version>,
    /// When and by whom it was deleted.
    pub deleted: Option<Deletion>,
    /// Who reacted with what.
    pub reactions: Vec<(String, Vec<UserId>)>,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Its place.
    pub seq: Seq,
    /// Its id.
    pub id: EventId,
    /// Whether it was there before.
    pub repeated: bool,
}

impl Owner {
    /// Gives the id of a chat to be made.
    pub fn fresh_chat(&self) -> Result<ChatId, Problem> {
        self.fresh_chat_id()
    }

    /// Appends lines to a chat that an import made, making it first where it isn't there; at most
    /// [`IMPORT_BATCH`] at a time, one caller a chat.
    ///
    /// An id's time is the later of the line's and the id before it. The answer has the order and length of the
    /// question. Errors: `conflict` for a chat that no import made; `badRequest` for a time before 2000.
    pub async fn import(
        self: &Arc<Self>,
        target: &ImportedChat,
        events: Vec<ImportedEvent>,
    ) -> Result<Vec<Imported>, Problem> {
        debug_assert!(events.len() <= IMPORT_BATCH, "bounded by the caller");
        let chat = self.imported_chat(target).await?;
        if !chat.state().row.imported {
            return Err(Problem::new(
                ErrorCode::Conflict,
                "an import fills only chats that an import made",
            ));
        }
        let _one_at_a_time = chat.amending.lock().await;
        let mut answers = Vec::with_capacity(events.len());
        let mut before = Vec::with_capacity(events.len());
        for event in &events {
            let sent = self
                .ports
                .store
                .sent(target.id, &event.user, &event.identity)
                .await;
            before.push(sent?);
        }
        let done = {
            let mut state = chat.state();
            if state.retired || !self.is_current(target.id, &chat) {
                return Err(unknown_outcome());
            }
            let mut done = None;
            for (event, sent) in events.into_iter().zip(before) {
                if let Some((seq, id)) = sent {
                    answers.push(Imported {
                        seq,
                        id,
                        repeated: true,
                    });
                    continue;
                }
                let (imported, receiver) = self.import_event(target, &chat, &mut state, event)?;
                answers.push(imported);
                done = Some(receiver);
            }
            done
        };
        self.start_writing(target.id, &chat);
        if let Some(done) = done {
            done.await.map_err(|_| unknown_outcome())??;
        }
        Ok(answers)
    }

    /// Ends an import: nothing in the chat is unread for anyone.
    pub async fn finish_import(&self, id: ChatId) -> Result<(), Problem> {
        let chat = self.chat(id).await?;
        let (users, read, term) = {
            let state = chat.state();
            let last = Place {
                seq: state.head.last_message,
                id: state.head.id,
            };
            let users: Vec<UserId> = state
                .members
                .all_active()
                .map(|row| row.user.clone())
                .collect();
            (users, last, chat.term)
        };
        let Some(row) = self.row(id, read.seq).await? else {
            return Ok(());
        };
        let read = Some(Place {
            seq: read.seq,
            id: row.id,
        });
        let now = self.ports.clock.now();
        let marks = MarkRow {
            delivered: read,
            read,
            changed_at: now,
        };
        for users in users.chunks(MARKS) {
            // The lowest stamp: a mark that a person moved since wins.
            let stamp = Stamp { term, seq: Seq(0) };
            let write = users
                .iter()
                .map(|user| (id, user.clone(), marks.clone(), stamp))
                .collect();
            self.ports.directory.put_marks(write).await?;
        }
        chat.state().marks.clear();
        Ok(())
    }

    async fn imported_chat(&self, target: &ImportedChat) -> Result<Arc<Chat>, Problem> {
        let _one_at_a_time = self.creating.lock().await;
        let stored = self.ports.directory.chats(&[target.id]).await?;
        if stored.into_iter().flatten().next().is_some() || self.cache.peek(target.id).is_some() {
            return self.chat(target.id).await;
        }
        let term = self
            .lease
            .term_of(target.id, self.ports.clock.elapsed())
            .ok_or_else(not_owner)?;
        let now = self.ports.clock.now();
        let row = ChatRow {
            imported: true,
            epoch: Epoch::default(),
            ..self.new_chat(
                target.id,
                ChatType::Group,
                Some(target.name.clone()),
                HistoryVisible::All,
                &target.owner,
            )
        };
        self.cache
            .get(target.id, async || {
                Ok(Chat::new(term, row, Members::default(), None, now))
            })
            .await
    }

    fn import_event(
        &self,
        target: &ImportedChat,
        chat: &Chat,
        state: &mut State,
        event: ImportedEvent,
    ) -> Result<(Imported, oneshot::Receiver<Result<(), Problem>>), Problem> {
        let seq = state.head.seq.next();
        let id = import_id(event.at, state.head.id)?;
        let mut follows = Vec::new();
        if seq == Seq(1) {
            join(state, &mut follows, &target.owner, Role::Owner, event.at);
        }
        join(state, &mut follows, &event.user, Role::Member, event.at);
        let body = imported_body(state, &mut follows, event.body, seq, event.at);
        let is_message = matches!(body, RowBody::Message(_));
        let row = LogRow {
            term: chat.term,
            confirmed: state.confirmed,
            seq,
            id,
            user: event.user,
            timestamp: event.at,
            count: state.head.count + u64::from(is_message),
            previous_message: state.head.last_message,
            client_id: Some(event.identity),
            digest: None,
            body,
        };
        state.head = Head::of(&row);
        let members = state.member_count();
        if seq == Seq(1) || members != state.row.members {
            let large = state.row.large || members > self.settings.direct_max_members;
            state.row = ChatRow {
                members,
                large,
                ..state.row.clone()
            };
            follows.push(Follow::Chat(state.row.clone()));
        }
        let (answer, done) = oneshot::channel();
        let outgoing = Outgoing {
            audience: state.members.audience(),
            target: None,
            except: None,
            direct: false,
            topics: TopicChange::None,
        };
        let groups = GroupSet::of(if is_message {
            &[QueueGroup::Indexer]
        } else {
            &[]
        });
        let append = Append {
            chat: target.id,
            row,
            follows,
            groups,
        };
        state.waiting.push_back(Waiting {
            append,
            outgoing,
            done: Some(answer),
        });
        Ok((
            Imported {
                seq,
                id,
                repeated: false,
            },
            done,
        ))
    }
}

/// Makes a user a member from place 1 who sees everything, unless they are one.
fn join(state: &mut State, follows: &mut Vec<Follow>, user: &UserId, role: Role, at: Timestamp) {
    if state.members.get(user).is_some() {
        return;
    }
    let member = MemberRow {
        chat: state.row.id,
        user: user.clone(),
        role,
        active: true,
        joined_at: at,
        joined_seq: Seq(1),
        intervals: Intervals::from(Seq(1)),
        changed_at: state.row.created_at,
    };
    state.members.put(member.clone());
    follows.push(Follow::Member(member));
}

/// Takes the later of the line's time and the id before it, under the imports' node number.
fn import_id(at: Timestamp, last: EventId) -> Result<EventId, Problem> {
    let Some(millis) = snowflake::millis_of(at) else {
        return Err(Problem::field(
            "/at",
            format!("{at} lies outside 2000 to 2069"),
        ));
    };
    let fresh = snowflake::compose(millis, snowflake::IMPORT_NODE, 0);
    let after = if snowflake::node(last.0) == snowflake::IMPORT_NODE {
        last.0 + 1
    } else {
        snowflake::compose(
            snowflake::millis(last.0) + u64::from(last.0 > 0),
            snowflake::IMPORT_NODE,
            0,
        )
    };
    let next = fresh.max(after);
    if snowflake::node(next) == snowflake::IMPORT_NODE {
        return Ok(EventId(next));
    }
    // The millisecond's counter ran over into the next node: go on in the next millisecond.
    Ok(EventId(snowflake::compose(
        snowflake::millis(next - 1) + 1,
        snowflake::IMPORT_NODE,
        0,
    )))
}

fn imported_body(
    state: &mut State,
    follows: &mut Vec<Follow>,
    body: ImportedBody,
    seq: Seq,
    at: Timestamp,
) -> RowBody {
    match body {
        ImportedBody::Message(message) => imported_message(follows, *message, seq),
        ImportedBody::Membership {
            change,
            users,
            role,
        } => {
            for user in &users {
                follow_membership(state, follows, user, change, role, seq, at);
            }
            RowBody::Membership {
                change,
                users,
                role,
                heir: None,
            }
        }
    }
}

fn imported_message(follows: &mut Vec<Follow>, message: ImportedMessage, seq: Seq) -> RowBody {
    for (key, users) in &message.reactions {
        let reaction = |user: &UserId| Follow::Reaction {
            message: seq,
            user: user.clone(),
            key: key.clone(),
            on: true,
        };
        follows.extend(users.iter().map(reaction));
    }
    follows.extend(
        message
            .versions
            .into_iter()
            .map(|version| Follow::KeepVersion {
                message: seq,
                version,
            }),
    );
    let count =
        |(key, users): (String, Vec<UserId>)| (key, u32::try_from(users.len()).unwrap_or(u32::MAX));
    RowBody::Message(Box::new(StoredMessage {
        content: message.content,
        client_timestamp: None,
        reply_to: message.reply_to,
        mentions: message.mentions,
        metadata: message.metadata,
        edited_at: message.edited_at,
        deleted: message.deleted,
        reactions: message.reactions.into_iter().map(count).collect(),
        change_seq: seq,
    }))
}

fn follow_membership(
    state: &mut State,
    follows: &mut Vec<Follow>,
    user: &UserId,
    change: MembershipChange,
    role: Option<Role>,
    seq: Seq,
    at: Timestamp,
) {
    join(state, follows, user, role.unwrap_or(Role::Member), at);
    let Some(member) = state.members.get(user).cloned() else {
        return;
    };
    let changed = match change {
        MembershipChange::Added | MembershipChange::Role => {
            let mut intervals = member.intervals.clone();
            if !member.active {
                intervals.open(Seq(1));
            }
            MemberRow {
                active: true,
                role: role.unwrap_or(member.role),
                intervals,
                ..member
            }
        }
        MembershipChange::Removed | MembershipChange::Left => {
            let mut intervals = member.intervals.clone();
            intervals.close(seq);
            MemberRow {
                active: false,
                intervals,
                ..member
            }
        }
    };
    state.members.put(changed.clone());
    follows.push(Follow::Member(changed));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imported_id_takes_the_later_of_the_lines_time_and_the_id_before() {
        let at = Timestamp::from_unix_millis(1_100_000_000_000);
        let first = import_id(at, EventId(0)).unwrap();
        let same = import_id(at, first).unwrap();
        let backwards = import_id(at.plus_millis(-5_000), same).unwrap();
        assert!(first < same && same < backwards);
        assert_eq!(snowflake::time(backwards.0), at);
        let mut last = backwards;
        for _ in 0..5_000 {
            let next = import_id(at, last).unwrap();
            assert!(next > last && snowflake::node(next.0) == snowflake::IMPORT_NODE);
            last = next;
        }
    }

    #[test]
    fn a_line_before_2000_is_refused_by_name() {
        let problem =
            import_id(Timestamp::from_unix_millis(900_000_000_000), EventId(0)).unwrap_err();
        assert!(problem.detail.contains("1998"), "{}", problem.detail);
    }
}
