//! A quiet moment: everything that anybody can see is compared with the model.

use std::collections::BTreeSet;

use chinwag_proto::{
    http::{ChatsPage, MembersPage, MessagesPage, ReceiptsPage, SyncAnswer},
    shapes::{Chat, Message},
};
use serde_json::json;

use super::{
    model::Did,
    script::{DEVICES, PEOPLE, ROOT},
    world::{Place, World},
};

impl World {
    /// Waits until nothing is under way, and holds everything against the model; pages are of this length.
    pub(super) async fn quiet(&mut self, number: usize, limit: usize) {
        let marker = format!("quiet {number}");
        for chat in 0..self.places.len() {
            let device = self.observer(chat);
            let did = Did::Say {
                content: marker.clone(),
                mentions: Vec::new(),
            };
            self.change(device, chat, did).await;
        }
        for chat in 0..self.places.len() {
            self.catch_up(chat).await;
        }
        for place in &self.places {
            self.hold_devices(place, &marker).await;
            for name in PEOPLE {
                self.hold_chat(place, name, limit).await;
            }
        }
        for name in PEOPLE {
            self.hold_lists(name).await;
        }
    }

    /// Returns a device whose user sees all of a chat, and never leaves.
    fn observer(&self, chat: usize) -> usize {
        let name = if chat == 0 { "ana" } else { ROOT };
        DEVICES.iter().position(|device| *device == name).unwrap()
    }

    /// Lets the model know what happened.
    async fn catch_up(&mut self, chat: usize) {
        let observer = DEVICES[self.observer(chat)];
        let (id, head) = (self.places[chat].id, self.places[chat].log.head());
        let frames = self.frames(observer, id, head, 200).await;
        let place = &mut self.places[chat];
        let recent = std::mem::take(&mut *place.recent.lock());
        place.log.go_on(&frames, &recent.done);
        place.marks.go_on(&recent.marked, &place.log);
    }

    /// Holds what the members' devices were told.
    async fn hold_devices(&self, place: &Place, marker: &str) {
        for device in &self.devices {
            let name = device.user.as_str();
            if !place.log.state().members.contains_key(name) {
                continue;
            }
            device.until_told(place.id, marker).await;
            let frames = device.frames(place.id);
            for frame in &frames {
                place.log.hold_frame(frame, name);
            }
            let last = frames.last().map(|frame| frame.seq.0);
            assert!(
                last.is_none_or(|last| last == place.log.head()),
                "a device of {name} holds up to {last:?}"
            );
        }
    }

    /// Holds what one user reads of a chat.
    async fn hold_chat(&self, place: &Place, name: &str, limit: usize) {
        let (id, rest) = (place.id, self.rest(name));
        if !place.log.state().members.contains_key(name) {
            for path in [
                format!("/chats/{id}"),
                format!("/messages?chatId={id}"),
                format!("/chats/{id}/events"),
                format!("/chats/{id}/members"),
                format!("/chats/{id}/receipts"),
            ] {
                let reply = rest.get(&path).await;
                assert_eq!(reply.code(), Some("notFound"), "{name}: {path}");
            }
            return;
        }
        let chat: Chat = rest.get(&format!("/chats/{id}")).await.ok();
        hold_summary(place, name, &chat);
        let frames = self.frames(name, id, 0, limit).await;
        assert_eq!(frames.len() as u64, place.log.head(), "{name}");
        for (number, frame) in frames.iter().enumerate() {
            assert_eq!(frame.seq.0, number as u64 + 1);
            place.log.hold_frame(frame, name);
        }
        self.hold_history(place, name, limit).await;
        self.hold_people(place, name).await;
    }

    /// Holds the pages of messages, in both directions.
    async fn hold_history(&self, place: &Place, name: &str, limit: usize) {
        let history = place.log.state().history(name);
        let wanted: Vec<u64> = history.iter().map(|(id, _)| *id).collect();
        let mut backward = self.pages(place, name, limit, "before", None).await;
        backward.reverse();
        let first = backward.first().map(|first| first.id.0);
        let forward = self.pages(place, name, limit, "after", first).await;
        let ids = |messages: &[Message]| messages.iter().map(|m| m.id.0).collect::<Vec<_>>();
        assert_eq!(ids(&backward), wanted, "{name}, backward by {limit}");
        let rest = wanted.get(1..).unwrap_or_default();
        assert_eq!(ids(&forward), rest, "{name}, forward by {limit}");
        for message in backward.iter().chain(&forward) {
            place.log.hold_current(message, name);
        }
    }

    async fn pages(
        &self,
        place: &Place,
        name: &str,
        limit: usize,
        direction: &str,
        from: Option<u64>,
    ) -> Vec<Message> {
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let cursor = messages.last().map(|last| last.id.0).or(from);
            let cursor = cursor.map(|cursor| format!("&{direction}={cursor}"));
            let cursor = cursor.unwrap_or_default();
            let path = format!("/messages?chatId={}&limit={limit}{cursor}", place.id);
            let page: MessagesPage = self.rest(name).get(&path).await.ok();
            assert!(page.messages.len() <= limit);
            messages.extend(page.messages);
            if !page.has_more {
                return messages;
            }
        }
    }

    /// Holds the members and their marks.
    async fn hold_people(&self, place: &Place, name: &str) {
        let (id, rest, state) = (place.id, self.rest(name), place.log.state());
        let page: MembersPage = rest.get(&format!("/chats/{id}/members")).await.ok();
        let members = page.members.into_iter();
        let members = members.map(|member| (member.user_id.to_string(), member.role));
        assert_eq!(
            members.collect::<std::collections::BTreeMap<_, _>>(),
            state.members
        );
        let page: ReceiptsPage = rest.get(&format!("/chats/{id}/receipts")).await.ok();
        for receipt in page.receipts {
            let mark = place.marks.of(receipt.user_id.as_str());
            let shown = receipt.last_read_message_id.map(|id| id.0);
            // A mark on a message that one may not see tells nothing.
            let visible = mark.read.filter(|id| state.sees_message(name, *id));
            assert_eq!(shown, visible, "{name} is told of {}", receipt.user_id);
        }
    }

    /// Holds in which chats one is.
    async fn hold_lists(&self, name: &str) {
        let rest = self.rest(name);
        let of = |place: &&Place| place.log.state().members.contains_key(name);
        let wanted: BTreeSet<_> = self
            .places
            .iter()
            .filter(of)
            .map(|place| place.id)
            .collect();
        let page: ChatsPage = rest.get("/chats").await.ok();
        let listed: BTreeSet<_> = page.chats.iter().map(|chat| chat.id).collect();
        assert_eq!(listed, wanted, "{name}");
        // A client that holds a part of each chat.
        let held = |place: &Place| (place.log.head() * 2).div_ceil(3);
        let places = self.places.iter();
        let places = places.map(|place| {
            (
                place.id.to_string(),
                json!({"epoch": 1, "seq": held(place)}),
            )
        });
        let chats: serde_json::Map<_, _> = places.collect();
        let answer = rest
            .post("/sync", json!({"since": null, "chats": chats}))
            .await;
        let answer: SyncAnswer = answer.ok();
        assert!(answer.complete);
        let synced: BTreeSet<_> = answer.chats.iter().map(|chat| chat.chat.id).collect();
        assert_eq!(synced, wanted, "{name}");
        for chat in answer.chats {
            let place = self.places.iter().find(|place| place.id == chat.chat.id);
            let place = place.unwrap();
            hold_summary(place, name, &chat.chat);
            let first = chat
                .events
                .first()
                .map_or(place.log.head(), |first| first.seq.0 - 1);
            assert!(chat.limited || first == held(place), "{name} gets {first}…");
            let places = chat.events.iter().map(|frame| frame.seq.0);
            assert!(places.eq(first + 1..=place.log.head()), "{name}");
            for frame in &chat.events {
                place.log.hold_frame(frame, name);
            }
        }
    }
}

fn hold_summary(place: &Place, name: &str, chat: &Chat) {
    let state = place.log.state();
    let mark = place.marks.of(name);
    assert_eq!(chat.head.seq.0, state.head, "{name}");
    assert_eq!(chat.role, state.members[name], "{name}");
    assert_eq!(chat.member_count as usize, state.members.len(), "{name}");
    let told = (chat.marks.read, chat.marks.delivered);
    let told = (told.0.map(|id| id.0), told.1.map(|id| id.0));
    assert_eq!(told, (mark.read, mark.delivered), "{name}");
    let counts = (chat.unread, chat.mentions);
    assert_eq!(counts, state.unread(name, mark.read), "{name}");
    let last = chat.head.last_message.as_ref();
    let wanted = state.history(name).last().map(|(id, _)| *id);
    assert_eq!(last.map(|last| last.id.0), wanted, "{name}");
    if let Some(last) = last {
        place.log.hold_current(last, name);
    }
}
