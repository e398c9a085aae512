//! Random people on several devices, compared with a simple model after each quiet moment, and held against the
//! checker in the end.
//!
//! `CHINWAG_TEST_SEEDS=17` plays one seed, `CHINWAG_TEST_SEEDS=0..500` many. A script that breaks something is shrunk
//! and printed.

mod log;
mod marks;
mod model;
mod quiet;
mod script;
mod world;

use chinwag_load::check::history::What;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::recorded::{assert_sound, checked, recorded_http};
use script::{ROOT, Step, script};
use world::World;

/// Seeds that are played each time; more are by hand.
const SEEDS: std::ops::Range<u64> = 0..6;
/// Lengths of pages, in turn.
const LIMITS: [usize; 4] = [7, 1, 50, 3];
/// Scripts that are tried to find a shorter one that breaks too.
const SHRINKING: u32 = 100;

#[test]
fn what_anybody_sees_is_what_people_did() {
    for seed in seeds() {
        play_seed(seed);
    }
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("CHINWAG_TEST_SEEDS") else {
        return SEEDS;
    };
    let number = |text: &str| text.parse().expect("a number, or two with .. between");
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&text)..number(&text) + 1,
    }
}

fn play_seed(seed: u64) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: 1,
        max_shrink_iters: SHRINKING,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let played = runner.run(&script(), |steps| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(play(&steps));
        Ok(())
    });
    if let Err(broken) = played {
        panic!("seed {seed} (CHINWAG_TEST_SEEDS={seed} plays it again): {broken}");
    }
}

async fn play(steps: &[Step]) {
    let mut world = World::new().await;
    let mut quiets = 0;
    for step in steps.iter().chain([&Step::Quiet]) {
        match step {
            Step::Together(acts, trouble) => world.together(acts, *trouble).await,
            Step::Quiet => {
                world.quiet(quiets, LIMITS[quiets % LIMITS.len()]).await;
                quiets += 1;
            }
        }
    }
    world.history.record(None, &What::Quiet);
    for place in &world.places {
        let observer = if place.log.state().direct {
            "ana"
        } else {
            ROOT
        };
        let http = recorded_http(&world.history, &world.proxy.url(), observer, "dumps");
        http.dump(place.id).await.unwrap();
    }
    let rules = ["lost", "doubled", "one-order", "gap", "same-content"];
    assert_sound(&checked(world.stop().await), &rules);
}
