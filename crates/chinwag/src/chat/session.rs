//! The loop of a session, and what it holds.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use chinwag_client::{Chats, Client, Events, Options};
use chinwag_core::{Clock, SystemClock};
use chinwag_proto::{
    ChatId, MessageId, Seq, Timestamp, UserId,
    frames::{LogFrame, Request},
};
use chinwag_server::lifecycle;
use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{
    answers::Answer,
    command::Command,
    look::Look,
    screen::{Screen, Typed},
    sign_in::SignedIn,
    status,
    tasks::{Server, Task},
    text::clean_line,
};

/// How often marks are sent and what passes by itself is looked at: the server counts marks once a second.
const TICK: Duration = Duration::from_secs(1);
/// How long the last mark may take when the person leaves.
const FAREWELL: Duration = Duration::from_secs(2);
/// Events that may wait for the screen.
const EVENTS: usize = 20_000;

/// How lines come and go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Lines for a program, also at a terminal.
    pub(crate) plain: bool,
    /// Whether to stay after the end of input.
    pub(crate) follow: bool,
}

/// The chat on the screen.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) chat: ChatId,
    /// The last place that is shown.
    pub(super) shown: Seq,
    /// The oldest message that is shown.
    pub(super) oldest: Option<MessageId>,
    /// When the last message shown was sent.
    pub(super) last_at: Option<Timestamp>,
    /// Whether its last page is still under way; what comes meanwhile is held.
    pub(super) loading: bool,
    pub(super) held: Vec<LogFrame>,
    /// The chat that was open before, where this one can't be opened.
    pub(super) before: Option<Box<Open>>,
}

/// A session of one person.
pub(super) struct Session {
    pub(super) server: Server,
    pub(super) url: String,
    pub(super) chats: Chats,
    pub(super) screen: Screen,
    pub(super) clock: Arc<dyn Clock>,
    /// Chats as last listed: what `/3` means.
    pub(super) listed: Vec<ChatId>,
    pub(super) open: Option<Open>,
    pub(super) online: bool,
    /// Whether everything has come once.
    pub(super) begun: bool,
    /// Why there is no connection.
    pub(super) trouble: Option<String>,
    /// What waits to be acknowledged, as last looked at.
    pub(super) outbox: Vec<(ChatId, Request)>,
    /// New messages that came in other chats while there was no connection.
    pub(super) unread_before: HashMap<ChatId, u64>,
    /// Lines not done yet.
    lines: VecDeque<String>,
    pub(super) tasks: JoinSet<Task>,
    /// Tasks that the next line waits for.
    pub(super) foreground: usize,
    /// Changes that are not acknowledged yet.
    pub(super) changes: usize,
    /// Marks to be sent at the next tick.
    pub(super) delivered: HashMap<ChatId, MessageId>,
    pub(super) read: HashMap<ChatId, MessageId>,
    /// Whose coming and going the server tells.
    pub(super) watched: Vec<UserId>,
    /// A command that was asked to be repeated, since it can't be undone.
    pub(super) to_confirm: Option<Command>,
    pub(super) failed: bool,
    pub(super) over: Option<String>,
    pub(super) leaving: bool,
    ended: bool,
    follow: bool,
}

/// Chats until the person leaves or the server will have them no more.
pub(crate) async fn run(signed_in: SignedIn, manner: Manner) -> Result<()> {
    let screen = Screen::open(manner.plain)?;
    let mut options = Options::new(&signed_in.url, signed_in.tokens.clone());
    options.events = EVENTS;
    let (client, events) = Client::connect(options);
    let mut session = Session {
        server: Server {
            client,
            base: signed_in.http,
            tokens: signed_in.tokens,
        },
        url: signed_in.url,
        chats: Chats::new(signed_in.user.id.clone()),
        screen,
        clock: Arc::new(SystemClock::default()),
        listed: Vec::new(),
        open: None,
        online: false,
        begun: false,
        trouble: None,
        outbox: Vec::new(),
        unread_before: HashMap::new(),
        lines: VecDeque::new(),
        tasks: JoinSet::new(),
        foreground: 0,
        changes: 0,
        delivered: HashMap::new(),
        read: HashMap::new(),
        watched: Vec::new(),
        to_confirm: None,
        failed: false,
        over: None,
        leaving: false,
        ended: false,
        follow: manner.follow,
    };
    session
        .chats
        .learn_users(std::slice::from_ref(&signed_in.user));
    session.greet(signed_in.how.as_deref());
    session.live(events).await?;
    let Session {
        screen,
        over,
        failed,
        ..
    } = session;
    drop(screen);
    match over {
        Some(reason) => bail!("{reason}"),
        None if failed => bail!("not everything was done"),
        None => Ok(()),
    }
}

impl Session {
    fn greet(&mut self, how: Option<&str>) {
        let me = clean_line(self.chats.name(self.chats.me()));
        self.note(&format!("signed in as {me} at {}", self.url));
        if let Some(how) = how {
            self.note(how);
        }
    }

    async fn live(&mut self, mut events: Events) -> Result<()> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let asked_to_leave = lifecycle::asked_to_leave()?;
        tokio::pin!(asked_to_leave);
        while self.over.is_none() && !self.is_done() {
            self.do_lines();
            self.show();
            tokio::select! {
                // What was told first, so that an answer finds everything that came before it.
                biased;
                event = events.next() => match event {
                    Some(event) => self.told(event),
                    None => self.over = Some("the connection was closed".into()),
                },
                Some(task) = self.tasks.join_next() => self.done(task),
                typed = self.screen.next() => self.typed(typed),
                _ = tick.tick() => self.tick(),
                () = &mut asked_to_leave, if !self.leaving => self.leave_now(),
            }
        }
        self.farewell().await;
        Ok(())
    }

    /// Returns whether the person has left, and a script's last line has done its work.
    fn is_done(&self) -> bool {
        let at_rest = self.lines.is_empty() && self.foreground == 0 && self.changes == 0;
        self.leaving || (self.ended && !self.follow && self.begun && at_rest)
    }

    fn typed(&mut self, typed: Typed) {
        match typed {
            Typed::Line(line) => self.lines.push_back(line),
            Typed::Writing => {
                if let Some(open) = &self.open {
                    let (client, chat) = (self.server.client.clone(), open.chat);
                    self.background(async move {
                        client.typing(chat).await;
                        Answer::Nothing
                    });
                }
            }
            Typed::Older => self.carry_out(Command::History(None)),
            Typed::Interrupt => self.interrupt(),
            Typed::End if self.look().is_plain() => self.ended = true,
            Typed::End => self.carry_out(Command::Quit),
        }
    }

    fn interrupt(&mut self) {
        if self.foreground == 0 {
            return self.note("Ctrl-D or /quit leaves");
        }
        self.lines.clear();
        self.tasks.abort_all();
    }

    /// Does the lines that wait, one after the other: each sees what the one before has done.
    fn do_lines(&mut self) {
        while self.is_ready_for_a_line() {
            let Some(line) = self.lines.pop_front() else {
                return;
            };
            self.do_line(&line);
        }
    }

    fn is_ready_for_a_line(&self) -> bool {
        // A person doesn't wait for what was said to be kept; a script does, as long as there is a network.
        let unheard = self.look().is_plain() && self.online && self.changes > 0;
        self.begun && self.foreground == 0 && !unheard && !self.leaving
    }

    fn tick(&mut self) {
        self.send_marks();
        if self.changes > 0 || !self.outbox.is_empty() {
            self.look_at_outbox();
        }
    }

    pub(super) fn look_at_outbox(&mut self) {
        let client = self.server.client.clone();
        self.background(async move { Answer::Outbox(client.outbox().await.unwrap_or_default()) });
    }

    pub(super) fn leave_now(&mut self) {
        self.leaving = true;
        if self.changes > 0 {
            let waiting = format!("{} of what was said didn't get to the server", self.changes);
            self.over = Some(waiting);
        }
    }

    async fn farewell(&mut self) {
        if self.online {
            let client = self.server.client.clone();
            let marks = std::mem::take(&mut self.read);
            let last = async {
                for (chat, message) in marks {
                    let _ = client.read(chat, message).await;
                }
            };
            let _ = tokio::time::timeout(FAREWELL, last).await;
        }
        let closing = self.server.client.close();
        let _ = tokio::time::timeout(FAREWELL, closing).await;
    }

    fn show(&mut self) {
        let Self {
            screen,
            chats,
            open,
            ..
        } = self;
        screen.know(|| status::vocabulary(chats, open.as_ref()));
        let facts = status::Facts {
            chats: &self.chats,
            open: self.open.as_ref(),
            online: self.online,
            begun: self.begun,
            busy: self.foreground > 0,
            trouble: self.trouble.as_deref(),
            outbox: &self.outbox,
            url: &self.url,
            now: Instant::now(),
        };
        self.screen.show(|look| status::of(look, &facts));
    }

    pub(super) fn look(&self) -> &Look {
        self.screen.look()
    }

    /// Writes a note.
    pub(super) fn note(&mut self, text: &str) {
        let lines = self.look().note(text);
        self.screen.print(&lines);
    }

    /// Writes what went wrong.
    pub(super) fn problem(&mut self, text: &str) {
        self.failed |= self.look().is_plain();
        let lines = self.look().problem(text);
        self.screen.print(&lines);
    }
}
