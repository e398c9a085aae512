//! Fills an empty server with a small made-up team, so that there is something to see.

mod passphrase;
mod story;

use std::{collections::BTreeSet, sync::Arc};

use chinwag_core::{
    model::Deletion,
    owner::{
        Caller, Command, ImportInto as _, ImportedBody, ImportedChat, ImportedEvent,
        ImportedMessage, NewMessage, Outcome, Owner, RepliedTo,
    },
};
use chinwag_proto::{
    ChatId, ClientId, ErrorCode, MessageId, Problem, Timestamp, UserId, shapes::Version,
};

use crate::{api::control::DemoAnswer, node::Node, routing::Router};
use story::{Line, SCENES, Scene, TEAM};

const MINUTE_MS: i64 = 60_000;

/// Fills an empty server; `conflict` where there is a user already.
///
/// What was said on the days before is brought in with its own times; what is said now goes the way of every message.
/// Interrupted, it leaves a part: the data directory is then to be begun anew.
pub(crate) async fn fill(node: &Node) -> Result<DemoAnswer, Problem> {
    let accounts = node.user_accounts();
    if !accounts.users(None, 1).await?.is_empty() {
        let detail = "there are users here already: the demonstration needs an empty server, such as one that is \
                      started with CHINWAG_DATA_DIR=./demo";
        return Err(Problem::new(ErrorCode::Conflict, detail));
    }
    let password = accounts
        .is_stand_alone()
        .then(|| passphrase::draw(rand::random));
    for person in TEAM {
        let hash = match &password {
            Some(password) => Some(accounts.hash_password(password).await?),
            None => None,
        };
        let name = Some(person.name.to_owned());
        accounts.put_user_with(&user(person.id), name, hash).await?;
    }
    let stage = Stage {
        owner: node.owner(),
        chats: node.chats(),
        began: node.clock().now(),
    };
    let mut messages = 0;
    for scene in SCENES {
        stage.play(scene).await?;
        messages += scene.before.len() + scene.now.len();
    }
    Ok(DemoAnswer {
        users: TEAM.iter().map(|person| user(person.id)).collect(),
        chats: SCENES.len(),
        messages,
        password,
        url: node.url().map(str::to_owned),
    })
}

fn client_id(word: &str) -> ClientId {
    ClientId::new(word).expect("a short ASCII word is a client id")
}

fn user(id: &str) -> UserId {
    UserId::new(id).expect("a short ASCII word is a user id")
}

/// Where the scenes are played.
struct Stage<'a> {
    owner: &'a Arc<Owner>,
    chats: &'a Arc<Router>,
    began: Timestamp,
}

impl Stage<'_> {
    async fn play(&self, scene: &Scene) -> Result<(), Problem> {
        let chat = match scene.group {
            Some((name, owner)) => self.bring_in(name, owner, scene.before).await?,
            None => self.direct(scene.now).await?,
        };
        let mut said: Vec<MessageId> = Vec::new();
        for line in scene.now {
            // Who speaks has read what was said before.
            self.read(chat, line.who, said.last()).await?;
            said.push(self.say(chat, line, &said).await?);
        }
        for reader in scene.have_read {
            self.read(chat, reader, said.last()).await?;
        }
        Ok(())
    }

    async fn read(
        &self,
        chat: ChatId,
        who: &str,
        up_to: Option<&MessageId>,
    ) -> Result<(), Problem> {
        if let Some(message) = up_to.copied() {
            let read = Command::Read {
                message,
                unread: false,
            };
            self.command(who, chat, read).await?;
        }
        Ok(())
    }

    async fn direct(&self, lines: &[Line]) -> Result<ChatId, Problem> {
        let speakers: BTreeSet<&str> = lines.iter().map(|line| line.who).collect();
        let mut speakers = speakers.into_iter().map(user);
        let (Some(one), Some(other)) = (speakers.next(), speakers.next()) else {
            unreachable!("two speak in every direct chat: a test of the story says so");
        };
        self.chats.create_direct(&Caller::user(one), &other).await
    }

    /// Makes a group of what was said before.
    async fn bring_in(&self, name: &str, owner: &str, lines: &[Line]) -> Result<ChatId, Problem> {
        let request = format!("demo-{}", name.replace(' ', "-"));
        let target = ImportedChat {
            id: self.owner.chat_for_import(&client_id(&request)).await?,
            name: name.to_owned(),
            owner: user(owner),
        };
        let event = |(number, line): (usize, &Line)| ImportedEvent {
            user: user(line.who),
            at: self.began.plus_millis(-line.minutes_ago * MINUTE_MS),
            identity: client_id(&format!("demo-{number}")),
            body: ImportedBody::Message(Box::new(self.imported(line))),
        };
        let events = lines.iter().enumerate().map(event).collect();
        for imported in self.chats.import(&target, events).await? {
            imported?;
        }
        Ok(target.id)
    }

    fn imported(&self, line: &Line) -> ImportedMessage {
        let at = self.began.plus_millis(-line.minutes_ago * MINUTE_MS);
        let soon = at.plus_millis(MINUTE_MS);
        let reactions = line.reactions.iter();
        let reactions = reactions.map(|(key, users)| {
            let users = users.iter().map(|id| user(id)).collect();
            ((*key).to_owned(), users)
        });
        let version = |content: &str| Version {
            content: content.to_owned(),
            timestamp: at,
        };
        let deleted = line.deleted.then(|| Deletion {
            at: soon,
            by: user(line.who),
        });
        ImportedMessage {
            content: if line.deleted { "" } else { line.text }.to_owned(),
            reply_to: line.answers.map(RepliedTo::Line),
            mentions: line.mentions.iter().map(|id| user(id)).collect(),
            edited_at: line.first.map(|_| soon),
            versions: line.first.map(version).into_iter().collect(),
            deleted,
            reactions: reactions.collect(),
            ..ImportedMessage::default()
        }
    }

    /// Says a line as anybody does, and lets the others react.
    async fn say(
        &self,
        chat: ChatId,
        line: &Line,
        said: &[MessageId],
    ) -> Result<MessageId, Problem> {
        let message = NewMessage {
            content: line.first.unwrap_or(line.text).to_owned(),
            reply_to: line.answers.map(|answered| said[answered]),
            mentions: line.mentions.iter().map(|id| user(id)).collect(),
            ..NewMessage::default()
        };
        let outcome = self.command(line.who, chat, Command::Send(message)).await?;
        let Outcome::Message { message, .. } = outcome else {
            unreachable!("a send answers the message");
        };
        let message = message.id;
        if line.first.is_some() {
            let edit = Command::Edit {
                message,
                content: line.text.to_owned(),
                client_id: None,
            };
            self.command(line.who, chat, edit).await?;
        }
        for (key, users) in line.reactions {
            for who in *users {
                let react = Command::React {
                    message,
                    key: (*key).to_owned(),
                    on: true,
                    client_id: None,
                };
                self.command(who, chat, react).await?;
            }
        }
        Ok(message)
    }

    async fn command(&self, who: &str, chat: ChatId, command: Command) -> Result<Outcome, Problem> {
        let caller = Caller::user(user(who));
        self.chats.execute(&caller, chat, command).await
    }
}
