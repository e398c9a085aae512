//! How things look: colours, columns, times.

use chinwag_client::Chats;
use chinwag_proto::{Timestamp, UserId};
use jiff::{Zoned, tz::TimeZone};

use super::{
    paint::{Ink, Paint},
    text,
};

/// How things look on this output.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// Colours.
    pub(crate) paint: Paint,
    /// How wide the terminal is; none where lines are for a program.
    pub(crate) columns: Option<usize>,
    /// Where the person is.
    pub(crate) zone: TimeZone,
}

impl Look {
    /// Looks as lines for a program do: one each, no colours, times in UTC.
    pub(crate) fn plain() -> Self {
        Self {
            paint: Paint::none(),
            columns: None,
            zone: TimeZone::UTC,
        }
    }

    /// Returns whether lines are for a program.
    pub(crate) fn is_plain(&self) -> bool {
        self.columns.is_none()
    }

    /// Breaks a text into lines that fit beside so many columns.
    pub(crate) fn wrap(&self, text: &str, beside: usize) -> Vec<String> {
        match self.columns {
            Some(columns) => text::wrap(text, columns.saturating_sub(beside + 1).max(10)),
            None => text.split('\n').map(str::to_owned).collect(),
        }
    }

    /// Cuts a text to what fits beside so many columns.
    pub(crate) fn fit(&self, text: &str, beside: usize) -> String {
        match self.columns {
            Some(columns) => text::fit(text, columns.saturating_sub(beside + 1)),
            None => text.to_owned(),
        }
    }

    /// Paints a note of the program itself.
    pub(crate) fn note(&self, text: &str) -> Vec<String> {
        let lines = self.wrap(text, 2).into_iter();
        let marked = lines.enumerate().map(|(number, line)| {
            let mark = if number == 0 { "· " } else { "  " };
            self.paint.ink(Ink::Faint, &format!("{mark}{line}"))
        });
        marked.collect()
    }

    /// Paints what went wrong.
    pub(crate) fn problem(&self, text: &str) -> Vec<String> {
        let lines = self.wrap(text, 2).into_iter();
        let marked = lines.enumerate().map(|(number, line)| {
            let mark = if number == 0 { "! " } else { "  " };
            self.paint.ink(Ink::Warning, &format!("{mark}{line}"))
        });
        marked.collect()
    }

    /// Returns a time where the person is.
    pub(crate) fn local(&self, at: Timestamp) -> Zoned {
        let time = jiff::Timestamp::from_millisecond(at.unix_millis()).unwrap_or_default();
        time.to_zoned(self.zone.clone())
    }

    /// Writes a time of a day.
    pub(crate) fn time(&self, at: Timestamp) -> String {
        if self.is_plain() {
            return at.to_string();
        }
        self.local(at).strftime("%H:%M").to_string()
    }

    /// Writes a day.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        self.local(at).strftime("%A, %-d %B %Y").to_string()
    }

    /// Writes a time as short as it can be understood at a certain moment: of today, of this year, or of another one.
    pub(crate) fn short_time(&self, at: Timestamp, now: Timestamp) -> String {
        if self.is_plain() {
            return at.to_string();
        }
        let (at, now) = (self.local(at), self.local(now));
        let format = if at.date() == now.date() {
            "%H:%M"
        } else if at.year() == now.year() {
            "%-d %b"
        } else {
            "%b %Y"
        };
        at.strftime(format).to_string()
    }

    /// Returns what a user is called here, not painted: ids for a program; for a person names, and `you`.
    pub(crate) fn name(&self, chats: &Chats, user: &UserId) -> String {
        if self.is_plain() {
            return text::clean_line(user.as_str());
        }
        if user == chats.me() {
            return "you".into();
        }
        let name = text::clean_line(chats.name(user));
        if chats.is_ambiguous(user) {
            return format!("{name} ({})", text::clean_line(user.as_str()));
        }
        name
    }

    /// Paints a user's name, which was made fit already.
    pub(crate) fn person(&self, chats: &Chats, user: &UserId, name: &str) -> String {
        if user == chats.me() {
            return self.paint.ink(Ink::Own, name);
        }
        self.paint.ink(Ink::Person(colour(user)), name)
    }
}

/// Gives each user a colour, the same each time.
fn colour(user: &UserId) -> u64 {
    // FNV-1a: spread evenly, the same in every version.
    let bytes = user.as_str().bytes();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
