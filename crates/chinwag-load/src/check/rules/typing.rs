//! Nobody is shown typing after they left, and nobody who left is shown typing.

use super::Finder;
use crate::check::Settings;
use crate::check::index::Index;
use crate::check::report::Verdict;

pub(super) fn check(index: &Index, settings: &Settings) -> Verdict {
    let mut finder = Finder::new(index, "typing");
    let settle = settings.settle_ms * 1_000_000;
    for typing in &index.typing {
        finder.checked();
        for user in [typing.user, index.user_of(typing.session)] {
            let absences = index.members.absences(typing.chat, user).iter();
            let mut left = absences.filter(|absence| absence.after_line != 0);
            let absent = left.find(|absence| {
                typing.at > absence.after_at + settle && typing.line < absence.until_line
            });
            if let Some(absence) = absent {
                finder.found(
                    Some(typing.chat),
                    &[absence.after_line, typing.line],
                    || {
                        format!(
                            "typing was shown although {} had left",
                            index.user_name(user)
                        )
                    },
                );
            }
        }
    }
    finder.verdict
}
