//! Each chat's lines into the chat.

use std::{sync::Arc, time::Duration};

use chinwag_proto::{ErrorCode, Problem};
use tokio::task::JoinSet;

use super::{Importer, Refusal, Taken, grouping::Group};
use crate::owner::{ImportInto, Imported, ImportedChat, ImportedEvent};

/// How often lines are brought again whose outcome is not known, and how long to wait before.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

type Answers = Vec<Result<Imported, Problem>>;

impl Importer {
    /// Brings each chat's lines in, all chats at once, so that they share their syncs.
    pub(super) async fn bring(
        &mut self,
        groups: Vec<Group>,
        taken: &mut Taken,
    ) -> Result<(), Problem> {
        let mut working = JoinSet::new();
        for mut group in groups {
            let chats = Arc::clone(&self.ports.chats);
            working.spawn(async move {
                let events = std::mem::take(&mut group.events);
                let answers = import(&*chats, &group.chat, events).await;
                (group, answers)
            });
        }
        let mut failed = None;
        // All of them, also after a failure: what has its place goes on its way.
        while let Some(done) = working.join_next().await {
            let answered = done
                .map_err(|error| {
                    tracing::error!(%error, "a part of an import failed");
                    Problem::new(ErrorCode::Internal, "a part of the import failed")
                })
                .and_then(|(group, answers)| Ok((answers_of(&group, answers)?, group)));
            match answered {
                Ok((answers, group)) => self.count(group, answers, taken),
                Err(problem) => failed = Some(problem),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn count(&mut self, group: Group, answers: Answers, taken: &mut Taken) {
        for (label, line) in group.labels {
            if let Some(Ok(message)) = answers.get(line) {
                self.labels.put(label, message.id);
            }
        }
        for (number, answer) in group.numbers.into_iter().zip(answers) {
            match answer {
                Ok(line) if line.repeated => taken.repeated += 1,
                Ok(_) => taken.imported += 1,
                Err(problem) => taken.refused.push(Refusal {
                    number,
                    reason: reason(problem),
                }),
            }
        }
    }
}

/// Returns what became of each line; where the chat takes none of them, that of each.
fn answers_of(group: &Group, answers: Result<Answers, Problem>) -> Result<Answers, Problem> {
    match answers {
        Err(problem) if !problem.retryable && problem.code != ErrorCode::Internal => {
            Ok(group.numbers.iter().map(|_| Err(problem.clone())).collect())
        }
        answers => answers,
    }
}

/// Brings one chat's lines in; those whose outcome is not known once more, which their identities make safe.
async fn import(
    chats: &dyn ImportInto,
    chat: &ImportedChat,
    events: Vec<ImportedEvent>,
) -> Result<Answers, Problem> {
    for _ in 1..TRIES {
        match chats.import(chat, events.clone()).await {
            Err(problem) if problem.retryable && problem.code != ErrorCode::StorageFull => {
                tracing::warn!(chat = %chat.id, %problem, "lines of an import are brought again");
                tokio::time::sleep(PAUSE).await;
            }
            answered => return answered,
        }
    }
    chats.import(chat, events).await
}

fn reason(problem: Problem) -> String {
    match problem.code {
        ErrorCode::NotFound => {
            "the chat was deleted here, and an import doesn't fill it again".into()
        }
        _ => problem.detail,
    }
}
