//! A chat client at a terminal, over `chinwag-client`.
//!
//! A session's life: [`sign_in()`] finds out who chats; [`run`] connects and hears three sides: what the person does
//! ([`screen`]), what the client tells (`told`), what was asked for and is answered (`answers`). Nothing that may
//! take time is awaited in that loop: it is asked for in a task, whose answer comes back.

mod answers;
mod asking;
mod command;
mod doing;
mod look;
mod marks;
mod opening;
mod paint;
mod render;
mod saying;
mod screen;
mod session;
mod showing;
mod sign_in;
mod status;
mod tasks;
mod text;
mod told;

#[cfg(test)]
mod tests;

pub(crate) use session::{Manner, run};
pub(crate) use sign_in::{Who, sign_in};
