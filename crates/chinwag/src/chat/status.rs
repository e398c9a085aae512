//! The line between what was said and what is written: where one is, who is there, what waits, what is new elsewhere.

use std::time::Instant;

use chinwag_client::{ChatView, Chats};
use chinwag_proto::{ChatId, frames::Request, shapes::ChatType};

use super::{
    look::Look,
    render,
    screen::{Status, Vocabulary},
    session::Open,
    text::{clean_line, fit, isolate},
};

/// Changes that wait are shown up to so many.
const WAITING: usize = 5;

/// What the status tells of.
pub(super) struct Facts<'a> {
    pub(super) chats: &'a Chats,
    pub(super) open: Option<&'a Open>,
    pub(super) online: bool,
    pub(super) begun: bool,
    pub(super) busy: bool,
    pub(super) trouble: Option<&'a str>,
    pub(super) outbox: &'a [(ChatId, Request)],
    pub(super) url: &'a str,
    pub(super) now: Instant,
}

/// Puts the status together.
pub(super) fn of(look: &Look, facts: &Facts<'_>) -> Status {
    let view = facts.open.and_then(|open| facts.chats.get(open.chat));
    let prompt = view.map_or_else(String::new, |view| render::title(facts.chats, view));
    Status {
        waiting: waiting(facts),
        left: left(look, facts, view),
        right: if facts.online {
            elsewhere(facts)
        } else {
            String::new()
        },
        warning: !facts.online,
        prompt: format!("{prompt}>"),
    }
}

fn left(look: &Look, facts: &Facts<'_>, view: Option<&ChatView>) -> String {
    if !facts.online {
        let trouble = facts.trouble.map(without_number).unwrap_or_default();
        return match (facts.begun, trouble.as_str()) {
            (false, "") => format!("connecting to {}", facts.url),
            (false, trouble) => format!("can't connect to {}: {trouble}", facts.url),
            (true, "") => "offline".into(),
            (true, trouble) => format!("offline: {trouble}; Enter tries again now"),
        };
    }
    let Some(view) = view else {
        return if facts.busy { "…" } else { "no chat is open" }.into();
    };
    let mut parts = vec![render::title(facts.chats, view)];
    parts.push(who_is_there(facts, view));
    parts.push(typing(look, facts, view));
    parts.push(own_last(facts.chats, view).unwrap_or_default());
    if facts.busy {
        parts.push("…".into());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// Leaves out of a reason what says nothing to a person: "(os error 111)".
pub(super) fn without_number(reason: &str) -> String {
    let reason = clean_line(reason);
    let named = reason.split(" (os error").next().unwrap_or_default();
    named.to_owned()
}

fn who_is_there(facts: &Facts<'_>, view: &ChatView) -> String {
    let me = facts.chats.me();
    match view.chat().kind {
        ChatType::Direct => {
            let other = view.other(me);
            let presence = other.and_then(|other| facts.chats.presence(other));
            match presence {
                None => String::new(),
                Some(presence) if facts.chats.is_online(&presence.user_id) => "online".into(),
                Some(_) => "away".into(),
            }
        }
        ChatType::Group => {
            let others = view.members().iter().map(|member| &member.user_id);
            let online = others
                .filter(|user| *user != me && facts.chats.is_online(user))
                .count();
            // The person here is one of them.
            format!("{} of {} online", online + 1, view.chat().member_count)
        }
    }
}

fn typing(look: &Look, facts: &Facts<'_>, view: &ChatView) -> String {
    let users = facts.chats.typing(view.chat().id, facts.now);
    let name = |user| isolate(&look.name(facts.chats, user));
    match users.as_slice() {
        [] => String::new(),
        [one] if view.chat().kind == ChatType::Direct => {
            let _ = one;
            "typing…".into()
        }
        [one] => format!("{} is typing…", name(one)),
        [one, other] => format!("{} and {} are typing…", name(one), name(other)),
        several => format!("{} are typing…", several.len()),
    }
}

/// Tells how far the last message has come, where it is an own one.
fn own_last(chats: &Chats, view: &ChatView) -> Option<String> {
    let last = view.messages().next_back()?;
    chats.progress(last).map(render::progress)
}

fn elsewhere(facts: &Facts<'_>) -> String {
    let here = facts.open.map(|open| open.chat);
    let chats = facts.chats.latest_first();
    let new: Vec<_> = chats
        .into_iter()
        .filter(|view| Some(view.chat().id) != here && view.chat().unread > 0)
        .collect();
    match new.as_slice() {
        [] => String::new(),
        [one] => format!(
            "{}: {}",
            fit(&render::title(facts.chats, one), 20),
            render::unread(one)
        ),
        several => {
            let unread: u64 = several.iter().map(|view| view.chat().unread).sum();
            let mentions: u64 = several.iter().map(|view| view.chat().mentions).sum();
            let at_you = match mentions {
                0 => String::new(),
                mentions => format!(", {mentions} @you"),
            };
            format!("{unread} new in {} chats{at_you}", several.len())
        }
    }
}

fn waiting(facts: &Facts<'_>) -> Vec<String> {
    let shown = facts.outbox.iter().take(WAITING);
    let mut lines: Vec<String> = shown
        .map(|(chat, request)| format!("  … {}", waits(facts.chats, *chat, request)))
        .collect();
    if facts.outbox.len() > WAITING {
        lines.push(format!("  … and {} more", facts.outbox.len() - WAITING));
    }
    lines
}

/// Says what a change that waits is.
pub(super) fn waits(chats: &Chats, chat: ChatId, request: &Request) -> String {
    let title = chats.get(chat).map(|view| render::title(chats, view));
    let title = title.unwrap_or_default();
    let what = match request {
        Request::Send(frame) => isolate(&clean_line(&frame.content)),
        Request::Edit { content, .. } => format!("(edit) {}", isolate(&clean_line(content))),
        Request::Delete { .. } => "(a deletion)".into(),
        Request::React(frame) => format!("(reaction {})", clean_line(&frame.key)),
        Request::Unreact(frame) => format!("(reaction {} back)", clean_line(&frame.key)),
        _ => "(a change)".into(),
    };
    format!("waits for {title}: {what}")
}

/// Returns what Tab completes: chats, and people one has to do with.
pub(super) fn vocabulary(chats: &Chats, open: Option<&Open>) -> Vocabulary {
    let view = open.and_then(|open| chats.get(open.chat));
    let members = view.map(|view| view.members()).unwrap_or_default();
    let mut users: Vec<String> = members
        .iter()
        .map(|member| clean_line(member.user_id.as_str()))
        .collect();
    let listed = chats.latest_first();
    users.extend(
        listed
            .iter()
            .filter_map(|view| view.other(chats.me()))
            .map(|user| clean_line(user.as_str())),
    );
    users.sort_unstable();
    users.dedup();
    let titles = listed.iter().map(|view| clean_line(chats.title(view)));
    Vocabulary {
        chats: titles.collect(),
        users,
    }
}
