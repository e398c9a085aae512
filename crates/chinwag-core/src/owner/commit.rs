//! From a command to a durable event: repetition, decision, stamp, confirmation, answer.

use std::{sync::Arc, time::Duration};

use chinwag_proto::{
    ChatId, ClientId, ErrorCode, Problem, Seq, SessionId, UserId,
    shapes::{Event, MembershipChange},
};
use tokio::sync::oneshot;

use super::{
    Caller, Command, Outcome, Owner,
    chat::{Chat, NextEvent, Outgoing, Pending, State, TopicChange, Waiting},
    no_such_chat,
    window::{Arrived, FUTURE_MS},
    writer::unknown_outcome,
};
use crate::{
    model::{ChatRow, LogRow, MemberRow, RowBody},
    ports::{Append, EngineError, Follow, GroupSet, QueueGroup},
    render,
};

/// How long a caller waits for the confirmation (rule A2).
const DEADLINE: Duration = Duration::from_secs(2);
/// How often a command starts anew because the chat was given up under it.
const TRIES: usize = 3;
/// How long a chat that changed its path is delivered on both.
pub(super) const BOTH_PATHS: Duration = Duration::from_secs(60);

/// A request's identity: what repeats it, and whether it is the same.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) client_id: ClientId,
    pub(super) digest: u64,
}

/// An event that was decided on and has no place yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) body: RowBody,
    /// The message that it changes, as it will be.
    pub(super) amended: Option<LogRow>,
    pub(super) follows: Vec<Follow>,
    pub(super) members: Vec<MemberRow>,
    pub(super) chat: Option<ChatRow>,
}

impl Draft {
    /// Makes a draft from which nothing follows.
    pub(super) fn of(body: RowBody) -> Self {
        Self {
            body,
            amended: None,
            follows: Vec::new(),
            members: Vec::new(),
            chat: None,
        }
    }
}

/// What was decided on.
#[expect(
    clippy::large_enum_variant,
    reason = "moved once, on the stack; a box would cost an allocation a send"
)]
pub(super) enum Decision {
    /// An event takes the next place.
    Append(Draft),
    /// It is so already.
    Already(Outcome),
}

/// A row that waits to be confirmed.
pub(super) struct Stamped {
    pub(super) epoch: chinwag_proto::Epoch,
    pub(super) row: LogRow,
    pub(super) target: Option<LogRow>,
    pub(super) done: oneshot::Receiver<Result<(), Problem>>,
}

/// Why a command came to nothing.
pub(super) enum Refused {
    /// The caller is told.
    Problem(Problem),
    /// The chat was given up meanwhile: load it and decide again.
    Retired,
}

impl From<EngineError> for Refused {
    fn from(error: EngineError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Owner {
    /// Decides a command and makes it durable.
    ///
    /// Errors are those that clients see: `notFound` for a chat that the caller isn't in, like for one that doesn't
    /// exist; `unknownOutcome` after 2 s without confirmation.
    pub async fn execute(
        self: &Arc<Self>,
        caller: &Caller,
        chat: ChatId,
        command: Command,
    ) -> Result<Outcome, Problem> {
        let deciding = self.try_execute(caller, chat, &command);
        tokio::time::timeout(DEADLINE, deciding)
            .await
            .unwrap_or_else(|_| Err(unknown_outcome()))
    }

    async fn try_execute(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        command: &Command,
    ) -> Result<Outcome, Problem> {
        self.validate(command)?;
        for _ in 0..TRIES {
            let chat = self.chat(id).await?;
            match self.run(caller, id, &chat, command).await {
                Ok(outcome) => return Ok(outcome),
                Err(Refused::Problem(problem)) => return Err(problem),
                Err(Refused::Retired) => {}
            }
        }
        Err(Problem::new(
            ErrorCode::Overloaded,
            "the chat is changing hands; try again",
        )
        .retry_after(500))
    }

    async fn run(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        command: &Command,
    ) -> Result<Outcome, Refused> {
        match command {
            Command::Read { message, unread } => {
                Ok(self.read(caller, id, chat, *message, *unread).await?)
            }
            Command::Delivered { message } => {
                Ok(self.delivered(caller, id, chat, *message).await?)
            }
            Command::Typing => Ok(self.typing(caller, id, chat).await?),
            _ => self.change(caller, id, chat, command).await,
        }
    }

    /// Decides a command that takes a place.
    async fn change(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        command: &Command,
    ) -> Result<Outcome, Refused> {
        let request = request_of(command);
        // The look-up comes before the membership check: a sender removed meanwhile still learns that it was stored.
        if let Some(request) = &request
            && let Some(arrived) = self.arrived(id, chat, &caller.user, request).await?
        {
            return self.repeat(caller, id, chat, request, arrived).await;
        }
        let stamped = match command {
            Command::Send(message) => {
                self.send(caller, id, chat, request.as_ref(), message)
                    .await?
            }
            Command::Edit {
                message, content, ..
            } => {
                self.amend(
                    caller,
                    id,
                    chat,
                    request.as_ref(),
                    *message,
                    super::messages::Change::Edit(content),
                )
                .await?
            }
            Command::Delete { message, .. } => {
                self.amend(
                    caller,
                    id,
                    chat,
                    request.as_ref(),
                    *message,
                    super::messages::Change::Delete,
                )
                .await?
            }
            Command::React {
                message, key, on, ..
            } => {
                let change = super::messages::Change::React { key, on: *on };
                self.amend(caller, id, chat, request.as_ref(), *message, change)
                    .await?
            }
            _ => self.commit(caller, id, chat, request.as_ref(), |state| {
                self.decide(caller, state, command)
            })?,
        };
        match stamped {
            Committed::Stamped(stamped) => Ok(self.confirmed(id, stamped).await?),
            Committed::Repeated(request, arrived) => {
                self.repeat(caller, id, chat, &request, arrived).await
            }
            Committed::Already(outcome) => Ok(outcome),
        }
    }

    /// Decides under the chat's lock and stamps what was decided on.
    pub(super) fn commit(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        request: Option<&Request>,
        decide: impl FnOnce(&mut State) -> Result<Decision, Problem>,
    ) -> Result<Committed, Refused> {
        let stamped = {
            let mut state = chat.state();
            if state.retired || !self.is_current(id, chat) {
                return Err(Refused::Retired);
            }
            // Between the look-up and this lock the same request may have come another way.
            if let Some(request) = request
                && let Some(arrived) = state.arrived(&caller.user, Some(&request.client_id))
            {
                return Ok(Committed::Repeated(request.clone(), arrived));
            }
            match decide(&mut state)? {
                Decision::Already(outcome) => return Ok(Committed::Already(outcome)),
                Decision::Append(draft) => {
                    self.stamp(id, chat, &mut state, caller, request, draft)?
                }
            }
        };
        self.start_writing(id, chat);
        Ok(Committed::Stamped(stamped))
    }

    /// Gives the draft its place and id, and lets it wait for the writer.
    pub(super) fn stamp(
        &self,
        id: ChatId,
        chat: &Chat,
        state: &mut State,
        caller: &Caller,
        request: Option<&Request>,
        draft: Draft,
    ) -> Result<Stamped, Problem> {
        if state.waiting.len() >= self.settings.waiting_per_chat {
            let detail = "too many events of this chat wait to be stored";
            return Err(Problem::new(ErrorCode::Overloaded, detail).retry_after(1_000));
        }
        if state.term_due {
            let row = self.next_row(chat, state, &caller.user, None, RowBody::Term)?;
            state.term_due = false;
            self.enqueue(id, state, row, Draft::of(RowBody::Term), None, None);
        }
        let row = self.next_row(chat, state, &caller.user, request, draft.body.clone())?;
        let (answer, done) = oneshot::channel();
        let target = self.enqueue(id, state, row.clone(), draft, Some(answer), caller.session);
        if let Some(request) = request {
            let arrived = Arrived {
                seq: row.seq,
                digest: request.digest,
            };
            let confirmed = state.confirmed;
            state.window.insert(
                self.ports.clock.now(),
                &caller.user,
                &request.client_id,
                arrived,
                confirmed,
            );
        }
        self.change_path(id, chat, state, &caller.user)?;
        Ok(Stamped {
            epoch: state.row.epoch,
            row,
            target,
            done,
        })
    }

    fn next_row(
        &self,
        chat: &Chat,
        state: &mut State,
        user: &UserId,
        request: Option<&Request>,
        body: RowBody,
    ) -> Result<LogRow, Problem> {
        let now = self.ports.clock.now();
        let Some(id) = self.ids.next(now, state.head.id) else {
            return Err(self.no_id());
        };
        let event = NextEvent {
            id,
            user: user.clone(),
            timestamp: now,
            client_id: request.map(|request| request.client_id.clone()),
            digest: request.map(|request| request.digest),
            body,
        };
        Ok(state.take_place(chat.term, event))
    }

    /// Lets a stamped row wait, with what follows from it; returns the changed message.
    fn enqueue(
        &self,
        id: ChatId,
        state: &mut State,
        row: LogRow,
        draft: Draft,
        done: Option<oneshot::Sender<Result<(), Problem>>>,
        except: Option<SessionId>,
    ) -> Option<LogRow> {
        let before = state.members.audience();
        let (was_large, mut follows) = (state.row.large, draft.follows);
        let target = draft.amended.map(|mut amended| {
            if let RowBody::Message(message) = &mut amended.body {
                message.change_seq = row.seq;
            }
            amended
        });
        if let Some(target) = &target {
            follows.push(Follow::Amend(target.clone()));
            keep_pending(state, target, &follows);
        }
        for member in &draft.members {
            state.members.put(member.clone());
        }
        let topics = topic_change(&row, state.row.large, &draft.members);
        follows.extend(draft.members.into_iter().map(Follow::Member));
        let members = state.member_count();
        if draft.chat.is_some() || members != state.row.members {
            state.row = ChatRow {
                members,
                ..draft.chat.unwrap_or_else(|| state.row.clone())
            };
            follows.push(Follow::Chat(state.row.clone()));
        }
        let brings_members = matches!(
            &row.body,
            RowBody::Membership {
                change: MembershipChange::Added,
                ..
            }
        );
        let audience = if brings_members {
            state.members.audience()
        } else {
            before
        };
        let both = self.ports.clock.elapsed() < state.both_paths_until;
        let on_topic = was_large || state.row.large || both;
        let outgoing = Outgoing {
            audience,
            target: target.clone(),
            except,
            direct: !was_large || !state.row.large || both,
            topics,
        };
        let append = Append {
            chat: id,
            groups: groups(&row, on_topic),
            row,
            follows,
        };
        state.waiting.push_back(Waiting {
            append,
            outgoing,
            done,
        });
        target
    }

    /// Lets a chat that grew past the bound, or shrank well below it, change its path (design: "Delivery").
    fn change_path(
        &self,
        id: ChatId,
        chat: &Chat,
        state: &mut State,
        user: &UserId,
    ) -> Result<(), Problem> {
        let (count, bound) = (
            state.members.count(),
            self.settings.direct_max_members as usize,
        );
        let large = if state.row.large {
            count * 10 > bound * 8
        } else {
            count > bound
        };
        if large == state.row.large {
            return Ok(());
        }
        let body = RowBody::Path { large };
        let row = self.next_row(chat, state, user, None, body.clone())?;
        let draft = Draft {
            chat: Some(ChatRow {
                large,
                ..state.row.clone()
            }),
            ..Draft::of(body)
        };
        state.both_paths_until = self.ports.clock.elapsed() + BOTH_PATHS;
        self.enqueue(id, state, row, draft, None, None);
        if large && let Some(waiting) = state.waiting.back_mut() {
            waiting.outgoing.topics =
                TopicChange::Joined(state.members.all_active().cloned().collect());
        }
        Ok(())
    }

    /// Finds a request that came before, in the window or in the store (rule A4).
    async fn arrived(
        &self,
        id: ChatId,
        chat: &Chat,
        user: &UserId,
        request: &Request,
    ) -> Result<Option<Arrived>, Problem> {
        let answers_alone = {
            let state = chat.state();
            if let Some(arrived) = state.arrived(user, Some(&request.client_id)) {
                return Ok(Some(arrived));
            }
            state.window.answers_alone(&request.client_id)
        };
        if !answers_alone && let Some(arrived) = self.sent(id, user, &request.client_id).await? {
            return Ok(Some(arrived));
        }
        let now = self.ports.clock.now();
        if request
            .client_id
            .uuid_v7_time()
            .is_some_and(|time| time > now.plus_millis(FUTURE_MS))
        {
            let detail = "the clientId's time is more than two minutes ahead: correct the clock by serverTime, \
                          send the same message under a new id";
            let problem = Problem::new(ErrorCode::ClientIdFromFuture, detail);
            return Err(Problem {
                server_time: Some(now),
                ..problem
            });
        }
        Ok(None)
    }

    async fn sent(
        &self,
        id: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> Result<Option<Arrived>, Problem> {
        let Some((seq, event)) = self.ports.store.sent(id, user, client_id).await? else {
            return Ok(None);
        };
        let row = self
            .ports
            .store
            .rows(&[(id, seq)])
            .await?
            .into_iter()
            .next()
            .flatten();
        Ok(row.filter(|row| row.id == event).map(|row| Arrived {
            seq,
            digest: row.digest.unwrap_or_default(),
        }))
    }

    /// Answers a request that came before with what it made.
    async fn repeat(
        &self,
        caller: &Caller,
        id: ChatId,
        chat: &Chat,
        request: &Request,
        arrived: Arrived,
    ) -> Result<Outcome, Refused> {
        if arrived.digest != request.digest {
            let detail = "this clientId was used for another request of yours in this chat";
            return Err(Problem::new(ErrorCode::IdempotencyConflict, detail).into());
        }
        self.until_confirmed(chat, arrived.seq).await?;
        let row = self.row(id, arrived.seq).await?.ok_or_else(no_such_chat)?;
        let epoch = chat.state().row.epoch;
        let target = match row.target() {
            Some(target) => self.row(id, target.seq).await?,
            None => None,
        };
        let mine = match &row.body {
            RowBody::Message(_) => {
                self.ports
                    .store
                    .reactions_of(id, &[row.seq], &caller.user)
                    .await
            }
            _ => Ok(Vec::new()),
        };
        let mine = mine?.into_iter().next();
        Ok(outcome(
            id,
            epoch,
            &row,
            target.as_ref(),
            true,
            mine.as_deref(),
        ))
    }

    async fn until_confirmed(&self, chat: &Chat, seq: Seq) -> Result<(), Refused> {
        loop {
            let moved = chat.moved.notified();
            {
                let state = chat.state();
                if state.confirmed >= seq {
                    return Ok(());
                }
                if state.retired {
                    return Err(Refused::Retired);
                }
            }
            moved.await;
        }
    }

    async fn confirmed(&self, id: ChatId, stamped: Stamped) -> Result<Outcome, Problem> {
        stamped.done.await.map_err(|_| unknown_outcome())??;
        Ok(outcome(
            id,
            stamped.epoch,
            &stamped.row,
            stamped.target.as_ref(),
            false,
            None,
        ))
    }

    pub(super) async fn row(&self, id: ChatId, seq: Seq) -> Result<Option<LogRow>, Problem> {
        let rows = self.ports.store.rows(&[(id, seq)]).await?;
        Ok(rows.into_iter().next().flatten())
    }
}

/// What became of a decision.
#[expect(
    clippy::large_enum_variant,
    reason = "moved once, on the stack; a box would cost an allocation a send"
)]
pub(super) enum Committed {
    /// An event waits to be confirmed.
    Stamped(Stamped),
    /// The same request came another way.
    Repeated(Request, Arrived),
    /// It is so already.
    Already(Outcome),
}

/// Remembers a changed message until the store has it, with the reactions that changed.
fn keep_pending(state: &mut State, target: &LogRow, follows: &[Follow]) {
    let pending = state.pending.entry(target.seq).or_insert_with(|| Pending {
        row: target.clone(),
        reactions: Default::default(),
    });
    pending.row = target.clone();
    for follow in follows {
        if let Follow::Reaction { user, key, on, .. } = follow {
            pending.reactions.insert((user.clone(), key.clone()), *on);
        }
    }
}

fn topic_change(row: &LogRow, large: bool, members: &[MemberRow]) -> TopicChange {
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

/// Says who works behind the log on an event.
fn groups(row: &LogRow, on_topic: bool) -> GroupSet {
    let mut groups = Vec::with_capacity(3);
    match &row.body {
        RowBody::Message(_) => groups.extend([QueueGroup::Indexer, QueueGroup::Push]),
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

/// Renders what a row made.
fn outcome(
    id: ChatId,
    epoch: chinwag_proto::Epoch,
    row: &LogRow,
    target: Option<&LogRow>,
    repeated: bool,
    mine: Option<&[String]>,
) -> Outcome {
    if let RowBody::Message(stored) = &row.body {
        let message = Box::new(render::message(id, row, stored, mine.or(Some(&[]))));
        return Outcome::Message {
            epoch,
            message,
            repeated,
        };
    }
    let changed = target.and_then(|target| {
        Some(Box::new(render::message(
            id,
            target,
            target.message()?,
            None,
        )))
    });
    let event: Event = render::event(row);
    Outcome::Event {
        epoch,
        seq: row.seq,
        event: Box::new(event),
        message: changed,
    }
}

/// Returns the identity of a command that carries a client id.
fn request_of(command: &Command) -> Option<Request> {
    let (client_id, digest) = match command {
        Command::Send(message) => (
            &message.client_id,
            digest(&[
                b"send",
                message.content.as_bytes(),
                &message.reply_to.map_or(0, |id| id.0).to_be_bytes(),
                join(&message.mentions).as_bytes(),
                message.metadata.to_text().as_bytes(),
            ]),
        ),
        Command::Edit {
            message,
            content,
            client_id,
        } => (
            client_id,
            digest(&[b"edit", &message.0.to_be_bytes(), content.as_bytes()]),
        ),
        Command::Delete { message, client_id } => {
            (client_id, digest(&[b"delete", &message.0.to_be_bytes()]))
        }
        Command::React {
            message,
            key,
            on,
            client_id,
        } => (
            client_id,
            digest(&[
                b"react",
                &message.0.to_be_bytes(),
                key.as_bytes(),
                &[u8::from(*on)],
            ]),
        ),
        Command::AddMembers {
            users,
            role,
            client_id,
        } => (
            client_id,
            digest(&[b"add", join(users).as_bytes(), &[*role as u8]]),
        ),
        Command::PutMember {
            user,
            role,
            client_id,
        } => (
            client_id,
            digest(&[b"put", user.as_str().as_bytes(), &[*role as u8]]),
        ),
        Command::RemoveMember { user, client_id } => {
            (client_id, digest(&[b"remove", user.as_str().as_bytes()]))
        }
        Command::Update {
            name,
            history_visible,
            client_id,
        } => {
            let visible = history_visible.map_or(2, |visible| visible as u8);
            (
                client_id,
                digest(&[
                    b"update",
                    name.as_deref().unwrap_or("\0").as_bytes(),
                    &[visible],
                ]),
            )
        }
        Command::DeleteChat
        | Command::Read { .. }
        | Command::Delivered { .. }
        | Command::Typing => return None,
    };
    client_id
        .clone()
        .map(|client_id| Request { client_id, digest })
}

fn join(users: &[UserId]) -> String {
    users
        .iter()
        .map(UserId::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

/// FNV-1a over the parts and their lengths. It is stored, so it must never change; it only has to tell a client's
/// own requests apart, so it needs no secrecy.
fn digest(parts: &[&[u8]]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for part in parts {
        eat(&(part.len() as u64).to_be_bytes());
        eat(part);
    }
    hash
}
