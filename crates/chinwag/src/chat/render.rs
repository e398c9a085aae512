//! What is shown of messages and events, line by line.

use chinwag_client::{ChatView, Chats, Progress};
use chinwag_proto::{
    MessageId, Timestamp,
    frames::{LogBody, LogFrame},
    http::SearchHit,
    shapes::{EventChange, MembershipChange, Message, MessageStatus},
};

use super::{
    look::Look,
    paint::Ink,
    text::{self, clean, clean_line, isolate},
};

/// Columns of a name beside a message.
const NAME: usize = 12;
/// Columns of a quoted or mentioned text.
const QUOTE: usize = 48;

/// Shows a message; `quoted` is the one that it answers, where that is known.
pub(crate) fn message(
    look: &Look,
    chats: &Chats,
    message: &Message,
    quoted: Option<&Message>,
) -> Vec<String> {
    let place = format!("#{}", message.seq);
    let name = look.name(chats, &message.sender_id);
    let (head, beside) = if look.is_plain() {
        (
            format!(
                "{place} {} {}: ",
                look.time(message.timestamp),
                isolate(&name)
            ),
            2,
        )
    } else {
        let place = text::pad(&place, 5);
        let time = look.time(message.timestamp);
        let name = text::pad(&isolate(&text::fit(&name, NAME)), NAME);
        let beside = text::width(&place) + text::width(&time) + NAME + 3;
        let faint = look.paint.ink(Ink::Faint, &format!("{place} {time}"));
        let name = look.person(chats, &message.sender_id, &name);
        (format!("{faint} {name} "), beside)
    };
    let margin = " ".repeat(beside);
    let mut lines = Vec::new();
    if message.reply_to.is_some() {
        let quote = format!("↳ {}", quote(look, chats, quoted));
        lines.push(look.paint.ink(Ink::Faint, &look.fit(&quote, beside)));
    }
    lines.extend(body(look, chats, message, beside));
    if !message.reactions.is_empty() {
        let reactions = look.fit(&reactions(message), beside);
        lines.push(look.paint.ink(Ink::Faint, &reactions));
    }
    let lines = lines.into_iter().enumerate();
    let placed = lines.map(|(number, line)| {
        let before = if number == 0 { &head } else { &margin };
        format!("{before}{line}")
    });
    placed.collect()
}

fn body(look: &Look, chats: &Chats, message: &Message, beside: usize) -> Vec<String> {
    if message.status == MessageStatus::Deleted {
        return vec![look.paint.ink(Ink::Faint, "(deleted)")];
    }
    let mentioned = message.mentions.contains(chats.me());
    let paint = |line: String| match mentioned {
        true => look.paint.ink(Ink::Own, &isolate(&line)),
        false => isolate(&line),
    };
    let wrapped = look.wrap(&clean(&message.content), beside);
    let last_width = wrapped.last().map_or(0, |last| text::width(last));
    let mut lines: Vec<String> = wrapped.into_iter().map(paint).collect();
    let marks = marks(look, chats, message);
    if marks.is_empty() {
        return lines;
    }
    let taken: usize = marks.iter().map(|(mark, _)| text::width(mark) + 1).sum();
    let painted = marks.iter().map(|(mark, ink)| look.paint.ink(*ink, mark));
    let painted = painted.collect::<Vec<_>>().join(" ");
    let room = look
        .columns
        .map(|columns| columns.saturating_sub(beside + 1));
    match lines.last_mut() {
        Some(last) if room.is_none_or(|room| last_width + 1 + taken <= room) => {
            last.push_str("  ");
            last.push_str(&painted);
        }
        _ => lines.push(painted),
    }
    lines
}

/// Returns what stands after a text: that it was changed, and of an own one how far it has come.
fn marks(look: &Look, chats: &Chats, message: &Message) -> Vec<(&'static str, Ink)> {
    let mut marks = Vec::new();
    if message.status == MessageStatus::Edited {
        marks.push(("(edited)", Ink::Faint));
    }
    if let Some(progress) = chats.progress(message)
        && !look.is_plain()
    {
        marks.push(ticks(progress));
    }
    marks
}

/// Shows how far an own message has come: kept by the server, on the others' devices, read.
fn ticks(progress: Progress) -> (&'static str, Ink) {
    if progress.is_read() {
        ("✓✓", Ink::Good)
    } else if progress.is_delivered() {
        ("✓✓", Ink::Faint)
    } else {
        ("✓", Ink::Faint)
    }
}

/// Says how far an own message has come.
pub(crate) fn progress(progress: Progress) -> String {
    let Progress {
        delivered,
        read,
        others,
    } = progress;
    match progress {
        _ if progress.is_read() => "✓✓ read".into(),
        _ if read > 0 => format!("✓✓ read by {read} of {others}"),
        _ if progress.is_delivered() => "✓✓ delivered".into(),
        _ if delivered > 0 => format!("✓ delivered to {delivered} of {others}"),
        _ => "✓ sent".into(),
    }
}

fn reactions(message: &Message) -> String {
    let shown = message.reactions.iter().map(|reaction| {
        let mine = if reaction.mine == Some(true) { "*" } else { "" };
        let key = text::fit(&clean_line(&reaction.key), 16);
        format!("{key} {}{mine}", reaction.count)
    });
    shown.collect::<Vec<_>>().join("   ")
}

fn quote(look: &Look, chats: &Chats, quoted: Option<&Message>) -> String {
    let Some(quoted) = quoted else {
        return "an earlier message".into();
    };
    let name = look.name(chats, &quoted.sender_id);
    format!("#{} {}: {}", quoted.seq, isolate(&name), snippet(quoted))
}

/// Shows the beginning of a message on one line.
pub(crate) fn snippet(message: &Message) -> String {
    if message.status == MessageStatus::Deleted {
        return "(deleted)".into();
    }
    isolate(&text::fit(&clean_line(&message.content), QUOTE))
}

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
        chinwag_proto::shapes::ChatType::Direct => title,
        chinwag_proto::shapes::ChatType::Group => format!("#{title}"),
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

/// Shows a message that was found, with what matched.
pub(crate) fn hit(look: &Look, chats: &Chats, hit: &SearchHit, now: Timestamp) -> String {
    let message = &hit.message;
    let title = chats.get(message.chat_id);
    let title = title.map_or_else(|| "?".into(), |view| self::title(chats, view));
    let name = isolate(&look.name(chats, &message.sender_id));
    let when = look.short_time(message.timestamp, now);
    let head = format!("{title} #{} {when} {name}: ", message.seq);
    let room = look
        .columns
        .map(|columns| columns.saturating_sub(text::width(&head) + 1));
    let found = matched(
        look,
        &message.content,
        &hit.matches,
        room.unwrap_or(usize::MAX),
    );
    format!("{}{found}", look.paint.ink(Ink::Faint, &head))
}

/// Cuts a text to so many columns around what matched first, and paints all that matched in it.
fn matched(look: &Look, content: &str, matches: &[(u32, u32)], room: usize) -> String {
    let matches: Vec<(usize, usize)> = matches
        .iter()
        .map(|(from, to)| (byte_of(content, *from), byte_of(content, *to)))
        .collect();
    let first = matches.first().map_or(0, |(from, _)| *from);
    let fits_whole = text::width(&clean_line(content)) <= room;
    let start = if fits_whole {
        0
    } else {
        before(content, first)
    };
    let mut shown = String::new();
    let mut left = room.saturating_sub(usize::from(start > 0));
    if start > 0 {
        shown.push('…');
    }
    let mut at = start;
    let mut put = |piece: &str, ink: Option<Ink>, left: &mut usize| {
        let piece = text::fit(&clean(piece).replace('\n', " "), *left);
        *left -= text::width(&piece).min(*left);
        match ink {
            Some(ink) => shown.push_str(&look.paint.ink(ink, &isolate(&piece))),
            None => shown.push_str(&isolate(&piece)),
        }
    };
    for (from, to) in matches {
        if from < at || to <= from {
            continue;
        }
        put(&content[at..from], None, &mut left);
        put(&content[from..to], Some(Ink::Own), &mut left);
        at = to;
    }
    put(&content[at..], None, &mut left);
    shown
}

/// Returns the byte at which a UTF-16 code unit's character begins.
fn byte_of(content: &str, unit: u32) -> usize {
    let mut units = 0;
    for (at, character) in content.char_indices() {
        if units >= unit {
            return at;
        }
        units += u32::try_from(character.len_utf16()).unwrap_or(2);
    }
    content.len()
}

/// Returns a place some words before another one.
fn before(content: &str, at: usize) -> usize {
    const WORDS: usize = 4;
    let mut spaces = content[..at].trim_end().rmatch_indices(char::is_whitespace);
    let space = spaces.nth(WORDS - 1);
    space.map_or(0, |(at, space)| at + space.len())
}
