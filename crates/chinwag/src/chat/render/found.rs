//! Messages that were found.

use chinwag_client::Chats;
use chinwag_proto::{Timestamp, http::SearchHit};

use super::list::title;
use crate::chat::{
    look::Look,
    paint::Ink,
    text::{self, clean, clean_line, isolate},
};

/// Shows a message that was found, with what matched.
pub(crate) fn hit(look: &Look, chats: &Chats, hit: &SearchHit, now: Timestamp) -> String {
    let message = &hit.message;
    let found_in = chats.get(message.chat_id);
    let title = found_in.map_or_else(|| "?".into(), |view| title(chats, view));
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
