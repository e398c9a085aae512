//! Many notes in one call: each its own request, several at once.

use std::collections::HashMap;

use chinwag_core::ports::{PushNote, PushOutcome};
use chinwag_proto::{ChatId, DeviceId, UserId};
use futures_util::{StreamExt as _, stream};

/// Requests under way at a time for one call.
const AT_ONCE: usize = 64;

/// Sends each note by a request of its own; of one device and chat only the last, since it would replace the others,
/// and requests that are under way at once arrive in any order.
pub(crate) async fn send_each<'a, F>(
    notes: &'a [PushNote],
    send: impl Fn(&'a PushNote) -> F,
) -> Vec<PushOutcome>
where
    F: Future<Output = PushOutcome>,
{
    let mut last: HashMap<(&UserId, &DeviceId, ChatId), usize> = HashMap::new();
    for (at, note) in notes.iter().enumerate() {
        last.insert((&note.device.user, &note.device.device, note.chat), at);
    }
    let is_last = |at: &usize| {
        let note = &notes[*at];
        last.get(&(&note.device.user, &note.device.device, note.chat)) == Some(at)
    };
    let sending = (0..notes.len()).filter(is_last).map(|at| {
        let outcome = send(&notes[at]);
        async move { (at, outcome.await) }
    });
    let sent: Vec<(usize, PushOutcome)> = stream::iter(sending)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut outcomes = vec![PushOutcome::Sent; notes.len()];
    for (at, outcome) in sent {
        outcomes[at] = outcome;
    }
    outcomes
}
