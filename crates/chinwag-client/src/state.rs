//! What the client knows, apart from sockets and time: places, the sync token, what to ask next.

use std::collections::{BTreeMap, HashMap, HashSet};

use chinwag_proto::{
    ChatId, Epoch, Problem, Seq,
    frames::{LogFrame, Place, Request, ServerFrame},
    http::{EventsPage, SyncAnswer, SyncChat, SyncRequest},
};

use crate::{ChatLog, ClientEvent, chat_log::Received};

/// Chats that one sync may name.
const NAMED: usize = 1_000;
/// How long to wait after a refused request, where the server names no time.
const AFTER_REFUSAL_MS: u64 = 1_000;

/// What follows from a frame.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// Tell the app.
    Tell(ClientEvent),
    /// Ask the server.
    Ask(Request),
    /// Sync after so many milliseconds.
    SyncAfter(u64),
    /// Leave this connection and come back after so many milliseconds.
    ReconnectAfter(u64),
    /// Get a fresh token and send it.
    Reauthenticate,
}

/// What the client knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    logs: HashMap<ChatId, ChatLog>,
    token: Option<String>,
    syncing: bool,
    /// Whether something came during a sync that its answer may not hold yet.
    sync_again: bool,
    repairing: HashSet<ChatId>,
    /// Chats of which something came though no sync told of them.
    strangers: HashSet<ChatId>,
    /// Chats of which something came during the sync that is under way: newer than its answer, perhaps.
    heard: HashSet<ChatId>,
}

impl State {
    /// Returns the sync to ask for; where one is under way, another follows it.
    pub(crate) fn sync(&mut self) -> Option<Request> {
        if std::mem::replace(&mut self.syncing, true) {
            self.sync_again = true;
            return None;
        }
        self.heard.clear();
        Some(self.sync_request())
    }

    fn sync_request(&self) -> Request {
        let chats = self
            .logs
            .iter()
            .take(NAMED)
            .map(|(chat, log)| (*chat, log.place()))
            .collect();
        Request::Sync(SyncRequest {
            since: self.token.clone(),
            chats,
        })
    }

    /// Forgets what was asked on a connection that is gone.
    pub(crate) fn disconnected(&mut self) {
        self.syncing = false;
        self.sync_again = false;
        self.repairing.clear();
    }

    /// Asks again after a refusal, by one sync for all that was under way.
    fn refused(&mut self, problem: &Problem) -> Vec<Action> {
        self.disconnected();
        if !problem.retryable {
            // A token that is refused for good; and a chat that is, sync tells of.
            self.token = None;
        }
        let after_ms = problem.retry_after_ms.unwrap_or(AFTER_REFUSAL_MS);
        vec![Action::SyncAfter(after_ms)]
    }

    /// Returns the places of chats, for the heartbeat.
    pub(crate) fn places(&self, chats: &[ChatId]) -> BTreeMap<ChatId, Place> {
        chats
            .iter()
            .filter_map(|chat| Some((*chat, self.logs.get(chat)?.place())))
            .collect()
    }

    /// Takes a frame that isn't the answer to one of the app's own requests.
    pub(crate) fn receive(&mut self, frame: ServerFrame) -> Vec<Action> {
        match frame {
            ServerFrame::Log(frame) => self.log_frame(frame),
            ServerFrame::Sync { answer, .. } => self.synced(answer),
            ServerFrame::Events { page, .. } => self.repaired(page),
            ServerFrame::Heartbeat { chats, .. } => self.behind(&chats),
            ServerFrame::Receipt(receipt) => vec![Action::Tell(ClientEvent::Receipt(receipt))],
            ServerFrame::Typing {
                chat_id,
                user_id,
                mut user_ids,
                count,
            } => {
                user_ids.extend(user_id);
                let count = count.unwrap_or(u32::try_from(user_ids.len()).unwrap_or(u32::MAX));
                vec![Action::Tell(ClientEvent::Typing {
                    chat_id,
                    user_ids,
                    count,
                })]
            }
            ServerFrame::Presence { users, user, .. } => users
                .into_iter()
                .chain(user)
                .map(|presence| Action::Tell(ClientEvent::Presence(presence)))
                .collect(),
            ServerFrame::Resync { after_ms } => vec![Action::SyncAfter(after_ms)],
            ServerFrame::Drain { after_ms } => vec![Action::ReconnectAfter(after_ms)],
            ServerFrame::Reauth { .. } => vec![Action::Reauthenticate],
            ServerFrame::Error { id: Some(_), error } => self.refused(&error),
            ServerFrame::Ready { .. }
            | ServerFrame::Ack { .. }
            | ServerFrame::Ok { .. }
            | ServerFrame::Messages { .. }
            | ServerFrame::Error { id: None, .. } => Vec::new(),
        }
    }

    /// Takes an acknowledgement as what it is too: a place of the log.
    pub(crate) fn acknowledged(&mut self, chat: ChatId, frame: &ServerFrame) -> Vec<Action> {
        match frame.placed(chat) {
            Some(placed) => self.log_frame(placed),
            None => Vec::new(),
        }
    }

    fn log_frame(&mut self, frame: LogFrame) -> Vec<Action> {
        let chat = frame.chat_id;
        if self.syncing {
            self.heard.insert(chat);
        }
        let Some(log) = self.logs.get_mut(&chat) else {
            // A chat that the client doesn't know: sync tells of it, this place included.
            self.strangers.insert(chat);
            return self.sync().map(Action::Ask).into_iter().collect();
        };
        let received = log.receive(frame);
        self.after(chat, received)
    }

    fn after(&mut self, chat: ChatId, received: Received) -> Vec<Action> {
        let mut actions: Vec<Action> = received.ready.into_iter().map(tell).collect();
        if received.other_epoch {
            actions.extend(self.sync().map(Action::Ask));
        } else if received.gap && !self.syncing && self.repairing.insert(chat) {
            actions.extend(self.repair(chat));
        }
        actions
    }

    fn repair(&self, chat: ChatId) -> Option<Action> {
        let place = self.logs.get(&chat)?.place();
        Some(Action::Ask(Request::Events {
            chat_id: chat,
            epoch: Some(place.epoch),
            after: place.seq,
            limit: Some(200),
        }))
    }

    fn repaired(&mut self, page: EventsPage) -> Vec<Action> {
        let chat = page.chat_id;
        self.repairing.remove(&chat);
        let Some(log) = self.logs.get_mut(&chat) else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        if page.epoch != log.place().epoch {
            let before = page
                .events
                .first()
                .map_or(Seq::ZERO, |first| Seq(first.seq.0 - 1));
            actions.push(Action::Tell(ClientEvent::Restart(chat)));
            actions.extend(
                log.restart(Place {
                    epoch: page.epoch,
                    seq: before,
                })
                .into_iter()
                .map(tell),
            );
        }
        let mut gap = false;
        for frame in page.events {
            let received = log.receive(frame);
            gap = received.gap;
            actions.extend(received.ready.into_iter().map(tell));
        }
        if (page.has_more || gap) && self.repairing.insert(chat) {
            actions.extend(self.repair(chat));
        }
        actions
    }

    fn synced(&mut self, answer: SyncAnswer) -> Vec<Action> {
        let mut actions: Vec<Action> = answer
            .chats
            .into_iter()
            .flat_map(|chat| self.synced_chat(chat))
            .collect();
        for chat in answer.left {
            if self.heard.contains(&chat) {
                // Who left and came back since the answer was made: only another sync tells.
                self.strangers.insert(chat);
                self.sync_again = true;
            } else {
                self.strangers.remove(&chat);
            }
            if self.logs.remove(&chat).is_some() {
                actions.push(Action::Tell(ClientEvent::Left(chat)));
            }
        }
        self.token = Some(answer.token);
        self.strangers.retain(|chat| !self.logs.contains_key(chat));
        if answer.complete {
            self.syncing = false;
            actions.push(Action::Tell(ClientEvent::Online));
            if !self.sync_again && !std::mem::take(&mut self.strangers).is_empty() {
                // What changed since the token doesn't tell of them, as where a node's clock was wrong: all does.
                self.token = None;
                self.sync_again = true;
            }
            if std::mem::take(&mut self.sync_again) {
                actions.extend(self.sync().map(Action::Ask));
            } else {
                actions.extend(self.repair_all());
            }
        } else {
            actions.push(Action::Ask(self.sync_request()));
        }
        actions
    }

    fn synced_chat(&mut self, mut sync: SyncChat) -> Vec<Action> {
        let id = sync.chat.id;
        let events = std::mem::take(&mut sync.events);
        let epoch: Epoch = sync.chat.epoch;
        let before_events = events
            .first()
            .map_or(sync.chat.head.seq, |first| Seq(first.seq.0 - 1));
        let start = Place {
            epoch,
            seq: before_events,
        };
        let limited = sync.limited;
        let mut actions = vec![Action::Tell(ClientEvent::Chat(Box::new(sync)))];
        match self.logs.get_mut(&id) {
            None => drop(self.logs.insert(id, ChatLog::at(start))),
            Some(log) if log.place().epoch != epoch || (limited && log.place().seq < start.seq) => {
                actions.push(Action::Tell(ClientEvent::Restart(id)));
                actions.extend(log.restart(start).into_iter().map(tell));
            }
            Some(_) => {}
        }
        if let Some(log) = self.logs.get_mut(&id) {
            for frame in events {
                actions.extend(log.receive(frame).ready.into_iter().map(tell));
            }
        }
        actions
    }

    /// Asks for what is missing before frames that came while a sync was under way.
    fn repair_all(&mut self) -> Vec<Action> {
        let mut asks = Vec::new();
        let chats: Vec<ChatId> = self.logs.keys().copied().collect();
        for chat in chats {
            let gap = self.logs.get(&chat).is_some_and(ChatLog::has_gap);
            if gap && self.repairing.insert(chat) {
                asks.extend(self.repair(chat));
            }
        }
        asks
    }

    fn behind(&mut self, heads: &BTreeMap<ChatId, Place>) -> Vec<Action> {
        let mut asks = Vec::new();
        for (chat, head) in heads {
            let behind = self
                .logs
                .get(chat)
                .is_some_and(|log| log.place().epoch != head.epoch || log.place().seq < head.seq);
            if behind && !self.syncing && self.repairing.insert(*chat) {
                asks.extend(self.repair(*chat));
            }
        }
        asks
    }
}

fn tell(frame: LogFrame) -> Action {
    Action::Tell(ClientEvent::Log(Box::new(frame)))
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{ErrorCode, frames::LogBody};
    use serde_json::json;

    use super::*;

    fn frame(chat: u64, seq: u64) -> ServerFrame {
        ServerFrame::Log(LogFrame {
            chat_id: ChatId(chat),
            epoch: Epoch(1),
            seq: Seq(seq),
            body: LogBody::Hidden,
        })
    }

    fn nothing_new(token: &str) -> ServerFrame {
        let answer = SyncAnswer {
            token: token.into(),
            chats: Vec::new(),
            left: Vec::new(),
            complete: true,
        };
        ServerFrame::Sync { id: None, answer }
    }

    fn refusal(code: ErrorCode) -> ServerFrame {
        ServerFrame::Error {
            id: Some(1),
            error: Problem::new(code, "").retry_after(7),
        }
    }

    fn asks_for_sync(actions: &[Action]) -> bool {
        let sync = |action: &Action| matches!(action, Action::Ask(Request::Sync(_)));
        actions.iter().any(sync)
    }

    #[test]
    fn a_chat_that_no_sync_tells_of_is_asked_for_among_all() {
        let mut state = State::default();
        state.receive(nothing_new("t"));
        let asked = state.receive(frame(7, 3));
        assert!(asks_for_sync(&asked));
        let again = state.receive(nothing_new("u"));
        let from_the_start = |action: &Action| {
            let Action::Ask(Request::Sync(sync)) = action else {
                return false;
            };
            sync.since.is_none()
        };
        assert!(again.iter().any(from_the_start), "{again:?}");
        let once = state.receive(nothing_new("v"));
        assert!(!asks_for_sync(&once), "who left it meanwhile asks no more");
    }

    #[test]
    fn a_chat_that_appears_during_a_sync_is_asked_for_after_it() {
        let mut state = State::default();
        assert!(state.sync().is_some());
        assert!(!asks_for_sync(&state.receive(frame(1, 1))));
        assert!(asks_for_sync(&state.receive(nothing_new("a"))));
        assert!(asks_for_sync(&state.receive(nothing_new("b"))), "for all");
        assert!(!asks_for_sync(&state.receive(nothing_new("c"))));
    }

    #[test]
    fn a_chat_that_was_left_and_joined_again_during_a_sync_is_asked_for_after_it() {
        let mut state = State::default();
        let start = Place {
            epoch: Epoch(1),
            seq: Seq(4),
        };
        state.logs.insert(ChatId(7), ChatLog::at(start));
        let left = |token: &str| {
            let mut answer = nothing_new(token);
            if let ServerFrame::Sync { answer, .. } = &mut answer {
                answer.left = vec![ChatId(7)];
            }
            answer
        };
        assert!(state.sync().is_some());
        state.receive(frame(7, 5));
        let answered = state.receive(left("a"));
        assert!(answered.contains(&Action::Tell(ClientEvent::Left(ChatId(7)))));
        assert!(asks_for_sync(&answered), "{answered:?}");
        let again = state.receive(left("b"));
        assert!(!asks_for_sync(&again), "nothing came since: {again:?}");
    }

    #[test]
    fn a_refused_sync_is_asked_for_again() {
        let mut state = State::default();
        for code in [ErrorCode::Overloaded, ErrorCode::BadRequest] {
            assert!(state.sync().is_some());
            let actions = state.receive(refusal(code));
            assert_eq!(actions, [Action::SyncAfter(7)]);
        }
    }

    #[test]
    fn the_acknowledgement_of_what_was_so_already_hides_no_event_that_is_still_to_come() {
        let reaction = |id: &str| {
            json!({
                "id": id, "userId": "ben", "timestamp": "2026-01-02T03:04:05.000Z",
                "messageId": "70", "key": "+", "on": true, "count": 1,
            })
        };
        let read = |frame| serde_json::from_value(frame).unwrap();
        let mut state = State::default();
        let start = Place {
            epoch: Epoch(1),
            seq: Seq(4),
        };
        state.logs.insert(ChatId(7), ChatLog::at(start));
        // The same reaction again: nothing took a place, and place 5 is still on its way.
        let again =
            read(json!({"type": "ack", "id": 9, "epoch": 1, "seq": 5, "event": reaction("70")}));
        assert_eq!(state.acknowledged(ChatId(7), &again), Vec::new());
        let live = json!({"type": "reaction", "chatId": "7", "epoch": 1, "seq": 5, "event": reaction("88")});
        let told = state.receive(read(live.clone()));
        let ServerFrame::Log(expected) = read(live) else {
            panic!("a place of a log");
        };
        assert_eq!(told, [tell(expected)]);
    }
}
