//! What Tab makes of the beginning of a word.

use crate::chat::command::COMMANDS;

/// Words that can be completed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Vocabulary {
    /// What chats are called.
    pub(crate) chats: Vec<String>,
    /// Ids of users.
    pub(crate) users: Vec<String>,
}

/// What is put in place of the text from a byte on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    /// From where.
    pub(crate) from: usize,
    /// What stands there now: as far as all choices agree.
    pub(crate) with: String,
    /// What it may become.
    pub(crate) choices: Vec<String>,
}

/// Completes the text before the cursor.
pub(crate) fn complete(before: &str, vocabulary: &Vocabulary) -> Completion {
    let (from, candidates, end) = candidates(before, vocabulary);
    let begun = before[from..].to_lowercase();
    let choices: Vec<String> = candidates
        .into_iter()
        .filter(|candidate| candidate.to_lowercase().starts_with(&begun))
        .collect();
    let with = match choices.as_slice() {
        [] => before[from..].to_owned(),
        [only] => format!("{only}{end}"),
        [first, rest @ ..] => rest
            .iter()
            .fold(first.clone(), |common, choice| shared(&common, choice)),
    };
    Completion {
        from,
        with,
        choices,
    }
}

fn candidates<'a>(before: &str, vocabulary: &Vocabulary) -> (usize, Vec<String>, &'a str) {
    if before.starts_with('/') {
        let Some(space) = before.find(' ') else {
            let names = COMMANDS.iter().map(|(name, ..)| (*name).to_owned());
            return (0, names.collect(), " ");
        };
        let last = before
            .rfind([',', ':'])
            .map_or(space + 1, |separator| separator + 1);
        let from = before.len() - before[last..].trim_start().len();
        return match &before[..space] {
            "/open" => (space + 1, vocabulary.chats.clone(), ""),
            "/direct" | "/dm" | "/add" | "/remove" => (from, vocabulary.users.clone(), ""),
            "/group" if before[space..].contains(':') => (from, vocabulary.users.clone(), ""),
            _ => mentioned(before, vocabulary),
        };
    }
    mentioned(before, vocabulary)
}

fn mentioned<'a>(before: &str, vocabulary: &Vocabulary) -> (usize, Vec<String>, &'a str) {
    let word = before.rfind(char::is_whitespace).map_or(0, |space| {
        space + before[space..].chars().next().map_or(1, char::len_utf8)
    });
    match before[word..].strip_prefix('@') {
        Some(_) => (word + 1, vocabulary.users.clone(), " "),
        None => (before.len(), Vec::new(), ""),
    }
}

/// Returns the beginning that two texts share, in the case of the first.
fn shared(one: &str, other: &str) -> String {
    let pairs = one.chars().zip(other.chars());
    pairs
        .take_while(|(one, other)| one.to_lowercase().eq(other.to_lowercase()))
        .map(|(one, _)| one)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(before: &str) -> (String, usize) {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let vocabulary = Vocabulary {
            chats: words(&["Tea break", "Teamwork", "Ben Okafor"]),
            users: words(&["ben", "benita", "chi"]),
        };
        let completion = complete(before, &vocabulary);
        let text = format!("{}{}", &before[..completion.from], completion.with);
        (text, completion.choices.len())
    }

    #[test]
    fn commands_chats_and_people_are_completed_as_far_as_they_agree() {
        for (before, after, choices) in [
            ("/rea", "/react ", 1),
            ("/re", "/re", 4),
            ("/open te", "/open Tea", 2),
            ("/open ben o", "/open Ben Okafor", 1),
            ("/direct c", "/direct chi", 1),
            ("/add ben, c", "/add ben, chi", 1),
            ("/group Tea: be", "/group Tea: ben", 2),
            ("hi @c", "hi @chi ", 1),
            ("/reply #7 @c", "/reply #7 @chi ", 1),
            ("会 @c", "会 @chi ", 1),
            ("nothing", "nothing", 0),
            ("", "", 0),
        ] {
            assert_eq!(completed(before), (after.to_owned(), choices), "{before}");
        }
    }
}
