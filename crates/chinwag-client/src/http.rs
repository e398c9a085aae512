//! The part of the API that goes over HTTP: accounts, new chats, members, search.

use std::sync::Arc;

use chinwag_proto::{
    ChatId, Epoch, MessageId, Problem, Seq, UserId,
    http::{
        AddMembers, ChatsPage, ClientIdQuery, CreateChat, EventsPage, EventsQuery, HistoryQuery,
        Login, MembersPage, MessagesPage, ReceiptsPage, Register, SearchAnswer, SendMessage,
        TokenAnswer, UsersPage,
    },
    shapes::{Chat, Message, User},
};
use reqwest::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};

use crate::{ClientError, Network};

/// Speaks HTTP with a server.
#[derive(Clone)]
pub struct Http {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
    network: Option<Arc<dyn Network>>,
}

impl Http {
    /// Speaks with the server at a base URL, such as `https://chat.example.org`.
    #[must_use]
    pub fn new(base: impl Into<String>) -> Self {
        let base = base.into().trim_end_matches('/').to_owned();
        Self {
            base,
            token: None,
            http: reqwest::Client::new(),
            network: None,
        }
    }

    /// Reaches the server by this network instead.
    #[must_use]
    pub fn over(self, network: Arc<dyn Network>) -> Self {
        Self {
            network: Some(network),
            ..self
        }
    }

    /// Speaks as the one whom the token names.
    #[must_use]
    pub fn with_token(self, token: impl Into<String>) -> Self {
        Self {
            token: Some(token.into()),
            ..self
        }
    }

    /// Makes an account.
    pub async fn register(&self, register: &Register) -> Result<TokenAnswer, ClientError> {
        self.body(Method::POST, "/auth/register", register).await
    }

    /// Signs in.
    pub async fn login(&self, login: &Login) -> Result<TokenAnswer, ClientError> {
        self.body(Method::POST, "/auth/login", login).await
    }

    /// Gives a fresh token for the one that asks.
    pub async fn refresh(&self) -> Result<TokenAnswer, ClientError> {
        self.send(Method::POST, "/auth/refresh").await
    }

    /// Reads who asks.
    pub async fn me(&self) -> Result<User, ClientError> {
        self.query("/me", &[]).await
    }

    /// Reads one user.
    pub async fn user(&self, user: &UserId) -> Result<User, ClientError> {
        self.query(&format!("/users/{}", encode(user.as_str())), &[])
            .await
    }

    /// Reads one message as it is now.
    pub async fn message(&self, message: MessageId) -> Result<Message, ClientError> {
        self.query(&format!("/messages/{message}"), &[]).await
    }

    /// Sends a message and returns it as it is stored; the same one again where an earlier try with its `client_id` was.
    pub async fn send_message(&self, message: &SendMessage) -> Result<Message, ClientError> {
        self.body(Method::POST, "/messages", message).await
    }

    /// Makes a chat, or finds the direct chat that is there.
    pub async fn create_chat(&self, chat: &CreateChat) -> Result<Chat, ClientError> {
        self.body(Method::POST, "/chats", chat).await
    }

    /// Reads a page of chats.
    pub async fn chats(&self, cursor: Option<&str>) -> Result<ChatsPage, ClientError> {
        self.query("/chats", &[("cursor", cursor)]).await
    }

    /// Reads one chat.
    pub async fn chat(&self, chat: ChatId) -> Result<Chat, ClientError> {
        self.query(&format!("/chats/{chat}"), &[]).await
    }

    /// Reads a page of messages.
    pub async fn history(&self, query: &HistoryQuery) -> Result<MessagesPage, ClientError> {
        self.answer(self.request(Method::GET, "/messages").query(query))
            .await
    }

    /// Reads the places after one, gap-free; those of a chat taken anew where its epoch is another.
    pub async fn events(
        &self,
        chat: ChatId,
        after: Seq,
        epoch: Option<Epoch>,
    ) -> Result<EventsPage, ClientError> {
        let query = EventsQuery {
            after,
            epoch,
            limit: Some(200),
        };
        let path = format!("/chats/{chat}/events");
        self.answer(self.request(Method::GET, &path).query(&query))
            .await
    }

    /// Reads a page of members.
    pub async fn members(
        &self,
        chat: ChatId,
        cursor: Option<&str>,
    ) -> Result<MembersPage, ClientError> {
        self.query(&format!("/chats/{chat}/members"), &[("cursor", cursor)])
            .await
    }

    /// Adds members; who is one already stays one.
    pub async fn add_members(&self, chat: ChatId, users: Vec<UserId>) -> Result<(), ClientError> {
        self.add(
            chat,
            &AddMembers {
                user_ids: users,
                client_id: None,
            },
        )
        .await
    }

    /// Adds members under a client id, so that a retry adds them once.
    pub async fn add(&self, chat: ChatId, members: &AddMembers) -> Result<(), ClientError> {
        let request = self.request(Method::POST, &format!("/chats/{chat}/members"));
        // The event that it made, or nothing where all were members.
        self.succeed(request.json(members)).await.map(drop)
    }

    /// Removes a member, or leaves.
    pub async fn remove_member(&self, chat: ChatId, user: &UserId) -> Result<(), ClientError> {
        self.remove(chat, user, &ClientIdQuery::default()).await
    }

    /// Removes a member, or leaves, under a client id, so that a retry removes them once.
    pub async fn remove(
        &self,
        chat: ChatId,
        user: &UserId,
        query: &ClientIdQuery,
    ) -> Result<(), ClientError> {
        let path = format!("/chats/{chat}/members/{}", encode(user.as_str()));
        let request = self.request(Method::DELETE, &path).query(query);
        self.succeed(request).await.map(drop)
    }

    /// Reads who has read how far.
    pub async fn receipts(&self, chat: ChatId) -> Result<ReceiptsPage, ClientError> {
        self.query(&format!("/chats/{chat}/receipts"), &[]).await
    }

    /// Finds users by the beginning of name or id.
    pub async fn users(&self, q: &str, cursor: Option<&str>) -> Result<UsersPage, ClientError> {
        self.query("/users", &[("q", Some(q)), ("cursor", cursor)])
            .await
    }

    /// Finds messages.
    pub async fn search(
        &self,
        words: &str,
        chat: Option<ChatId>,
    ) -> Result<SearchAnswer, ClientError> {
        let chat = chat.map(|chat| chat.to_string());
        self.query(
            "/search",
            &[("q", Some(words)), ("chatId", chat.as_deref())],
        )
        .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/v1{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
    ) -> Result<T, ClientError> {
        self.answer(self.request(method, path)).await
    }

    async fn body<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        self.answer(self.request(method, path).json(body)).await
    }

    async fn query<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
    ) -> Result<T, ClientError> {
        let present: Vec<_> = query
            .iter()
            .filter_map(|(key, value)| Some((*key, (*value)?)))
            .collect();
        self.answer(self.request(Method::GET, path).query(&present))
            .await
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        Ok(self.succeed(request).await?.json().await?)
    }

    async fn succeed(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = match &self.network {
            None => request.send().await?,
            Some(network) => over(&**network, request).await?,
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        match response.json::<Problem>().await {
            Ok(problem) => Err(problem.into()),
            Err(_) => Err(ClientError::Network(format!(
                "the server answered {status}"
            ))),
        }
    }
}

/// Asks over a network that isn't the machine's.
async fn over(network: &dyn Network, request: RequestBuilder) -> Result<Response, ClientError> {
    let request = ::http::Request::<reqwest::Body>::try_from(request.build()?)?;
    let request = request.map(|body| body.as_bytes().unwrap_or_default().to_vec());
    Ok(network.ask(request).await?.into())
}

/// Writes a user id as one segment of a path.
fn encode(id: &str) -> String {
    let mut path = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                path.push(char::from(byte))
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_one_segment_of_a_path() {
        assert_eq!(encode("a/b?c%2F+é.."), "a%2Fb%3Fc%252F%2B%C3%A9%2E%2E");
    }
}
