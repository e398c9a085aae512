//! Requests on their way, some of them lost.

use rand::Rng as _;

use super::{Flight, USERS, World, user_name};
use crate::check::history::*;
use crate::check::value::Digest;

impl World {
    pub(super) fn begin(&mut self, device: usize, chat: usize) {
        self.next += 1;
        let user = self.devices[device].user;
        let key = format!("k{}", self.next);
        let digest = Digest::of(key.as_bytes());
        let other = self.rng.random_range(0..USERS);
        let message = self.any_message(chat, user);
        let op = match (self.rng.random_range(0..20), message) {
            (10, Some(message)) if message.sender == Some(user_name(user)) => Op::Edit {
                target: message.id.unwrap(),
                digest,
            },
            (11, Some(message)) => Op::Delete {
                target: message.id.unwrap(),
            },
            (12, Some(message)) => Op::React {
                target: message.id.unwrap(),
            },
            (13..15, Some(message)) => Op::Read {
                id: message.id.unwrap(),
                unread: chat == 2 && self.next.is_multiple_of(3),
            },
            (15, _) if self.is_member(chat, user) => Op::Add {
                users: vec![user_name(other)],
            },
            (16, _) if other > 1 => Op::Remove {
                users: vec![user_name(other)],
            },
            _ => Op::Message { digest },
        };
        let intent = Intent {
            chat: format!("c{chat}"),
            client_id: key.clone(),
            op: op.clone(),
        };
        self.note(Some(device), What::Intent(intent));
        let lost = self.rng.random_range(0..8) == 0;
        self.flights.push(Flight {
            device,
            chat,
            key,
            op,
            applied: None,
            lost,
        });
    }

    /// Takes some request one step on: to the owner, or back with its answer.
    pub(super) fn fly(&mut self) {
        if self.flights.is_empty() {
            return;
        }
        let number = self.rng.random_range(0..self.flights.len());
        let mut flight = self.flights.swap_remove(number);
        match flight.applied {
            None if flight.lost && self.rng.random_range(0..2) == 0 => self.answer_lost(flight),
            None => {
                flight.applied = Some(self.apply(&flight));
                self.flights.push(flight);
            }
            Some(_) if flight.lost => self.answer_lost(flight),
            Some(answer) => self.answer(&flight, answer),
        }
    }

    pub(super) fn answer(&mut self, flight: &Flight, answer: Option<Given>) {
        let chat = format!("c{}", flight.chat);
        let client_id = flight.key.clone();
        // Answers about members and marks tell no place.
        let placeless = matches!(
            flight.op,
            Op::Read { .. } | Op::Add { .. } | Op::Remove { .. }
        );
        let what = match answer {
            None => What::Refused(Outcome { chat, client_id }),
            Some(_) if placeless => What::Ack(Ack {
                chat,
                client_id,
                event: None,
            }),
            Some(given) => What::Ack(Ack {
                chat,
                client_id,
                event: Some(given),
            }),
        };
        self.note(Some(flight.device), what);
    }

    pub(super) fn answer_lost(&mut self, mut flight: Flight) {
        let outcome = Outcome {
            chat: format!("c{}", flight.chat),
            client_id: flight.key.clone(),
        };
        if self.rng.random_range(0..2) == 0 {
            self.note(Some(flight.device), What::UnknownOutcome(outcome));
        }
        let message = matches!(flight.op, Op::Message { .. });
        if message && self.rng.random_range(0..2) == 0 {
            let client_id = flight.key.clone();
            let intent = Intent {
                chat: format!("c{}", flight.chat),
                client_id,
                op: flight.op.clone(),
            };
            self.note(Some(flight.device), What::Intent(intent));
            (flight.applied, flight.lost) = (None, false);
            self.flights.push(flight);
        }
    }
}
