//! The list of chats.

use chinwag_client::{ChatView, Chats};
use chinwag_proto::{Timestamp, shapes::ChatType};

use super::message::snippet;
use crate::chat::{
    look::Look,
    paint::Ink,
    text::{self, clean_line, isolate},
};

/// Lists the chats, numbered from 1.
pub(crate) fn chats(
    look: &Look,
    chats: &Chats,
    listed: &[&ChatView],
    now: Timestamp,
) -> Vec<String> {
    let lines = listed.iter().enumerate().map(|(index, view)| {
        let title = title(chats, view);
        let unread = unread(view);
        let last = view.chat().head.last_message.as_ref();
        let said = last.map(|last| {
            let name = isolate(&look.name(chats, &last.sender_id));
            format!("{name}: {}", snippet(last))
        });
        let said = said.unwrap_or_default();
        if look.is_plain() {
            return format!("{} {title} [{unread}] {said}", index + 1);
        }
        let number = format!("{:>3}", index + 1);
        let title = text::pad(&text::fit(&title, 24), 24);
        let time = last.map(|last| look.short_time(last.timestamp, now));
        let time = text::pad(&time.unwrap_or_default(), 8);
        let counted = view.chat().unread > 0;
        let ink = if counted { Ink::Own } else { Ink::Faint };
        let unread = look.paint.ink(ink, &text::pad(&unread, 16));
        let title = if counted {
            look.paint.ink(Ink::Strong, &title)
        } else {
            title
        };
        let said = look.fit(&said, 3 + 24 + 16 + 8 + 6);
        format!(
            "{number} {title} {unread} {} {said}",
            look.paint.ink(Ink::Faint, &time)
        )
    });
    lines.collect()
}

/// Returns what a chat is called, made fit: a group's name after a `#`.
pub(crate) fn title(chats: &Chats, view: &ChatView) -> String {
    let title = isolate(&clean_line(chats.title(view)));
    match view.chat().kind {
        ChatType::Direct => title,
        ChatType::Group => format!("#{title}"),
    }
}

/// Says what is unread in a chat.
pub(crate) fn unread(view: &ChatView) -> String {
    let chat = view.chat();
    let more = if chat.unread_capped == Some(true) {
        "+"
    } else {
        ""
    };
    match (chat.unread, chat.mentions) {
        (0, _) => String::new(),
        (unread, 0) => format!("{unread}{more} new"),
        (unread, mentions) => format!("{unread}{more} new, {mentions} @you"),
    }
}
