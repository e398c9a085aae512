//! What was refused for good shows nowhere.

use super::Finder;
use crate::check::index::Index;
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "refused-landed");
    let refused = index.requests.iter().filter(|request| request.refused());
    finder.verdict.checked = refused.count() as u64;
    for fact in &index.facts {
        let request = index.requests.get(fact.request as usize);
        if let Some(request) = request.filter(|request| request.refused()) {
            finder.found(Some(fact.chat), &[request.line, fact.line], || {
                format!(
                    "every try was refused, and the event stands at place {}",
                    fact.place.seq
                )
            });
        }
    }
    finder.verdict
}
