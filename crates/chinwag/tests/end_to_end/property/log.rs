//! A chat's model over time: what the server placed is held against what people did, and each state is kept.

use std::collections::HashMap;

use chinwag_proto::{
    ErrorCode,
    frames::{LogBody, LogFrame},
    shapes::{EventChange, HistoryVisible, MembershipChange, Message, MessageStatus, Role},
};

use super::model::{Did, Placed, Said, State};

/// What became of something that somebody wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It took a place, under this id.
    Placed(u64),
    /// It was so already.
    Nothing,
    Refused(ErrorCode),
}

/// Something that somebody wanted, and what became of it.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) by: String,
    pub(super) did: Did,
    /// A place that was there before it was asked for.
    pub(super) known: u64,
    pub(super) outcome: Outcome,
}

/// One chat's states, and what stands at each place.
pub(super) struct Log {
    visible: HistoryVisible,
    states: Vec<State>,
    places: Vec<Option<Placed>>,
}

impl Log {
    pub(super) fn new(direct: bool, visible: HistoryVisible) -> Self {
        let nothing = State {
            direct,
            ..State::default()
        };
        Self {
            visible,
            states: vec![nothing],
            places: Vec::new(),
        }
    }

    pub(super) fn state(&self) -> &State {
        self.states.last().unwrap()
    }

    pub(super) fn head(&self) -> u64 {
        self.state().head
    }

    /// Takes what came with the making of the chat, which nobody else did.
    pub(super) fn begin(&mut self, frames: &[LogFrame], by: &str) {
        for frame in frames {
            let did = match &frame.body {
                LogBody::Membership { event } => match &event.change {
                    Some(EventChange::Membership { user_ids, role, .. }) => Did::Add {
                        who: user_ids.iter().map(ToString::to_string).collect(),
                        role: role.unwrap_or(Role::Member),
                    },
                    other => panic!("{other:?}"),
                },
                LogBody::Hidden => {
                    self.push(None);
                    continue;
                }
                other => panic!("a chat begins with its members, not with {other:?}"),
            };
            let id = id_of(&frame.body).unwrap();
            let by = by.to_owned();
            self.push(Some(Placed { id, by, did }));
        }
    }

    /// Takes new places, as one sees them who sees all; each is what somebody did and could do there, and all that
    /// was placed is among them.
    pub(super) fn go_on(&mut self, frames: &[LogFrame], done: &[Done]) {
        let begin = self.head();
        let mut waiting: HashMap<u64, &Done> = HashMap::new();
        for done in done {
            if let Outcome::Placed(id) = done.outcome {
                let other = waiting.insert(id, done);
                assert!(other.is_none(), "one event for two: {other:?} and {done:?}");
            }
        }
        for frame in frames {
            assert_eq!(frame.seq.0, self.head() + 1, "places are dense");
            let Some(id) = id_of(&frame.body) else {
                self.push(None);
                continue;
            };
            let done = waiting
                .remove(&id)
                .unwrap_or_else(|| panic!("nobody did {frame:?}"));
            assert!(fits(&frame.body, done), "{frame:?} isn't {done:?}");
            let state = self.state();
            let against = state.against(&done.by, &done.did);
            assert!(against.is_empty(), "{against:?}, yet placed: {done:?}");
            assert!(!state.is_so(&done.by, &done.did), "so already: {done:?}");
            let (by, did) = (done.by.clone(), done.did.clone());
            self.push(Some(Placed { id, by, did }));
        }
        assert!(
            waiting.is_empty(),
            "acknowledged and not there: {waiting:?}"
        );
        for done in done {
            self.justify(done, begin);
        }
    }

    /// Holds that a refusal, or doing nothing, was right at some place that may have been the last one then.
    fn justify(&self, done: &Done, begin: u64) {
        let from = done.known.min(begin);
        let (by, did) = (&done.by, &done.did);
        let holds = |state: &State| match done.outcome {
            Outcome::Placed(_) => true,
            Outcome::Nothing => state.against(by, did).is_empty() && state.is_so(by, did),
            Outcome::Refused(code) => state.against(by, did).contains(&code),
        };
        assert!(self.since(from).any(holds), "{done:?} was never right");
    }

    /// Gives the states from a place on.
    pub(super) fn since(&self, place: u64) -> impl Iterator<Item = &State> {
        self.states.iter().skip(usize::try_from(place).unwrap())
    }

    fn push(&mut self, placed: Option<Placed>) {
        let next = self.state().after(placed.as_ref(), self.visible);
        self.places.push(placed);
        self.states.push(next);
    }

    fn at(&self, seq: u64) -> &State {
        &self.states[usize::try_from(seq).unwrap()]
    }

    /// Holds that a frame shows what stands at its place, if the viewer may see it, and nothing else.
    pub(super) fn hold_frame(&self, frame: &LogFrame, viewer: &str) {
        let seq = frame.seq.0;
        assert!(
            seq >= 1 && seq <= self.head(),
            "{frame:?} is beyond the head"
        );
        let placed = self.places[usize::try_from(seq).unwrap() - 1].as_ref();
        let visible = placed.filter(|placed| self.state().sees_event(viewer, seq, &placed.did));
        let Some(placed) = visible else {
            assert_eq!(frame.body, LogBody::Hidden, "{viewer} may not see {seq}");
            return;
        };
        assert_eq!(id_of(&frame.body), Some(placed.id), "{viewer}: {frame:?}");
        match &frame.body {
            LogBody::Message { message } => {
                assert_eq!(message.seq.0, seq);
                self.hold_message(message, viewer);
            }
            LogBody::MessageEdited { message, .. } | LogBody::MessageDeleted { message, .. } => {
                assert_eq!(Some(message.id.0), placed.did.target(), "{frame:?}");
                assert!(message.change_seq.0 >= seq, "{frame:?}");
                self.hold_message(message, viewer);
            }
            LogBody::Reaction { event } => {
                let Some(EventChange::Reaction { key, on, count, .. }) = &event.change else {
                    panic!("{frame:?}");
                };
                let said = &self.at(seq).said[&placed.did.target().unwrap()];
                let people = said.reactions.get(key.as_str());
                let people = people.map_or(0, std::collections::BTreeSet::len);
                assert_eq!(*count as usize, people, "{frame:?}");
                assert!(matches!(&placed.did, Did::React { on: wanted, .. } if wanted == on));
            }
            _ => {}
        }
    }

    /// Holds that a message reads as it did at the place of the last change that it knows of.
    pub(super) fn hold_message(&self, message: &Message, viewer: &str) {
        let changes = &self.state().said[&message.id.0].changes;
        let as_of = message.change_seq.0;
        assert!(
            changes.contains(&as_of),
            "no change at {as_of}: {message:?}"
        );
        let said = &self.at(as_of).said[&message.id.0];
        assert!(
            reads_as(message, said),
            "{viewer} reads {message:?}, it was {said:?}"
        );
    }

    /// Holds that a message reads as it does now, the viewer's own reactions marked.
    pub(super) fn hold_current(&self, message: &Message, viewer: &str) {
        let said = &self.state().said[&message.id.0];
        assert_eq!(
            said.changes.last(),
            Some(&message.change_seq.0),
            "{message:?}"
        );
        self.hold_message(message, viewer);
        for reaction in &message.reactions {
            let mine = said.reactions[reaction.key.as_str()].contains(viewer);
            assert_eq!(
                reaction.mine.unwrap_or_default(),
                mine,
                "{viewer}: {message:?}"
            );
        }
    }
}

fn reads_as(message: &Message, said: &Said) -> bool {
    let status = match (said.deleted, said.edited) {
        (true, _) => MessageStatus::Deleted,
        (false, true) => MessageStatus::Edited,
        (false, false) => MessageStatus::Sent,
    };
    let mut reactions: Vec<_> = message.reactions.iter().collect();
    reactions.sort_by(|one, other| one.key.cmp(&other.key));
    let wanted = said.reactions.iter();
    let reactions_fit = wanted.len() == reactions.len()
        && wanted.zip(reactions).all(|((key, people), shown)| {
            shown.key == *key && shown.count as usize == people.len()
        });
    let mentions: Vec<_> = message.mentions.iter().map(ToString::to_string).collect();
    reactions_fit
        && (message.seq.0, message.sender_id.as_str()) == (said.seq, said.by.as_str())
        && (message.content.as_str(), message.status) == (said.content.as_str(), status)
        && mentions == said.mentions
}

/// Returns the id of the event that a frame shows.
fn id_of(body: &LogBody) -> Option<u64> {
    match body {
        LogBody::Message { message } => Some(message.id.0),
        LogBody::MessageEdited { event_id, .. } | LogBody::MessageDeleted { event_id, .. } => {
            Some(event_id.0)
        }
        LogBody::Reaction { event } | LogBody::Membership { event } | LogBody::Chat { event } => {
            Some(event.id.0)
        }
        LogBody::Hidden => None,
    }
}

/// Tells whether a frame is of the kind, the sender and the target of what somebody did.
fn fits(body: &LogBody, done: &Done) -> bool {
    let target = done.did.target();
    match (body, &done.did) {
        (LogBody::Message { message }, Did::Say { .. }) => message.sender_id.as_str() == done.by,
        (LogBody::MessageEdited { message, .. }, Did::Edit { .. })
        | (LogBody::MessageDeleted { message, .. }, Did::Delete { .. }) => {
            target == Some(message.id.0)
        }
        // The edit of a message that was deleted since shows the tombstone.
        (LogBody::Reaction { event }, Did::React { key, on, .. }) => {
            let wanted = EventChange::Reaction {
                message_id: chinwag_proto::EventId(target.unwrap()),
                key: (*key).to_owned(),
                on: *on,
                count: 0,
            };
            event.user_id.as_str() == done.by && same_reaction(event.change.as_ref(), &wanted)
        }
        (LogBody::Membership { event }, did) => {
            event.user_id.as_str() == done.by && same_move(event.change.as_ref(), did, &done.by)
        }
        _ => false,
    }
}

fn same_reaction(shown: Option<&EventChange>, wanted: &EventChange) -> bool {
    let parts = |change: &EventChange| match change {
        EventChange::Reaction {
            message_id,
            key,
            on,
            ..
        } => Some((*message_id, key.clone(), *on)),
        _ => None,
    };
    shown.and_then(parts) == parts(wanted)
}

fn same_move(shown: Option<&EventChange>, did: &Did, by: &str) -> bool {
    let Some(EventChange::Membership {
        change, user_ids, ..
    }) = shown
    else {
        return false;
    };
    let is = |who: &str| user_ids.len() == 1 && user_ids[0].as_str() == who;
    match did {
        Did::Add { who, .. } => *change == MembershipChange::Added && is(&who[0]),
        Did::Remove { who } if who == by => *change == MembershipChange::Left && is(who),
        Did::Remove { who } => *change == MembershipChange::Removed && is(who),
        Did::Role { who, .. } => {
            matches!(change, MembershipChange::Role | MembershipChange::Added) && is(who)
        }
        _ => false,
    }
}
