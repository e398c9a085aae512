//! What is under way: asked for in tasks, so that the person never waits for it.

use std::{
    task::{Context, Poll, Waker},
    time::Duration,
};

use chinwag_client::{Client, ClientError, Http, TokenSource};
use tokio::task::JoinError;

use super::{answers::Answer, session::Session};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks the server, in tasks.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) client: Client,
    pub(super) base: Http,
    pub(super) tokens: TokenSource,
}

impl Server {
    /// Returns HTTP with a token that holds.
    pub(super) async fn http(&self) -> Result<Http, ClientError> {
        Ok(self.base.clone().with_token(self.tokens.token().await?))
    }
}

/// What a task was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// The next line waits for it.
    Foreground,
    /// A change in the outbox.
    Change,
    /// Nobody waits for it.
    Background,
}

/// One that is done.
pub(super) struct Task {
    what_for: For,
    answer: Answer,
}

impl Session {
    /// Asks for something in a task.
    pub(super) fn ask(
        &mut self,
        what_for: For,
        asking: impl Future<Output = Answer> + Send + 'static,
    ) {
        match what_for {
            For::Foreground => self.foreground += 1,
            For::Change => self.changes += 1,
            For::Background => {}
        }
        let mut task = Box::pin(async move {
            // A change waits for the network, however long; what is asked for is asked again by the person.
            let late = match what_for {
                For::Change => {
                    let answer = asking.await;
                    return Task { what_for, answer };
                }
                For::Foreground => Answer::Failed("the server doesn't answer".into()),
                For::Background => Answer::Nothing,
            };
            let answer = tokio::time::timeout(PATIENCE, asking).await;
            let answer = answer.unwrap_or(late);
            Task { what_for, answer }
        });
        // Begun here and not in the task, so that the client is asked in the order of the lines.
        let mut nobody = Context::from_waker(Waker::noop());
        match task.as_mut().poll(&mut nobody) {
            Poll::Ready(done) => self.tasks.spawn(std::future::ready(done)),
            Poll::Pending => self.tasks.spawn(task),
        };
    }

    /// Asks for something that nobody waits for.
    pub(super) fn background(&mut self, asking: impl Future<Output = Answer> + Send + 'static) {
        self.ask(For::Background, asking);
    }

    pub(super) fn done(&mut self, task: Result<Task, JoinError>) {
        match task {
            Ok(task) => {
                match task.what_for {
                    For::Foreground => self.foreground -= 1,
                    For::Change => self.changes -= 1,
                    For::Background => {}
                }
                self.answered(task.answer);
            }
            // Only an interrupt ends tasks: all of them.
            Err(_) if self.tasks.is_empty() => self.interrupted(),
            Err(_) => {}
        }
    }

    fn interrupted(&mut self) {
        (self.foreground, self.changes) = (0, 0);
        if self.open.as_ref().is_some_and(|open| open.loading) {
            self.back_to_what_was_open();
        }
        self.note("interrupted; what was said waits in the outbox all the same");
    }
}
