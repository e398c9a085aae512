//! Answers as pages of a history.

use std::collections::HashMap;

use chinwag_proto::{
    ChatId, Epoch, Seq,
    frames::Place,
    http::{EventsPage, HistoryQuery, MessagesPage, SearchAnswer, SyncChat},
    shapes::Chat,
};

use crate::check::{
    history::{Mark, Page, Unread, Via, What},
    value::Id,
    wire,
};

/// The epoch of each chat as it was last told: pages of messages don't tell it.
#[derive(Default)]
pub(super) struct Epochs(HashMap<ChatId, u32>);

impl Epochs {
    pub(super) fn told(&mut self, chat: ChatId, epoch: Epoch) {
        self.0.insert(chat, epoch.0);
    }

    fn of(&self, chat: ChatId) -> Option<u32> {
        self.0.get(&chat).copied()
    }
}

/// An answer of the places after one.
pub(super) fn events(
    page: &EventsPage,
    asked: u64,
    epoch: Option<Epoch>,
    after: Seq,
    via: Via,
) -> Page {
    // Asked for in another epoch, the chat comes anew from its first place.
    let same_epoch = epoch.is_none_or(|epoch| epoch == page.epoch);
    Page {
        after: Some(if same_epoch { after.0 } else { 0 }),
        has_more: page.has_more,
        events: page.events.iter().map(wire::event).collect(),
        ..empty(page.chat_id, via, asked, page.epoch.0)
    }
}

/// A chat of a sync: its events, and what stands beside them in the same snapshot.
pub(super) fn synced(chat: &SyncChat, asked: u64, held: Option<&Place>, user: &str) -> Vec<What> {
    let held = held.filter(|place| place.epoch == chat.chat.epoch);
    let page = Page {
        after: held.map(|place| place.seq.0),
        limited: chat.limited,
        head: Some(chat.chat.head.seq.0),
        events: chat.events.iter().map(wire::event).collect(),
        ..empty(chat.chat.id, Via::Sync, asked, chat.chat.epoch.0)
    };
    let mut told = vec![What::Page(page)];
    told.extend(summary(&chat.chat, asked, user));
    told
}

/// What a chat's summary tells of the own counts and mark.
pub(super) fn summary(chat: &Chat, asked: u64, user: &str) -> Vec<What> {
    let read = chat.marks.read.map(|id| Id(id.0));
    let mark = read.map(|id| {
        What::Mark(Mark {
            chat: chat.id.to_string(),
            user: user.to_owned(),
            id,
            asked: Some(asked),
        })
    });
    let unread = What::Unread(Unread {
        chat: chat.id.to_string(),
        epoch: chat.epoch.0,
        seq: chat.head.seq.0,
        mark: read,
        count: chat.unread,
        capped: chat.unread_capped.unwrap_or_default(),
    });
    mark.into_iter().chain([unread]).collect()
}

/// A page of messages; none while the chat's epoch isn't known.
pub(super) fn messages(
    page: &MessagesPage,
    query: &HistoryQuery,
    asked: u64,
    epochs: &Epochs,
) -> Option<Page> {
    let epoch = epochs.of(query.chat_id)?;
    let id = |cursor: &Option<String>| cursor.as_deref()?.parse().ok().map(Id);
    let (before_id, after_id) = (id(&query.before), id(&query.after));
    let named = before_id.is_some() || after_id.is_some();
    let newest = query.before.is_none() && query.after.is_none() && query.around.is_none();
    let events = page.messages.iter();
    let shown = Page {
        events: events
            .map(|message| wire::message(message, epoch))
            .collect(),
        ..empty(query.chat_id, Via::Search, asked, epoch)
    };
    if !(named || newest) {
        // Times are no bounds that a history knows: each message is judged by itself.
        return Some(shown);
    }
    Some(Page {
        via: Via::History,
        newest_first: query.after.is_none(),
        has_more: page.has_more,
        before_id,
        after_id,
        ..shown
    })
}

/// What a search found, chat by chat; a chat whose epoch isn't known is left out.
pub(super) fn found(answer: &SearchAnswer, asked: u64, epochs: &Epochs) -> Vec<Page> {
    let mut pages: Vec<(ChatId, Page)> = Vec::new();
    for hit in &answer.hits {
        let chat = hit.message.chat_id;
        let Some(epoch) = epochs.of(chat) else {
            continue;
        };
        let event = wire::message(&hit.message, epoch);
        match pages.iter_mut().find(|(of, _)| *of == chat) {
            Some((_, page)) => page.events.push(event),
            None => {
                let page = Page {
                    events: vec![event],
                    ..empty(chat, Via::Search, asked, epoch)
                };
                pages.push((chat, page));
            }
        }
    }
    pages.into_iter().map(|(_, page)| page).collect()
}

fn empty(chat: ChatId, via: Via, asked: u64, epoch: u32) -> Page {
    Page {
        chat: chat.to_string(),
        via,
        asked,
        epoch,
        after: None,
        after_id: None,
        before_id: None,
        newest_first: false,
        has_more: false,
        limited: false,
        head: None,
        only_messages: false,
        events: Vec::new(),
    }
}
