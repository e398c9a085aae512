//! Slack's markup into plain text: references by name, links readable, entities as characters.

use chinwag_proto::UserId;

use super::people::People;

/// Users that one message mentions: the protocol's limit.
const MENTIONS: usize = 100;

/// A message's text and whom it mentions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) mentions: Vec<UserId>,
}

/// Reads Slack's markup: `<@U1>`, `<#C1|name>`, `<!here>`, `<https://…|label>`, `&amp;`.
pub(crate) fn plain(markup: &str, people: &People) -> Text {
    let mut plain = Text::default();
    let mut rest = markup;
    while let Some(start) = rest.find('<') {
        let (before, reference) = rest.split_at(start);
        plain.text.push_str(&unescaped(before));
        match reference[1..].split_once('>') {
            Some((inside, after)) => {
                refer(inside, people, &mut plain);
                rest = after;
            }
            None => {
                rest = reference;
                break;
            }
        }
    }
    plain.text.push_str(&unescaped(rest));
    plain
}

fn refer(inside: &str, people: &People, plain: &mut Text) {
    let (to, label) = match inside.split_once('|') {
        Some((to, label)) => (to, Some(label)),
        None => (inside, None),
    };
    let label = label.filter(|label| !label.is_empty()).map(unescaped);
    let text = match to.chars().next() {
        Some('@') => mention(&to[1..], label, people, &mut plain.mentions),
        Some('#') => format!("#{}", label.unwrap_or_else(|| to[1..].to_owned())),
        Some('!') => command(&to[1..], label),
        _ => link(&unescaped(to), label),
    };
    plain.text.push_str(&text);
}

fn mention(id: &str, label: Option<String>, people: &People, mentions: &mut Vec<UserId>) -> String {
    let Some(user) = people.called(id) else {
        return format!("@{}", label.unwrap_or_else(|| id.to_owned()));
    };
    let text = match label.filter(|_| !people.knows(id)) {
        Some(label) => format!("@{label}"),
        None => format!("@{user}"),
    };
    if mentions.len() < MENTIONS && !mentions.contains(&user) {
        mentions.push(user);
    }
    text
}

/// `!here`, `!channel`, `!everyone`, `!subteam^S1|@team`, `!date^…|fallback`.
fn command(name: &str, label: Option<String>) -> String {
    match (name.split_once('^'), label) {
        (_, Some(label)) => label,
        (Some((kind, _)), None) => format!("@{kind}"),
        (None, None) => format!("@{name}"),
    }
}

fn link(address: &str, label: Option<String>) -> String {
    let bare = address
        .strip_prefix("mailto:")
        .or_else(|| address.strip_prefix("tel:"));
    match label {
        Some(label) if label == address || bare == Some(&*label) => label,
        // `http://example.org|example.org`: Slack made the link of the text.
        Some(label) if address.strip_prefix("http://") == Some(&*label) => label,
        Some(label) => format!("{label} ({})", bare.unwrap_or(address)),
        None => bare.unwrap_or(address).to_owned(),
    }
}

/// Slack escapes these three and no others.
fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(markup: &str) -> String {
        plain(markup, &People::default()).text
    }

    #[test]
    fn references_become_readable() {
        for (markup, wanted) in [
            ("plain &amp; &lt;b&gt; &amp;lt;", "plain & <b> &lt;"),
            ("see <#C1|general> and <#C2>", "see #general and #C2"),
            ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
            ("<!subteam^S1|@team> <!subteam^S2>", "@team @subteam"),
            ("<!date^1^{date}|Feb 18>", "Feb 18"),
            ("<https://a.org/?x=1&amp;y=2>", "https://a.org/?x=1&y=2"),
            ("<https://a.org|the page>", "the page (https://a.org)"),
            ("<http://a.org|a.org>", "a.org"),
            ("<mailto:a@b.org|a@b.org> <tel:+1>", "a@b.org +1"),
            ("1 < 2", "1 < 2"),
            ("<", "<"),
            ("<>", ""),
            ("<@U1|ana> hi", "@ana hi"),
            ("<@> <@|> <#> <!>", "@ @ # @"),
        ] {
            assert_eq!(text(markup), wanted, "{markup}");
        }
    }

    #[test]
    fn a_user_is_mentioned_once() {
        let found = plain("<@U1> and <@U1> and <@U2>", &People::default());
        assert_eq!(found.text, "@U1 and @U1 and @U2");
        let wanted = ["U1", "U2"].map(|id| UserId::new(id).unwrap());
        assert_eq!(found.mentions, wanted);
        let many: String = (0..300).map(|n| format!("<@U{n}>")).collect();
        assert_eq!(plain(&many, &People::default()).mentions.len(), 100);
    }
}
