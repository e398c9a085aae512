//! A password that can be read out and typed.

/// Thirty-two words, five bits each.
const WORDS: [&str; 32] = [
    "amber", "basil", "brook", "cedar", "chalk", "cloud", "comet", "coral", "crumb", "daisy",
    "ember", "fable", "fern", "flint", "grape", "hazel", "honey", "ivory", "lemon", "lilac",
    "maple", "misty", "olive", "otter", "pearl", "plum", "quilt", "river", "robin", "saffron",
    "thyme", "willow",
];
/// 30 bits: at ten tries a minute and address, years of guessing.
const COUNT: usize = 6;

/// Draws a password; `random` gives numbers that are evenly spread.
pub(super) fn draw(mut random: impl FnMut() -> u32) -> String {
    let mut word = || WORDS[(random() % WORDS.len() as u32) as usize];
    let words: Vec<&str> = (0..COUNT).map(|_| word()).collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_password_has_six_words_and_no_two_are_the_same_word_of_the_list() {
        assert_eq!(WORDS.iter().collect::<HashSet<_>>().len(), 32);
        let mut next = 0..;
        let drawn = draw(|| next.next().unwrap());
        assert_eq!(drawn, "amber-basil-brook-cedar-chalk-cloud");
    }
}
