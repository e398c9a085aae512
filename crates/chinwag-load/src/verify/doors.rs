//! Members who come and go.

use std::{sync::Arc, time::Duration};

use chinwag_proto::ClientId;

use super::stage::Stage;

/// How long somebody is out, or in, before the next change of a group.
const PAUSE: Duration = Duration::from_millis(150);

/// The owner of a group removes people and lets them in again, or they leave by themselves, until the run ends; then
/// all are in.
pub(super) async fn come_and_go(stage: Arc<Stage>, chat: usize) {
    let chat = &stage.cast.chats[chat];
    let owner = stage.cast.http(chat.owner, &format!("door of {}", chat.id));
    let mut number = 0;
    while stage.goes_on() {
        for comer in &chat.comers {
            number += 1;
            let id = &stage.cast.people[*comer].id;
            let out = ClientId::new(&format!("out-{number}")).ok();
            let back = ClientId::new(&format!("in-{number}")).ok();
            let (Some(out), Some(back)) = (out, back) else {
                return;
            };
            if number % 2 == 0 {
                let own = stage.cast.http(*comer, &format!("door of {}", chat.id));
                stage
                    .surely("leaving", || own.remove(chat.id, id, &out))
                    .await;
            } else {
                stage
                    .surely("removing", || owner.remove(chat.id, id, &out))
                    .await;
            }
            stage.pause(PAUSE).await;
            let added = stage.surely("adding", || owner.add(chat.id, id, &back));
            if added.await.is_some() {
                stage.count_acknowledged();
            }
            stage.pause(PAUSE).await;
        }
    }
}
