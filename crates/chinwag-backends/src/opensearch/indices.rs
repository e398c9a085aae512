//! Which indices of messages there are, asked anew before each write: other nodes begin and finish rebuilds, too.
//!
//! Whoever asked before a rebuild began, and writes after it did, writes to the old index alone. Nothing is lost by that:
//! what is written was in the log before, and the rebuild reads the log later.

use std::collections::BTreeMap;

use chinwag_core::ports::{EngineError, EngineResult};
use serde::Deserialize;
use serde_json::json;

use super::{
    Options,
    call::Call,
    layout,
    link::Link,
    names::{Names, Role, Stamp},
};

/// What the engine tells: each index with its aliases.
type Told = BTreeMap<String, Aliases>;

#[derive(Deserialize)]
struct Aliases {
    aliases: BTreeMap<String, serde::de::IgnoredAny>,
}

/// The indices of messages that there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Indices {
    /// What is searched by nodes of this version.
    pub(super) live: Option<String>,
    /// What is searched by nodes of an earlier version.
    pub(super) earlier: Vec<String>,
    /// What is being built, by a node of this version or an earlier one, as the rebuild of some number.
    pub(super) next: Vec<Next>,
    /// Whether nodes of a later version search, or build, another one.
    pub(super) is_outdated: bool,
    /// What can never be searched: its rebuild was given up.
    pub(super) given_up: Vec<String>,
    /// The highest number that an index has.
    pub(super) last_number: u64,
}

/// An index that is being built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) number: u64,
    pub(super) alias: String,
    pub(super) index: String,
    /// Whether nodes of this version write to it.
    pub(super) is_own: bool,
}

impl Indices {
    /// Asks which there are.
    pub(super) async fn ask(link: &Link, names: &Names, options: &Options) -> EngineResult<Self> {
        let path = format!("{}/_alias", names.every_index());
        let answer = link.send(&Call::get(path, options.timeout)).await?;
        let told: Told = answer.done("list indices")?.json("list indices")?;
        Ok(Self::of(&told, names))
    }

    fn of(told: &Told, names: &Names) -> Self {
        let mut indices = Self::default();
        for (index, Aliases { aliases }) in told {
            let Some(number) = names.number(index) else {
                continue;
            };
            indices.last_number = indices.last_number.max(number);
            let mut roles = aliases
                .keys()
                .filter_map(|alias| Some((alias, names.role(alias)?)));
            match roles.next() {
                None => indices.given_up.push(index.clone()),
                Some((alias, role)) => indices.add(index, alias, &role, names.stamp()),
            }
        }
        indices
    }

    fn add(&mut self, index: &str, alias: &str, role: &Role, own: &Stamp) {
        match role {
            Role::Live(stamp) | Role::Next(stamp, _) if stamp > own => self.is_outdated = true,
            Role::Live(stamp) if stamp == own => self.live = Some(index.into()),
            Role::Live(_) => self.earlier.push(index.into()),
            Role::Next(stamp, number) => self.next.push(Next {
                number: *number,
                alias: alias.into(),
                index: index.into(),
                is_own: stamp == own,
            }),
        }
    }

    /// Refuses to write where nodes of a later version have cut texts otherwise: they write what this one doesn't.
    pub(super) fn for_writing(self) -> EngineResult<Self> {
        if self.is_outdated {
            let why =
                "opensearch: the search index is kept by nodes of a later version: update this one";
            return Err(EngineError::Unavailable(why.into()));
        }
        Ok(self)
    }

    /// Returns what can't be searched any more once a rebuild is finished.
    pub(super) fn replaced(&self) -> impl Iterator<Item = &String> {
        self.live.iter().chain(&self.earlier)
    }
}

/// Makes an index under an alias.
pub(super) async fn create(
    link: &Link,
    options: &Options,
    index: &str,
    alias: &str,
) -> EngineResult<()> {
    let call = Call::put(
        index.into(),
        &layout::index(options, alias),
        options.write_timeout,
    );
    let answer = link.send(&call).await?.done("make an index")?;
    acknowledged(&answer.json("make an index")?)
}

/// Removes an index that is being built, unless it is searched by now.
pub(super) async fn give_up(link: &Link, options: &Options, next: &Next) -> EngineResult<()> {
    // Without this alias it can't become the one that is searched, whoever still believes to be building it.
    let actions = json!([
        { "remove": { "index": next.index, "alias": next.alias, "must_exist": true } },
    ]);
    if change_aliases(link, options, actions).await? == Changed::Missing {
        return Ok(());
    }
    remove(link, options, &next.index).await
}

/// Removes an index; one that isn't there is removed.
pub(super) async fn remove(link: &Link, options: &Options, index: &str) -> EngineResult<()> {
    let answer = link
        .send(&Call::delete(index.into(), options.write_timeout))
        .await?;
    match answer.refusal() {
        Some(refusal) if !refusal.is_missing() => Err(refusal.meaning("remove an index")),
        _ => Ok(()),
    }
}

/// Whether aliases were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    /// All that was asked for, in one step.
    All,
    /// Nothing, since an index or an alias isn't there.
    Missing,
}

/// Changes aliases, all in one step.
pub(super) async fn change_aliases(
    link: &Link,
    options: &Options,
    actions: serde_json::Value,
) -> EngineResult<Changed> {
    let body = json!({ "actions": actions });
    let call = Call::post("_aliases".into(), &body, options.write_timeout);
    let answer = link.send(&call).await?;
    match answer.refusal() {
        Some(refusal) if refusal.is_missing() => Ok(Changed::Missing),
        Some(refusal) => Err(refusal.meaning("change aliases")),
        None => {
            acknowledged(&answer.json("change aliases")?)?;
            Ok(Changed::All)
        }
    }
}

#[derive(Deserialize)]
struct Acknowledged {
    acknowledged: bool,
}

/// Refuses what not every node of the engine has taken: a write by another one could miss it.
fn acknowledged(answer: &Acknowledged) -> EngineResult<()> {
    if answer.acknowledged {
        return Ok(());
    }
    let why = "opensearch: not all of its nodes have taken a change of indices in time";
    Err(EngineError::Unavailable(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(told: serde_json::Value, names: &Names) -> Indices {
        Indices::of(&serde_json::from_value(told).unwrap(), names)
    }

    #[test]
    fn an_index_is_what_its_alias_says() {
        let names = Names::new("chat");
        let (live, index) = (names.live(), |number| names.index(number));
        let told = json!({
            index(3): { "aliases": { live: {} } },
            index(4): { "aliases": {} },
            index(5): { "aliases": { names.next(5): {}, "somebody's": {} } },
            "chat-messages-0.1-index-1": { "aliases": { "chat-messages-0.1": {} } },
            "chat-messages-0.1-index-2": { "aliases": { "chat-messages-0.1-next-2": {} } },
            "chat-messages-old": { "aliases": {} },
        });
        let next = |number, alias: &str, index: &str, is_own| Next {
            number,
            alias: alias.into(),
            index: index.into(),
            is_own,
        };
        let wanted = Indices {
            live: Some(index(3)),
            earlier: vec!["chat-messages-0.1-index-1".into()],
            next: vec![
                next(
                    2,
                    "chat-messages-0.1-next-2",
                    "chat-messages-0.1-index-2",
                    false,
                ),
                next(5, &names.next(5), &index(5), true),
            ],
            is_outdated: false,
            given_up: vec![index(4)],
            last_number: 5,
        };
        assert_eq!(read(told, &names), wanted);
    }

    #[test]
    fn what_a_later_version_keeps_is_not_written_to() {
        let names = Names::new("chat");
        for alias in ["chat-messages-9.1", "chat-messages-9.1-next-7"] {
            let told = json!({ "chat-messages-9.1-index-7": { "aliases": { alias: {} } } });
            let refused = read(told, &names).for_writing().unwrap_err();
            assert!(refused.to_string().contains("later version"), "{refused}");
        }
    }
}
