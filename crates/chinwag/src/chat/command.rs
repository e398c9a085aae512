//! What a person types, as a command.

use chinwag_proto::{Seq, UserId};

/// Every command: name, what follows it, what it does. `/help` shows them, Tab completes them.
pub(crate) const COMMANDS: &[(&str, &str, &str)] = &[
    ("/chats", "", "your chats, with what is unread"),
    ("/open", "N or NAME", "open a chat; /N does too"),
    ("/direct", "USER", "chat with one person"),
    ("/group", "NAME: USER, USER", "make a group"),
    ("/history", "[COUNT]", "scroll back (Page Up)"),
    ("/goto", "#N", "what was said around a message"),
    ("/reply", "[#N] TEXT", "answer a message, or the last one"),
    (
        "/edit",
        "[#N] TEXT",
        "change your message, or your last one",
    ),
    ("/delete", "[#N]", "delete your message, or your last one"),
    (
        "/react",
        "[#N] EMOJI",
        "react to a message, or the last one",
    ),
    ("/unreact", "[#N] EMOJI", "take a reaction back"),
    (
        "/receipts",
        "[#N]",
        "who has read your last message, or that one",
    ),
    ("/search", "WORDS", "find messages in all your chats"),
    ("/members", "", "who is in this chat, and who is online"),
    ("/add", "USER, USER", "add people to this group"),
    ("/remove", "USER", "remove somebody from this group"),
    ("/leave", "", "leave this group"),
    ("/outbox", "", "what waits for the network"),
    ("/help", "", "this list"),
    ("/quit", "", "leave (Ctrl-D)"),
];

/// Which message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The last one that fits.
    Last,
    /// The one at a place.
    Place(Seq),
}

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say something in the open chat.
    Say(String),
    /// List the chats.
    Chats,
    /// Open a chat by its number in the list, or its name.
    Open(String),
    /// Open the direct chat with a user.
    Direct(UserId),
    /// Make a group.
    Group(String, Vec<UserId>),
    /// Show older messages.
    History(Option<u32>),
    /// Show what was said around a place.
    Goto(Seq),
    /// Answer a message.
    Reply(Target, String),
    /// Change an own message.
    Edit(Target, String),
    /// Delete a message.
    Delete(Target),
    /// Put a reaction on a message, or take it off.
    React(Target, String, bool),
    /// Tell who has read a message.
    Receipts(Target),
    /// Find messages.
    Search(String),
    /// List the members.
    Members,
    /// Add members.
    Add(Vec<UserId>),
    /// Remove a member.
    Remove(UserId),
    /// Leave the chat.
    Leave,
    /// Show what waits to be sent.
    Outbox,
    /// Show the commands.
    Help,
    /// Go.
    Quit,
}

/// Reads a line; nothing for an empty one. Errors say what the command wants.
pub(crate) fn parse(line: &str) -> Result<Option<Command>, String> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    // A text that begins with a slash is written with two.
    if let Some(text) = line.strip_prefix("//") {
        return Ok(Some(Command::Say(format!("/{text}"))));
    }
    if !line.starts_with('/') {
        return Ok(Some(Command::Say(line.to_owned())));
    }
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    named(name, rest.trim()).map(Some)
}

fn named(name: &str, rest: &str) -> Result<Command, String> {
    let number = name[1..].parse::<usize>();
    Ok(match name {
        _ if number.is_ok() => Command::Open(name[1..].to_owned()),
        "/chats" | "/list" => Command::Chats,
        "/open" => Command::Open(wanted("/open", rest)?.to_owned()),
        "/direct" | "/dm" => Command::Direct(user("/direct", rest)?),
        "/group" => group(rest)?,
        "/history" => Command::History(count(rest)?),
        "/goto" => match target("/goto", rest)? {
            (Target::Place(seq), "") => Command::Goto(seq),
            _ => return Err(usage("/goto")),
        },
        "/reply" => text("/reply", rest, Command::Reply)?,
        "/edit" => text("/edit", rest, Command::Edit)?,
        "/delete" => Command::Delete(only_target("/delete", rest)?),
        "/react" => reaction("/react", rest, true)?,
        "/unreact" => reaction("/unreact", rest, false)?,
        "/receipts" => Command::Receipts(only_target("/receipts", rest)?),
        "/search" => Command::Search(wanted("/search", rest)?.to_owned()),
        "/members" | "/who" => Command::Members,
        "/add" => Command::Add(users("/add", rest)?),
        "/remove" => Command::Remove(user("/remove", rest)?),
        "/leave" => Command::Leave,
        "/outbox" => Command::Outbox,
        "/help" | "/?" => Command::Help,
        "/quit" | "/exit" => Command::Quit,
        _ => {
            return Err(format!(
                "there is no {name}; /help lists what there is, and // begins a text with a slash"
            ));
        }
    })
}

fn usage(name: &str) -> String {
    let found = COMMANDS.iter().find(|(known, ..)| *known == name);
    let (_, wants, does) = found.unwrap_or(&("", "", ""));
    format!("{name} {wants}: {does}")
}

fn wanted<'a>(name: &str, rest: &'a str) -> Result<&'a str, String> {
    if rest.is_empty() {
        return Err(usage(name));
    }
    Ok(rest)
}

fn user(name: &str, text: &str) -> Result<UserId, String> {
    let text = wanted(name, text)?;
    let id = text.strip_prefix('@').unwrap_or(text);
    UserId::new(id).map_err(|error| format!("{id:?} is no user id: {error}"))
}

fn users(name: &str, text: &str) -> Result<Vec<UserId>, String> {
    let parts = wanted(name, text)?.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| user(name, part))
        .collect()
}

fn group(rest: &str) -> Result<Command, String> {
    let (name, members) = rest.rsplit_once(':').unwrap_or((rest, ""));
    let name = wanted("/group", name.trim())?;
    let members = match members.trim() {
        "" => Vec::new(),
        members => users("/group", members)?,
    };
    Ok(Command::Group(name.to_owned(), members))
}

fn count(rest: &str) -> Result<Option<u32>, String> {
    match rest {
        "" => Ok(None),
        rest => match rest.parse() {
            Ok(count @ 1..=200) => Ok(Some(count)),
            _ => Err("/history shows 1 to 200 messages at a time".into()),
        },
    }
}

/// Reads `#17` at the beginning; what isn't there means the last one.
fn target<'a>(name: &str, rest: &'a str) -> Result<(Target, &'a str), String> {
    let Some(numbered) = rest.strip_prefix('#') else {
        return Ok((Target::Last, rest));
    };
    let (number, text) = numbered
        .split_once(char::is_whitespace)
        .unwrap_or((numbered, ""));
    match number.parse() {
        Ok(seq) => Ok((Target::Place(Seq(seq)), text.trim_start())),
        // A text may begin with a hash too: "#release is done".
        Err(_) if name == "/reply" || name == "/edit" => Ok((Target::Last, rest)),
        Err(_) => Err(usage(name)),
    }
}

fn only_target(name: &str, rest: &str) -> Result<Target, String> {
    // A bare number means a place here, since no text can follow.
    let numbered = format!("#{}", rest.trim_start_matches('#'));
    let rest = if rest.is_empty() { rest } else { &numbered };
    match target(name, rest)? {
        (target, "") => Ok(target),
        _ => Err(usage(name)),
    }
}

fn text(name: &str, rest: &str, make: fn(Target, String) -> Command) -> Result<Command, String> {
    let (target, text) = target(name, rest)?;
    Ok(make(target, wanted(name, text)?.to_owned()))
}

fn reaction(name: &str, rest: &str, on: bool) -> Result<Command, String> {
    let (target, key) = target(name, rest)?;
    Ok(Command::React(target, wanted(name, key)?.to_owned(), on))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn a_line_is_said_unless_it_begins_with_one_slash() {
        let said = |line: &str| parse(line).unwrap();
        assert_eq!(said("  "), None);
        assert_eq!(said(" hi "), Some(Command::Say(" hi ".into())));
        assert_eq!(said("//etc/hosts"), Some(Command::Say("/etc/hosts".into())));
    }

    #[test]
    fn a_message_is_named_by_its_place_or_is_the_last_one() {
        let place = Target::Place(Seq(17));
        for (line, command) in [
            ("/edit new", Command::Edit(Target::Last, "new".into())),
            (
                "/edit 17 people",
                Command::Edit(Target::Last, "17 people".into()),
            ),
            ("/edit #17 new", Command::Edit(place, "new".into())),
            (
                "/reply #release!",
                Command::Reply(Target::Last, "#release!".into()),
            ),
            ("/reply #17  a\nb", Command::Reply(place, "a\nb".into())),
            ("/delete", Command::Delete(Target::Last)),
            ("/delete 17", Command::Delete(place)),
            ("/delete #17", Command::Delete(place)),
            ("/react 👍", Command::React(Target::Last, "👍".into(), true)),
            ("/unreact #17 👍", Command::React(place, "👍".into(), false)),
            ("/goto #17", Command::Goto(Seq(17))),
        ] {
            assert_eq!(parse(line), Ok(Some(command)), "{line}");
        }
    }

    #[test]
    fn chats_are_named_by_number_or_name_and_people_by_id() {
        for (line, command) in [
            ("/3", Command::Open("3".into())),
            ("/open Tea break", Command::Open("Tea break".into())),
            ("/direct @ben", Command::Direct(user("ben"))),
            (
                "/group Tea: break: ben, chi",
                Command::Group("Tea: break".into(), vec![user("ben"), user("chi")]),
            ),
            ("/group Alone", Command::Group("Alone".into(), vec![])),
            ("/add ben,chi", Command::Add(vec![user("ben"), user("chi")])),
        ] {
            assert_eq!(parse(line), Ok(Some(command)), "{line}");
        }
    }

    #[test]
    fn a_command_that_is_none_or_lacks_something_is_told_what_it_wants() {
        for (line, told) in [
            ("/dance", "there is no /dance"),
            ("/edit", "/edit [#N] TEXT"),
            ("/edit #17", "/edit [#N] TEXT"),
            ("/direct", "/direct USER"),
            ("/delete it", "/delete [#N]"),
            ("/goto", "/goto #N"),
            ("/history 0", "1 to 200"),
            ("/group", "/group NAME"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(told), "{line}: {error}");
        }
    }

    #[test]
    fn every_command_of_the_list_is_known() {
        for (name, ..) in COMMANDS {
            let told = parse(&format!("{name} 1")).err().unwrap_or_default();
            assert!(!told.contains("there is no"), "{told}");
        }
    }
}
