//! Histories told in short: chat `c` of ana, ben and eva, one device each unless said otherwise.

use crate::check::history::*;
use crate::check::report::Report;
use crate::check::value::{Digest, Id};
use crate::check::{Settings, check_with};

/// A second of the recorder's clock.
pub(super) const SECOND: u64 = 1_000_000_000;

/// Gathers records, one a millisecond unless time is moved.
pub(super) struct Story {
    pub(super) records: Vec<Record>,
    pub(super) at: u64,
}

/// Gives the id of the event at a place, as these stories number them.
pub(super) fn id(seq: u64) -> Id {
    Id(1000 + seq)
}

pub(super) fn given(seq: u64) -> Given {
    Given {
        id: id(seq),
        epoch: 1,
        seq,
    }
}

pub(super) fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// A message whose text is its `clientId`.
pub(super) fn message(seq: u64, sender: &str, key: &str) -> Event {
    Event {
        client_id: Some(key.to_owned()),
        digest: Some(digest(key)),
        ..event(seq, Kind::Message, sender)
    }
}

pub(super) fn event(seq: u64, kind: Kind, sender: &str) -> Event {
    let sender = Some(sender.to_owned());
    Event {
        epoch: 1,
        seq,
        kind,
        id: Some(id(seq)),
        sender,
        ..Event::default()
    }
}

pub(super) fn hidden(seq: u64) -> Event {
    Event {
        epoch: 1,
        seq,
        ..Event::default()
    }
}

/// An edit, deletion or reaction at a place, of the message at another.
pub(super) fn change(seq: u64, kind: Kind, sender: &str, target: u64) -> Event {
    Event {
        target: Some(id(target)),
        deleted: kind == Kind::Deletion,
        ..event(seq, kind, sender)
    }
}

pub(super) fn moved(seq: u64, sender: &str, added: &[&str], gone: &[&str]) -> Event {
    let membership = Membership {
        added: names(added),
        gone: names(gone),
    };
    Event {
        membership: Some(membership),
        ..event(seq, Kind::Membership, sender)
    }
}

pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Story {
    /// Begins with the chat and its members, who see all.
    pub(super) fn of(members: &[&str]) -> Self {
        Self::visible(members, HistoryVisible::All)
    }

    pub(super) fn visible(members: &[&str], history_visible: HistoryVisible) -> Self {
        let mut story = Self {
            records: Vec::new(),
            at: 0,
        };
        let members = names(members);
        story.note(
            None,
            What::Made(Made {
                chat: "c".into(),
                members,
                history_visible,
            }),
        );
        story
    }

    pub(super) fn note(&mut self, user: Option<&str>, what: What) -> &mut Self {
        self.at += 1_000_000;
        let client = user.map(|user| Client {
            user: user.split('/').next().unwrap().into(),
            device: user.into(),
            session: user.into(),
        });
        self.records.push(Record {
            at: self.at,
            client,
            what,
        });
        self
    }

    pub(super) fn intent(&mut self, user: &str, key: &str, op: Op) -> &mut Self {
        let intent = Intent {
            chat: "c".into(),
            client_id: key.into(),
            op,
        };
        self.note(Some(user), What::Intent(intent))
    }

    pub(super) fn send(&mut self, user: &str, key: &str) -> &mut Self {
        self.intent(
            user,
            key,
            Op::Message {
                digest: digest(key),
            },
        )
    }

    pub(super) fn ack(&mut self, user: &str, key: &str, seq: Option<u64>) -> &mut Self {
        let event = seq.map(given);
        self.note(
            Some(user),
            What::Ack(Ack {
                chat: "c".into(),
                client_id: key.into(),
                event,
            }),
        )
    }

    pub(super) fn unknown(&mut self, user: &str, key: &str) -> &mut Self {
        let outcome = Outcome {
            chat: "c".into(),
            client_id: key.into(),
        };
        self.note(Some(user), What::UnknownOutcome(outcome))
    }

    pub(super) fn refused(&mut self, user: &str, key: &str) -> &mut Self {
        let outcome = Outcome {
            chat: "c".into(),
            client_id: key.into(),
        };
        self.note(Some(user), What::Refused(outcome))
    }

    /// Sends a message that is acknowledged at once.
    pub(super) fn sent(&mut self, user: &str, key: &str, seq: u64) -> &mut Self {
        self.send(user, key).ack(user, key, Some(seq))
    }

    /// Does something else that is acknowledged at once.
    pub(super) fn done(&mut self, user: &str, key: &str, op: Op, seq: Option<u64>) -> &mut Self {
        self.intent(user, key, op).ack(user, key, seq)
    }

    pub(super) fn live(&mut self, user: &str, event: Event) -> &mut Self {
        self.note(
            Some(user),
            What::Live(Live {
                chat: "c".into(),
                event,
            }),
        )
    }

    pub(super) fn page(&mut self, user: &str, page: Page) -> &mut Self {
        self.note(Some(user), What::Page(page))
    }

    /// An answer asked for just before it came.
    pub(super) fn answer(&self, via: Via, events: &[Event]) -> Page {
        Page {
            chat: "c".into(),
            via,
            asked: self.at + 500_000,
            epoch: 1,
            after: None,
            after_id: None,
            before_id: None,
            newest_first: false,
            has_more: false,
            limited: false,
            head: None,
            only_messages: false,
            events: events.to_vec(),
        }
    }

    /// Ends with the whole log, read by somebody who may see all.
    pub(super) fn dump(&mut self, events: &[Event]) -> &mut Self {
        let page = self.answer(Via::Dump, events);
        self.page("auditor", page)
    }

    pub(super) fn wait(&mut self, seconds: u64) -> &mut Self {
        self.at += seconds * SECOND;
        self
    }

    pub(super) fn report(&self) -> Report {
        check_with(self.records.iter().cloned().map(Ok), &Settings::default())
    }

    /// Holds that exactly this rule finds something, and gives its first violation's evidence.
    #[track_caller]
    pub(super) fn breaks(&self, rule: &str) -> Vec<u32> {
        let report = self.report();
        let broken: Vec<_> = report
            .violations()
            .map(|violation| violation.rule)
            .collect();
        assert!(
            !broken.is_empty() && broken.iter().all(|found| *found == rule),
            "{report}"
        );
        assert_eq!(report.malformed_total, 0, "{report}");
        report.violations().next().unwrap().evidence.clone()
    }

    /// Holds that nothing is found although the rule had something to check.
    #[track_caller]
    pub(super) fn keeps(&self, rule: &str) {
        let report = self.report();
        assert!(report.passed(), "{report}");
        assert!(report.verdict(rule).unwrap().checked > 0, "{report}");
    }
}
