//! Gives tantivy the tokens that the core cuts.

use ::tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use chinwag_core::search::{self, analyze};

/// Cuts texts as every engine does.
#[derive(Clone)]
pub(super) struct Analysis;

impl Tokenizer for Analysis {
    type TokenStream<'a> = Tokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens {
        Tokens {
            rest: analyze(text).into_iter(),
            token: Token::default(),
        }
    }
}

/// The tokens of one text.
pub(super) struct Tokens {
    rest: std::vec::IntoIter<search::Token>,
    token: Token,
}

impl TokenStream for Tokens {
    fn advance(&mut self) -> bool {
        let Some(next) = self.rest.next() else {
            return false;
        };
        self.token = Token {
            offset_from: next.start_byte,
            offset_to: next.end_byte,
            position: next.position as usize,
            text: next.term,
            position_length: 1,
        };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
