//! Slack's names of emoji into the emoji themselves; those that a team made keep their names.

use emojis::{Emoji, SkinTone};

/// Bytes of a reaction's key: the protocol's limit.
const KEY_BYTES: usize = 64;

/// Returns the key of a reaction: `+1::skin-tone-2` is a thumb, `partyparrot` is `:partyparrot:`.
pub(crate) fn reaction(name: &str) -> String {
    let (base, tone) = match name.split_once("::") {
        Some((base, tone)) => (base, Some(tone)),
        None => (name, None),
    };
    match emojis::get_by_shortcode(base) {
        Some(emoji) => toned(emoji, tone).as_str().to_owned(),
        None => {
            let plain: String = name
                .chars()
                .filter(|c| !c.is_whitespace() && !c.is_control())
                .collect();
            let end = plain.floor_char_boundary(KEY_BYTES - 2);
            format!(":{}:", &plain[..end])
        }
    }
}

fn toned(emoji: &'static Emoji, tone: Option<&str>) -> &'static Emoji {
    let tone = match tone {
        Some("skin-tone-2") => SkinTone::Light,
        Some("skin-tone-3") => SkinTone::MediumLight,
        Some("skin-tone-4") => SkinTone::Medium,
        Some("skin-tone-5") => SkinTone::MediumDark,
        Some("skin-tone-6") => SkinTone::Dark,
        _ => return emoji,
    };
    emoji.with_skin_tone(tone).unwrap_or(emoji)
}

/// Replaces `:smile:` in a text by the emoji, and `:+1::skin-tone-2:` by one emoji.
pub(crate) fn in_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        // Not within a word: `10:100:20` is a time.
        let stands_alone = !out.ends_with(|c: char| c.is_alphanumeric());
        match named(&from[1..]).filter(|_| stands_alone) {
            Some((emoji, after)) => {
                out.push_str(emoji.as_str());
                rest = after;
            }
            None => {
                out.push(':');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Reads a name and its end, and a skin tone after it.
fn named(text: &str) -> Option<(&'static Emoji, &str)> {
    let (name, after) = text.split_once(':')?;
    let emoji = emojis::get_by_shortcode(name)?;
    let toned_after = after
        .strip_prefix(':')
        .and_then(|tone| tone.split_once(':'));
    match toned_after {
        Some((tone, after)) if tone.starts_with("skin-tone-") => {
            Some((toned(emoji, Some(tone)), after))
        }
        _ => Some((emoji, after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_become_emoji_and_others_stay_names() {
        assert_eq!(reaction("+1"), "👍");
        assert_eq!(reaction("+1::skin-tone-2"), "👍🏻");
        assert_eq!(reaction("partyparrot"), ":partyparrot:");
        assert!(reaction(&"é".repeat(100)).len() <= KEY_BYTES);
        for (text, wanted) in [
            ("hi :smile: there", "hi 😄 there"),
            (":+1::skin-tone-6::tada:", "👍🏿🎉"),
            ("at 10:100:20 :x", "at 10:100:20 :x"),
            (":partyparrot:: :", ":partyparrot:: :"),
            (":tada::tada:", "🎉🎉"),
        ] {
            assert_eq!(in_text(text), wanted);
        }
    }
}
