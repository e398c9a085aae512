//! What every [`PushSender`](chinwag_core::ports::PushSender) must show.

use chinwag_core::{
    model::DeviceRow,
    ports::{PushNote, PushOutcome},
};
use chinwag_proto::{DeviceId, EventId, http::DeviceKind};

use crate::{PushSenderEngine, chat, time, user};

/// Lists the cases of [`push_sender`](crate::push_sender).
#[doc(hidden)]
#[macro_export]
macro_rules! push_sender {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments push_sender
            a_note_reaches_its_device
            notes_of_one_chat_replace_each_other
            a_note_sent_again_stands_there_once
            a_note_without_a_message_takes_the_last_one_back
            outcomes_answer_in_the_order_of_the_question
            a_dead_address_is_told_with_its_reason
            a_note_that_is_refused_says_nothing_of_the_device
        }
    };
}

fn device(id: &str) -> DeviceRow {
    DeviceRow {
        user: user("ana"),
        device: DeviceId::new(id).unwrap(),
        kind: DeviceKind::Fcm,
        address: format!("address of {id}"),
        locale: None,
        updated_at: time(0),
    }
}

fn note(device_id: &str, chat_id: u64, message: u64) -> PushNote {
    PushNote {
        device: device(device_id),
        chat: chat(chat_id),
        message: Some(EventId(message)),
        title: "Bo".into(),
        body: format!("message {message} 👋"),
        badge: message,
        ttl_seconds: 3_600,
    }
}

pub async fn a_note_reaches_its_device<E: PushSenderEngine>(engine: E) {
    let sender = engine.push_sender();
    let sent = sender.send(&[note("phone", 1, 5)]).await.unwrap();
    assert_eq!(sent, [PushOutcome::Sent]);
    let screen = engine.screen(&device("phone")).await;
    assert_eq!(screen, [note("phone", 1, 5)]);
    assert!(engine.screen(&device("tablet")).await.is_empty());
    assert!(sender.send(&[]).await.unwrap().is_empty());
}

pub async fn notes_of_one_chat_replace_each_other<E: PushSenderEngine>(engine: E) {
    let notes = [
        note("phone", 1, 5),
        note("phone", 2, 6),
        note("phone", 1, 7),
    ];
    engine.push_sender().send(&notes).await.unwrap();
    let screen = engine.screen(&device("phone")).await;
    assert_eq!(screen, [note("phone", 1, 7), note("phone", 2, 6)]);
}

pub async fn a_note_sent_again_stands_there_once<E: PushSenderEngine>(engine: E) {
    for _ in 0..3 {
        let sent = engine.push_sender().send(&[note("phone", 1, 5)]).await;
        assert_eq!(sent.unwrap(), [PushOutcome::Sent]);
    }
    let screen = engine.screen(&device("phone")).await;
    assert_eq!(screen, [note("phone", 1, 5)]);
}

pub async fn a_note_without_a_message_takes_the_last_one_back<E: PushSenderEngine>(engine: E) {
    let notes = [note("phone", 1, 5), note("phone", 2, 6)];
    engine.push_sender().send(&notes).await.unwrap();
    let back = PushNote {
        message: None,
        ..note("phone", 1, 0)
    };
    let sent = engine.push_sender().send(&[back]).await.unwrap();
    assert_eq!(sent, [PushOutcome::Sent]);
    let screen = engine.screen(&device("phone")).await;
    assert_eq!(screen, [note("phone", 2, 6)]);
}

pub async fn outcomes_answer_in_the_order_of_the_question<E: PushSenderEngine>(engine: E) {
    let later = PushOutcome::RetryAfter(5_000);
    engine.answer("address of busy", later.clone()).await;
    let notes = [
        note("phone", 1, 5),
        note("busy", 1, 5),
        note("tablet", 1, 5),
        note("busy", 2, 6),
    ];
    let outcomes = engine.push_sender().send(&notes).await.unwrap();
    let sent = PushOutcome::Sent;
    assert_eq!(outcomes, [sent.clone(), later.clone(), sent, later]);
    assert!(engine.screen(&device("busy")).await.is_empty());
}

pub async fn a_dead_address_is_told_with_its_reason<E: PushSenderEngine>(engine: E) {
    let gone = PushOutcome::Gone("unregistered".into());
    engine.answer("address of dead", gone).await;
    let outcomes = engine.push_sender().send(&[note("dead", 1, 5)]).await;
    let outcomes = outcomes.unwrap();
    assert!(matches!(&outcomes[..], [PushOutcome::Gone(reason)] if !reason.is_empty()));
    assert!(engine.screen(&device("dead")).await.is_empty());
}

pub async fn a_note_that_is_refused_says_nothing_of_the_device<E: PushSenderEngine>(engine: E) {
    let refused = PushOutcome::Refused("too large".into());
    engine.answer("address of phone", refused).await;
    let outcomes = engine.push_sender().send(&[note("phone", 1, 5)]).await;
    let outcomes = outcomes.unwrap();
    assert!(matches!(&outcomes[..], [PushOutcome::Refused(reason)] if !reason.is_empty()));
    engine.answer("address of phone", PushOutcome::Sent).await;
    let outcomes = engine.push_sender().send(&[note("phone", 1, 6)]).await;
    assert_eq!(outcomes.unwrap(), [PushOutcome::Sent]);
    let screen = engine.screen(&device("phone")).await;
    assert_eq!(screen, [note("phone", 1, 6)]);
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(push_sender, "push_sender.rs");
}
