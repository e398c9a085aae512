//! A text is shown byte for byte as it was sent.

use std::collections::HashMap;

use super::Finder;
use crate::check::history::Kind;
use crate::check::index::Index;
use crate::check::index::tables::{Asked, Fact, Request};
use crate::check::report::Verdict;

/// Holds what may have become of messages that somebody edited.
#[derive(Default)]
struct Edits {
    /// Texts that were asked for, and may have landed.
    wanted: HashMap<u64, Vec<u64>>,
    /// Edits that landed, by place, with their texts where the request is known.
    landed: HashMap<u64, Vec<(u64, Option<u64>)>>,
}

/// Says which texts are right.
enum Right {
    One(u64),
    AnyOf(Vec<u64>),
    Unknown,
}

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "altered");
    let edits = Edits::of(index);
    for fact in index
        .facts
        .iter()
        .filter(|fact| fact.has_text && !fact.deleted)
    {
        let right = match fact.kind {
            Kind::Message => edits.of_message(index, fact),
            Kind::Edit if fact.change_seq == fact.place.seq => {
                text_of(index, fact).map_or(Right::Unknown, Right::One)
            }
            _ => continue,
        };
        let wrong = match right {
            Right::Unknown => {
                finder.unchecked();
                continue;
            }
            Right::One(digest) => digest != fact.digest,
            Right::AnyOf(digests) => !digests.contains(&fact.digest),
        };
        finder.checked();
        if wrong {
            let sent = index
                .requests
                .get(fact.request as usize)
                .map_or(0, |request| request.line);
            finder.found(Some(fact.chat), &[sent, fact.line], || {
                let (id, seq) = (fact.message(), fact.change_seq);
                format!("the text of message {id} as of place {seq} isn't what was sent")
            });
        }
    }
    finder.verdict
}

impl Edits {
    fn of(index: &Index) -> Self {
        let mut edits = Self::default();
        for request in index
            .requests
            .iter()
            .filter(|request| request.asked == Asked::Edit)
        {
            if !request.refused() {
                edits
                    .wanted
                    .entry(request.target)
                    .or_default()
                    .push(request.digest);
            }
        }
        for fact in index.facts.iter().filter(|fact| fact.kind == Kind::Edit) {
            let landed = edits.landed.entry(fact.target).or_default();
            landed.push((fact.place.seq, text_of(index, fact)));
        }
        edits
    }

    fn of_message(&self, index: &Index, fact: &Fact) -> Right {
        let Some(original) = text_of(index, fact) else {
            return Right::Unknown;
        };
        if fact.change_seq == fact.place.seq {
            return Right::One(original);
        }
        let landed = self.landed.get(&fact.id).map_or(&[][..], Vec::as_slice);
        let before = landed.iter().filter(|(seq, _)| *seq <= fact.change_seq);
        let latest = before.max_by_key(|(seq, _)| *seq);
        if index
            .members
            .log_known(index, fact.chat, fact.place.epoch, fact.change_seq)
        {
            return match latest {
                None => Right::One(original),
                Some((_, Some(text))) => Right::One(*text),
                Some((_, None)) => Right::Unknown,
            };
        }
        if landed.iter().any(|(_, text)| text.is_none()) {
            return Right::Unknown;
        }
        let mut texts = self.wanted.get(&fact.id).cloned().unwrap_or_default();
        texts.push(original);
        Right::AnyOf(texts)
    }
}

/// Gives what the request behind an event wanted to say, if it was recorded.
fn text_of(index: &Index, fact: &Fact) -> Option<u64> {
    let request = index.requests.get(fact.request as usize)?;
    let usable = |request: &&Request| request.tries > 0 && !request.varies;
    let wanted = matches!(request.asked, Asked::Message | Asked::Edit);
    Some(request)
        .filter(usable)
        .filter(|_| wanted)
        .map(|request| request.digest)
}
