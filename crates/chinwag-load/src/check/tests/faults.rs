//! Faults to plant into a right history, each of which one rule must find.

use std::collections::BTreeMap;

use rand::Rng as _;
use rand::rngs::StdRng;

use crate::check::history::*;
use crate::check::value::{Digest, Id};

/// Changes a history so that one rule must find something; false if nothing fits.
pub(super) type Fault = fn(&mut Vec<Record>, &mut StdRng) -> bool;

pub(super) const FAULTS: [(&str, Fault); 14] = [
    ("lost", |records, rng| lose_from_the_dump(records, rng)),
    ("doubled", |records, rng| double_in_the_dump(records, rng)),
    ("shown-twice", |records, rng| {
        show_under_another_id(records, rng)
    }),
    ("one-order", |records, rng| swap_in_a_page(records, rng)),
    ("ack-order", |records, rng| place_too_early(records, rng)),
    ("same-content", |records, rng| {
        alter_in_one_view(records, rng)
    }),
    ("altered", |records, rng| alter_in_one_view(records, rng)),
    ("refused-landed", |records, rng| {
        refuse_what_landed(records, rng)
    }),
    ("gap", |records, rng| leave_out_of_events(records, rng)),
    ("page", |records, rng| leave_out_of_history(records, rng)),
    ("visible", |records, rng| tell_a_stranger(records, rng)),
    ("deleted-text", |records, rng| {
        show_after_deletion(records, rng)
    }),
    ("unread", |records, rng| miscount(records, rng)),
    ("epoch", |records, rng| fall_back(records, rng)),
];

fn pick<T>(rng: &mut StdRng, mut choices: Vec<T>) -> Option<T> {
    if choices.is_empty() {
        None
    } else {
        Some(choices.swap_remove(rng.random_range(0..choices.len())))
    }
}

fn pages(records: &mut [Record], via: impl Fn(Via) -> bool) -> Vec<&mut Page> {
    let pages = records
        .iter_mut()
        .filter_map(|record| match &mut record.what {
            What::Page(page) if via(page.via) => Some(page),
            _ => None,
        });
    pages.collect()
}

fn shown_messages(records: &mut [Record]) -> Vec<&mut Event> {
    let live = records
        .iter_mut()
        .filter_map(|record| match &mut record.what {
            What::Live(live) if live.event.kind == Kind::Message => Some(&mut live.event),
            _ => None,
        });
    live.collect()
}

fn acked_messages(records: &[Record]) -> Vec<(usize, String, Given)> {
    let acks = records
        .iter()
        .enumerate()
        .filter_map(|(number, record)| match &record.what {
            What::Ack(Ack {
                chat,
                event: Some(given),
                ..
            }) => Some((number, chat.clone(), *given)),
            _ => None,
        });
    acks.collect()
}

fn lose_from_the_dump(records: &mut [Record], rng: &mut StdRng) -> bool {
    let Some((_, chat, given)) = pick(rng, acked_messages(records)) else {
        return false;
    };
    for page in pages(records, |via| via == Via::Dump) {
        if page.chat == chat {
            page.events.retain(|event| event.seq != given.seq);
        }
    }
    true
}

fn double_in_the_dump(records: &mut [Record], rng: &mut StdRng) -> bool {
    let dumps = pages(records, |via| via == Via::Dump).into_iter();
    let Some(page) = pick(rng, dumps.filter(|page| !page.has_more).collect()) else {
        return false;
    };
    let messages: Vec<Event> = page
        .events
        .iter()
        .filter(|event| event.client_id.is_some())
        .cloned()
        .collect();
    let Some(last) = page.events.last().map(|event| event.seq) else {
        return false;
    };
    let Some(message) = pick(rng, messages) else {
        return false;
    };
    let id = Some(Id(u64::MAX));
    page.events.push(Event {
        seq: last + 1,
        id,
        change_seq: Some(last + 1),
        ..message
    });
    true
}

fn show_under_another_id(records: &mut [Record], rng: &mut StdRng) -> bool {
    let named = shown_messages(records)
        .into_iter()
        .filter(|event| event.client_id.is_some());
    let Some(event) = pick(rng, named.collect()) else {
        return false;
    };
    event.id = event.id.map(|id| Id(id.0 + 1));
    true
}

fn swap_in_a_page(records: &mut [Record], rng: &mut StdRng) -> bool {
    let long = pages(records, |via| via != Via::Search)
        .into_iter()
        .filter(|page| page.events.len() > 1);
    let Some(page) = pick(rng, long.collect()) else {
        return false;
    };
    let number = rng.random_range(1..page.events.len());
    page.events.swap(number - 1, number);
    true
}

/// Moves an acknowledgement of one's message before an earlier placed one's intent.
fn place_too_early(records: &mut Vec<Record>, rng: &mut StdRng) -> bool {
    let mut acked = acked_messages(records);
    acked.retain(|(number, _, given)| is_message_ack(records, *number) && given.seq > 1);
    let Some((number, ..)) = pick(rng, acked) else {
        return false;
    };
    let chat_and_key = |what: &What| match what {
        What::Ack(ack) => Some((ack.chat.clone(), ack.client_id.clone())),
        What::Intent(intent) => Some((intent.chat.clone(), intent.client_id.clone())),
        _ => None,
    };
    let key = chat_and_key(&records[number].what);
    let intent = records.iter().position(|record| {
        matches!(record.what, What::Intent(_)) && chat_and_key(&record.what) == key
    });
    let Some(intent) = intent else { return false };
    // Somebody of the same user gets a later place acknowledged before this one leaves.
    let client = records[number].client.clone();
    let at = records[intent].at;
    let (
        Some((chat, _)),
        What::Ack(Ack {
            event: Some(given), ..
        }),
    ) = (key, &records[number].what)
    else {
        return false;
    };
    let event = Some(Given {
        id: Id(given.id.0 + 1),
        seq: given.seq + 100_000,
        ..*given
    });
    let digest = Digest::of(b"later");
    let client_id = "later".to_owned();
    let sent = What::Intent(Intent {
        chat: chat.clone(),
        client_id: client_id.clone(),
        op: Op::Message { digest },
    });
    let ack = What::Ack(Ack {
        chat,
        client_id,
        event,
    });
    records.insert(
        intent,
        Record {
            at,
            client: client.clone(),
            what: ack,
        },
    );
    records.insert(
        intent,
        Record {
            at,
            client,
            what: sent,
        },
    );
    true
}

fn is_message_ack(records: &[Record], number: usize) -> bool {
    let What::Ack(ack) = &records[number].what else {
        return false;
    };
    records.iter().any(|record| match &record.what {
        What::Intent(intent) => {
            let same = intent.client_id == ack.client_id && intent.chat == ack.chat;
            same && matches!(intent.op, Op::Message { .. })
        }
        _ => false,
    })
}

fn alter_in_one_view(records: &mut [Record], rng: &mut StdRng) -> bool {
    let mut seen = BTreeMap::<u64, usize>::new();
    for event in shown_messages(records) {
        *seen.entry(event.id.map_or(0, |id| id.0)).or_default() += 1;
    }
    let often = shown_messages(records)
        .into_iter()
        .filter(|event| event.id.is_some_and(|id| seen[&id.0] > 2));
    let Some(event) = pick(rng, often.collect()) else {
        return false;
    };
    event.digest = Some(Digest::of(b"altered"));
    true
}

fn refuse_what_landed(records: &mut [Record], rng: &mut StdRng) -> bool {
    let mut acked = acked_messages(records);
    acked.retain(|(number, ..)| is_message_ack(records, *number));
    let key = |record: &Record| match &record.what {
        What::Intent(intent) => Some((intent.chat.clone(), intent.client_id.clone())),
        What::Ack(ack) => Some((ack.chat.clone(), ack.client_id.clone())),
        _ => None,
    };
    acked.retain(|(number, ..)| {
        let same = records
            .iter()
            .filter(|record| key(record) == key(&records[*number]));
        same.count() == 2
    });
    let Some((number, ..)) = pick(rng, acked) else {
        return false;
    };
    if let What::Ack(ack) = records[number].what.clone() {
        records[number].what = What::Refused(Outcome {
            chat: ack.chat,
            client_id: ack.client_id,
        });
    }
    true
}

fn leave_out_of_events(records: &mut [Record], rng: &mut StdRng) -> bool {
    let long = pages(records, |via| via == Via::Events || via == Via::Sync).into_iter();
    // Between two places that one sees there is none that one needn't be told of.
    let whole = long.filter(|page| {
        page.events.len() > 2 && page.events.iter().all(|event| event.kind != Kind::Hidden)
    });
    let Some(page) = pick(rng, whole.collect()) else {
        return false;
    };
    let number = rng.random_range(1..page.events.len() - 1);
    page.events.remove(number);
    true
}

fn leave_out_of_history(records: &mut [Record], rng: &mut StdRng) -> bool {
    let long = pages(records, |via| via == Via::History)
        .into_iter()
        .filter(|page| page.events.len() > 2);
    let Some(page) = pick(rng, long.collect()) else {
        return false;
    };
    let number = rng.random_range(1..page.events.len() - 1);
    page.events.remove(number);
    true
}

fn tell_a_stranger(records: &mut [Record], rng: &mut StdRng) -> bool {
    let live = records.iter_mut().filter(|record| match &record.what {
        What::Live(live) => live.event.kind != Kind::Hidden,
        _ => false,
    });
    let Some(record) = pick(rng, live.collect()) else {
        return false;
    };
    if let Some(client) = &mut record.client {
        client.user = "stranger".into();
    }
    true
}

fn show_after_deletion(records: &mut [Record], rng: &mut StdRng) -> bool {
    let deletions: Vec<(u64, Id)> = records
        .iter()
        .filter_map(|record| deletion_at(records, record))
        .collect();
    let texts = pages(records, |via| via == Via::History || via == Via::Dump)
        .into_iter()
        .flat_map(|page| {
            let asked = page.asked;
            page.events.iter_mut().map(move |event| (asked, event))
        });
    let later = texts.filter(|(asked, event)| {
        let gone = deletions
            .iter()
            .any(|(at, target)| event.id == Some(*target) && at < asked);
        gone && event.kind == Kind::Message
    });
    let Some((_, event)) = pick(rng, later.collect()) else {
        return false;
    };
    (event.deleted, event.digest, event.change_seq) = (false, Some(Digest::of(b"text")), None);
    true
}

fn deletion_at(records: &[Record], record: &Record) -> Option<(u64, Id)> {
    let What::Ack(ack) = &record.what else {
        return None;
    };
    records.iter().find_map(|other| match &other.what {
        What::Intent(Intent {
            chat,
            client_id,
            op: Op::Delete { target },
        }) => (*chat == ack.chat && *client_id == ack.client_id).then_some((record.at, *target)),
        _ => None,
    })
}

fn miscount(records: &mut [Record], rng: &mut StdRng) -> bool {
    let counts = records
        .iter_mut()
        .filter_map(|record| match &mut record.what {
            What::Unread(unread) => Some(unread),
            _ => None,
        });
    let Some(unread) = pick(rng, counts.collect()) else {
        return false;
    };
    unread.count += 1_000;
    true
}

fn fall_back(records: &mut [Record], rng: &mut StdRng) -> bool {
    let Some(page) = pick(rng, pages(records, |via| via == Via::History)) else {
        return false;
    };
    page.epoch = 0;
    true
}
