//! Who takes part, and in which chats.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context as _, Result};
use chinwag_client::Http;
use chinwag_proto::{ChatId, UserId, http::CreateChat, shapes::HistoryVisible};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rand::{Rng as _, rngs::StdRng, seq::SliceRandom as _};

use super::{
    history_file::HistoryWriter,
    line::{History, Private},
    options::Options,
};
use crate::{
    recording::RecordedHttp,
    site::{Person, TokenMaker, appear, unique_request, until_answered},
};

/// Users who come and go where others see them, beside those who chat.
pub(super) const VISITORS: usize = 2;
/// Members of a group that come and go.
const COMERS: usize = 2;
/// Members of a group, the first one apart, are so many at most.
const GROUP: usize = 50;
/// Chats that are made at a time.
const MAKING: usize = 8;

/// A chat of the run.
pub(super) struct Chat {
    pub(super) id: ChatId,
    /// Who made it, owns it and never leaves it.
    pub(super) owner: usize,
    /// Everybody who is in it, at the run's beginning and end; visitors apart.
    pub(super) members: BTreeSet<usize>,
    /// Who of them leaves it and comes back.
    pub(super) comers: Vec<usize>,
}

/// The people, visitors last, and their chats.
pub(super) struct Cast {
    pub(super) people: Vec<Person>,
    pub(super) chats: Vec<Chat>,
    http: Http,
    history: History,
}

impl Cast {
    /// Makes the users and their chats: one of each two neighbours, the groups, and the one that visitors are in.
    pub(super) async fn make(
        http: Http,
        tokens: &TokenMaker,
        history: &History,
        options: &Options,
        random: &mut StdRng,
    ) -> Result<Self> {
        let users = options.users as usize;
        let people = tokens
            .people("verify", options.users + VISITORS as u32)
            .await?;
        until_answered(|| appear(&http, &people))
            .await
            .context("a user of the run is not let in")?;
        let mut cast = Self {
            people,
            chats: Vec::new(),
            http,
            history: Arc::clone(history),
        };
        let direct = (0..users).map(|one| Plan {
            owner: one,
            members: BTreeSet::from([one, (one + 1) % users]),
            comers: Vec::new(),
            group: None,
        });
        let groups = (0..options.groups as usize).map(|number| group(number, users, random));
        let plans: Vec<Plan> = direct.chain(groups).chain([visited(users)]).collect();
        let made = stream::iter(plans.into_iter().map(|plan| cast.chat(plan)));
        let made: Vec<Chat> = made.buffered(MAKING).try_collect().await?;
        cast.chats = made;
        Ok(cast)
    }

    /// Returns those who chat.
    pub(super) fn users(&self) -> usize {
        self.people.len() - VISITORS
    }

    /// Returns those who come and go where others see them.
    pub(super) fn visitors(&self) -> &[Person] {
        &self.people[self.users()..]
    }

    /// Returns the chats that somebody is in.
    pub(super) fn chats_of(&self, person: usize) -> Vec<ChatId> {
        self.ids_of(person, |_| true)
    }

    /// Asks over HTTP as somebody, recorded.
    pub(super) fn http(&self, person: usize, session: &str) -> RecordedHttp<HistoryWriter> {
        let person = &self.people[person];
        let http = self.http.clone().with_token(&person.token);
        RecordedHttp::new(Arc::clone(&self.history), http, &person.id, session)
    }

    /// Returns the chats that somebody talks in: all of theirs, or in a run without groups those of two alone.
    pub(super) fn talks_in(&self, person: usize) -> Vec<ChatId> {
        let has_groups = self.chats.iter().any(|chat| !chat.comers.is_empty());
        self.ids_of(person, |chat| has_groups || chat.members.len() == 2)
    }

    fn ids_of(&self, person: usize, wanted: impl Fn(&Chat) -> bool) -> Vec<ChatId> {
        let of = |chat: &&Chat| chat.members.contains(&person) && wanted(chat);
        self.chats.iter().filter(of).map(|chat| chat.id).collect()
    }

    /// Returns a chat of two.
    pub(super) fn private(&self) -> Private {
        let two = self.chats.iter().find(|chat| chat.members.len() == 2);
        let names = |chat: &Chat| {
            let names = chat
                .members
                .iter()
                .map(|one| self.people[*one].id.to_string());
            names.collect()
        };
        two.map_or_else(Private::default, |chat| Private {
            chat: chat.id,
            members: names(chat),
        })
    }

    fn guests(&self, visited: bool) -> impl Iterator<Item = UserId> {
        let visitors = if visited { self.visitors() } else { &[] };
        visitors.iter().map(|visitor| visitor.id.clone())
    }

    async fn chat(&self, plan: Plan) -> Result<Chat> {
        let http = self.http(plan.owner, "makes");
        // However often it must be asked for, it is one.
        let client_id = Some(unique_request());
        let id = |person: &usize| self.people[*person].id.clone();
        let others: Vec<UserId> = plan
            .members
            .iter()
            .filter(|one| **one != plan.owner)
            .map(id)
            .collect();
        let new = match plan.group {
            None => CreateChat::Direct {
                user_id: others[0].clone(),
                client_id,
            },
            Some(group) => CreateChat::Group {
                name: group.name,
                members: others
                    .into_iter()
                    .chain(self.guests(group.visited))
                    .collect(),
                history_visible: group.history_visible,
                client_id,
            },
        };
        let made = until_answered(|| http.create_chat(&new)).await;
        Ok(Chat {
            id: made.context("can't make a chat")?.id,
            owner: plan.owner,
            members: plan.members,
            comers: plan.comers,
        })
    }
}

/// A chat that is to be made.
struct Plan {
    owner: usize,
    members: BTreeSet<usize>,
    comers: Vec<usize>,
    group: Option<Group>,
}

struct Group {
    name: String,
    history_visible: HistoryVisible,
    visited: bool,
}

/// Everybody is in the first group; in every second one who comes sees only what comes after.
fn group(number: usize, users: usize, random: &mut StdRng) -> Plan {
    let owner = number % users;
    let mut others: Vec<usize> = (0..users).filter(|one| *one != owner).collect();
    others.shuffle(random);
    if number > 0 {
        let size = random.random_range(3..=GROUP).min(others.len());
        others.truncate(size);
    }
    let comers = others.iter().take(COMERS).copied().collect();
    Plan {
        owner,
        members: others.into_iter().chain([owner]).collect(),
        comers,
        group: Some(Group {
            name: format!("group {number}"),
            history_visible: match number % 2 {
                0 => HistoryVisible::All,
                _ => HistoryVisible::Joined,
            },
            visited: false,
        }),
    }
}

/// Everybody stays in it: whoever shares no chat with somebody any more is told nothing of their presence.
fn visited(users: usize) -> Plan {
    Plan {
        owner: 0,
        members: (0..users).collect(),
        comers: Vec::new(),
        group: Some(Group {
            name: "visited".into(),
            history_visible: HistoryVisible::All,
            visited: true,
        }),
    }
}
