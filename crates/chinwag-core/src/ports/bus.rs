//! What nodes tell each other at once, and may lose.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_proto::{
    ChatId, CloseCode, Seq, SessionId, Timestamp, UserId,
    frames::{LogBody, LogFrame, ReceiptFrame},
};

use minicbor::{Decode, Encode};

use super::EngineResult;
use crate::model::{Intervals, NodeId};

/// What a message on the bus is addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A node's inbox.
    Inbox(NodeId),
    /// A large chat.
    Chat(ChatId),
}

/// Events of one chat, rendered once, in order of place.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct Broadcast {
    /// The chat.
    #[n(0)]
    pub chat: ChatId,
    /// The events.
    #[n(1)]
    pub frames: Vec<BroadcastFrame>,
    /// Whom they go to; empty on a chat's topic, where the receiving gateway knows its members.
    #[cbor(n(2), with = "cbor_users")]
    pub users: Arc<[UserId]>,
}

/// One event as it goes out.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct BroadcastFrame {
    /// The frame.
    #[cbor(n(0), with = "cbor_json")]
    pub frame: LogFrame,
    /// The place of the message that it is about.
    #[n(1)]
    pub target: Option<Seq>,
    /// Users of `Broadcast::users` who get `hidden` instead; on a topic the gateway decides by intervals.
    #[n(2)]
    pub hidden_from: Vec<UserId>,
    /// The session that asked for it: it gets the answer instead.
    #[n(3)]
    pub except: Option<SessionId>,
}

/// What nodes tell each other.
///
/// Encoded by [`BusMessage::to_bytes`]; fields are numbered, so that later versions can add some. What a node can't
/// read, being of an earlier version, is lost to it, as anything on the bus may be.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub enum BusMessage {
    /// Events of a chat.
    #[n(0)]
    Events(#[n(0)] Broadcast),
    /// A moved mark.
    #[n(1)]
    Receipt {
        /// Whom it goes to; empty on a chat's topic.
        #[cbor(n(0), with = "cbor_users")]
        users: Arc<[UserId]>,
        /// What they get.
        #[cbor(n(1), with = "cbor_json")]
        receipt: ReceiptFrame,
        /// The session that moved it.
        #[n(2)]
        except: Option<SessionId>,
    },
    /// A user is typing.
    #[n(2)]
    Typing {
        /// Where.
        #[n(0)]
        chat: ChatId,
        /// Who.
        #[n(1)]
        user: UserId,
        /// Whom it goes to; empty on a chat's topic.
        #[cbor(n(2), with = "cbor_users")]
        users: Arc<[UserId]>,
        /// How many members the chat has: above 100 the gateway sums up.
        #[n(3)]
        members: u32,
    },
    /// Users became members of a large chat, or were already when it became large: their gateways subscribe.
    #[n(3)]
    Joined {
        /// The chat.
        #[n(0)]
        chat: ChatId,
        /// Each user with what they may see.
        #[n(1)]
        members: Vec<(UserId, Intervals)>,
    },
    /// Users left a large chat: after this place nothing of it reaches them.
    #[n(4)]
    Parted {
        /// The chat.
        #[n(0)]
        chat: ChatId,
        /// Who.
        #[n(1)]
        users: Vec<UserId>,
        /// The last place they see.
        #[n(2)]
        through: Seq,
    },
    /// Sessions must close.
    #[n(5)]
    Close {
        /// Whose.
        #[n(0)]
        user: UserId,
        /// One session, or all.
        #[n(1)]
        session: Option<SessionId>,
        /// All but this one.
        #[n(2)]
        except: Option<SessionId>,
        /// Only those whose token was issued before this time.
        #[n(3)]
        issued_before: Option<Timestamp>,
        /// Only those whose token was issued at exactly this time: the logout of one token.
        #[n(4)]
        issued_at: Option<Timestamp>,
        /// With which code.
        #[cbor(n(5), with = "cbor_json")]
        code: CloseCode,
    },
    /// Something didn't reach the sessions of these users: they are to fetch it.
    #[n(6)]
    Missed {
        /// Whose.
        #[cbor(n(0), with = "cbor_users")]
        users: Arc<[UserId]>,
    },
}

impl BusMessage {
    /// Returns the session that needn't be looked for, since nothing of the message concerns it: it gets the answer
    /// instead. What changes who sees whom is noticed at every node that has a session of the users.
    #[must_use]
    pub(crate) fn except(&self) -> Option<SessionId> {
        match self {
            Self::Events(broadcast) => {
                let first = broadcast.frames.first()?.except;
                let says_more = |body: &LogBody| {
                    matches!(body, LogBody::Membership { .. } | LogBody::Chat { .. })
                };
                let mut frames = broadcast.frames.iter();
                let only_that = frames.all(|it| it.except == first && !says_more(&it.frame.body));
                first.filter(|_| only_that)
            }
            Self::Receipt { except, .. } => *except,
            _ => None,
        }
    }

    /// Writes the message.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("writing to memory can't fail, and every shape has a JSON")
    }

    /// Reads a message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, minicbor::decode::Error> {
        minicbor::decode(bytes)
    }
}

/// The frames of the public protocol, as they go out: JSON.
mod cbor_json {
    use minicbor::{
        Decoder, Encoder,
        decode::Error as DecodeError,
        encode::{Error as EncodeError, Write},
    };
    use serde::{Serialize, de::DeserializeOwned};

    pub(super) fn encode<T: Serialize, C, W: Write>(
        value: &T,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        let json = serde_json::to_vec(value).map_err(|_| EncodeError::message("no JSON"))?;
        encoder.bytes(&json)?.ok()
    }

    pub(super) fn decode<T: DeserializeOwned, C>(
        decoder: &mut Decoder<'_>,
        _: &mut C,
    ) -> Result<T, DecodeError> {
        serde_json::from_slice(decoder.bytes()?).map_err(DecodeError::custom)
    }
}

mod cbor_users {
    use std::sync::Arc;

    use chinwag_proto::UserId;
    use minicbor::{
        Decoder, Encode, Encoder,
        decode::Error as DecodeError,
        encode::{Error as EncodeError, Write},
    };

    pub(super) fn encode<C, W: Write>(
        users: &Arc<[UserId]>,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        users[..].encode(encoder, context)
    }

    pub(super) fn decode<C>(
        decoder: &mut Decoder<'_>,
        context: &mut C,
    ) -> Result<Arc<[UserId]>, DecodeError> {
        let users: Vec<UserId> = decoder.decode_with(context)?;
        Ok(users.into())
    }
}

/// What a subscription tells.
#[derive(Debug, Clone)]
pub enum BusEvent {
    /// A message on a topic that is subscribed.
    Message(Topic, Arc<BusMessage>),
    /// Something on these topics may have been lost; empty: on all.
    Gap(Vec<Topic>),
}

/// Carries messages between nodes.
///
/// At most once; in order within a topic from one publisher. A loss is told as [`BusEvent::Gap`] within 2 s, the
/// last message of a topic included; where the engine is away, within 2 s of its return, when the subscription stands
/// again. What `publish` failed with counts as lost. Nothing waits for a slow receiver: what it can't take is dropped
/// and told as a gap.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes; answers when the bus has it, not when it arrived.
    async fn publish(&self, messages: Vec<(Topic, Arc<BusMessage>)>) -> EngineResult<()>;

    /// Opens this node's subscription with its inbox on it.
    async fn open(&self, node: NodeId) -> EngineResult<Arc<dyn BusSubscription>>;
}

/// One node's subscription.
#[async_trait]
pub trait BusSubscription: Send + Sync {
    /// Adds a topic; what is published after the answer arrives.
    async fn add(&self, topic: Topic) -> EngineResult<()>;

    /// Removes a topic.
    async fn remove(&self, topic: Topic) -> EngineResult<()>;

    /// Waits for what comes next; for one task only.
    async fn next(&self) -> EngineResult<BusEvent>;
}
