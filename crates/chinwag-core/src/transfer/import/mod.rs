//! Lines into chats: which chat, which users, which line came before, which message is answered.

mod bringing;
mod grouping;
mod people;

use std::sync::Arc;

use chinwag_proto::{MessageId, Problem, UserId};

use super::{
    chats::Chats,
    fingerprint::Fingerprint,
    line::{EventBody, EventLine, Line},
};
use crate::{
    Clock,
    owner::{IMPORT_BATCH, ImportInto, Owner},
    ports::Accounts,
    recent::Recent,
};

/// Lines among which equal ones are told apart, at least: equal ones that lie further apart count as one.
const LINES_REMEMBERED: usize = 500_000;
/// Lines with an `id` that later ones may answer, at least.
const LABELS_REMEMBERED: usize = 500_000;
/// Users who are known to be there; others are looked for again.
const USERS_REMEMBERED: usize = 100_000;

/// What an import works on.
#[derive(Clone)]
pub struct ImportPorts {
    /// Names chats.
    pub owner: Arc<Owner>,
    /// Fills them, wherever they are owned.
    pub chats: Arc<dyn ImportInto>,
    /// Who is there.
    pub accounts: Arc<dyn Accounts>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Where an import goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportTarget {
    /// Who owns the groups.
    pub owner: UserId,
    /// The name of the one group that gets everything; none where each chat of the file becomes a group.
    pub as_one: Option<String>,
}

/// A line and its number in the file, or why it can't be read.
#[derive(Debug)]
pub struct ImportLine {
    /// Its number, from 1.
    pub number: u64,
    /// What it says.
    pub line: Result<Line, String>,
}

/// What became of some lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Taken {
    /// Lines that were brought in.
    pub imported: u64,
    /// Lines that were there before.
    pub repeated: u64,
    /// Lines about members that an import into one group leaves out: who left one of the chats didn't leave them all.
    pub left_out: u64,
    /// Lines that were refused, in order.
    pub refused: Vec<Refusal>,
}

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number.
    pub number: u64,
    /// Why, for a person.
    pub reason: String,
}

/// One import: takes lines in order of the file, a bounded number at a time, in bounded memory.
pub struct Importer {
    ports: ImportPorts,
    owner: UserId,
    chats: Chats,
    users: Recent<UserId, ()>,
    /// How many lines of each identity came.
    equal: Recent<Fingerprint, u32>,
    /// The messages of lines with an `id`.
    labels: Recent<Fingerprint, MessageId>,
}

impl Importer {
    /// Begins an import. Errors: `as_one` is no name of a group.
    pub fn begin(ports: ImportPorts, target: ImportTarget) -> Result<Self, Problem> {
        if let Some(name) = &target.as_one {
            ports.owner.check_name(name)?;
        }
        Ok(Self {
            ports,
            owner: target.owner.clone(),
            chats: Chats::new(target.owner, target.as_one),
            users: Recent::new(USERS_REMEMBERED),
            equal: Recent::new(LINES_REMEMBERED),
            labels: Recent::new(LABELS_REMEMBERED),
        })
    }

    /// Brings lines in, at most [`IMPORT_BATCH`], and returns once they are durable.
    ///
    /// Errors end the import; lines of this call may be in or not. The same file from its beginning goes on there.
    pub async fn take(&mut self, lines: Vec<ImportLine>) -> Result<Taken, Problem> {
        debug_assert!(lines.len() <= IMPORT_BATCH, "bounded by the caller");
        let mut taken = Taken::default();
        // After the lines that name users: the owner may be one of those.
        let mut people = vec![self.owner.clone()];
        let mut users = Vec::new();
        let mut events = Vec::new();
        for ImportLine { number, line } in lines {
            match line {
                Err(reason) => taken.refused.push(Refusal { number, reason }),
                Ok(Line::User(user)) => users.push((number, user)),
                Ok(Line::Event(event)) if self.leaves_out(&event) => taken.left_out += 1,
                Ok(Line::Event(event)) => {
                    people::collect(&event, &mut people);
                    events.push((number, event));
                }
            }
        }
        self.take_users(users, &mut taken).await?;
        self.make_users(people).await?;
        let groups = self.by_chat(events, &mut taken).await?;
        self.bring(groups, &mut taken).await?;
        taken.refused.sort_by_key(|refusal| refusal.number);
        Ok(taken)
    }

    fn leaves_out(&self, line: &EventLine) -> bool {
        self.chats.are_one() && matches!(line.body, EventBody::Membership(_))
    }
}
