//! Brings in what was said elsewhere: no unread, no live events, no push; found by search.

mod event;
mod ids;
mod joining;
mod placing;
mod stored;

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_proto::{
    ChatId, ClientId, ErrorCode, EventId, Problem, Seq, Timestamp, UserId,
    shapes::{ChatType, HistoryVisible},
    snowflake,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

pub use event::{
    Imported, ImportedBody, ImportedChat, ImportedEvent, ImportedMembership, ImportedMessage,
    RepliedTo,
};

use super::{
    Owner, chat::Chat, load::not_owner, members::Members, validate, writer::unknown_outcome,
};
use crate::model::{ChatRow, Term};
use placing::Placing;

/// Events that one call may bring.
pub const IMPORT_BATCH: usize = 500;
/// In whose name the chats of imports are registered. Whoever owns them, the same chat is found again.
const REGISTRAR: &str = "import";
/// How far ahead of this clock a line may be: the other server's clock. Less than ids are promised ahead (rule I1), or
/// nobody could send into the chat.
const AHEAD_MS: i64 = 10_000;
/// Lines that are looked for at a time: whether they came before.
const READ_AT_ONCE: usize = 64;
/// How often ids are chosen anew because somebody sent into the chat meanwhile.
const TRIES: usize = 16;

/// Brings lines into chats that imports made, wherever each is owned.
#[async_trait]
pub trait ImportInto: Send + Sync + 'static {
    /// Appends lines to one of them, as [`Owner::import`] does.
    async fn import(
        &self,
        target: &ImportedChat,
        events: Vec<ImportedEvent>,
    ) -> Result<Vec<Result<Imported, Problem>>, Problem>;
}

/// What becomes of a line, as far as that is known before it has a place.
enum Verdict {
    Refused(Problem),
    Repeated(Seq, EventId),
    Fresh,
}

impl Owner {
    /// Returns the id of the chat that an import fills, the same whenever it is asked for by this name of a request.
    pub async fn chat_for_import(&self, request: &ClientId) -> Result<ChatId, Problem> {
        let registrar = UserId::new(REGISTRAR).expect("a short ASCII word is a user id");
        let fresh = self.fresh_chat_id()?;
        let registered = self
            .ports
            .directory
            .register_request(&registrar, request, fresh)
            .await;
        Ok(registered?)
    }

    /// Appends lines to a chat that an import made, making it first where it isn't there; at most [`IMPORT_BATCH`]
    /// at a time.
    ///
    /// The answer has the order and length of the question: each line's place, or why it was refused. Errors of the
    /// whole call: `conflict` for a chat that no import made, `notFound` for one that was deleted, those of the
    /// store. After an error lines may be there or not: repeat them.
    pub async fn import(
        self: &Arc<Self>,
        target: &ImportedChat,
        events: Vec<ImportedEvent>,
    ) -> Result<Vec<Result<Imported, Problem>>, Problem> {
        debug_assert!(events.len() <= IMPORT_BATCH, "bounded by the caller");
        let named = validate::name(&target.name, &self.settings.limits);
        named.map_err(|problem| Problem::field("/chat", problem.errors[0].detail.clone()))?;
        let chat = self.imported_chat(target).await?;
        if !chat.state().row.imported {
            let detail = "an import fills only chats that an import made";
            return Err(Problem::new(ErrorCode::Conflict, detail));
        }
        // Until all is confirmed: the next call finds it in the store.
        let _one_at_a_time = chat.amending.lock().await;
        let verdicts = self.judge(target.id, &events).await?;
        self.place(target, &chat, events, verdicts).await
    }

    /// Decides about each line whatever can be decided before it has a place.
    async fn judge(&self, id: ChatId, events: &[ImportedEvent]) -> Result<Vec<Verdict>, Problem> {
        let now = self.ports.clock.now();
        let sent = events.iter().map(|event| {
            let sent = self.ports.store.sent(id, &event.user, &event.identity);
            async { sent.await.map_err(Problem::from) }
        });
        // Made here, so that what is waited for holds no closure.
        let sent: Vec<_> = sent.collect();
        let sent: Vec<_> = stream::iter(sent)
            .buffered(READ_AT_ONCE)
            .try_collect()
            .await?;
        let mut verdicts: Vec<Verdict> = Vec::with_capacity(events.len());
        for (event, sent) in events.iter().zip(sent) {
            let checked = check(event, now)
                .and_then(|()| validate::imported(&event.body, &self.settings.limits))
                .and_then(|()| answered_line_is_in(event, &verdicts));
            verdicts.push(match (checked, sent) {
                (Err(problem), _) => Verdict::Refused(problem),
                (Ok(()), Some((seq, id))) => Verdict::Repeated(seq, id),
                (Ok(()), None) => Verdict::Fresh,
            });
        }
        Ok(verdicts)
    }

    /// Gives places to the fresh lines and waits until they are confirmed.
    async fn place(
        self: &Arc<Self>,
        target: &ImportedChat,
        chat: &Arc<Chat>,
        events: Vec<ImportedEvent>,
        verdicts: Vec<Verdict>,
    ) -> Result<Vec<Result<Imported, Problem>>, Problem> {
        let times: Vec<Timestamp> = events
            .iter()
            .zip(&verdicts)
            .filter(|(_, verdict)| matches!(verdict, Verdict::Fresh))
            .map(|(event, _)| event.at)
            .collect();
        if times.is_empty() {
            return Ok(verdicts.into_iter().map(answer_without_place).collect());
        }
        for _ in 0..TRIES {
            let (last, term_due) = {
                let state = chat.state();
                (state.head.id, state.term_due)
            };
            let term_at = term_due.then(|| snowflake::time(last.0));
            let times: Vec<_> = term_at.into_iter().chain(times.iter().copied()).collect();
            let ids = self.choose_ids(target.id, last, &times).await?;
            let (answers, done) = {
                let mut state = chat.state();
                if state.retired || !self.is_current(target.id, chat) {
                    return Err(unknown_outcome());
                }
                if (state.head.id, state.term_due) != (last, term_due) {
                    continue;
                }
                Placing::new(self, target, chat.term, &mut state).place_all(events, verdicts, &ids)
            };
            self.start_writing(target.id, chat);
            done.await.map_err(|_| unknown_outcome())??;
            return Ok(answers);
        }
        let detail = "too much is sent into the chat for an import to get in between";
        Err(Problem::new(ErrorCode::Overloaded, detail).retry_after(1_000))
    }

    async fn imported_chat(&self, target: &ImportedChat) -> Result<Arc<Chat>, Problem> {
        if self.cache.peek(target.id).is_some() {
            return self.chat(target.id).await;
        }
        let _one_at_a_time = self.creating.lock().await;
        let stored = self.ports.directory.chats(&[target.id]).await?;
        if stored.into_iter().flatten().next().is_some() || self.cache.peek(target.id).is_some() {
            return self.chat(target.id).await;
        }
        let term: Term = self
            .lease
            .term_of(target.id, self.ports.clock.elapsed())
            .ok_or_else(not_owner)?;
        let row = ChatRow {
            imported: true,
            ..self.new_chat(
                target.id,
                ChatType::Group,
                Some(target.name.clone()),
                HistoryVisible::All,
                &target.owner,
            )
        };
        let make = async || Ok(Chat::new(term, row, Members::default(), None));
        self.cache.get(target.id, make).await
    }
}

fn answer_without_place(verdict: Verdict) -> Result<Imported, Problem> {
    match verdict {
        Verdict::Refused(problem) => Err(problem),
        Verdict::Repeated(seq, id) => Ok(Imported {
            seq,
            id,
            repeated: true,
        }),
        Verdict::Fresh => unreachable!("a fresh line has a place"),
    }
}

/// Checks a line's time.
fn check(event: &ImportedEvent, now: Timestamp) -> Result<(), Problem> {
    let at = event.at;
    if at.unix_millis() < snowflake::EPOCH_UNIX_MILLIS {
        let detail = format!("{at} is before 2000, where ids begin");
        return Err(Problem::field("/at", detail));
    }
    if at > now.plus_millis(AHEAD_MS) {
        let detail = format!("{at} lies in the future: it is {now}");
        return Err(Problem::field("/at", detail));
    }
    Ok(())
}

fn answered_line_is_in(event: &ImportedEvent, before: &[Verdict]) -> Result<(), Problem> {
    let ImportedBody::Message(message) = &event.body else {
        return Ok(());
    };
    let Some(RepliedTo::Line(line)) = message.reply_to else {
        return Ok(());
    };
    match before.get(line) {
        None | Some(Verdict::Refused(_)) => Err(Problem::field(
            "/replyTo",
            "the line that it answers was refused",
        )),
        Some(_) => Ok(()),
    }
}
