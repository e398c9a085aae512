//! Every frame of `asyncapi.json` by everybody.

/// A frame, and what each of [`super::scene::ACTORS`] is answered: its type, with `+` where it tells of the chat, the
/// code of a refusal, `-` for nothing.
pub(super) struct Row(pub(super) &'static str, pub(super) &'static str);

#[rustfmt::skip]
pub(super) const ASKED: &[Row] = &[
    Row(r#"{"type": "send", "chatId": "<chat>", "content": "said"}"#, "unauthorized notFound ack+ ack+ notFound ack+ ack+ disabled unauthorized"),
    Row(r#"{"type": "send", "chatId": "<chat>", "content": "said", "replyTo": "<early>"}"#, "unauthorized notFound ack+ badRequest notFound ack+ ack+ disabled unauthorized"),
    Row(r#"{"type": "edit", "chatId": "<chat>", "messageId": "<own>", "content": "edited"}"#, "unauthorized notFound ack+ ack+ notFound ack+ ack+ disabled unauthorized"),
    Row(r#"{"type": "edit", "chatId": "<chat>", "messageId": "<late>", "content": "edited"}"#, "unauthorized notFound forbidden forbidden notFound forbidden ack+ disabled unauthorized"),
    Row(r#"{"type": "delete", "chatId": "<chat>", "messageId": "<own>"}"#, "unauthorized notFound ack+ ack+ notFound ack+ ack+ disabled unauthorized"),
    Row(r#"{"type": "delete", "chatId": "<chat>", "messageId": "<late>"}"#, "unauthorized notFound forbidden forbidden notFound ack+ ack+ disabled unauthorized"),
    Row(r#"{"type": "react", "chatId": "<chat>", "messageId": "<early>", "key": "+1"}"#, "unauthorized notFound ack+ notFound notFound ack+ ack+ disabled unauthorized"),
    Row(r#"{"type": "react", "chatId": "<chat>", "messageId": "<late>", "key": "+1"}"#, "unauthorized notFound ack+ ack+ notFound ack+ ack+ disabled unauthorized"),
    Row(r#"{"type": "unreact", "chatId": "<chat>", "messageId": "<late>", "key": "+1"}"#, "unauthorized notFound ack ack notFound ack ack disabled unauthorized"),
    Row(r#"{"type": "read", "chatId": "<chat>", "lastReadMessageId": "<early>"}"#, "unauthorized notFound ok notFound notFound ok ok disabled unauthorized"),
    Row(r#"{"type": "read", "chatId": "<chat>", "lastReadMessageId": "<late>"}"#, "unauthorized notFound ok ok notFound ok ok disabled unauthorized"),
    Row(r#"{"type": "delivered", "chatId": "<chat>", "deliveredMessageId": "<late>"}"#, "unauthorized notFound ok ok notFound ok ok disabled unauthorized"),
    Row(r#"{"type": "typing", "chatId": "<chat>"}"#, "unauthorized notFound - - notFound - - disabled unauthorized"),
    Row(r#"{"type": "heartbeat", "chats": {"<chat>": {"epoch": 1, "seq": 1}}}"#, "unauthorized heartbeat heartbeat+ heartbeat+ heartbeat heartbeat+ heartbeat+ disabled unauthorized"),
    Row(r#"{"type": "sync"}"#, "unauthorized sync sync+ sync+ sync sync+ sync+ disabled unauthorized"),
    Row(r#"{"type": "events", "chatId": "<chat>", "epoch": 1, "after": 0}"#, "unauthorized notFound events+ events+ notFound events+ events+ disabled unauthorized"),
    Row(r#"{"type": "history", "chatId": "<chat>"}"#, "unauthorized notFound messages+ messages+ notFound messages+ messages+ disabled unauthorized"),
    Row(r#"{"type": "watchPresence", "add": ["owen"]}"#, "unauthorized presence presence+ presence+ presence presence+ presence+ disabled unauthorized"),
    Row(r#"{"type": "auth", "token": "not one"}"#, "unauthorized unauthorized unauthorized unauthorized unauthorized unauthorized unauthorized disabled unauthorized"),
];

/// Frames that the server sends by itself, each tried by `what_happens_is_told_to_members_alone`; and those that are of
/// a session and of no chat.
pub(super) const TOLD: &[&str] = &[
    "message",
    "messageEdited",
    "messageDeleted",
    "reaction",
    "membership",
    "chat",
    "hidden",
    "receipt",
    "typing",
    "presence",
];
pub(super) const OF_A_SESSION: &[&str] = &["resync", "reauth", "drain"];
/// Frames that answer what [`ASKED`] asks.
pub(super) const ANSWERS: &[&str] = &[
    "ready",
    "ack",
    "ok",
    "heartbeat",
    "sync",
    "events",
    "messages",
    "error",
    "presence",
];
