//! What happens in a chat that is open.

use chinwag_client::{ChatView, Chats};
use chinwag_proto::{
    MessageId,
    frames::{LogBody, LogFrame},
    shapes::{EventChange, MembershipChange},
};

use super::message::{message, snippet};
use crate::chat::{
    look::Look,
    text::{self, clean, clean_line, isolate},
};

/// Shows a place of the log in an open chat; nothing for one that says nothing.
pub(crate) fn frame(look: &Look, chats: &Chats, view: &ChatView, frame: &LogFrame) -> Vec<String> {
    match &frame.body {
        LogBody::Message { message: said } => {
            let quoted = said.reply_to.and_then(|quoted| view.message(quoted));
            message(look, chats, said, quoted)
        }
        LogBody::MessageEdited { message, .. } => {
            let name = isolate(&look.name(chats, &message.sender_id));
            let margin = 2;
            let head = format!("{name} changed #{}: ", message.seq);
            let content = clean(&message.content);
            let wrapped = look.wrap(&format!("{head}{}", isolate(&content)), margin);
            noted(look, wrapped)
        }
        LogBody::MessageDeleted { message, .. } => {
            let by = message.deleted_by.as_ref().unwrap_or(&message.sender_id);
            let name = isolate(&look.name(chats, by));
            look.note(&format!("{name} deleted #{}", message.seq))
        }
        LogBody::Reaction { event } | LogBody::Membership { event } | LogBody::Chat { event } => {
            let name = isolate(&look.name(chats, &event.user_id));
            let told = event.change.as_ref();
            let told = told.and_then(|change| changed(look, chats, view, &name, change));
            told.map(|told| look.note(&told)).unwrap_or_default()
        }
        LogBody::Hidden => Vec::new(),
    }
}

fn noted(look: &Look, lines: Vec<String>) -> Vec<String> {
    let text = lines.join("\n");
    look.note(&text)
}

fn changed(
    look: &Look,
    chats: &Chats,
    view: &ChatView,
    name: &str,
    change: &EventChange,
) -> Option<String> {
    match change {
        EventChange::Reaction {
            message_id,
            key,
            on,
            ..
        } => {
            let key = text::fit(&clean_line(key), 16);
            let to = reacted_to(view, *message_id);
            Some(match on {
                true => format!("{name} reacted {key} to {to}"),
                false => format!("{name} took {key} off {to}"),
            })
        }
        EventChange::Membership {
            change,
            user_ids,
            role,
            heir,
        } => {
            let users = user_ids.iter().map(|user| isolate(&look.name(chats, user)));
            let users = users.collect::<Vec<_>>().join(", ");
            let mut told = match change {
                MembershipChange::Added => format!("{name} added {users}"),
                MembershipChange::Removed => format!("{name} removed {users}"),
                MembershipChange::Left => format!("{users} left"),
                MembershipChange::Role => {
                    let role = role.map(|role| format!("{role:?}").to_lowercase());
                    format!("{name} made {users} {}", role.unwrap_or_default())
                }
            };
            if let Some(heir) = heir {
                let heir = isolate(&look.name(chats, heir));
                told.push_str(&format!("; {heir} is the owner now"));
            }
            Some(told)
        }
        EventChange::Chat {
            name: Some(called), ..
        } => Some(format!(
            "{name} named this chat {}",
            isolate(&clean_line(called))
        )),
        EventChange::Chat {
            deleted: Some(true),
            ..
        } => Some(format!("{name} deleted this chat")),
        EventChange::Chat { .. } => None,
    }
}

fn reacted_to(view: &ChatView, message: MessageId) -> String {
    match view.message(message) {
        Some(message) => format!("#{} {}", message.seq, snippet(message)),
        None => "an earlier message".into(),
    }
}
