//! Who is who: Slack's ids of users and bots, and what they are called here.

use std::collections::{HashMap, HashSet};

use anyhow::{Result, bail};
use chinwag_core::transfer::{Line, UserLine};
use chinwag_proto::UserId;
use serde::Deserialize;

use super::archive::Archive;

/// A user as an export has them.
#[derive(Debug, Deserialize)]
struct SlackUser {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    real_name: Option<String>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    profile: Profile,
}

/// What a user says of themselves.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Profile {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    real_name: Option<String>,
    #[serde(default)]
    bot_id: Option<String>,
}

impl Profile {
    /// Returns what people see.
    pub(crate) fn name(&self) -> Option<String> {
        let names = [&self.display_name, &self.real_name];
        names.into_iter().flatten().find_map(|name| shown(name))
    }
}

/// Everybody in an export.
#[derive(Debug, Default)]
pub(crate) struct People {
    users: HashMap<String, UserId>,
    /// Handles that somebody has: the next one of the same handle is called by the id.
    taken: HashSet<UserId>,
    /// Bots, and those who aren't listed.
    bots: HashSet<UserId>,
}

impl People {
    /// Reads everybody, and the lines that name them.
    pub(crate) fn read(archive: &mut Archive) -> Result<(Self, Vec<Line>)> {
        let mut people = Self::default();
        let mut lines = Vec::new();
        let there = archive.for_each("users.json", |user: SlackUser| {
            let Some(id) = people.add(&user) else {
                return Ok(());
            };
            let real_name = user.real_name.as_deref().and_then(shown);
            let name = user.profile.name().or(real_name);
            if name.is_some() || user.deleted {
                lines.push(Line::User(UserLine {
                    user: id,
                    name,
                    disabled: user.deleted,
                }));
            }
            Ok(())
        })?;
        if !there {
            bail!("the export holds no users.json");
        }
        Ok((people, lines))
    }

    fn add(&mut self, user: &SlackUser) -> Option<UserId> {
        let handle = UserId::new(&user.name).ok();
        let handle = handle.filter(|handle| self.taken.insert(handle.clone()));
        let id = handle.or_else(|| UserId::new(&user.id).ok())?;
        self.users.insert(user.id.clone(), id.clone());
        if user.is_bot {
            self.bots.insert(id.clone());
        }
        if let Some(bot) = &user.profile.bot_id {
            self.users.insert(bot.clone(), id.clone());
        }
        Some(id)
    }

    /// Returns what a user or bot is called; one from elsewhere keeps Slack's id.
    pub(crate) fn called(&self, id: &str) -> Option<UserId> {
        match self.users.get(id) {
            Some(user) => Some(user.clone()),
            None => UserId::new(id).ok(),
        }
    }

    /// Returns whether an id is one of this export's.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.users.contains_key(id)
    }

    /// Returns whether someone is a bot, or isn't listed.
    pub(crate) fn is_bot(&self, user: &UserId) -> bool {
        self.bots.contains(user)
    }

    /// Remembers one who isn't among the users, and returns the line that names them.
    pub(crate) fn meet(&mut self, id: &str, name: Option<String>) -> Option<Line> {
        if self.knows(id) {
            return None;
        }
        let user = UserId::new(id).ok()?;
        self.users.insert(id.to_owned(), user.clone());
        self.bots.insert(user.clone());
        Some(Line::User(UserLine {
            user,
            name: Some(name?),
            disabled: false,
        }))
    }
}

/// Returns a name as it can be shown; nothing of an empty one.
pub(crate) fn shown(name: &str) -> Option<String> {
    let plain: String = name.chars().filter(|c| !c.is_control()).collect();
    let plain = plain.trim();
    let end = plain.floor_char_boundary(256);
    (!plain.is_empty()).then(|| plain[..end].to_owned())
}
