//! A request's identity: the caller's own id of it, and what it asked for.

use chinwag_proto::{ClientId, UserId};

use super::Command;

/// A request's identity: what repeats it, and whether it is the same.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) client_id: ClientId,
    pub(super) digest: u64,
}

/// Returns the identity of a command that carries a client id.
pub(super) fn request_of(command: &Command) -> Option<Request> {
    let (client_id, digest) = match command {
        Command::Send(message) => (
            &message.client_id,
            digest(&[
                b"send",
                message.content.as_bytes(),
                &message.reply_to.map_or(0, |id| id.0).to_be_bytes(),
                join(&message.mentions).as_bytes(),
                message.metadata.to_text().as_bytes(),
            ]),
        ),
        Command::Edit {
            message,
            content,
            client_id,
        } => (
            client_id,
            digest(&[b"edit", &message.0.to_be_bytes(), content.as_bytes()]),
        ),
        Command::Delete { message, client_id } => {
            (client_id, digest(&[b"delete", &message.0.to_be_bytes()]))
        }
        Command::React {
            message,
            key,
            on,
            client_id,
        } => (
            client_id,
            digest(&[
                b"react",
                &message.0.to_be_bytes(),
                key.as_bytes(),
                &[u8::from(*on)],
            ]),
        ),
        Command::AddMembers {
            users,
            role,
            client_id,
        } => (
            client_id,
            digest(&[b"add", join(users).as_bytes(), &[*role as u8]]),
        ),
        Command::PutMember {
            user,
            role,
            client_id,
        } => (
            client_id,
            digest(&[b"put", user.as_str().as_bytes(), &[*role as u8]]),
        ),
        Command::RemoveMember { user, client_id } => {
            (client_id, digest(&[b"remove", user.as_str().as_bytes()]))
        }
        Command::Update {
            name,
            history_visible,
            client_id,
        } => {
            let visible = history_visible.map_or(2, |visible| visible as u8);
            (
                client_id,
                digest(&[
                    b"update",
                    name.as_deref().unwrap_or("\0").as_bytes(),
                    &[visible],
                ]),
            )
        }
        Command::DeleteChat
        | Command::Read { .. }
        | Command::Delivered { .. }
        | Command::Typing => return None,
    };
    client_id
        .clone()
        .map(|client_id| Request { client_id, digest })
}

fn join(users: &[UserId]) -> String {
    users
        .iter()
        .map(UserId::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

/// FNV-1a over the parts and their lengths. It is stored, so it must never change; it only has to tell a client's
/// own requests apart, so it needs no secrecy.
fn digest(parts: &[&[u8]]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for part in parts {
        eat(&(part.len() as u64).to_be_bytes());
        eat(part);
    }
    hash
}
