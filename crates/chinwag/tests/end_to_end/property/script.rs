//! What random people do, as scripts that can be shrunk and played again.

use proptest::{collection::vec, prelude::*};

/// Who owns the groups, does what only owners may, and sees everything.
pub(super) const ROOT: &str = "root";
/// Everybody.
pub(super) const PEOPLE: [&str; 5] = [ROOT, "ana", "ben", "cem", "dan"];
/// Each device's user.
pub(super) const DEVICES: [&str; 7] = [ROOT, "ana", "ana", "ben", "ben", "cem", "dan"];
/// A direct chat of ana and ben, a group whose history all see, one whose members see from where they joined.
pub(super) const CHATS: usize = 3;
pub(super) const KEYS: [&str; 3] = ["+", "-", "👍"];

/// One thing that a device's user does in a chat; numbers pick among what is there when it happens.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) device: usize,
    pub(super) chat: usize,
    pub(super) op: Op,
}

#[derive(Debug, Clone)]
pub(super) enum Op {
    Say { mention: Option<usize> },
    Edit { pick: usize },
    Delete { pick: usize },
    React { pick: usize, key: usize, on: bool },
    Read { pick: usize, socket: bool },
    MarkUnread { pick: usize, socket: bool },
    Add { who: usize },
    Remove { who: usize },
    Leave,
    Role { who: usize, admin: bool },
}

impl Op {
    /// Whether it moves a mark, and back if need be.
    pub(super) fn marks_unread(&self) -> Option<bool> {
        match self {
            Self::Read { .. } => Some(false),
            Self::MarkUnread { .. } => Some(true),
            _ => None,
        }
    }
}

/// What befalls the connections while people act.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    None,
    /// The latest connections, so many of them, are cut.
    Cut(u64),
    Restart,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Devices act at the same time, each one thing after the other.
    Together(Vec<Act>, Trouble),
    /// All wait until nothing is under way, and everything is compared with the model.
    Quiet,
}

/// Scripts of moderate length.
pub(super) fn script() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 3..12)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (vec(act(), 1..14), trouble()).prop_map(|(acts, trouble)| Step::Together(acts, trouble)),
        1 => Just(Step::Quiet),
    ]
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        6 => Just(Trouble::None),
        2 => (1..5_u64).prop_map(Trouble::Cut),
        1 => Just(Trouble::Restart),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let members = (Just(0), 1..CHATS, membership());
    let anybodys = (0..DEVICES.len(), 0..CHATS, op());
    // Who isn't root may do what root does too; it is refused, or they were made admins.
    prop_oneof![1 => members.boxed(), 5 => anybodys.boxed()].prop_map(|(device, chat, op)| Act {
        device,
        chat,
        op,
    })
}

fn op() -> impl Strategy<Value = Op> {
    let pick = 0..1_000_usize;
    prop_oneof![
        10 => proptest::option::weighted(0.3, 0..PEOPLE.len()).prop_map(|mention| Op::Say { mention }),
        3 => pick.clone().prop_map(|pick| Op::Edit { pick }),
        2 => pick.clone().prop_map(|pick| Op::Delete { pick }),
        4 => (pick.clone(), 0..KEYS.len(), any::<bool>()).prop_map(|(pick, key, on)| Op::React { pick, key, on }),
        4 => (pick.clone(), any::<bool>()).prop_map(|(pick, socket)| Op::Read { pick, socket }),
        1 => (pick, any::<bool>()).prop_map(|(pick, socket)| Op::MarkUnread { pick, socket }),
        1 => Just(Op::Leave),
        1 => membership(),
    ]
}

fn membership() -> impl Strategy<Value = Op> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        4 => who.clone().prop_map(|who| Op::Add { who }),
        3 => who.clone().prop_map(|who| Op::Remove { who }),
        1 => (who, any::<bool>()).prop_map(|(who, admin)| Op::Role { who, admin }),
    ]
}
