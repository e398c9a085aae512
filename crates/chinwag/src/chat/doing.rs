//! What the person wants, done.

use chinwag_proto::{ChatId, shapes::ChatType};

use super::{
    answers::Answer,
    asking,
    command::{COMMANDS, Command, parse},
    paint::Ink,
    render,
    session::Session,
    tasks::For,
    text,
};

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

    pub(super) fn in_open_chat(&mut self, act: impl FnOnce(&mut Self, ChatId)) {
        match self.open.as_ref().map(|open| open.chat) {
            Some(chat) => act(self, chat),
            None => self.problem("no chat is open: /chats lists yours, /open N opens one"),
        }
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
}
