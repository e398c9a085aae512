//! Chats listed, found, opened and made.

use std::collections::HashSet;

use chinwag_client::ChatView;
use chinwag_proto::{ChatId, Seq, UserId, http::CreateChat, shapes::HistoryVisible};

use super::{
    answers::Answer,
    asking, render,
    session::{Open, Session},
    tasks::For,
};

/// Messages that opening a chat shows: what is unread too, up to the second.
const PAGE: u32 = 20;
const LARGEST_PAGE: u32 = 100;
/// Members whose presence is watched.
const WATCHED: usize = 100;

impl Session {
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

    pub(super) fn find_and_open(&mut self, wanted: &str) {
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
        let before = self.open.take().filter(|open| !open.loading);
        self.open = Some(Open {
            before: before.map(Box::new),
            chat,
            shown: Seq::ZERO,
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
        let mut known: HashSet<UserId> = members.collect();
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

    pub(super) fn direct(&mut self, user: UserId) {
        let create = CreateChat::Direct {
            user_id: user,
            client_id: None,
        };
        let server = self.server.clone();
        self.ask(For::Foreground, asking::create(server, create));
    }

    pub(super) fn group(&mut self, name: String, members: Vec<UserId>) {
        let create = CreateChat::Group {
            name,
            members,
            history_visible: HistoryVisible::All,
            client_id: None,
        };
        let server = self.server.clone();
        self.ask(For::Foreground, asking::create(server, create));
    }

    pub(super) fn history(&mut self, count: Option<u32>) {
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
}
