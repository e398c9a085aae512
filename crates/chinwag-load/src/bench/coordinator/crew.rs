//! The processes that make the load, as the coordinator sees them.

use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use chinwag_proto::{ChatId, Seq};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::mpsc,
};

use super::progress::Progress;
use crate::bench::plan::{Order, Outcome, Plan, Start, Word};

/// Words that wait to be taken.
const WAITING: usize = 64;
/// Processes that connect at a time: more would only wait for each other.
const CONNECTING: usize = 4;

/// The processes.
pub(super) struct Crew {
    generators: Vec<Generator>,
    words: mpsc::Receiver<(usize, Result<Word>)>,
}

struct Generator {
    /// Ends with this value.
    _child: Child,
    pid: u32,
    input: ChildStdin,
    chats: Vec<(ChatId, Seq)>,
    ready: usize,
    arrived: u64,
}

impl Crew {
    /// Starts a process for each plan, and waits until all connections have their session; a few processes connect at a time.
    pub(super) async fn connect(plans: &[Plan], progress: &Progress) -> Result<Self> {
        let (sender, words) = mpsc::channel(WAITING);
        let mut crew = Self {
            generators: Vec::new(),
            words,
        };
        let all = plans.iter().map(|plan| plan.count).sum();
        let mut connected = 0;
        while connected < plans.len() {
            let begun = crew.generators.len();
            if let Some(plan) = plans.get(begun)
                && begun - connected < CONNECTING
            {
                crew.start(plan, sender.clone()).await?;
                continue;
            }
            if matches!(crew.word().await?, (_, Word::Connected)) {
                connected += 1;
            }
            let ready = crew.generators.iter().map(|it| it.ready).sum();
            progress.ready(ready, all, "connections");
        }
        Ok(crew)
    }

    /// Starts a process.
    async fn start(
        &mut self,
        plan: &Plan,
        words: mpsc::Sender<(usize, Result<Word>)>,
    ) -> Result<()> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["bench", "generator"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("can't start a process that makes the load")?;
        let output = child.stdout.take().context("it has no output")?;
        let mut input = child.stdin.take().context("it has no input")?;
        tokio::spawn(read_words(self.generators.len(), output, words));
        write_line(&mut input, plan).await?;
        self.generators.push(Generator {
            pid: child.id().context("it has ended already")?,
            _child: child,
            input,
            chats: Vec::new(),
            ready: 0,
            arrived: 0,
        });
        Ok(())
    }

    /// Returns the processes' numbers.
    pub(super) fn pids(&self) -> impl Iterator<Item = u32> {
        self.generators.iter().map(|generator| generator.pid)
    }

    /// Gives each process its chats with their last places.
    pub(super) fn assign(&mut self, chats: impl IntoIterator<Item = Vec<(ChatId, Seq)>>) {
        for (generator, chats) in self.generators.iter_mut().zip(chats) {
            generator.chats = chats;
        }
    }

    /// Tells all to begin, each in its chats.
    pub(super) async fn begin(&mut self, start: &Start) -> Result<()> {
        for generator in &mut self.generators {
            let start = Start {
                chats: generator.chats.clone(),
                ..start.clone()
            };
            write_line(&mut generator.input, &Order::Start(start)).await?;
        }
        Ok(())
    }

    /// Waits until all have sent their last message, and returns how many there were.
    pub(super) async fn sent(&mut self, progress: Option<&Progress>) -> Result<u64> {
        let (mut waited_for, mut all) = (self.generators.len(), 0);
        while waited_for > 0 {
            if let (_, Word::Sent { messages }) = self.word().await? {
                waited_for -= 1;
                all += messages;
            }
            if let Some(progress) = progress {
                let arrived = self.generators.iter().map(|it| it.arrived);
                progress.counted(arrived.sum());
            }
        }
        Ok(all)
    }

    /// Lets all finish, and returns what came of it.
    pub(super) async fn finish(mut self, messages: u64) -> Result<Vec<Outcome>> {
        for generator in &mut self.generators {
            write_line(&mut generator.input, &Order::Finish { messages }).await?;
        }
        let mut outcomes = Vec::new();
        while outcomes.len() < self.generators.len() {
            if let (_, Word::Done(outcome)) = self.word().await? {
                outcomes.push(*outcome);
            }
        }
        Ok(outcomes)
    }

    async fn word(&mut self) -> Result<(usize, Word)> {
        let (index, word) = self.words.recv().await.context("all processes are gone")?;
        match word? {
            Word::Failed(what) => bail!("{what}"),
            Word::Progress { ready, messages } => {
                let generator = &mut self.generators[index];
                (generator.ready, generator.arrived) = (ready, messages);
                Ok((index, Word::Progress { ready, messages }))
            }
            word => Ok((index, word)),
        }
    }
}

async fn read_words(index: usize, output: ChildStdout, words: mpsc::Sender<(usize, Result<Word>)>) {
    let mut lines = BufReader::new(output).lines();
    loop {
        let word = match lines.next_line().await {
            Ok(Some(line)) => serde_json::from_str(&line).context("a word that nobody understands"),
            Ok(None) => Err(anyhow::anyhow!("a process that makes the load has ended")),
            Err(error) => Err(error.into()),
        };
        let is_last = !matches!(
            word,
            Ok(Word::Connected | Word::Progress { .. } | Word::Sent { .. })
        );
        if words.send((index, word)).await.is_err() || is_last {
            return;
        }
    }
}

async fn write_line(input: &mut ChildStdin, line: &impl serde::Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(line)?;
    line.push(b'\n');
    let written = input.write_all(&line).await;
    written.context("a process that makes the load has ended")
}
