//! One large chat that somebody here is a member of.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use chinwag_core::ports::{BroadcastFrame, BusMessage};
use chinwag_proto::{
    ChatId, Seq, UserId,
    frames::{LogBody, ServerFrame},
    shapes::{EventChange, MembershipChange},
};
use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::sync::OnceCell;

use super::{
    members::Members,
    order::{Came, Order, Path, Put},
};
use crate::{
    gateway::{
        Gateway, encode, is_deletion,
        registry::{Encoded, hidden},
        removed,
    },
    ws::Class,
};

/// Within how long the clients of a large chat come to fetch what was lost.
const RESYNC_WITHIN_MS: u64 = 5_000;

/// A large chat.
pub(in crate::gateway) struct LargeChat {
    pub(super) id: ChatId,
    pub(super) members: Members,
    /// Held while events go out, so that they do in order.
    pub(super) order: Mutex<Order>,
    /// Set once the topic is subscribed and the head was read after that.
    pub(super) begun: OnceCell<()>,
    doubtful: AtomicBool,
}

impl LargeChat {
    pub(super) fn new(id: ChatId) -> Self {
        Self {
            id,
            members: Members::default(),
            order: Mutex::default(),
            begun: OnceCell::new(),
            doubtful: AtomicBool::new(false),
        }
    }

    /// Notes that something may have been lost at the end, which no later place shows.
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_doubt(&self) -> bool {
        self.doubtful.swap(false, Ordering::Relaxed)
    }
}

impl Gateway {
    /// Begins after the head, with what came since it was subscribed.
    pub(super) fn begin_order(&self, chat: &LargeChat, head: Seq) {
        let mut order = chat.order.lock();
        order.begin(head);
        self.let_out(chat, &mut order);
    }

    /// Takes events and delivers those whose turn it is.
    pub(super) fn take_large(&self, chat: &LargeChat, message: &Arc<BusMessage>, path: Path) {
        let mut order = chat.order.lock();
        for came in Came::all(message, path) {
            if order.put(came.clone()) == Put::Passes {
                self.notice(&came);
                self.deliver_direct(&came);
            }
        }
        self.let_out(chat, &mut order);
    }

    /// Delivers what is next, as long as there is no gap.
    pub(super) fn let_out(&self, chat: &LargeChat, order: &mut Order) {
        loop {
            let run = order.take_run(changes_members);
            let Some(last) = run.last() else {
                break;
            };
            run.iter().for_each(|came| self.notice(came));
            match last.path {
                Path::Direct => run.iter().for_each(|came| self.deliver_direct(came)),
                Path::Topic => self.deliver_to_members(chat, &run),
            }
            if let Some(frame) = last.frame() {
                self.follow_membership(chat, frame);
            }
        }
        if std::mem::take(&mut order.lost) {
            self.resync_members(chat);
        }
        if order.gap().is_some() {
            self.topics.wake_for(chat.id);
        }
    }

    fn notice(&self, came: &Came) {
        if let Some((broadcast, frame)) = came.parts() {
            self.notice_event(&frame.frame, &broadcast.users);
        }
    }

    fn deliver_direct(&self, came: &Came) {
        if let Some((broadcast, frame)) = came.parts() {
            let encoded = [Encoded::new(frame)];
            self.registry.deliver_encoded(&broadcast.users, &encoded);
        }
    }

    /// Delivers events to the members here, each as far as their intervals go, in one write a session.
    fn deliver_to_members(&self, chat: &LargeChat, run: &[Came]) {
        let frames: Vec<&BroadcastFrame> = run.iter().filter_map(Came::frame).collect();
        let places = |frame: &&BroadcastFrame| {
            let seq = frame.frame.seq;
            frame.target.map_or(seq, |target| target.min(seq))
        };
        let Some(lowest) = frames.iter().map(places).min() else {
            return;
        };
        let all: Vec<Bytes> = frames
            .iter()
            .map(|frame| encode::log(&frame.frame))
            .collect();
        let sights = chat.members.sights(lowest);
        self.registry.send_to_each(&sights.all, &all);
        for (user, intervals) in &sights.within {
            let mut seen: SmallVec<[Bytes; 4]> = SmallVec::new();
            for (frame, bytes) in frames.iter().zip(&all) {
                if intervals.sees(frame.frame.seq, frame.target) {
                    seen.push(bytes.clone());
                } else if intervals.contains(frame.frame.seq) {
                    seen.push(hidden(frame));
                }
            }
            self.registry.send_many(user, &seen);
        }
    }

    /// Lets members go, and looks up those who came, by the event that says so.
    fn follow_membership(&self, chat: &LargeChat, frame: &BroadcastFrame) {
        let seq = frame.frame.seq;
        match &frame.frame.body {
            LogBody::Membership { event } => {
                chat.members.close(removed(event), seq);
                let here = |user: &&UserId| self.topics.holds(user) && !chat.members.has(user, seq);
                let added: Vec<UserId> = added(&frame.frame.body)
                    .iter()
                    .filter(here)
                    .cloned()
                    .collect();
                if !added.is_empty() {
                    chat.members.join(added);
                    self.topics.wake_for(chat.id);
                }
            }
            LogBody::Chat { .. } if deletes(&frame.frame.body) => chat.members.close_all(seq),
            _ => return,
        }
        chat.members.forget_before(seq.next());
        if chat.members.is_empty() {
            self.topics.wake_for(chat.id);
        }
    }

    /// Tells the members here to fetch what they may have missed.
    fn resync_members(&self, chat: &LargeChat) {
        tracing::warn!(chat = %chat.id, "a gap in a large chat is left to its clients");
        for user in chat.members.present() {
            let after_ms = rand::random_range(0..RESYNC_WITHIN_MS);
            let frame = encode::frame(&ServerFrame::Resync { after_ms });
            self.registry.send([&user], &frame, Class::Event, None);
        }
    }
}

fn changes_members(frame: &BroadcastFrame) -> bool {
    matches!(frame.frame.body, LogBody::Membership { .. }) || deletes(&frame.frame.body)
}

fn deletes(body: &LogBody) -> bool {
    matches!(body, LogBody::Chat { event } if is_deletion(event))
}

fn added(body: &LogBody) -> &[UserId] {
    match body {
        LogBody::Membership { event } => match &event.change {
            Some(EventChange::Membership {
                change: MembershipChange::Added,
                user_ids,
                ..
            }) => user_ids,
            _ => &[],
        },
        _ => &[],
    }
}
