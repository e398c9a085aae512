//! What is shown of chats, line by line.

mod event;
mod found;
mod list;
mod message;
mod page;

pub(crate) use event::frame;
pub(crate) use found::hit;
pub(crate) use list::{chats, title, unread};
#[cfg(test)]
pub(crate) use message::message;
pub(crate) use message::{progress, snippet};
pub(crate) use page::{page, rule};
