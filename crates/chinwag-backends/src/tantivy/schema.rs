//! What of a message is in the index.

use ::tantivy::{
    TantivyDocument, Term,
    schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions},
};
use chinwag_core::ports::SearchDocument;
use chinwag_proto::{ChatId, MessageId};

/// The tokenizer of contents, by the name that the schema has for it.
pub(super) const TOKENIZER: &str = "chinwag";

/// Columns by name: what is read of a document that was found.
pub(super) const ID: &str = "id";
pub(super) const CHAT: &str = "chat";
pub(super) const SEQ: &str = "seq";
pub(super) const CHANGE: &str = "change";
pub(super) const TIME: &str = "time";

/// The fields of a document. Nothing is stored: each is a column, or terms, or both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    id: Field,
    chat: Field,
    seq: Field,
    change: Field,
    time: Field,
    sender: Field,
    /// Missing of a deleted message.
    content: Field,
}

impl Fields {
    /// Makes the schema.
    pub(super) fn new() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let column = NumericOptions::default().set_fast();
        let terms = |tokenizer, option| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_fieldnorms(false)
                .set_index_option(option);
            TextOptions::default().set_indexing_options(indexing)
        };
        let fields = Self {
            id: schema.add_u64_field(ID, column.clone().set_indexed()),
            chat: schema.add_u64_field(CHAT, column.clone().set_indexed()),
            seq: schema.add_u64_field(SEQ, column.clone()),
            change: schema.add_u64_field(CHANGE, column.clone()),
            time: schema.add_i64_field(TIME, column),
            sender: schema.add_text_field("sender", terms("raw", IndexRecordOption::Basic)),
            content: schema.add_text_field(
                "content",
                terms(TOKENIZER, IndexRecordOption::WithFreqsAndPositions),
            ),
        };
        (schema.build(), fields)
    }

    /// Makes what is written of a message.
    pub(super) fn document(&self, message: &SearchDocument) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_u64(self.id, message.id.0);
        document.add_u64(self.chat, message.chat.0);
        document.add_u64(self.seq, message.seq.0);
        document.add_u64(self.change, message.change_seq.0);
        document.add_i64(self.time, message.timestamp.unix_millis());
        if let Some(content) = &message.content {
            document.add_text(self.sender, message.sender.as_str());
            document.add_text(self.content, content);
        }
        document
    }

    /// Returns the field of messages.
    pub(super) fn message(&self) -> Field {
        self.id
    }

    /// Makes the term of a message.
    pub(super) fn message_term(&self, id: MessageId) -> Term {
        Term::from_field_u64(self.id, id.0)
    }

    /// Makes the term of a chat.
    pub(super) fn chat_term(&self, chat: ChatId) -> Term {
        Term::from_field_u64(self.chat, chat.0)
    }

    /// Makes the term of a sender.
    pub(super) fn sender_term(&self, sender: &str) -> Term {
        Term::from_field_text(self.sender, sender)
    }

    /// Makes the term of a word.
    pub(super) fn word(&self, word: &str) -> Term {
        Term::from_field_text(self.content, word)
    }
}
