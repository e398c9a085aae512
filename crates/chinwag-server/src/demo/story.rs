//! The made-up team and what it says.

/// Somebody of the team.
pub(super) struct Person {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
}

/// A chat.
pub(super) struct Scene {
    /// A group's name and owner; none for a direct chat of the two who speak in it.
    pub(super) group: Option<(&'static str, &'static str)>,
    /// What was said on the days before: brought in with its own times. Everybody in a group speaks here.
    pub(super) before: &'static [Line],
    /// What is said now, as if by people at their desks.
    pub(super) now: &'static [Line],
    /// Who has read everything at the end.
    pub(super) have_read: &'static [&'static str],
}

/// Something said.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// How many minutes ago; nothing of what is said now.
    pub(super) minutes_ago: i64,
    pub(super) who: &'static str,
    pub(super) text: &'static str,
    /// Which line of the same part it answers, by its number from 0.
    pub(super) answers: Option<usize>,
    pub(super) mentions: &'static [&'static str],
    pub(super) reactions: &'static [(&'static str, &'static [&'static str])],
    /// What stood there before it was edited.
    pub(super) first: Option<&'static str>,
    pub(super) deleted: bool,
}

const DAY: i64 = 24 * 60;

const fn ago(minutes_ago: i64, who: &'static str, text: &'static str) -> Line {
    Line {
        minutes_ago,
        who,
        text,
        answers: None,
        mentions: &[],
        reactions: &[],
        first: None,
        deleted: false,
    }
}

const fn now(who: &'static str, text: &'static str) -> Line {
    ago(0, who, text)
}

impl Line {
    const fn answers(self, line: usize) -> Self {
        Self {
            answers: Some(line),
            ..self
        }
    }

    const fn mentions(self, mentions: &'static [&'static str]) -> Self {
        Self { mentions, ..self }
    }

    const fn reactions(
        self,
        reactions: &'static [(&'static str, &'static [&'static str])],
    ) -> Self {
        Self { reactions, ..self }
    }

    const fn edited_from(self, first: &'static str) -> Self {
        Self {
            first: Some(first),
            ..self
        }
    }

    const fn deleted(self) -> Self {
        Self {
            deleted: true,
            ..self
        }
    }
}

/// Everybody.
pub(super) const TEAM: &[Person] = &[
    Person {
        id: "ana",
        name: "Ana Lindqvist",
    },
    Person {
        id: "ben",
        name: "Ben Okafor",
    },
    Person {
        id: "chi",
        name: "陈琪",
    },
    Person {
        id: "dara",
        name: "Dara Quinn",
    },
    Person {
        id: "farid",
        name: "فريد حداد",
    },
    Person {
        id: "mio",
        name: "田中みお",
    },
];

/// Every chat, the one that was quiet longest first.
pub(super) const SCENES: &[Scene] = &[ALLOTMENT, RELEASE, CHI_AND_BEN, KITCHEN, FARID, BEN];

const ALLOTMENT: Scene = Scene {
    group: Some(("Roof garden", "dara")),
    before: &[
        ago(
            6 * DAY + 95,
            "dara",
            "The seed potatoes have arrived. Nobody told me that five kilos is a lot.",
        ),
        ago(6 * DAY + 91, "mio", "半分はうちで引き取ります 🥔"),
        ago(
            6 * DAY + 88,
            "dara",
            "Half of them, you say? You are a hero.",
        )
        .answers(1)
        .reactions(&[("🥔", &["mio", "farid"])]),
        ago(
            5 * DAY + 610,
            "farid",
            "سأحضر النعناع من حديقة أمي يوم الأحد",
        ),
        ago(
            5 * DAY + 604,
            "dara",
            "Mint from your mother's garden! Bring the pot too, it likes to wander off.",
        )
        .answers(3),
        ago(
            3 * DAY + 440,
            "ana",
            "I can water on Thursday and Friday. Who takes the weekend?",
        )
        .mentions(&["mio"]),
        ago(
            3 * DAY + 433,
            "mio",
            "土曜日なら大丈夫です。日曜日は新幹線の中です 🚄",
        )
        .answers(5),
        ago(3 * DAY + 425, "farid", "Then Sunday is mine.")
            .reactions(&[("🙏", &["ana", "dara", "mio"])]),
    ],
    now: &[],
    have_read: &["ana", "dara", "mio", "farid"],
};

const RELEASE: Scene = Scene {
    group: Some(("Release 2.4", "ben")),
    before: &[
        ago(
            4 * DAY + 380,
            "ben",
            "Everything that goes into 2.4 is on the board now. If it isn't there, it's 2.5.",
        ),
        ago(4 * DAY + 371, "chi", "收到。导出功能我今天能做完。"),
        ago(
            4 * DAY + 366,
            "ana",
            "Great. I'll start on the notes while it's quiet.",
        )
        .answers(1),
        ago(
            3 * DAY + 300,
            "dara",
            "The import chokes on the file from the library: 225,976 lines, and line 91,244 has a date from 1999.",
        ),
        ago(
            3 * DAY + 296,
            "chi",
            "1999 年？太早了，导入应该直接拒绝并且说明原因。",
        )
        .answers(3)
        .reactions(&[("👍", &["dara", "ben"])]),
        ago(
            3 * DAY + 281,
            "dara",
            "It does now, with the number of the line. And everything else goes in.",
        )
        .answers(4)
        .reactions(&[("🎉", &["ana", "ben", "chi"])]),
        ago(
            2 * DAY + 205,
            "ben",
            "Release is Thursday at 14:00, not 15:00: the train leaves at four.",
        )
        .edited_from("Release is Thursday at 15:00."),
        ago(
            2 * DAY + 198,
            "ana",
            "Noted. Does anybody object to calling it \"the kettle release\"?",
        )
        .reactions(&[("🫖", &["chi", "dara"]), ("🙈", &["ben"])]),
        ago(
            2 * DAY + 190,
            "ben",
            "I object, and I know that I have lost.",
        )
        .answers(7)
        .reactions(&[("😂", &["ana", "chi", "dara"])]),
        ago(
            DAY + 260,
            "chi",
            "压测跑完了：p99 是 6 毫秒，内存没有增长。",
        ),
        ago(
            DAY + 254,
            "ben",
            "6 ms at p99! That's the best number of the week.",
        )
        .answers(9)
        .reactions(&[("🚀", &["ana", "chi", "dara"])]),
        ago(DAY + 120, "dara", "password for the staging box is hunter2").deleted(),
        ago(
            DAY + 117,
            "dara",
            "…and that is why messages can be deleted. I've changed it already.",
        )
        .reactions(&[("😅", &["ana", "ben", "chi"])]),
        ago(190, "ana", "The notes are ready for a second pair of eyes."),
    ],
    now: &[
        now("ben", "Reading them now. Two commas, otherwise perfect.")
            .reactions(&[("🙌", &["chi"])]),
        now("chi", "发布说明的中文版也好了 📄"),
        now(
            "dara",
            "@ana, shall we tag it together at two? I'll bring biscuits.",
        )
        .mentions(&["ana"]),
    ],
    have_read: &["ben", "chi", "dara"],
};

const CHI_AND_BEN: Scene = Scene {
    group: None,
    before: &[],
    now: &[
        now("chi", "Ana 的生日是星期五，我们准备一个蛋糕吧？"),
        now("ben", "Yes! I'll order it under another name.")
            .answers(0)
            .reactions(&[("🎂", &["chi"])]),
    ],
    have_read: &["ben", "chi"],
};

const KITCHEN: Scene = Scene {
    group: Some(("Kitchen", "ana")),
    before: &[
        ago(
            5 * DAY + 450,
            "ana",
            "The new kettle is here. It sings. You have been warned.",
        ),
        ago(5 * DAY + 444, "farid", "ما أجمل صوته في الصباح ☕️")
            .reactions(&[("☕️", &["ana", "mio"])]),
        ago(
            4 * DAY + 200,
            "ben",
            "Who ate my lunch? It had my name on it in three languages.",
        ),
        ago(4 * DAY + 197, "dara", "Which three?")
            .answers(2)
            .reactions(&[("😂", &["ana", "chi", "farid", "mio"])]),
        ago(
            2 * DAY + 60,
            "mio",
            "抹茶クッキーを焼きました。棚の上にあります 🍪",
        )
        .reactions(&[("🍪", &["ana", "ben", "chi", "dara", "farid"])]),
        ago(2 * DAY + 44, "chi", "太好吃了！还有吗？").answers(4),
        ago(
            2 * DAY + 40,
            "mio",
            "There were twelve at ten o'clock. It is ten past ten.",
        )
        .answers(5)
        .reactions(&[("🫣", &["chi", "ben"])]),
        ago(
            DAY + 30,
            "farid",
            "Tea at four today, on the roof if it doesn't rain? شاي بالنعناع",
        ),
        ago(DAY + 26, "ana", "With the mint? I'm in.")
            .answers(7)
            .reactions(&[("🌿", &["farid", "dara"])]),
    ],
    now: &[
        now(
            "dara",
            "It rains. Kitchen, then. The kettle has already started to sing 🎶",
        ),
        now("mio", "今行きます！"),
    ],
    have_read: &["ben", "chi", "dara", "mio"],
};

const FARID: Scene = Scene {
    group: None,
    before: &[],
    now: &[
        now("ana", "How do you write \"welcome\" on a cake?"),
        now("farid", "أهلاً وسهلاً 🎈"),
        now("farid", "For whom is the cake?").answers(0),
        now(
            "ana",
            "For somebody who doesn't know yet that she is moving to the third floor.",
        )
        .answers(2)
        .reactions(&[("🤫", &["farid"])]),
    ],
    have_read: &["ana", "farid"],
};

const BEN: Scene = Scene {
    group: None,
    before: &[],
    now: &[
        now("ben", "Morning! Did the build go through?"),
        now(
            "ana",
            "On the second try. The first one ran out of disk, said so, and came back by itself.",
        )
        .answers(0)
        .reactions(&[("💪", &["ben"])]),
        now(
            "ben",
            "Fancy a chinwag before two? I have questions about the kettle release.",
        )
        .edited_from("Fancy a chinwag before three? I have questions about the kettle release."),
        now("ben", "Good ones, mostly 😄"),
    ],
    have_read: &["ben"],
};

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn everybody_who_is_named_is_of_the_team_and_each_answer_answers_a_line_before_it() {
        let team: HashSet<&str> = TEAM.iter().map(|person| person.id).collect();
        for scene in SCENES {
            for part in [scene.before, scene.now] {
                for (number, line) in part.iter().enumerate() {
                    assert!(team.contains(line.who), "{}", line.text);
                    assert!(
                        line.answers.is_none_or(|answered| answered < number),
                        "{}",
                        line.text
                    );
                    let reacted = line.reactions.iter().flat_map(|(_, users)| *users);
                    let mut named = line.mentions.iter().chain(reacted);
                    assert!(named.all(|user| team.contains(user)), "{}", line.text);
                }
            }
            let times: Vec<i64> = scene.before.iter().map(|line| line.minutes_ago).collect();
            assert!(
                times.is_sorted_by(|earlier, later| earlier > later),
                "{times:?}"
            );
        }
    }

    #[test]
    fn everybody_in_a_group_speaks_before_today_and_a_direct_chat_has_two() {
        for scene in SCENES {
            let speakers = |lines: &'static [Line]| -> HashSet<&str> {
                lines.iter().map(|line| line.who).collect()
            };
            match scene.group {
                Some((_, owner)) => {
                    let before = speakers(scene.before);
                    assert!(before.contains(owner));
                    assert!(before.is_superset(&speakers(scene.now)));
                    assert!(scene.have_read.iter().all(|user| before.contains(user)));
                }
                None => {
                    assert!(scene.before.is_empty());
                    assert_eq!(speakers(scene.now).len(), 2);
                }
            }
        }
    }
}
