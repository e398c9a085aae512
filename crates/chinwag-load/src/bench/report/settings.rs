//! What a run was asked for, as a person reads it.

/// How wide lines are, about.
const WIDTH: usize = 100;

/// Writes the scenario and its settings in the words of the command line, in as few lines as they need.
pub(super) fn text(scenario: &str, settings: &serde_json::Value) -> String {
    let all = settings.as_object().into_iter().flatten();
    let mut text = format!("{scenario}:");
    let mut width = text.len();
    for (nth, (name, value)) in all.enumerate() {
        let word = format!(" {} {value}", dashed(name));
        if nth > 0 {
            text.push(',');
        }
        if width + word.len() > WIDTH {
            text.push_str("\n   ");
            width = 0;
        }
        text.push_str(&word);
        width += word.len() + 1;
    }
    text
}

fn dashed(name: &str) -> String {
    let word = |letter: char| match letter.is_ascii_uppercase() {
        true => format!("-{}", letter.to_ascii_lowercase()),
        false => letter.to_string(),
    };
    name.chars().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_settings_take_several_lines() {
        let few = serde_json::json!({"connections": 2, "inFlight": 1});
        assert_eq!(text("direct", &few), "direct: connections 2, in-flight 1");
        let many: serde_json::Map<_, _> = (10..40)
            .map(|nth| (format!("setting{nth}"), nth.into()))
            .collect();
        let text = text("mixed", &many.into());
        assert!(text.lines().all(|line| line.len() <= WIDTH + 5), "{text}");
        assert_eq!(text.matches("setting").count(), 30);
        assert!(text.ends_with("setting39 39"), "{text}");
    }
}
