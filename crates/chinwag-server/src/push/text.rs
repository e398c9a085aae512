//! What a note says.

use unicode_segmentation::UnicodeSegmentation as _;

use super::settings::Content;

/// What a lock screen shows is shorter; what a provider takes is 4 KiB with everything around.
const BODY_CHARACTERS: usize = 200;
const BODY_BYTES: usize = 1_000;
const TITLE_CHARACTERS: usize = 80;
const TITLE_BYTES: usize = 200;

/// What is known of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) sender: &'a str,
    /// The group's name; none in a direct chat.
    pub(super) group: Option<&'a str>,
    pub(super) content: &'a str,
    /// The device's language tag.
    pub(super) locale: Option<&'a str>,
}

/// Returns a note's first line and its text.
pub(super) fn lines(content: Content, told: Told<'_>) -> (String, String) {
    let new_message = new_message(told.locale);
    let sender = shortened(told.sender, TITLE_CHARACTERS, TITLE_BYTES);
    let said = match content {
        Content::None => return (new_message.to_owned(), String::new()),
        Content::Sender => new_message.to_owned(),
        Content::Full => shortened(told.content, BODY_CHARACTERS, BODY_BYTES),
    };
    // An app may send messages whose meaning is in the metadata alone.
    let said = if said.is_empty() {
        new_message.to_owned()
    } else {
        said
    };
    match told
        .group
        .map(|name| shortened(name, TITLE_CHARACTERS, TITLE_BYTES))
    {
        Some(group) if !group.is_empty() => (group, format!("{sender}: {said}")),
        _ => (sender, said),
    }
}

/// Cuts a text between characters as a person sees them; control characters become spaces.
fn shortened(text: &str, characters: usize, bytes: usize) -> String {
    let mut short = String::new();
    for (count, character) in text.trim().graphemes(true).enumerate() {
        if count == characters || short.len() + character.len() > bytes {
            short.push('…');
            break;
        }
        if character.chars().any(char::is_control) {
            short.push(' ');
        } else {
            short.push_str(character);
        }
    }
    short
}

/// Says "new message" in the language of a tag, or in English.
fn new_message(locale: Option<&str>) -> &'static str {
    let language = locale
        .and_then(|tag| tag.split('-').next())
        .unwrap_or_default();
    match language.to_ascii_lowercase().as_str() {
        "ar" => "رسالة جديدة",
        "da" => "Ny besked",
        "de" => "Neue Nachricht",
        "es" => "Mensaje nuevo",
        "fi" => "Uusi viesti",
        "fr" => "Nouveau message",
        "it" => "Nuovo messaggio",
        "ja" => "新しいメッセージ",
        "ko" => "새 메시지",
        "nl" => "Nieuw bericht",
        "pl" => "Nowa wiadomość",
        "pt" => "Nova mensagem",
        "ru" => "Новое сообщение",
        "sv" => "Nytt meddelande",
        "tr" => "Yeni mesaj",
        "uk" => "Нове повідомлення",
        "zh" => "新消息",
        _ => "New message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: Told<'_> = Told {
        sender: "Bo",
        group: None,
        content: "shall we?\nat 5",
        locale: Some("de-AT"),
    };

    fn said(content: Content, told: Told<'_>) -> (String, String) {
        lines(content, told)
    }

    #[test]
    fn a_note_says_as_much_as_is_configured() {
        let group = Told {
            group: Some("Lunch"),
            ..TOLD
        };
        let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(said(Content::Full, TOLD), pair("Bo", "shall we? at 5"));
        assert_eq!(
            said(Content::Full, group),
            pair("Lunch", "Bo: shall we? at 5")
        );
        assert_eq!(said(Content::Sender, TOLD), pair("Bo", "Neue Nachricht"));
        assert_eq!(
            said(Content::Sender, group),
            pair("Lunch", "Bo: Neue Nachricht")
        );
        assert_eq!(said(Content::None, group), pair("Neue Nachricht", ""));
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_within_bytes() {
        let family = "👨‍👩‍👧‍👦";
        let told = |content: &str| said(Content::Full, Told { content, ..TOLD }).1;
        let cut = told(&"x".repeat(300));
        assert_eq!(cut.chars().count(), BODY_CHARACTERS + 1);
        let cut = told(&family.repeat(100));
        assert!(cut.len() <= BODY_BYTES + '…'.len_utf8());
        assert_eq!(cut.trim_end_matches('…').len() % family.len(), 0);
        assert_eq!(told("  "), "Neue Nachricht");
    }

    #[test]
    fn a_language_that_is_not_known_is_english() {
        for locale in [None, Some("tlh"), Some("")] {
            assert_eq!(new_message(locale), "New message");
        }
        assert_eq!(new_message(Some("PT-br")), "Nova mensagem");
    }
}
