//! Scripts that run on the nodes, known there by their digests.

use redis::{Cmd, Pipeline};
use sha1::{Digest as _, Sha1};

use super::{
    error::Failure,
    link::Answer,
    nodes::{Commands, Nodes},
};

/// A script in Lua.
pub(super) struct Script {
    text: &'static str,
    digest: String,
}

/// What a script is called with, many times: a call's slot, keys and arguments.
pub(super) trait Calls: Sync {
    /// Returns the slot of each call.
    fn slots(&self) -> Vec<u16>;

    /// Adds the keys of a call, then its arguments; returns how many of them are keys by [`Calls::KEYS`].
    fn add(&self, index: usize, command: &mut Cmd);

    /// How many keys each call has.
    const KEYS: usize;
}

impl Script {
    pub(super) fn new(text: &'static str) -> Self {
        let digest = Sha1::digest(text.as_bytes());
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { text, digest }
    }

    /// Runs the script for many calls and returns the answer to each, in order.
    ///
    /// A node that doesn't know the script (it was restarted, or is new) learns it from the calls themselves.
    pub(super) async fn run<C: Calls>(&self, nodes: &Nodes, calls: &C) -> Vec<Answer> {
        let known = Invoked {
            script: self,
            by_digest: true,
            calls,
            indices: (0..calls.slots().len()).collect(),
        };
        let mut answers = nodes.run(&known).await;
        let unknown: Vec<usize> = (0..answers.len())
            .filter(|index| matches!(answers[*index], Err(Failure::NoScript)))
            .collect();
        if unknown.is_empty() {
            return answers;
        }
        let again = Invoked {
            script: self,
            by_digest: false,
            calls,
            indices: unknown,
        };
        let told = nodes.run(&again).await;
        for (index, answer) in again.indices.iter().zip(told) {
            answers[*index] = answer;
        }
        answers
    }
}

/// Some of the calls, on their way.
struct Invoked<'a, C> {
    script: &'a Script,
    by_digest: bool,
    calls: &'a C,
    indices: Vec<usize>,
}

impl<C: Calls> Commands for Invoked<'_, C> {
    fn slots(&self) -> Vec<u16> {
        let slots = self.calls.slots();
        self.indices.iter().map(|index| slots[*index]).collect()
    }

    fn add(&self, index: usize, pipeline: &mut Pipeline) {
        let mut command = if self.by_digest {
            let mut command = redis::cmd("EVALSHA");
            command.arg(&self.script.digest);
            command
        } else {
            let mut command = redis::cmd("EVAL");
            command.arg(self.script.text);
            command
        };
        command.arg(C::KEYS);
        self.calls.add(self.indices[index], &mut command);
        pipeline.add_command(command);
    }
}
