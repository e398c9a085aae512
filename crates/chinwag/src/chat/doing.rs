//! What the person wants, done.

use chinwag_client::ChatView;
use chinwag_proto::{
    ChatId, MessageId, UserId,
    frames::SendFrame,
    http::CreateChat,
    shapes::{ChatType, HistoryVisible, Message, MessageStatus},
};

use super::{
    answers::Answer,
    asking,
    command::{COMMANDS, Command, Target, parse},
    paint::Ink,
    render,
    session::{For, Open, Session},
    text,
};

/// Messages that opening a chat shows: what is unread too, up to the second.
const PAGE: u32 = 20;
const LARGEST_PAGE: u32 = 100;
/// Members whose presence is watched.
const WATCHED: usize = 100;
/// Marks sent at a tick, so that many chats at once stay below the rate of frames.
const MARKS: usize = 5;

impl Session {
    /// Does a line.
    pub(super) fn do_line(&mut self, line: &str) {
        if !self.online {
            let client = self.server.client.clone();
            self.background(async move {
                client.retry_now().await;
                Answer::Nothing
            });
        }
        match parse(line) {
            Ok(Some(command)) => self.carry_out(command),
            Ok(None) => {}
            Err(wrong) => self.problem(&wrong),
        }
    }

    /// Does a command.
    pub(super) fn carry_out(&mut self, command: Command) {
        let confirmed = self.to_confirm.take().as_ref() == Some(&command);
        match command {
            Command::Say(text) => self.say(text, None),
            Command::Chats => self.list_chats(),
            Command::Open(wanted) => self.find_and_open(&wanted),
            Command::Direct(user) => self.direct(user),
            Command::Group(name, members) => self.group(name, members),
            Command::History(count) => self.history(count),
            Command::Goto(seq) => self.in_open_chat(|session, chat| {
                let server = session.server.clone();
                session.ask(For::Foreground, asking::around(server, chat, seq));
            }),
            Command::Reply(target, text) => {
                if let Some(message) = self.target(target, |_, _| true) {
                    self.say(text, Some(message.id));
                }
            }
            Command::Edit(target, text) => self.edit(target, text),
            Command::Delete(target) => self.delete(target),
            Command::React(target, key, on) => self.react(target, key, on),
            Command::Receipts(target) => self.receipts(target),
            Command::Search(words) => {
                let server = self.server.clone();
                self.ask(For::Foreground, asking::search(server, words));
            }
            Command::Members => self.in_open_chat(|session, chat| {
                let server = session.server.clone();
                session.ask(For::Foreground, asking::members(server, chat));
            }),
            Command::Add(users) => self.in_open_chat(|session, chat| {
                let server = session.server.clone();
                session.ask(For::Foreground, asking::add(server, chat, users));
            }),
            Command::Remove(user) => self.in_open_chat(|session, chat| {
                let server = session.server.clone();
                session.ask(For::Foreground, asking::remove(server, chat, user));
            }),
            Command::Leave => self.leave_chat(confirmed),
            Command::Outbox => {
                let client = self.server.client.clone();
                self.ask(For::Foreground, async move {
                    Answer::ListOutbox(client.outbox().await.unwrap_or_default())
                });
            }
            Command::Help => self.help(),
            Command::Quit => self.quit(confirmed),
        }
    }

    fn in_open_chat(&mut self, act: impl FnOnce(&mut Self, ChatId)) {
        match self.open.as_ref().map(|open| open.chat) {
            Some(chat) => act(self, chat),
            None => self.problem("no chat is open: /chats lists yours, /open N opens one"),
        }
    }

    fn say(&mut self, text: String, reply_to: Option<MessageId>) {
        self.in_open_chat(|session, chat| {
            let view = session.chats.get(chat);
            let mentions = view.map(|view| session.mentioned(view, &text));
            let frame = SendFrame {
                chat_id: chat,
                client_id: None,
                content: text,
                reply_to,
                mentions: mentions.unwrap_or_default(),
                metadata: Default::default(),
                timestamp: None,
            };
            let client = session.server.client.clone();
            session.ask(For::Change, async move {
                match client.send_message(frame).await {
                    Ok(message) => Answer::Said(Box::new(message)),
                    Err(error) => Answer::Failed(format!("not said: {}", asking::said(&error))),
                }
            });
            session.look_at_outbox_if_offline();
        });
    }

    /// Finds whom a text means by `@`: an id or a name of a member, the longest that fits.
    fn mentioned(&self, view: &ChatView, text: &str) -> Vec<UserId> {
        let mut mentioned = Vec::new();
        for (at, _) in text.match_indices('@') {
            let begins_word = !text[..at].ends_with(|before: char| before.is_alphanumeric());
            let after = text[at + 1..].to_lowercase();
            let candidates = view.members().iter().flat_map(|member| {
                let user = &member.user_id;
                [
                    (user, user.as_str().to_lowercase()),
                    (user, self.chats.name(user).to_lowercase()),
                ]
            });
            let fitting = candidates.filter(|(_, called)| {
                let rest = after.strip_prefix(called.as_str());
                rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
            });
            let longest = fitting.max_by_key(|(_, called)| called.len());
            if let (true, Some((user, _))) = (begins_word, longest)
                && !mentioned.contains(user)
            {
                mentioned.push(user.clone());
            }
        }
        mentioned
    }

    /// Asks what those are called who spoke last, and lists the chats then.
    pub(super) fn ask_for_names(&mut self) {
        let listed = self.chats.latest_first();
        let spoke = listed
            .iter()
            .filter_map(|view| view.chat().head.last_message.as_ref())
            .map(|last| &last.sender_id);
        let unnamed = self.chats.unnamed(spoke);
        let server = self.server.clone();
        self.ask(For::Foreground, asking::names(server, unnamed));
    }

    pub(super) fn list_chats(&mut self) {
        let listed = self.chats.latest_first();
        let ids: Vec<ChatId> = listed.iter().map(|view| view.chat().id).collect();
        let look = self.look();
        let mut lines = render::chats(look, &self.chats, &listed, self.clock.now());
        lines.extend(look.note(if ids.is_empty() {
            "you are in no chat yet: /direct USER begins one, /group NAME: USER, USER makes a group"
        } else {
            "/1 opens the first, /help tells more"
        }));
        self.screen.print(&lines);
        self.listed = ids;
    }

    fn find_and_open(&mut self, wanted: &str) {
        let numbered = wanted.parse::<usize>().ok();
        let listed = numbered.and_then(|number| self.listed.get(number.checked_sub(1)?).copied());
        if let Some(chat) = listed {
            return self.open_chat(chat);
        }
        let plain = wanted.strip_prefix('#').unwrap_or(wanted).to_lowercase();
        let all = self.chats.latest_first();
        let called = |view: &&ChatView| {
            let other = view.other(self.chats.me());
            let id = other.map(|other| other.as_str().to_lowercase());
            [Some(self.chats.title(view).to_lowercase()), id]
        };
        let exactly = |view: &&ChatView| called(view).contains(&Some(plain.clone()));
        let begins = |view: &&ChatView| {
            let mut called = called(view).into_iter().flatten();
            called.any(|called| called.starts_with(&plain))
        };
        let mut found: Vec<ChatId> = Vec::new();
        for fits in [&exactly as &dyn Fn(&&ChatView) -> bool, &begins] {
            if found.is_empty() {
                let fitting = all.iter().filter(|view| fits(view));
                found = fitting.map(|view| view.chat().id).collect();
            }
        }
        match found.as_slice() {
            [chat] => self.open_chat(*chat),
            [] => self.problem(&format!("no chat is called {wanted:?}: /chats lists yours")),
            several => {
                let titles = several.iter().filter_map(|chat| self.chats.get(*chat));
                let titles: Vec<String> = titles
                    .map(|view| render::title(&self.chats, view))
                    .collect();
                self.problem(&format!("which one: {}?", titles.join(", ")));
            }
        }
    }

    /// Opens a chat: its last page first, then all that comes.
    pub(super) fn open_chat(&mut self, chat: ChatId) {
        let unread = self.chats.get(chat).map_or(0, |view| view.chat().unread);
        let unread = u32::try_from(unread).unwrap_or(u32::MAX);
        let limit = PAGE.max(unread.saturating_add(3)).min(LARGEST_PAGE);
        self.open = Some(Open {
            chat,
            shown: chinwag_proto::Seq::ZERO,
            oldest: None,
            last_at: None,
            loading: true,
            held: Vec::new(),
        });
        let server = self.server.clone();
        let known = self.known_names();
        self.ask(For::Foreground, asking::open(server, chat, limit, known));
    }

    fn known_names(&self) -> asking::Known {
        let unknown = |users: &[UserId]| self.chats.unnamed(users);
        let members = self.chats.latest_first();
        let members = members
            .iter()
            .flat_map(|view| view.members().iter().map(|member| member.user_id.clone()));
        let mut known: std::collections::HashSet<UserId> = members.collect();
        let all: Vec<UserId> = known.iter().cloned().collect();
        for unnamed in unknown(&all) {
            known.remove(&unnamed);
        }
        known
    }

    /// Watches who comes and goes in a chat, and nobody else.
    pub(super) fn watch(&mut self, chat: ChatId) {
        let me = self.chats.me().clone();
        let members = self.chats.get(chat).map(|view| view.members());
        let members = members.unwrap_or_default().iter().take(WATCHED);
        let others: Vec<UserId> = members
            .map(|member| member.user_id.clone())
            .filter(|user| *user != me)
            .collect();
        let before = std::mem::replace(&mut self.watched, others.clone());
        let gone = before
            .into_iter()
            .filter(|user| !others.contains(user))
            .collect();
        let client = self.server.client.clone();
        self.background(async move {
            client.on_screen(vec![chat]).await;
            match client.watch(others, gone).await {
                Ok(users) => Answer::Presence(users),
                Err(_) => Answer::Nothing,
            }
        });
    }

    fn direct(&mut self, user: UserId) {
        let create = CreateChat::Direct {
            user_id: user,
            client_id: None,
        };
        let server = self.server.clone();
        self.ask(For::Foreground, asking::create(server, create));
    }

    fn group(&mut self, name: String, members: Vec<UserId>) {
        let create = CreateChat::Group {
            name,
            members,
            history_visible: HistoryVisible::All,
            client_id: None,
        };
        let server = self.server.clone();
        self.ask(For::Foreground, asking::create(server, create));
    }

    fn history(&mut self, count: Option<u32>) {
        self.in_open_chat(|session, chat| {
            let oldest = session.open.as_ref().and_then(|open| open.oldest);
            let Some(oldest) = oldest else {
                return session.note("nothing was said before");
            };
            let server = session.server.clone();
            let known = session.known_names();
            let limit = count.unwrap_or(PAGE);
            session.ask(
                For::Foreground,
                asking::older(server, chat, oldest, limit, known),
            );
        });
    }

    /// Finds the message that is meant; says so where there is none.
    fn target(
        &mut self,
        target: Target,
        fits: impl Fn(&Self, &Message) -> bool,
    ) -> Option<Message> {
        let Some(chat) = self.open.as_ref().map(|open| open.chat) else {
            self.in_open_chat(|_, _| {});
            return None;
        };
        if target == Target::Last && self.says_something(chat) {
            self.problem("your last message still waits to be sent");
            return None;
        }
        let view = self.chats.get(chat)?;
        let found = match target {
            Target::Place(seq) => view.message_at(seq),
            Target::Last => view
                .messages()
                .rev()
                .find(|message| message.status != MessageStatus::Deleted && fits(self, message)),
        };
        let found = found.cloned();
        if found.is_none() {
            self.problem(&match target {
                Target::Place(seq) => {
                    format!("#{seq} isn't among the messages seen here: /goto #{seq} shows it")
                }
                Target::Last => "there is no such message".into(),
            });
        }
        found
    }

    /// Returns whether something said in a chat isn't acknowledged yet: then nobody knows which message is the last.
    fn says_something(&self, chat: ChatId) -> bool {
        self.changes > 0
            && (self.outbox.is_empty() || self.outbox.iter().any(|(place, _)| *place == chat))
    }

    fn edit(&mut self, target: Target, text: String) {
        let mine = |session: &Self, message: &Message| message.sender_id == *session.chats.me();
        let Some(message) = self.target(target, mine) else {
            return;
        };
        let client = self.server.client.clone();
        self.ask(For::Change, async move {
            let edited = client.edit(message.chat_id, message.id, text).await;
            asking::changed(edited.map(drop), "changed")
        });
        self.look_at_outbox_if_offline();
    }

    fn delete(&mut self, target: Target) {
        let mine = |session: &Self, message: &Message| message.sender_id == *session.chats.me();
        let Some(message) = self.target(target, mine) else {
            return;
        };
        let client = self.server.client.clone();
        self.ask(For::Change, async move {
            let deleted = client.delete(message.chat_id, message.id).await;
            asking::changed(deleted.map(drop), "deleted")
        });
        self.look_at_outbox_if_offline();
    }

    fn react(&mut self, target: Target, key: String, on: bool) {
        let Some(message) = self.target(target, |_, _| true) else {
            return;
        };
        let client = self.server.client.clone();
        self.ask(For::Change, async move {
            let reacted = client.react(message.chat_id, message.id, &key, on).await;
            asking::changed(reacted.map(drop), "reacted")
        });
        self.look_at_outbox_if_offline();
    }

    fn look_at_outbox_if_offline(&mut self) {
        if !self.online {
            self.look_at_outbox();
        }
    }

    fn receipts(&mut self, target: Target) {
        let mine = |session: &Self, message: &Message| message.sender_id == *session.chats.me();
        let Some(message) = self.target(target, mine) else {
            return;
        };
        let server = self.server.clone();
        self.ask(For::Foreground, asking::readers(server, message));
    }

    pub(super) fn ask_for_receipts(&mut self, chat: ChatId) {
        let server = self.server.clone();
        self.background(asking::receipts(server, chat));
    }

    fn leave_chat(&mut self, confirmed: bool) {
        self.in_open_chat(|session, chat| {
            let Some(view) = session.chats.get(chat) else {
                return;
            };
            if view.chat().kind == ChatType::Direct {
                return session.problem("a direct chat can't be left");
            }
            let title = render::title(&session.chats, view);
            if !confirmed && !session.look().is_plain() {
                session.to_confirm = Some(Command::Leave);
                return session.note(&format!("/leave again leaves {title}"));
            }
            let (server, me) = (session.server.clone(), session.chats.me().clone());
            session.ask(For::Foreground, asking::leave(server, chat, me));
        });
    }

    fn quit(&mut self, confirmed: bool) {
        if self.changes > 0 && !confirmed && !self.look().is_plain() {
            self.to_confirm = Some(Command::Quit);
            let waiting = self.changes;
            return self.problem(&format!(
                "{waiting} of what you said still waits for the network; /quit again gives it up"
            ));
        }
        self.leave_now();
    }

    fn help(&mut self) {
        let look = self.look();
        let lines = COMMANDS.iter().map(|(name, wants, does)| {
            let usage = text::pad(&format!("{name} {wants}"), 27);
            let does = look.fit(does, 31);
            format!("  {usage} {}", look.paint.ink(Ink::Faint, &does))
        });
        let mut lines: Vec<String> = lines.collect();
        lines.extend(look.note(
            "anything else is said; // begins a text with a slash, Alt-Enter makes a new line, Tab completes, @USER \
             mentions somebody",
        ));
        self.screen.print(&lines);
    }

    /// Remembers to tell that a message has come to this device.
    pub(super) fn owe_delivery(&mut self, message: Option<&Message>) {
        if let Some(message) = message.filter(|message| message.sender_id != *self.chats.me()) {
            let due = self.delivered.entry(message.chat_id).or_insert(message.id);
            *due = (*due).max(message.id);
        }
    }

    /// Remembers to tell that a message was read.
    pub(super) fn owe_reading(&mut self, chat: ChatId, message: &Message) {
        let marks = self.chats.get(chat).map(|view| view.chat().marks.clone());
        if marks.is_some_and(|marks| marks.read >= Some(message.id)) {
            return;
        }
        self.chats.read_up_to(chat, message.id);
        self.delivered.remove(&chat);
        let due = self.read.entry(chat).or_insert(message.id);
        *due = (*due).max(message.id);
    }

    /// Sends what is owed. What gets lost with a connection is owed again by the next message, or the next sync.
    pub(super) fn send_marks(&mut self) {
        if !self.online {
            return;
        }
        for (chat, message) in std::mem::take(&mut self.read) {
            let client = self.server.client.clone();
            self.background(async move {
                match client.read(chat, message).await {
                    Ok(()) => Answer::Nothing,
                    Err(_) => Answer::Unread(chat, message),
                }
            });
        }
        let due: Vec<ChatId> = self.delivered.keys().copied().take(MARKS).collect();
        for chat in due {
            let Some(message) = self.delivered.remove(&chat) else {
                continue;
            };
            let delivered = self
                .chats
                .get(chat)
                .and_then(|view| view.chat().marks.delivered);
            if delivered >= Some(message) {
                continue;
            }
            let client = self.server.client.clone();
            self.background(async move {
                let _ = client.delivered(chat, message).await;
                Answer::Nothing
            });
        }
    }
}
