//! Random histories of a right server yield nothing; with one random fault, it is found.

use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::faults::FAULTS;
use super::world::World;
use crate::check::check;
use crate::check::history::*;
use crate::check::read::Reader;
use crate::check::record::Recorder;
use crate::check::report::Report;

fn report(records: &[Record]) -> Report {
    check(records.iter().cloned().map(Ok))
}

#[test]
fn right_histories_break_nothing_and_every_rule_has_something_to_check() {
    let mut checked: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..60 {
        let report = report(&World::history(seed, 1_500));
        assert!(report.passed(), "seed {seed}: {report}");
        for verdict in &report.rules {
            *checked.entry(verdict.rule).or_default() += verdict.checked;
        }
    }
    assert!(checked.values().all(|checked| *checked > 50), "{checked:?}");
}

#[test]
fn a_history_written_and_read_back_is_checked_alike() {
    let records = World::history(7, 2_000);
    let direct = report(&records);
    let times = std::sync::Mutex::new(
        records
            .iter()
            .map(|record| record.at)
            .collect::<Vec<_>>()
            .into_iter(),
    );
    let recorder = Recorder::new(Vec::new(), move || times.lock().unwrap().next().unwrap());
    for record in &records {
        recorder.record(record.client.as_ref(), &record.what);
    }
    let (_, text) = recorder.finish().unwrap();
    let read: Vec<Record> = Reader::new(&text[..]).map(Result::unwrap).collect();
    assert_eq!(read, records);
    let again = check(Reader::new(&text[..]));
    assert_eq!(again.counts, direct.counts);
    assert_eq!(again.rules, direct.rules);
}

#[test]
fn a_random_fault_is_found_by_its_rule() {
    for (rule, fault) in FAULTS {
        let mut planted = 0;
        for seed in 0..40 {
            let mut records = World::history(seed, 1_000);
            let mut rng = StdRng::seed_from_u64(seed);
            if !fault(&mut records, &mut rng) {
                continue;
            }
            planted += 1;
            let report = report(&records);
            assert!(
                report.verdict(rule).unwrap().found > 0,
                "seed {seed}, {rule}: {report}"
            );
        }
        assert!(planted >= 10, "{rule} was planted only {planted} times");
    }
}
