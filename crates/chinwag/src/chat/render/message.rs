//! A message: place, time, name, text, and what became of it.

use chinwag_client::{Chats, Progress};
use chinwag_proto::shapes::{Message, MessageStatus};

use crate::chat::{
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
