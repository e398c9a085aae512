//! Messages one after the other, with a line for each new day.

use chinwag_client::{ChatView, Chats};
use chinwag_proto::{MessageId, Timestamp, shapes::Message};

use super::message::message;
use crate::chat::{look::Look, paint::Ink, text};

/// Shows a page of messages, oldest first, with a line for each new day.
pub(crate) fn page(
    look: &Look,
    chats: &Chats,
    view: &ChatView,
    messages: &[Message],
    unread_after: Option<MessageId>,
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut before: Option<Timestamp> = None;
    let mut divided = unread_after.is_none();
    for shown in messages {
        if !look.is_plain()
            && before.is_none_or(|before| look.day(before) != look.day(shown.timestamp))
        {
            lines.push(rule(look, &look.day(shown.timestamp)));
        }
        before = Some(shown.timestamp);
        if !divided && unread_after < Some(shown.id) && shown.sender_id != *chats.me() {
            divided = true;
            lines.push(rule(look, "new"));
        }
        let quoted = shown.reply_to.and_then(|quoted| view.message(quoted));
        lines.extend(message(look, chats, shown, quoted));
    }
    lines
}

/// Shows a line with a title.
pub(crate) fn rule(look: &Look, title: &str) -> String {
    let Some(columns) = look.columns else {
        return format!("-- {title}");
    };
    let title = text::fit(title, columns.saturating_sub(8));
    let rest = columns.min(72).saturating_sub(text::width(&title) + 5);
    look.paint
        .ink(Ink::Faint, &format!("── {title} {}", "─".repeat(rest)))
}
