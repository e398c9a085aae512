//! Names that people register with: RFC 8265 UsernameCaseMapped after NFKC, in one script.

use chinwag_proto::{Problem, UserId};
use precis_profiles::{UsernameCaseMapped, precis_core::profile::Profile as _};
use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script, ScriptExtension, UnicodeScript as _};

/// Prepares a name so that every spelling of one name is the same user id.
///
/// Errors: `badRequest` at `/userId` for what the profile refuses and for scripts mixed within one name, which is
/// how look-alikes of another name are made.
pub(super) fn prepare(text: &str) -> Result<UserId, Problem> {
    let refused = |detail: &str| Problem::field("/userId", detail);
    // Before any work on a text that can't be one: NFKC may lengthen it eighteenfold.
    if text.is_empty() || text.len() > 1_024 {
        return Err(refused("a name has 1 to 128 bytes"));
    }
    let compatible: String = text.nfkc().collect();
    let name = UsernameCaseMapped::new().enforce(compatible).map_err(|_| {
        refused("a name has letters and digits and no spaces or invisible characters")
    })?;
    if !is_of_one_script(&name) {
        return Err(refused("a name has letters of one script only"));
    }
    UserId::new(&name).map_err(|error| refused(&error.to_string()))
}

/// Writing systems that use several scripts together (UTS #39, 5.1).
const TOGETHER: [&[Script]; 3] = [
    &[Script::Han, Script::Hiragana, Script::Katakana],
    &[Script::Han, Script::Bopomofo],
    &[Script::Han, Script::Hangul],
];

fn is_of_one_script(name: &str) -> bool {
    let of = |scripts: &[Script]| {
        let fits = |used: ScriptExtension| scripts.iter().any(|one| used.contains_script(*one));
        name.chars()
            .all(|character| fits(character.script_extension()))
    };
    let common = name
        .chars()
        .fold(ScriptExtension::default(), |common, character| {
            common.intersection(character.script_extension())
        });
    !common.is_empty() || TOGETHER.into_iter().any(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> String {
        prepare(text).unwrap().as_str().to_owned()
    }

    #[test]
    fn every_spelling_of_a_name_is_one_user() {
        for spelling in ["anna", "Anna", "ANNA", "ａｎｎａ", "Ａnna"] {
            assert_eq!(prepared(spelling), "anna", "{spelling}");
        }
        assert_eq!(prepared("zoe\u{308}"), prepared("zoë"));
        assert_eq!(prepared("ZOË"), prepared("zoë"));
    }

    #[test]
    fn what_could_pass_for_another_name_is_refused() {
        for wrong in [
            "",
            "anna ",
            " anna",
            "an na",
            "an\u{200b}na",
            "an\u{200d}na",
            "an\u{ad}na",
            "\u{202e}anna",
            "аnna",
            "pаypal",
            "ann\u{0}a",
            "♥",
        ] {
            let problem = prepare(wrong).expect_err(wrong);
            assert_eq!(problem.errors[0].pointer, "/userId", "{wrong:?}");
        }
        assert!(prepare(&"a".repeat(129)).is_err());
    }

    #[test]
    fn names_of_any_one_script_are_taken() {
        for name in [
            "борис",
            "さくら",
            "花子",
            "花さく",
            "محمد",
            "o'neil",
            "x_1",
            "a.b-c",
            "한국",
        ] {
            assert!(prepare(name).is_ok(), "{name}");
        }
    }
}
