//! A chat of a run, whose messages are known to whoever asks for them.

use anyhow::{Result, ensure};
use chinwag_client::Http;
use chinwag_proto::{ChatId, ClientId, MessageId, Seq, http::SendMessage, shapes::Message};

use crate::{bench::stamp::Stamp, site::Person};

/// How many messages of a chat one word stands in that can be searched for.
const STANDS_IN: u32 = 10;
/// Letters of such a word after its beginning: as many for each, so that none is the beginning of another.
const LETTERS: u32 = 5;

/// A chat of two.
pub(super) struct Chat {
    pub(super) id: ChatId,
    pub(super) members: [Member; 2],
    /// The last place before the first message.
    pub(super) base: Seq,
    /// What was said, in order of place.
    pub(super) said: Vec<Said>,
    /// Tells it from the others of the run.
    pub(super) number: u32,
    /// How many words there are to search for.
    pub(super) words: u32,
    pub(super) content_bytes: usize,
}

/// Who is in it, each at a node in turn.
pub(super) struct Member {
    pub(super) person: Person,
    pub(super) http: Http,
}

/// A message that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) id: MessageId,
    pub(super) seq: Seq,
    /// Counts the chat's messages, from 0, in the order they were sent.
    pub(super) number: u32,
}

impl Chat {
    /// Learns that so many messages are said in it.
    pub(super) fn expect(&mut self, messages: u32) {
        self.words = (messages / STANDS_IN).max(1);
    }

    /// Says the n-th message.
    pub(super) async fn send(&self, number: u32) -> Result<Said> {
        let message = SendMessage {
            chat_id: self.id,
            content: self.text(number),
            client_id: Some(ClientId::new(&uuid::Uuid::now_v7().to_string())?),
            reply_to: None,
            mentions: Vec::new(),
            metadata: Default::default(),
            timestamp: None,
            sender_id: None,
        };
        let sent = self.members[number as usize % 2]
            .http
            .send_message(&message);
        let sent = sent.await?;
        Ok(Said {
            id: sent.id,
            seq: sent.seq,
            number,
        })
    }

    /// Keeps what was said, in order; errors: places that are missing or taken twice.
    pub(super) fn take(&mut self, mut said: Vec<Said>) -> Result<()> {
        said.sort_unstable_by_key(|it| it.seq);
        let places = (self.base.0 + 1..).zip(&said);
        for (place, said) in places {
            ensure!(
                said.seq.0 == place,
                "place {place} of {} is missing or taken twice",
                self.id
            );
        }
        self.said = said;
        Ok(())
    }

    /// Returns what the n-th message says: a stamp, its word, and what fills it up.
    pub(super) fn text(&self, number: u32) -> String {
        let stamp = Stamp {
            sender: self.number,
            number,
            due: 0,
        };
        let mut text = Vec::with_capacity(self.content_bytes);
        let word = word(self.word_of(number)) + " ";
        stamp.write_with(&mut text, &word, self.content_bytes);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Returns the number of the word that a message holds.
    pub(super) fn word_of(&self, number: u32) -> u32 {
        number % self.words
    }

    /// Holds messages that came against those that should have; errors: what is wrong.
    pub(super) fn check<'a>(
        &self,
        came: impl ExactSizeIterator<Item = &'a Message>,
        wanted: impl ExactSizeIterator<Item = &'a Said>,
    ) -> Result<()> {
        let (chat, all, count) = (self.id, came.len(), wanted.len());
        ensure!(
            all == count,
            "{all} messages of {chat} came instead of {count}"
        );
        for (message, said) in came.zip(wanted) {
            let (id, seq) = (message.id, message.seq);
            ensure!(
                (message.chat_id, id, seq) == (chat, said.id, said.seq),
                "message {id} at {seq} came where {} at {} of {chat} should be",
                said.id,
                said.seq
            );
            let text = &message.content;
            ensure!(
                *text == self.text(said.number),
                "message {id} of {chat} says {text:?}"
            );
        }
        Ok(())
    }
}

/// Returns a word that nothing else in a message is, nor begins with.
pub(super) fn word(number: u32) -> String {
    let letter = |nth: u32| char::from(b'a' + (number / 26_u32.pow(nth) % 26) as u8);
    "zq".chars().chain((0..LETTERS).map(letter)).collect()
}

/// A chat as a run knows it, and what a server shows of it.
#[cfg(test)]
pub(super) mod known {
    use chinwag_proto::UserId;

    use super::*;
    use crate::bench::message::plain;

    /// Returns a chat in which so many messages were said after its fourth place.
    pub(in super::super) fn chat(messages: u32) -> Chat {
        let member = |name: &str| Member {
            person: Person {
                id: UserId::new(name).unwrap(),
                token: String::new(),
            },
            http: Http::new("http://127.0.0.1:1"),
        };
        let said = |number: u32| Said {
            id: chinwag_proto::EventId(u64::from(number) * 10 + 100),
            seq: Seq(u64::from(number) + 5),
            number,
        };
        let mut chat = Chat {
            id: ChatId(1),
            members: [member("ana"), member("ben")],
            base: Seq(4),
            said: Vec::new(),
            number: 3,
            words: 1,
            content_bytes: 80,
        };
        chat.expect(messages);
        // What was sent later may have its answer sooner.
        chat.take((0..messages).rev().map(said).collect()).unwrap();
        chat
    }

    /// Returns a message of it as a server shows it.
    pub(in super::super) fn shown(chat: &Chat, said: &Said) -> Message {
        let sender = chat.members[0].person.id.clone();
        plain(chat.id, said.id, said.seq, sender, chat.text(said.number))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_text_holds_its_word_and_has_its_length() {
        let chat = known::chat(40);
        let text = chat.text(13);
        assert!(text.starts_with("bench 3 13 0 zq"), "{text}");
        assert!(text.contains(&word(chat.word_of(13))), "{text}");
        assert_eq!(text.len(), 80);
    }

    #[test]
    fn no_word_is_the_beginning_of_another() {
        let words: HashSet<String> = (0..30_000).map(word).collect();
        assert_eq!(words.len(), 30_000);
        assert!(words.iter().all(|it| it.len() == 2 + LETTERS as usize));
    }

    #[test]
    fn a_place_that_is_missing_or_taken_twice_is_told() {
        for place in [5, 7] {
            let mut chat = known::chat(3);
            let mut said = std::mem::take(&mut chat.said);
            said[1].seq = Seq(place);
            assert!(chat.take(said).is_err(), "{place}");
        }
    }
}
