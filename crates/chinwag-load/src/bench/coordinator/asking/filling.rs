//! Chats of a run, and what is said in them before anything is asked: who knows that can check every answer.

use anyhow::{Context as _, Result, ensure};
use chinwag_client::Http;
use chinwag_proto::{ChatId, ClientId, MessageId, Seq, http::SendMessage, shapes::Message};
use futures_util::{StreamExt as _, stream};

use super::super::{Run, people};
use crate::{
    bench::{options::Filled, stamp::Stamp},
    site::{Person, appear},
};

/// Messages under way at a time.
const AT_ONCE: usize = 64;
/// How many messages of a chat one word stands in that can be searched for.
const STANDS_IN: u32 = 10;
/// Letters of such a word after its beginning: as many for each, so that none is the beginning of another.
const LETTERS: u32 = 5;

/// Chats of two.
pub(in super::super) struct Chats {
    chats: Vec<Chat>,
}

/// One of them.
pub(super) struct Chat {
    pub(super) id: ChatId,
    pub(super) members: [Member; 2],
    /// The last place before the first message.
    pub(super) base: Seq,
    /// What was said, in order of place.
    pub(super) said: Vec<Said>,
    number: u32,
    /// How many words there are to search for.
    pub(super) words: u32,
    content_bytes: usize,
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

impl Chats {
    /// Makes chats, and says in each what the settings want.
    pub(in super::super) async fn filled(run: &Run<'_>, settings: Filled) -> Result<Self> {
        let mut chats = Self::make(run, settings.chats, settings.content_bytes).await?;
        chats.say(run, settings.messages).await?;
        Ok(chats)
    }

    /// Makes chats of two users each.
    pub(super) async fn make(run: &Run<'_>, count: u32, content_bytes: u32) -> Result<Self> {
        run.progress.say("chats are made");
        let people = run.server.tokens().people("bench", 2 * count).await?;
        appear(run.server.url(), &people).await?;
        let made = people::direct_chats(run.server.url(), &people).await?;
        let nodes = run.server.nodes.iter();
        let nodes: Vec<Http> = nodes
            .map(|node| Http::new(format!("http://{}", node.host)))
            .collect();
        let mut members = people.into_iter().enumerate().map(|(nth, person)| Member {
            http: nodes[nth % nodes.len()].clone().with_token(&person.token),
            person,
        });
        let mut chats = Vec::new();
        for ((id, base), number) in made.into_iter().zip(0..) {
            let pair = members.next().zip(members.next());
            let (one, other) = pair.context("a chat has two members")?;
            chats.push(Chat {
                id,
                members: [one, other],
                base,
                said: Vec::new(),
                number,
                words: 1,
                content_bytes: content_bytes as usize,
            });
        }
        Ok(Self { chats })
    }

    /// Says so many messages in each, the members in turn.
    pub(super) async fn say(&mut self, run: &Run<'_>, messages: u32) -> Result<()> {
        let all = self.chats.len() * messages as usize;
        for chat in &mut self.chats {
            chat.words = (messages / STANDS_IN).max(1);
        }
        let chats = &self.chats;
        let sends = (0..messages).flat_map(|number| {
            (0..chats.len()).map(move |nth| async move { (nth, chats[nth].send(number).await) })
        });
        let mut sending = stream::iter(sends).buffer_unordered(AT_ONCE);
        let mut said = vec![Vec::new(); chats.len()];
        let mut done = 0;
        while let Some((nth, sent)) = sending.next().await {
            said[nth].push(sent.context("can't fill the chats")?);
            done += 1;
            run.progress.ready(done, all, "messages to be asked for");
        }
        drop(sending);
        for (chat, said) in self.chats.iter_mut().zip(said) {
            chat.take(said)?;
        }
        Ok(())
    }

    /// Returns the chats in turn, and how many turns were before.
    pub(super) fn turn(&self, nth: u64) -> (&Chat, usize) {
        let count = self.chats.len() as u64;
        let index = |number| usize::try_from(number).unwrap_or_default();
        (&self.chats[index(nth % count)], index(nth / count))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Chat> {
        self.chats.iter()
    }
}

impl Chat {
    async fn send(&self, number: u32) -> Result<Said> {
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
    fn take(&mut self, mut said: Vec<Said>) -> Result<()> {
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
            words: (messages / STANDS_IN).max(1),
            content_bytes: 80,
        };
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
