//! A node with in-memory ports, users, and their sessions' ears.

use std::sync::Arc;

use chinwag_core::{
    clock::ManualClock,
    delivery::Sessions,
    memory::Memory,
    model::{LogRow, Membership, NodeId, UserRow},
    owner::{Caller, Command, NewGroup, NewMessage, Outcome, Owner, OwnerPorts, OwnerSettings},
    ports::{BusMessage, Order, ReadRange, SessionBeat},
};
use chinwag_proto::{
    ChatId, ClientId, Problem, Seq, SessionId, Timestamp, UserId,
    frames::LogFrame,
    shapes::{HistoryVisible, Message},
};
use parking_lot::Mutex;

pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

/// Everything that was delivered on this node.
#[derive(Default)]
pub(crate) struct Ears(pub(crate) Mutex<Vec<Arc<BusMessage>>>);

impl Sessions for Ears {
    fn deliver(&self, message: &Arc<BusMessage>) {
        self.0.lock().push(Arc::clone(message));
    }
}

pub(crate) struct Node {
    pub(crate) owner: Arc<Owner>,
    pub(crate) ports: OwnerPorts,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ears: Arc<Ears>,
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub(crate) fn caller(name: &str) -> Caller {
    Caller::user(user(name))
}

pub(crate) fn text(content: &str) -> Command {
    Command::Send(NewMessage {
        content: content.into(),
        ..NewMessage::default()
    })
}

pub(crate) fn text_once(content: &str, client_id: &str) -> Command {
    let client_id = Some(ClientId::new(client_id).unwrap());
    Command::Send(NewMessage {
        content: content.into(),
        client_id,
        ..NewMessage::default()
    })
}

impl Node {
    pub(crate) async fn start() -> Self {
        Self::start_with(OwnerSettings::default()).await
    }

    pub(crate) async fn start_with(settings: OwnerSettings) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let ports = Memory::new(clock.clone()).owner_ports();
        let ears = Arc::new(Ears::default());
        ports.delivery.attach(ears.clone());
        let owner = Owner::start(ports.clone(), settings).await.unwrap();
        let node = Self {
            owner,
            ports,
            clock,
            ears,
        };
        node.users(&["ana", "ben", "cem", "dan"]).await;
        node
    }

    /// Starts a second owner over the same ports, as after a restart.
    pub(crate) async fn restart(&mut self, settings: OwnerSettings) {
        self.owner.stop().await;
        self.owner = Owner::start(self.ports.clone(), settings).await.unwrap();
    }

    pub(crate) async fn users(&self, names: &[&str]) {
        let rows = names
            .iter()
            .map(|name| UserRow::new(user(name), NOW))
            .collect();
        self.ports.accounts.create_users(rows).await.unwrap();
    }

    pub(crate) async fn group(&self, owner: &str, members: &[&str]) -> ChatId {
        self.group_where(owner, members, HistoryVisible::All).await
    }

    pub(crate) async fn group_where(
        &self,
        owner: &str,
        members: &[&str],
        history_visible: HistoryVisible,
    ) -> ChatId {
        let members = members.iter().map(|name| user(name)).collect();
        let group = NewGroup {
            name: "tea".into(),
            members,
            history_visible,
            client_id: None,
        };
        self.owner
            .create_group(&caller(owner), group)
            .await
            .unwrap()
    }

    pub(crate) async fn run(
        &self,
        name: &str,
        chat: ChatId,
        command: Command,
    ) -> Result<Outcome, Problem> {
        self.owner.execute(&caller(name), chat, command).await
    }

    pub(crate) async fn say(&self, name: &str, chat: ChatId, content: &str) -> Message {
        match self.run(name, chat, text(content)).await.unwrap() {
            Outcome::Message { message, .. } => *message,
            other => panic!("expected a message, got {other:?}"),
        }
    }

    /// Reads what the directory knows of a user in a chat.
    pub(crate) async fn membership(&self, chat: ChatId, name: &str) -> Option<Membership> {
        let users = [user(name)];
        let found = self.ports.directory.memberships(chat, &users).await;
        found.unwrap().into_iter().next().flatten()
    }

    pub(crate) async fn log(&self, chat: ChatId) -> Vec<LogRow> {
        let range = ReadRange {
            from: Seq(1),
            through: Seq(u64::MAX),
            limit: 100_000,
            order: Order::Rising,
            messages_only: false,
        };
        self.ports.store.read(chat, range).await.unwrap()
    }

    /// Gives a user a session on this node, so that deliveries reach the ears.
    pub(crate) async fn online(&self, name: &str, session: u64) {
        let beat = SessionBeat {
            user: user(name),
            session: SessionId(session),
            node: NodeId(0),
            device: None,
            connected_at: NOW,
        };
        // The owner's ports hold the delivery alone; presence is reached through a bus-free touch.
        self.presence().touch(&[beat]).await.unwrap();
    }

    fn presence(&self) -> Arc<dyn chinwag_core::ports::Presence> {
        self.ports.delivery.presence()
    }

    /// Returns the frames delivered to a user, `hidden` where it is hidden from them.
    pub(crate) fn heard(&self, name: &str) -> Vec<LogFrame> {
        let user = user(name);
        let mut frames = Vec::new();
        for message in self.ears.0.lock().iter() {
            let BusMessage::Events(broadcast) = &**message else {
                continue;
            };
            if !broadcast.users.contains(&user) {
                continue;
            }
            for out in &broadcast.frames {
                let hidden = out.hidden_from.contains(&user);
                let body = if hidden {
                    chinwag_proto::frames::LogBody::Hidden
                } else {
                    out.frame.body.clone()
                };
                frames.push(LogFrame {
                    body,
                    ..out.frame.clone()
                });
            }
        }
        frames
    }

    /// Waits until what was confirmed has been published too.
    pub(crate) async fn settle(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}
