//! `chinwag demo`

use crate::place::Place;

fn password(printed: &str) -> &str {
    let line = printed
        .lines()
        .skip_while(|line| !line.contains("password"));
    line.map(str::trim).find(|line| line.contains('-')).unwrap()
}

#[test]
fn a_team_moves_in_with_a_server_and_without_one_and_there_is_something_new_to_see() {
    for with_server in [false, true] {
        let place = Place::new();
        let early = with_server.then(|| place.serve());
        let printed = place.prints(&["demo"], "");
        assert_eq!(printed.contains(" serve\n"), !with_server, "{printed}");
        let serving = early.unwrap_or_else(|| place.serve());
        let list = place.prints(&["chat", "--as", "ana"], "/chats\n");
        for line in [
            "#Kitchen [2 new] mio: 今行きます！",
            "#Release 2.4 [3 new, 1 @you] dara:",
            "Ben Okafor [2 new] ben: Good ones, mostly 😄",
            "#Roof garden [] farid: Then Sunday is mine.",
            "\u{2068}فريد حداد\u{2069} [] ana:",
        ] {
            assert!(list.contains(line), "{line:?} isn't in {list}");
        }
        assert!(
            !list.contains("陈琪"),
            "what others say to each other is theirs: {list}"
        );
        let script = "/open release\n/open ben\n/search 压测\n/search kettle\n";
        let read = place.prints(&["chat", "--as", "ana"], script);
        for line in [
            "ben: Release is Thursday at 14:00, not 15:00: the train leaves at four.  (edited)",
            "dara: (deleted)",
            "  🎉 3",
            "-- new",
            "Fancy a chinwag before two?",
            "chi: 压测跑完了",
        ] {
            assert!(read.contains(line), "{line:?} isn't in {read}");
        }
        assert!(!read.contains("hunter2"));
        let url = format!("http://{}", serving.address);
        let input = format!("{}\n/chats\n", password(&printed));
        let from_elsewhere = ["chat", "--as", "ana", "--server", &url];
        assert!(place.prints(&from_elsewhere, &input).contains("#Kitchen"));
        serving.terminate();
    }
}

#[test]
fn a_server_that_is_not_empty_is_left_as_it_is() {
    let place = Place::new();
    place.prints(&["user", "add", "zoe"], "");
    let before = place.prints(&["user", "list"], "");
    let refused = place.run(&["demo"], "");
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success());
    assert!(error.contains("there are users here already"), "{error}");
    assert_eq!(place.prints(&["user", "list"], ""), before);
}
