//! The HTTP API as a program of anybody's calls it: paths and JSON.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Calls the API with somebody's token.
#[derive(Clone)]
pub(crate) struct Rest {
    base: String,
    token: String,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    /// Returns the body of a success.
    #[track_caller]
    pub(crate) fn ok<T: DeserializeOwned>(self) -> T {
        assert!((200..300).contains(&self.status), "{self:?}");
        serde_json::from_value(self.body).unwrap()
    }

    /// Returns the code of a problem; nothing for a success.
    pub(crate) fn code(&self) -> Option<&str> {
        self.body["code"].as_str().filter(|_| self.status >= 400)
    }
}

impl Rest {
    pub(crate) fn new(base: &str, token: impl Into<String>) -> Self {
        Self {
            base: base.to_owned(),
            token: token.into(),
            http: reqwest::Client::new(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await.unwrap()
    }

    /// Calls once; fails where no answer comes.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Reply, reqwest::Error> {
        self.call_at(method, &format!("/v1{path}"), body).await
    }

    /// Calls any path of the server.
    pub(crate) async fn call_at(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Reply, reqwest::Error> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).expect("the API answers in JSON")
        };
        Ok(Reply { status, body })
    }

    /// Calls until there is an answer that isn't "try again".
    pub(crate) async fn surely(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let asking = async {
            loop {
                let reply = self.call(method.clone(), path, body.clone()).await;
                match reply {
                    Ok(reply) if reply.body["retryable"] != true => return reply,
                    _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                }
            }
        };
        tokio::time::timeout(crate::fixture::PATIENCE, asking)
            .await
            .expect("the server answers")
    }
}
