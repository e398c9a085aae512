//! What a caller may find, as filters of the engine.

use chinwag_core::model::Interval;
use chinwag_proto::{ChatId, Seq};
use serde_json::{Value, json};

use super::layout::{CHAT, SEQ};
use crate::reach::{Places, Reach};

/// The engine refuses a query of more than 1,024 clauses; that leaves some for words, sender and times.
const MAX_CLAUSES: usize = 900;
/// The engine refuses more chats than 65,536 in one clause.
const MAX_CHATS: usize = 30_000;

/// Makes filters, each for a part of the scope, that together let through all of it; no document passes two of them.
pub(super) fn filters(reach: &Reach) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut part = Part::default();
    for (chat, places) in reach.iter() {
        match places {
            Places::All => {
                part.make_room(MAX_CHATS, 0, &mut parts);
                part.whole.push(chat.to_string());
            }
            Places::Within(intervals) => {
                for some in apart(intervals).chunks(MAX_CLAUSES - 1) {
                    part.make_room(MAX_CHATS, some.len() + 1, &mut parts);
                    part.add(chat, some);
                }
            }
        }
    }
    part.end(&mut parts);
    parts
}

/// As much of a scope as fits into a request.
#[derive(Default)]
struct Part {
    /// Chats all of which may be seen.
    whole: Vec<String>,
    /// Filters of others.
    within: Vec<Value>,
    /// How many clauses they are.
    clauses: usize,
}

impl Part {
    /// Ends the part where so many further clauses, or a further chat, don't fit.
    fn make_room(&mut self, max_chats: usize, clauses: usize, parts: &mut Vec<Value>) {
        if self.whole.len() >= max_chats || self.clauses + clauses > MAX_CLAUSES {
            self.end(parts);
        }
    }

    fn add(&mut self, chat: ChatId, intervals: &[Interval]) {
        self.clauses += intervals.len() + 1;
        let places = any(intervals.iter().map(range).collect());
        let filter = [json!({ "term": { CHAT: chat.to_string() } }), places];
        self.within.push(json!({ "bool": { "filter": filter } }));
    }

    fn end(&mut self, parts: &mut Vec<Value>) {
        let Self {
            whole, mut within, ..
        } = std::mem::take(self);
        if !whole.is_empty() {
            within.push(json!({ "terms": { CHAT: whole } }));
        }
        if !within.is_empty() {
            parts.push(any(within));
        }
    }
}

/// Makes a filter that lets through what one of some does.
fn any(mut filters: Vec<Value>) -> Value {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        last => {
            filters.extend(last);
            json!({ "bool": { "should": filters } })
        }
    }
}

fn range(interval: &Interval) -> Value {
    let from = long(interval.from);
    match interval.through {
        None => json!({ "range": { SEQ: { "gte": from } } }),
        Some(through) => json!({ "range": { SEQ: { "gte": from, "lte": long(through) } } }),
    }
}

/// The engine's numbers have a sign.
fn long(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

/// Joins intervals that overlap, so that no place lies in two.
fn apart(intervals: &[Interval]) -> Vec<Interval> {
    let mut sorted = intervals.to_vec();
    sorted.sort_by_key(|interval| interval.from);
    let mut apart: Vec<Interval> = Vec::with_capacity(sorted.len());
    for interval in sorted {
        match apart.last_mut() {
            Some(last) if last.through.is_none_or(|through| interval.from <= through) => {
                let both = last.through.zip(interval.through);
                last.through = both.map(|(one, other)| one.max(other));
            }
            _ => apart.push(interval),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use chinwag_core::{model::Intervals, ports::Scope};

    use super::*;

    fn interval(from: u64, through: u64) -> Interval {
        Interval {
            from: Seq(from),
            through: Some(Seq(through)),
        }
    }

    fn of(scope: Vec<(u64, Intervals)>) -> Vec<Value> {
        let scope = scope
            .into_iter()
            .map(|(chat, intervals)| (ChatId(chat), intervals));
        filters(&Reach::of(&Scope(scope.collect())))
    }

    #[test]
    fn a_scope_is_chats_and_intervals_of_places() {
        let scope = vec![
            (1, Intervals::from(Seq(1))),
            (
                2,
                [interval(3, 5), interval(9, u64::MAX)]
                    .into_iter()
                    .collect(),
            ),
            (3, Intervals::from(Seq(1))),
            (4, Intervals::default()),
        ];
        let two = json!({ "bool": { "filter": [
            { "term": { "chat": "2" } },
            { "bool": { "should": [
                { "range": { "seq": { "gte": 3, "lte": 5 } } },
                { "range": { "seq": { "gte": 9, "lte": i64::MAX } } },
            ] } },
        ] } });
        let whole = json!({ "terms": { "chat": ["1", "3"] } });
        assert_eq!(of(scope), [json!({ "bool": { "should": [two, whole] } })]);
        assert_eq!(of(vec![]), [] as [Value; 0]);
    }

    #[test]
    fn a_large_scope_comes_in_parts() {
        let joined = |chats: u64| {
            (1..=chats)
                .map(|chat| (chat, Intervals::from(Seq(7))))
                .collect()
        };
        assert_eq!(of(joined(450)).len(), 1);
        assert_eq!(of(joined(451)).len(), 2);
        let all = |chats: u64| {
            (1..=chats)
                .map(|chat| (chat, Intervals::from(Seq(1))))
                .collect()
        };
        assert_eq!(of(all(30_000)).len(), 1);
        assert_eq!(of(all(30_001)).len(), 2);
        let often = (0..2_000).map(|number| interval(number * 3 + 1, number * 3 + 2));
        assert_eq!(of(vec![(1, often.collect())]).len(), 3);
    }

    #[test]
    fn no_place_lies_in_two_intervals() {
        let open = Interval {
            from: Seq(40),
            through: None,
        };
        let intervals = [
            interval(8, 9),
            interval(1, 3),
            open,
            interval(2, 5),
            interval(50, 60),
        ];
        assert_eq!(apart(&intervals), [interval(1, 5), interval(8, 9), open]);
    }
}
