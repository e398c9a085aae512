//! The names of indices and aliases, which say how the texts in them were cut.
//!
//! `chinwag-messages-1.1.16.0.0` is the alias that is searched, `…-next-7` one of an index that is being built, and
//! `…-index-7` an index: so nodes of two versions never take each other's for their own, whenever one replaces the other.

use chinwag_core::search;

/// The format of documents and queries: raise it when either means something else.
const FORMAT: u32 = 1;

/// How the texts of an index were cut; a later version's is greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp(Vec<u32>);

impl Stamp {
    /// Returns that of this program.
    pub(super) fn own() -> Self {
        let analysis = search::analysis();
        let numbers = analysis.split(|c: char| !c.is_ascii_digit());
        let numbers = numbers.filter_map(|number| number.parse().ok());
        Self(std::iter::once(FORMAT).chain(numbers).collect())
    }

    fn read(text: &str) -> Option<Self> {
        let numbers = text.split('.').map(|number| number.parse().ok());
        numbers.collect::<Option<_>>().map(Self)
    }

    fn write(&self) -> String {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        numbers.join(".")
    }
}

/// What an alias says of its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// It is searched.
    Live(Stamp),
    /// It is being built, as the rebuild of this number.
    Next(Stamp, u64),
}

/// The names of one server's indices and aliases.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// What all of them begin with.
    messages: String,
    state: String,
    stamp: Stamp,
}

impl Names {
    /// Makes the names of this program's version.
    pub(super) fn new(prefix: &str) -> Self {
        Self::of(prefix, Stamp::own())
    }

    fn of(prefix: &str, stamp: Stamp) -> Self {
        Self {
            messages: format!("{prefix}-messages-"),
            state: format!("{prefix}-state"),
            stamp,
        }
    }

    pub(super) fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// Returns the index where nodes agree on rebuilds.
    pub(super) fn state(&self) -> &str {
        &self.state
    }

    /// Returns a pattern of all indices of messages.
    pub(super) fn every_index(&self) -> String {
        format!("{}*", self.messages)
    }

    /// Returns the alias that is searched.
    pub(super) fn live(&self) -> String {
        format!("{}{}", self.messages, self.stamp.write())
    }

    /// Returns the alias of what a rebuild builds.
    pub(super) fn next(&self, number: u64) -> String {
        format!("{}-next-{number}", self.live())
    }

    /// Returns the index that a rebuild builds.
    pub(super) fn index(&self, number: u64) -> String {
        format!("{}-index-{number}", self.live())
    }

    /// Reads an alias; none of one that isn't ours.
    pub(super) fn role(&self, alias: &str) -> Option<Role> {
        let rest = alias.strip_prefix(&self.messages)?;
        match rest.split_once("-next-") {
            None => Stamp::read(rest).map(Role::Live),
            Some((stamp, number)) => {
                let number = number.parse().ok()?;
                Stamp::read(stamp).map(|stamp| Role::Next(stamp, number))
            }
        }
    }

    /// Reads the number and the stamp of an index; none of one that isn't ours.
    pub(super) fn number(&self, index: &str) -> Option<u64> {
        let rest = index.strip_prefix(&self.messages)?;
        let (stamp, number) = rest.split_once("-index-")?;
        Stamp::read(stamp)?;
        number.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(numbers: &[u32]) -> Names {
        Names::of("chat", Stamp(numbers.to_vec()))
    }

    #[test]
    fn what_is_written_is_read() {
        let names = names(&[1, 1, 16, 0]);
        assert_eq!(names.live(), "chat-messages-1.1.16.0");
        assert_eq!(
            names.role(&names.live()),
            Some(Role::Live(names.stamp.clone()))
        );
        assert_eq!(
            names.role(&names.next(12)),
            Some(Role::Next(names.stamp.clone(), 12))
        );
        assert_eq!(names.number(&names.index(12)), Some(12));
        assert_eq!(names.role(&names.index(12)), None);
        assert_eq!(names.number(&names.next(12)), None);
    }

    #[test]
    fn the_names_of_another_server_are_not_ours() {
        let names = names(&[1, 16]);
        for other in [
            "chat-messages-x-messages-1.16",
            "chat-messages-1.16-next-x",
            "chat2-messages-1.16",
            "chat-messages-",
            "chat-state",
        ] {
            assert_eq!(names.role(other), None, "{other}");
        }
        assert_eq!(names.number("chat-messages-x-messages-1.16-index-3"), None);
    }

    #[test]
    fn a_later_version_is_greater() {
        assert!(names(&[1, 1, 16, 0]).stamp < names(&[1, 1, 17, 0]).stamp);
        assert!(names(&[1, 1, 16, 0]).stamp < names(&[1, 2, 15, 0]).stamp);
        assert!(names(&[1, 9]).stamp < names(&[2, 1]).stamp);
        assert!(Stamp::own().0.len() > 4, "{:?}", Stamp::own());
    }
}
