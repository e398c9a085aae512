//! Frames of a client that has signed in.

use crate::{client::Client, stage};

/// Frames of one input.
const FRAMES: usize = 40;

/// Plays an input whose lines are the frames of a client.
pub fn frames(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    stage::play(async |stage| {
        let mut client = Client::open(stage.stream()).await;
        client.sign_in(&stage.token).await;
        for line in text.lines().take(FRAMES) {
            client.say(stage.fill(line)).await;
        }
        client.is_answered().await;
    });
}
