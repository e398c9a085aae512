use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

type Play = fn(&[u8]);

const TARGETS: [(&str, Play); 10] = [
    ("bodies", super::bodies),
    ("configuration", super::configuration),
    ("frames", super::frames),
    ("imports", super::imports),
    ("journal", super::journal),
    ("queries", super::queries),
    ("rows", super::rows),
    ("slack", super::slack),
    ("upgrade", super::upgrade),
    ("websocket", super::websocket),
];

#[test]
fn what_is_kept_of_the_fuzzer_breaks_no_promise() {
    // A task that panics ends alone; the hook hears of it.
    let panics = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&panics);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        heard.lock().unwrap().push(panic.to_string());
        before(panic);
    }));
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, play) in TARGETS {
        let mut inputs = 0;
        for input in fs::read_dir(corpus.join(name)).unwrap() {
            let path = input.unwrap().path();
            play(&fs::read(&path).unwrap());
            assert!(panics.lock().unwrap().is_empty(), "{}", path.display());
            inputs += 1;
        }
        assert!(inputs > 0, "{name} has something to begin with");
    }
    let kept = fs::read_dir(&corpus).unwrap().count();
    assert_eq!(kept, TARGETS.len(), "each folder of the corpus is played");
}
