//! What a chat is, said once more and simply: a list of what people did, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::{
    ErrorCode,
    shapes::{HistoryVisible, Role},
};

/// Something that takes a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Did {
    Say {
        content: String,
        mentions: Vec<String>,
    },
    Edit {
        target: u64,
        content: String,
    },
    Delete {
        target: u64,
    },
    React {
        target: u64,
        key: &'static str,
        on: bool,
    },
    Add {
        who: Vec<String>,
        role: Role,
    },
    Remove {
        who: String,
    },
    Role {
        who: String,
        role: Role,
    },
}

impl Did {
    fn moves_members(&self) -> bool {
        matches!(
            self,
            Self::Add { .. } | Self::Remove { .. } | Self::Role { .. }
        )
    }

    pub(super) fn target(&self) -> Option<u64> {
        match self {
            Self::Edit { target, .. } | Self::Delete { target } | Self::React { target, .. } => {
                Some(*target)
            }
            _ => None,
        }
    }
}

/// What stands at a place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) id: u64,
    pub(super) by: String,
    pub(super) did: Did,
}

#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) seq: u64,
    pub(super) by: String,
    pub(super) content: String,
    pub(super) mentions: Vec<String>,
    pub(super) edited: bool,
    pub(super) deleted: bool,
    pub(super) reactions: BTreeMap<&'static str, BTreeSet<String>>,
    /// Places of the message and of all changes in it.
    pub(super) changes: Vec<u64>,
}

/// A chat as of one place.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// Whether it keeps its two members.
    pub(super) direct: bool,
    pub(super) head: u64,
    pub(super) members: BTreeMap<String, Role>,
    /// Stretches of places, both ends included.
    pub(super) seen: BTreeMap<String, Vec<(u64, u64)>>,
    pub(super) joined: BTreeMap<String, u64>,
    pub(super) said: BTreeMap<u64, Said>,
}

impl State {
    pub(super) fn sees(&self, who: &str, seq: u64) -> bool {
        let mut stretches = self.seen.get(who).into_iter().flatten();
        stretches.any(|(from, to)| (*from..=*to).contains(&seq))
    }

    pub(super) fn sees_message(&self, who: &str, id: u64) -> bool {
        self.said
            .get(&id)
            .is_some_and(|said| self.sees(who, said.seq))
    }

    pub(super) fn sees_event(&self, who: &str, seq: u64, did: &Did) -> bool {
        let target = did.target();
        self.sees(who, seq) && target.is_none_or(|target| self.sees_message(who, target))
    }

    /// Gives the visible messages, by id.
    pub(super) fn history(&self, who: &str) -> Vec<(u64, &Said)> {
        let said = self.said.iter();
        said.filter(|(_, said)| self.sees(who, said.seq))
            .map(|(id, said)| (*id, said))
            .collect()
    }

    /// Counts what is unread after a mark, and what of it mentions the reader.
    pub(super) fn unread(&self, who: &str, mark: Option<u64>) -> (u64, u64) {
        let marked = mark
            .and_then(|id| self.said.get(&id))
            .map_or(0, |said| said.seq);
        let after = marked.max(self.joined.get(who).copied().unwrap_or_default());
        let unread = || {
            let history = self.history(who).into_iter();
            history.filter(|(_, said)| said.seq > after && said.by != who && !said.deleted)
        };
        let mentions = |said: &Said| said.mentions.iter().any(|mentioned| mentioned == who);
        let mentioned = unread().filter(|(_, said)| mentions(said)).count();
        (unread().count() as u64, mentioned as u64)
    }

    /// Names all that speaks against somebody's doing something now.
    pub(super) fn against(&self, by: &str, did: &Did) -> Vec<ErrorCode> {
        let Some(role) = self.members.get(by).copied() else {
            return vec![ErrorCode::NotFound];
        };
        let mut against = Vec::new();
        let mut hold = |holds: bool, code| {
            if !holds {
                against.push(code);
            }
        };
        let target = did
            .target()
            .map(|id| (self.sees_message(by, id), self.said.get(&id)));
        if let Some((visible, said)) = target {
            hold(visible, ErrorCode::NotFound);
            let own = said.is_some_and(|said| said.by == by);
            let deleted = said.is_some_and(|said| said.deleted);
            match did {
                Did::Edit { .. } => {
                    hold(own, ErrorCode::Forbidden);
                    hold(!deleted, ErrorCode::MessageDeleted);
                }
                Did::Delete { .. } => hold(own || role >= Role::Admin, ErrorCode::Forbidden),
                _ => hold(!deleted, ErrorCode::MessageDeleted),
            }
        }
        if self.direct && did.moves_members() {
            hold(false, ErrorCode::NotAllowed);
            return against;
        }
        match did {
            Did::Add { .. } => hold(role >= Role::Admin, ErrorCode::Forbidden),
            Did::Remove { who } if who != by => {
                let theirs = self.members.get(who).copied();
                hold(theirs.is_some(), ErrorCode::NotFound);
                let needed = if theirs >= Some(Role::Admin) {
                    Role::Owner
                } else {
                    Role::Admin
                };
                hold(role >= needed, ErrorCode::Forbidden);
            }
            // Who isn't in yet is added with the role.
            Did::Role { who, role: new } => {
                let needed = match self.members.get(who) {
                    Some(current) if current == new => Role::Member,
                    None if *new == Role::Member => Role::Admin,
                    _ => Role::Owner,
                };
                hold(role >= needed, ErrorCode::Forbidden);
            }
            _ => {}
        }
        against
    }

    /// Tells whether what somebody wants is so already, and takes no place.
    pub(super) fn is_so(&self, by: &str, did: &Did) -> bool {
        match did {
            Did::Delete { target } => self.said[target].deleted,
            Did::React { target, key, on } => {
                let reacted = self.said[target].reactions.get(key);
                reacted.is_some_and(|people| people.contains(by)) == *on
            }
            Did::Add { who, .. } => who.iter().all(|who| self.members.contains_key(who)),
            Did::Role { who, role } => self.members.get(who) == Some(role),
            _ => false,
        }
    }

    /// Becomes what it is after the next place.
    pub(super) fn after(&self, placed: Option<&Placed>, visible: HistoryVisible) -> Self {
        let mut next = self.clone();
        next.head += 1;
        if let Some(placed) = placed {
            next.apply(placed, visible);
        }
        next
    }

    fn apply(&mut self, placed: &Placed, visible: HistoryVisible) {
        let seq = self.head;
        if let Some(said) = placed.did.target().and_then(|id| self.said.get_mut(&id)) {
            said.changes.push(seq);
        }
        match &placed.did {
            Did::Say { content, mentions } => {
                let said = Said {
                    seq,
                    by: placed.by.clone(),
                    content: content.clone(),
                    mentions: mentions.clone(),
                    edited: false,
                    deleted: false,
                    reactions: BTreeMap::new(),
                    changes: vec![seq],
                };
                self.said.insert(placed.id, said);
            }
            Did::Edit { target, content } => {
                let said = self.said.get_mut(target).unwrap();
                said.content.clone_from(content);
                said.edited = true;
            }
            Did::Delete { target } => {
                let said = self.said.get_mut(target).unwrap();
                said.content.clear();
                said.mentions.clear();
                said.reactions.clear();
                said.deleted = true;
            }
            Did::React { target, key, on } => {
                let reactions = &mut self.said.get_mut(target).unwrap().reactions;
                let people = reactions.entry(*key).or_default();
                if *on {
                    people.insert(placed.by.clone());
                } else {
                    people.remove(&placed.by);
                }
                reactions.retain(|_, people| !people.is_empty());
            }
            Did::Add { who, role } => {
                for who in who {
                    self.join(who, *role, visible);
                }
            }
            Did::Remove { who } => {
                self.members.remove(who);
                if let Some(last) = self.seen.get_mut(who).and_then(|seen| seen.last_mut()) {
                    last.1 = seq;
                }
            }
            Did::Role { who, role } if self.members.contains_key(who) => {
                self.members.insert(who.clone(), *role);
            }
            Did::Role { who, role } => self.join(who, *role, visible),
        }
    }

    fn join(&mut self, who: &str, role: Role, visible: HistoryVisible) {
        let seq = self.head;
        if self.members.insert(who.to_owned(), role).is_some() {
            return;
        }
        let from = match visible {
            HistoryVisible::All => 1,
            HistoryVisible::Joined => seq,
        };
        let seen = self.seen.entry(who.to_owned()).or_default();
        seen.push((from, u64::MAX));
        self.joined.insert(who.to_owned(), seq);
    }
}
