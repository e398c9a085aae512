//! Lines into chats: which chat, which users, which line came before, which message is answered.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chinwag_proto::{ChatId, ErrorCode, MessageId, Problem, UserId};
use tokio::task::JoinSet;

use super::{
    chats::Chats,
    fingerprint::Fingerprint,
    line::{EventBody, EventLine, Line, MessageLine, UserLine},
    recent::Recent,
};
use crate::{
    Clock,
    model::UserRow,
    owner::{
        IMPORT_BATCH, Imported, ImportedBody, ImportedChat, ImportedEvent, ImportedMembership,
        ImportedMessage, Owner, RepliedTo,
    },
    ports::Accounts,
};

/// Lines among which equal ones are told apart, at least: equal ones that lie further apart count as one.
const LINES_REMEMBERED: usize = 500_000;
/// Lines with an `id` that later ones may answer, at least.
const LABELS_REMEMBERED: usize = 500_000;
/// Users who are known to be there; others are looked for again.
const USERS_REMEMBERED: usize = 100_000;
/// How often lines are brought again whose outcome is not known, and how long to wait before.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// What an import works on.
#[derive(Clone)]
pub struct ImportPorts {
    /// Decides and writes.
    pub owner: Arc<Owner>,
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

/// Lines of one chat.
struct Group {
    chat: ImportedChat,
    numbers: Vec<u64>,
    events: Vec<ImportedEvent>,
    /// By place in `events`.
    labels: HashMap<Fingerprint, usize>,
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
                    collect_people(&event, &mut people);
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

    /// Makes the users who are named with their names; those who are there keep theirs.
    async fn take_users(
        &mut self,
        lines: Vec<(u64, UserLine)>,
        taken: &mut Taken,
    ) -> Result<(), Problem> {
        let mut rows = Vec::with_capacity(lines.len());
        for (number, line) in lines {
            let checked = line
                .name
                .as_deref()
                .map(|name| self.ports.owner.check_name(name));
            if let Some(Err(problem)) = checked {
                let reason = problem.detail;
                taken.refused.push(Refusal { number, reason });
                continue;
            }
            rows.push(UserRow {
                name: line.name,
                disabled: line.disabled,
                ..UserRow::new(line.user, self.ports.clock.now())
            });
        }
        if rows.is_empty() {
            return Ok(());
        }
        for made in self.ports.accounts.create_users(rows).await? {
            *if made {
                &mut taken.imported
            } else {
                &mut taken.repeated
            } += 1;
        }
        Ok(())
    }

    async fn make_users(&mut self, people: Vec<UserId>) -> Result<(), Problem> {
        let now = self.ports.clock.now();
        let mut rows = Vec::new();
        for user in people {
            if self.users.get(user.clone()).is_none() {
                rows.push(UserRow::new(user.clone(), now));
                self.users.put(user, ());
            }
        }
        if !rows.is_empty() {
            self.ports.accounts.create_users(rows).await?;
        }
        Ok(())
    }

    /// Sorts events by the chat that they are for, each with its identity and with the message that it answers.
    async fn by_chat(
        &mut self,
        events: Vec<(u64, EventLine)>,
        taken: &mut Taken,
    ) -> Result<Vec<Group>, Problem> {
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<ChatId, usize> = HashMap::new();
        for (number, line) in events {
            let identity = self.identity(&line);
            let chat = self.chats.of(&self.ports.owner, &line.chat).await?;
            let place = *places.entry(chat.id).or_insert_with(|| {
                groups.push(Group {
                    chat,
                    numbers: Vec::new(),
                    events: Vec::new(),
                    labels: HashMap::new(),
                });
                groups.len() - 1
            });
            let group = &mut groups[place];
            let body = match line.body {
                EventBody::Membership(line) => ImportedBody::Membership(ImportedMembership {
                    change: line.change,
                    users: line.users,
                    role: line.role,
                    heir: line.heir,
                }),
                EventBody::Message(message) => {
                    match self.answered(&line.chat, message.reply_to.as_deref(), group) {
                        Ok(answered) => {
                            if let Some(id) = &message.id {
                                let label = label(&line.chat, id);
                                group.labels.insert(label, group.events.len());
                            }
                            ImportedBody::Message(Box::new(imported(*message, answered)))
                        }
                        Err(reason) => {
                            taken.refused.push(Refusal { number, reason });
                            continue;
                        }
                    }
                }
            };
            group.numbers.push(number);
            group.events.push(ImportedEvent {
                user: line.user,
                at: line.at,
                identity: identity.client_id(),
                body,
            });
        }
        Ok(groups)
    }

    /// Returns a line's identity: chat, user, time, text, and how many equal ones came before.
    fn identity(&mut self, line: &EventLine) -> Fingerprint {
        let at = line.at.unix_millis().to_be_bytes();
        let membership;
        let (kind, said) = match &line.body {
            EventBody::Message(message) => ("message", message.text.as_bytes()),
            EventBody::Membership(line) => {
                membership = serde_json::to_vec(line).expect("writing to memory can't fail");
                ("membership", membership.as_slice())
            }
        };
        let user = line.user.as_str().as_bytes();
        let first = Fingerprint::of(&[kind.as_bytes(), line.chat.as_bytes(), user, &at, said]);
        match self.equal.get(first) {
            Some(before) => {
                *before += 1;
                first.again(*before)
            }
            None => {
                self.equal.put(first, 0);
                first
            }
        }
    }

    fn answered(
        &mut self,
        chat: &str,
        reply_to: Option<&str>,
        group: &Group,
    ) -> Result<Option<RepliedTo>, String> {
        let Some(id) = reply_to else { return Ok(None) };
        let label = label(chat, id);
        if let Some(line) = group.labels.get(&label) {
            return Ok(Some(RepliedTo::Line(*line)));
        }
        match self.labels.get(label) {
            Some(message) => Ok(Some(RepliedTo::Message(*message))),
            None => Err(format!(
                "/replyTo: no line before it in this chat has the id {id:?}"
            )),
        }
    }

    /// Brings each chat's lines in, all chats at once, so that they share their syncs.
    async fn bring(&mut self, groups: Vec<Group>, taken: &mut Taken) -> Result<(), Problem> {
        let mut working = JoinSet::new();
        for group in groups {
            let owner = Arc::clone(&self.ports.owner);
            working.spawn(async move {
                let answers = import(&owner, &group.chat, group.events).await;
                (group.numbers, group.labels, answers)
            });
        }
        while let Some(done) = working.join_next().await {
            let (numbers, labels, answers) = done.map_err(|error| {
                tracing::error!(%error, "a part of an import failed");
                Problem::new(ErrorCode::Internal, "a part of the import failed")
            })?;
            let answers = match answers {
                Ok(answers) => answers,
                Err(problem) if problem.retryable || problem.code == ErrorCode::Internal => {
                    return Err(problem);
                }
                // The chat takes none of them.
                Err(problem) => numbers.iter().map(|_| Err(problem.clone())).collect(),
            };
            for (label, line) in labels {
                if let Some(Ok(message)) = answers.get(line) {
                    self.labels.put(label, message.id);
                }
            }
            for (number, answer) in numbers.into_iter().zip(answers) {
                match answer {
                    Ok(line) if line.repeated => taken.repeated += 1,
                    Ok(_) => taken.imported += 1,
                    Err(problem) => taken.refused.push(Refusal {
                        number,
                        reason: reason(problem),
                    }),
                }
            }
        }
        Ok(())
    }
}

/// Brings one chat's lines in; those whose outcome is not known once more, which their identities make safe.
async fn import(
    owner: &Arc<Owner>,
    chat: &ImportedChat,
    events: Vec<ImportedEvent>,
) -> Result<Vec<Result<Imported, Problem>>, Problem> {
    for _ in 1..TRIES {
        match owner.import(chat, events.clone()).await {
            Err(problem) if problem.retryable && problem.code != ErrorCode::StorageFull => {
                tracing::warn!(chat = %chat.id, %problem, "lines of an import are brought again");
                tokio::time::sleep(PAUSE).await;
            }
            answered => return answered,
        }
    }
    owner.import(chat, events).await
}

fn reason(problem: Problem) -> String {
    match problem.code {
        ErrorCode::NotFound => {
            "the chat was deleted here, and an import doesn't fill it again".into()
        }
        _ => problem.detail,
    }
}

fn label(chat: &str, id: &str) -> Fingerprint {
    Fingerprint::of(&[b"label", chat.as_bytes(), id.as_bytes()])
}

/// Adds everybody who did something: they become users.
fn collect_people(line: &EventLine, people: &mut Vec<UserId>) {
    people.push(line.user.clone());
    match &line.body {
        EventBody::Membership(line) => {
            people.extend(line.users.iter().chain(&line.heir).cloned());
        }
        EventBody::Message(message) => {
            people.extend(message.deleted.iter().map(|deletion| deletion.by.clone()));
            let reactions = message.reactions.iter();
            people.extend(reactions.flat_map(|reaction| reaction.users.iter().cloned()));
        }
    }
}

fn imported(message: MessageLine, reply_to: Option<RepliedTo>) -> ImportedMessage {
    let (edited_at, versions) = match message.edited {
        Some(edited) => (Some(edited.at), edited.versions),
        None => (None, Vec::new()),
    };
    let version = |version: super::line::TextVersion| chinwag_proto::shapes::Version {
        content: version.text,
        timestamp: version.at,
    };
    let reactions = message.reactions.into_iter().map(|reaction| {
        let mut users = reaction.users;
        users.sort_unstable();
        users.dedup();
        (reaction.key, users)
    });
    ImportedMessage {
        content: message.text,
        client_timestamp: message.client_timestamp,
        reply_to,
        mentions: message.mentions,
        metadata: message.metadata,
        edited_at,
        versions: versions.into_iter().map(version).collect(),
        deleted: message.deleted,
        reactions: reactions.filter(|(_, users)| !users.is_empty()).collect(),
    }
}
