//! Brings a call to the node that owns the chat: this one, directly, or another one (rule O6).
//!
//! Where there is only one node, a call is the owner's own. Where there are several, who owns what is known from the last
//! look, at most seconds old: a node that isn't the owner any more says so, nothing was done, and the call goes to the one
//! that is. All of it within 2 s,
//! and a part of an import within 30 s; then the caller gets an error that it may repeat.

mod calls;
mod codec;
mod key;
mod service;
mod wire;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    model::NodeId,
    owner::{
        Caller, Command, ConfirmedHead, ImportInto, Imported, ImportedChat, ImportedEvent, NewChat,
        NewGroup, Outcome, Owner,
    },
    reads::Heads,
};
use chinwag_proto::{ChatId, ErrorCode, Problem, UserId};
use futures_util::future::join_all;
use tokio::time::Instant;

use self::wire::{Question, Reply};

pub(crate) use self::{calls::calls, service::serve};
pub use self::{
    calls::{CallError, Calls, Carrier},
    service::answer_carried,
};

/// How long a call may take, however often it is asked (rule A2).
const DEADLINE: Duration = Duration::from_secs(2);
/// How long bringing in a part of an import may take: also while another node takes a dead one's chats over.
const IMPORT_DEADLINE: Duration = Duration::from_secs(30);
/// How long to wait before a chat's owner is looked for again: it is changing.
const PAUSE: Duration = Duration::from_millis(100);

/// Asks the owners of chats, wherever they are.
pub struct Router {
    owner: Arc<Owner>,
    /// None where this is the only node.
    calls: Option<Arc<Calls>>,
}

impl Router {
    /// Makes the router of a node.
    #[must_use]
    pub fn new(owner: Arc<Owner>, calls: Option<Arc<Calls>>) -> Self {
        if let Some(calls) = &calls {
            owner.attach_peers(Arc::clone(calls) as _);
        }
        Self { owner, calls }
    }

    /// Decides a command and makes it durable.
    ///
    /// Errors are those of [`Owner::execute`]; `unavailable` where the chat's owner can't be reached.
    pub async fn execute(
        &self,
        caller: &Caller,
        chat: ChatId,
        command: Command,
    ) -> Result<Outcome, Problem> {
        let Some(calls) = &self.calls else {
            return self.owner.execute(caller, chat, command).await;
        };
        let question = Question::Execute {
            caller: caller.clone(),
            chat,
            command,
        };
        match self.at_owner(calls, chat, question, DEADLINE).await? {
            Reply::Outcome(outcome) => Ok(outcome),
            _ => Err(unreadable()),
        }
    }

    /// Returns the direct chat of the caller and another user, making it where there is none.
    ///
    /// Errors: as [`Owner::create_direct`].
    pub async fn create_direct(&self, caller: &Caller, other: &UserId) -> Result<ChatId, Problem> {
        let Some(calls) = &self.calls else {
            return self.owner.create_direct(caller, other).await;
        };
        let chat = self.owner.name_direct(caller, other).await?;
        self.make(calls, caller, chat, NewChat::Direct(other.clone()))
            .await?;
        Ok(chat)
    }

    /// Makes a group that the caller owns; a repeated `client_id` answers the first one.
    ///
    /// Errors: as [`Owner::create_group`].
    pub async fn create_group(&self, caller: &Caller, group: NewGroup) -> Result<ChatId, Problem> {
        let Some(calls) = &self.calls else {
            return self.owner.create_group(caller, group).await;
        };
        let (chat, new) = self.owner.name_group(caller, group).await?;
        self.make(calls, caller, chat, new).await?;
        Ok(chat)
    }

    /// Tells the confirmed end of each chat, in one call for each node that owns some of them.
    ///
    /// Errors: as [`Owner::heads`].
    pub async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        match &self.calls {
            None => self.owner.heads(chats).await,
            Some(calls) => self.heads_of(calls, chats).await,
        }
    }

    /// Queues every message from now on for devices too, on this node; where there are several, all do from the start.
    pub fn feed_devices(&self) {
        self.owner.feed_devices();
    }

    async fn make(
        &self,
        calls: &Calls,
        caller: &Caller,
        chat: ChatId,
        new: NewChat,
    ) -> Result<(), Problem> {
        let question = Question::Make {
            caller: caller.clone(),
            chat,
            new,
        };
        let making = self.at_owner(calls, chat, question, DEADLINE);
        making.await.map(drop)
    }

    /// Asks a chat's owner until one answers who is it.
    async fn at_owner(
        &self,
        calls: &Calls,
        chat: ChatId,
        question: Question,
        within: Duration,
    ) -> Result<Reply, Problem> {
        let deadline = Instant::now() + within;
        let mut named = None;
        loop {
            let asked = named.take().or_else(|| self.owner.owner_of(chat));
            let answered = match asked {
                Some(node) if node == self.owner.node() => {
                    self.here(question.clone(), deadline).await
                }
                Some(node) => match self.call(calls, node, question.clone(), deadline).await {
                    Ok(Reply::NotOwner { owner }) => {
                        named = owner.map(NodeId).filter(|owner| *owner != node);
                        Err(changing_hands())
                    }
                    Ok(Reply::Refused(problem)) => return Err(problem),
                    Ok(reply) => return Ok(reply),
                    Err(CallError::Lost(detail)) => {
                        // It may stand still, and no longer be who owns the chat.
                        self.owner.look_soon();
                        return Err(lost(node, &detail));
                    }
                    Err(CallError::Refused(detail)) => return Err(refused(node, &detail)),
                    Err(CallError::NotReached(detail)) => Err(not_reached(node, &detail)),
                },
                None => Err(changing_hands()),
            };
            let problem = match answered {
                Err(problem) if is_elsewhere(&problem) => problem,
                answered => return answered,
            };
            self.owner.look_soon();
            if named.is_some() && Instant::now() < deadline {
                continue;
            }
            if Instant::now() + PAUSE >= deadline {
                return Err(problem);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn here(&self, question: Question, deadline: Instant) -> Result<Reply, Problem> {
        let deciding = service::decide(&self.owner, question);
        let decided = tokio::time::timeout_at(deadline, deciding).await;
        decided.unwrap_or_else(|_| Err(lost(self.owner.node(), "no answer in time")))
    }

    async fn call(
        &self,
        calls: &Calls,
        node: NodeId,
        question: Question,
        deadline: Instant,
    ) -> Result<Reply, CallError> {
        let address = self.owner.address_of(node);
        let address =
            address.ok_or_else(|| CallError::NotReached("its address isn't known".into()))?;
        calls.ask(&address, question, deadline).await
    }

    async fn heads_of(
        &self,
        calls: &Calls,
        chats: &[ChatId],
    ) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        let deadline = Instant::now() + DEADLINE;
        let mut found: HashMap<ChatId, Option<ConfirmedHead>> = HashMap::new();
        loop {
            let missing = chats.iter().filter(|chat| !found.contains_key(chat));
            let mut by_owner: HashMap<Option<NodeId>, Vec<ChatId>> = HashMap::new();
            for chat in missing {
                let owner = self.owner.owner_of(*chat);
                by_owner.entry(owner).or_default().push(*chat);
            }
            if by_owner.is_empty() {
                let head = |chat: &ChatId| found.get(chat).cloned().flatten();
                return Ok(chats.iter().map(head).collect());
            }
            let asking = by_owner
                .into_iter()
                .map(|(node, chats)| self.heads_at(calls, node, chats, deadline));
            // Made here, so that what is waited for holds no closure.
            let asking: Vec<_> = asking.collect();
            let mut problem = None;
            for answered in join_all(asking).await {
                match answered {
                    Ok(heads) => found.extend(heads),
                    Err(why) if is_elsewhere(&why) => problem = Some(why),
                    Err(why) => return Err(why),
                }
            }
            let Some(problem) = problem else { continue };
            self.owner.look_soon();
            if Instant::now() + PAUSE >= deadline {
                return Err(problem);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn heads_at(
        &self,
        calls: &Calls,
        node: Option<NodeId>,
        chats: Vec<ChatId>,
        deadline: Instant,
    ) -> Result<Vec<(ChatId, Option<ConfirmedHead>)>, Problem> {
        let node = node.ok_or_else(changing_hands)?;
        let heads = if node == self.owner.node() {
            self.owner.heads(&chats).await?
        } else {
            let question = Question::Heads {
                chats: chats.clone(),
            };
            match self.call(calls, node, question, deadline).await {
                Ok(Reply::Heads(heads)) if heads.len() == chats.len() => heads,
                Ok(Reply::NotOwner { .. }) => return Err(changing_hands()),
                Ok(Reply::Refused(problem)) => return Err(problem),
                Ok(_) => return Err(unreadable()),
                Err(CallError::Refused(detail)) => return Err(refused(node, &detail)),
                // Asking changes nothing, so it may be asked again.
                Err(CallError::NotReached(detail) | CallError::Lost(detail)) => {
                    return Err(not_reached(node, &detail));
                }
            }
        };
        Ok(chats.into_iter().zip(heads).collect())
    }
}

#[async_trait]
impl ImportInto for Router {
    async fn import(
        &self,
        target: &ImportedChat,
        events: Vec<ImportedEvent>,
    ) -> Result<Vec<Result<Imported, Problem>>, Problem> {
        let Some(calls) = &self.calls else {
            return self.owner.import(target, events).await;
        };
        let question = Question::Import {
            target: target.clone(),
            events,
        };
        let importing = self.at_owner(calls, target.id, question, IMPORT_DEADLINE);
        match importing.await? {
            Reply::Imported(answers) => Ok(answers),
            _ => Err(unreadable()),
        }
    }
}

#[async_trait]
impl Heads for Router {
    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        Router::heads(self, chats).await
    }
}

/// Asks the node at an address something that changes nothing; tells why it doesn't answer.
pub(crate) async fn reach(key: &str, address: &str) -> Result<(), String> {
    let question = Question::Heads { chats: Vec::new() };
    let asking = calls(key);
    let answered = asking.ask(address, question, Instant::now() + DEADLINE);
    match answered.await {
        Ok(_) => Ok(()),
        Err(CallError::NotReached(why) | CallError::Lost(why) | CallError::Refused(why)) => {
            Err(why)
        }
    }
}

/// Returns whether nothing was done, and another try may find who does it.
fn is_elsewhere(problem: &Problem) -> bool {
    problem.code == ErrorCode::NotOwner
}

fn changing_hands() -> Problem {
    Problem::new(ErrorCode::NotOwner, "the chat is changing hands; try again").retry_after(500)
}

fn not_reached(node: NodeId, detail: &str) -> Problem {
    tracing::debug!(node = node.0, detail, "a node isn't reached");
    let detail = "the node that owns the chat isn't reached; try again, another one takes over";
    Problem::new(ErrorCode::NotOwner, detail).retry_after(1_000)
}

fn lost(node: NodeId, detail: &str) -> Problem {
    tracing::warn!(
        node = node.0,
        detail,
        "a call to another node has no answer"
    );
    let detail = "the node that owns the chat didn't answer: repeat it with the same clientId";
    Problem::new(ErrorCode::UnknownOutcome, detail).retry_after(1_000)
}

fn refused(node: NodeId, detail: &str) -> Problem {
    tracing::error!(
        node = node.0,
        detail,
        "another node refuses this one's calls"
    );
    let detail = format!("the node that owns the chat refuses this one's calls: {detail}");
    Problem::new(ErrorCode::Unavailable, detail).retry_after(5_000)
}

fn unreadable() -> Problem {
    tracing::error!("another node answered what this call can't have for an answer");
    Problem::new(ErrorCode::Internal, "the answer can't be shown")
}
