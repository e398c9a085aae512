//! What is asked of the server, each in a task of its own.

use std::collections::HashSet;

use chinwag_client::{ClientError, Http};
use chinwag_proto::{
    ChatId, MessageId, Seq, UserId,
    frames::{LogBody, Request, ServerFrame},
    http::{CreateChat, HistoryQuery, MessagesPage},
    shapes::{Message, User},
};
use tokio::task::JoinSet;

use super::{
    answers::{Answer, Opened, Shown},
    status::without_number,
    tasks::Server,
};

/// Users whose names are known.
pub(super) type Known = HashSet<UserId>;

/// Messages before and after the one that was asked for.
const AROUND: u32 = 11;
/// Things fetched one by one for a page: what is answered in it, and who speaks.
const FETCHED: usize = 20;

fn answer(asked: Result<Answer, ClientError>) -> Answer {
    asked.unwrap_or_else(|error| Answer::Failed(said(&error)))
}

/// Says what went wrong, for a person.
pub(super) fn said(error: &ClientError) -> String {
    match error {
        ClientError::Refused(problem) => problem.detail.clone(),
        ClientError::NotConnected => "there is no connection at the moment".into(),
        ClientError::Network(reason) => {
            format!("the server can't be reached: {}", without_number(reason))
        }
        error => error.to_string(),
    }
}

/// Tells what became of a change.
pub(super) fn changed(done: Result<(), ClientError>, what: &str) -> Answer {
    match done {
        Ok(()) => Answer::Changed,
        Err(error) => Answer::Failed(format!("not {what}: {}", said(&error))),
    }
}

/// Reads what opening a chat shows.
pub(super) async fn open(server: Server, chat: ChatId, limit: u32, known: Known) -> Answer {
    let opened = async {
        let http = server.http().await?;
        let read = http.chat(chat).await?;
        let mut known = known;
        let members = read.members.as_deref().unwrap_or_default();
        known.extend(members.iter().map(|member| member.user_id.clone()));
        let page = last_page(&http, chat, limit).await?;
        let shown = fill(&http, page, &known).await;
        let receipts = http.receipts(chat).await.ok();
        Ok(Answer::Opened(Box::new(Opened {
            chat: read,
            shown,
            receipts,
        })))
    };
    answer(opened.await)
}

async fn last_page(http: &Http, chat: ChatId, limit: u32) -> Result<MessagesPage, ClientError> {
    let query = HistoryQuery {
        limit: Some(limit),
        ..nothing_of(chat)
    };
    Ok(oldest_first(http.history(&query).await?))
}

fn nothing_of(chat: ChatId) -> HistoryQuery {
    HistoryQuery {
        chat_id: chat,
        before: None,
        after: None,
        around: None,
        limit: None,
    }
}

fn oldest_first(mut page: MessagesPage) -> MessagesPage {
    page.messages.sort_by_key(|message| message.id);
    page
}

/// Fetches what the page's messages answer, and the names of those who speak, as far as they aren't known.
async fn fill(http: &Http, page: MessagesPage, known: &Known) -> Shown {
    let here = |id: &MessageId| page.messages.iter().any(|message| message.id == *id);
    let answered = page.messages.iter().filter_map(|message| message.reply_to);
    let missing: HashSet<MessageId> = answered.filter(|id| !here(id)).collect();
    let mut quoted = Vec::new();
    for id in missing.into_iter().take(FETCHED) {
        // A message that one may not see is an earlier message, no more.
        quoted.extend(http.message(id).await.ok());
    }
    let speak = page.messages.iter().chain(&quoted);
    let strangers: HashSet<&UserId> = speak
        .map(|message| &message.sender_id)
        .filter(|user| !known.contains(*user))
        .collect();
    let users = named(http, strangers.into_iter().cloned()).await;
    Shown {
        page,
        quoted,
        users,
    }
}

/// Asks what users are called, all at once; who isn't told keeps their id.
async fn named(http: &Http, users: impl IntoIterator<Item = UserId>) -> Vec<User> {
    let mut asking = JoinSet::new();
    for user in users.into_iter().take(FETCHED) {
        let http = http.clone();
        asking.spawn(async move { http.user(&user).await.ok() });
    }
    asking.join_all().await.into_iter().flatten().collect()
}

/// Asks what users are called, for the list of chats.
pub(super) async fn names(server: Server, users: Vec<UserId>) -> Answer {
    let names = async { Ok::<_, ClientError>(named(&server.http().await?, users).await) };
    Answer::Names(names.await.unwrap_or_default())
}

/// Reads the page before a message.
pub(super) async fn older(
    server: Server,
    chat: ChatId,
    before: MessageId,
    limit: u32,
    known: Known,
) -> Answer {
    let older = async {
        let http = server.http().await?;
        let query = HistoryQuery {
            before: Some(before.to_string()),
            limit: Some(limit),
            ..nothing_of(chat)
        };
        let page = oldest_first(http.history(&query).await?);
        Ok(Answer::Older(chat, fill(&http, page, &known).await))
    };
    answer(older.await)
}

/// Reads what was said around a place.
pub(super) async fn around(server: Server, chat: ChatId, seq: Seq) -> Answer {
    let around = async {
        let Some(message) = message_at(&server, chat, seq).await? else {
            return Ok(Answer::Failed(format!("#{seq} is no message of this chat")));
        };
        let http = server.http().await?;
        let query = HistoryQuery {
            around: Some(message.to_string()),
            limit: Some(AROUND),
            ..nothing_of(chat)
        };
        let page = oldest_first(http.history(&query).await?);
        Ok(Answer::Around(chat, fill(&http, page, &Known::new()).await))
    };
    answer(around.await)
}

async fn message_at(
    server: &Server,
    chat: ChatId,
    seq: Seq,
) -> Result<Option<MessageId>, ClientError> {
    let request = Request::Events {
        chat_id: chat,
        epoch: None,
        after: Seq(seq.0.saturating_sub(1)),
        limit: Some(1),
    };
    let ServerFrame::Events { page, .. } = server.client.request(request).await? else {
        return Ok(None);
    };
    let first = page.events.into_iter().next();
    Ok(first.and_then(|frame| match frame.body {
        LogBody::Message { message } if frame.seq == seq => Some(message.id),
        _ => None,
    }))
}

/// Makes a chat, or finds the direct chat.
pub(super) async fn create(server: Server, create: CreateChat) -> Answer {
    let created = async {
        let chat = server.http().await?.create_chat(&create).await?;
        Ok(Answer::Chat(Box::new(chat)))
    };
    answer(created.await)
}

/// Finds messages.
pub(super) async fn search(server: Server, words: String) -> Answer {
    let found = async {
        Ok(Answer::Found(
            server.http().await?.search(&words, None).await?,
        ))
    };
    answer(found.await)
}

/// Reads who is in a chat.
pub(super) async fn members(server: Server, chat: ChatId) -> Answer {
    let members = async {
        Ok(Answer::Members(
            server.http().await?.members(chat, None).await?,
        ))
    };
    answer(members.await)
}

/// Adds members.
pub(super) async fn add(server: Server, chat: ChatId, users: Vec<UserId>) -> Answer {
    let added = async {
        server.http().await?.add_members(chat, users).await?;
        Ok(Answer::Nothing)
    };
    answer(added.await)
}

/// Removes a member.
pub(super) async fn remove(server: Server, chat: ChatId, user: UserId) -> Answer {
    let removed = async {
        server.http().await?.remove_member(chat, &user).await?;
        Ok(Answer::Nothing)
    };
    answer(removed.await)
}

/// Leaves a chat; the log tells that it happened.
pub(super) async fn leave(server: Server, chat: ChatId, me: UserId) -> Answer {
    remove(server, chat, me).await
}

/// Reads how far everybody has read.
pub(super) async fn receipts(server: Server, chat: ChatId) -> Answer {
    let receipts = async {
        let page = server.http().await?.receipts(chat).await?;
        Ok(Answer::Receipts(chat, page))
    };
    // Nobody asked for it: the marks that come live are shown all the same.
    let receipts: Result<Answer, ClientError> = receipts.await;
    receipts.unwrap_or(Answer::Nothing)
}

/// Reads who has read a message.
pub(super) async fn readers(server: Server, message: Message) -> Answer {
    let readers = async {
        let page = server.http().await?.receipts(message.chat_id).await?;
        Ok(Answer::Readers(Box::new(message), page))
    };
    answer(readers.await)
}
