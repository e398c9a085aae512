//! The table of routes: the single source of the router and of `openapi.json`.

use std::{pin::Pin, sync::Arc};

use chinwag_proto::Problem;
use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{Api, answer::Answer, call::Call};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Anyone.
    Anyone,
    /// A user by a token, or an API key.
    User,
    /// An API key.
    ApiKey,
}

/// How large a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodySize {
    Usual,
    Members,
}

pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;
type Running = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;
type Handler = Box<dyn Fn(Arc<Api>, Call) -> Running + Send + Sync>;

/// One route.
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) operation: &'static str,
    pub(super) summary: &'static str,
    pub(super) who: Who,
    pub(super) query: Option<SchemaOf>,
    pub(super) body: Option<SchemaOf>,
    pub(super) body_size: BodySize,
    /// The status of success, and what it carries.
    pub(super) answers: Vec<(u16, Option<SchemaOf>)>,
    pub(super) handler: Handler,
}

impl Route {
    /// Returns whether it changes nothing.
    pub(super) fn only_reads(&self) -> bool {
        self.method == Method::GET || self.operation == "sync"
    }

    /// Begins a route that a user or API key may call and that answers 204 unless told otherwise.
    pub(super) fn new(
        method: Method,
        path: &'static str,
        operation: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            operation,
            summary,
            who: Who::User,
            query: None,
            body: None,
            body_size: BodySize::Usual,
            answers: Vec::new(),
            handler: Box::new(|_, _| Box::pin(async { Ok(Answer::none()) })),
        }
    }

    /// Says who may call it.
    pub(super) fn who(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// Says what its query holds.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// Says what its body holds.
    pub(super) fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// Lets its body be as large as lists of members need.
    pub(super) fn large(mut self) -> Self {
        self.body_size = BodySize::Members;
        self
    }

    /// Says what it answers with a status.
    pub(super) fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answers
            .push((status, Some(|generator| generator.subschema_for::<T>())));
        self
    }

    /// Ends the route with what it does.
    pub(super) fn run<F, R>(mut self, handler: F) -> Self
    where
        F: Fn(Arc<Api>, Call) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Answer, Problem>> + Send + 'static,
    {
        if self.answers.is_empty() {
            self.answers.push((204, None));
        }
        self.handler = Box::new(move |api, call| Box::pin(handler(api, call)));
        self
    }
}

/// Returns every route.
pub(super) fn routes() -> Vec<Route> {
    use super::{
        accounts, admin, chats, devices, health, marks, members, messages, push, reactions, search,
        sessions, sync, users,
    };
    [
        accounts::routes(),
        messages::routes(),
        reactions::routes(),
        chats::routes(),
        members::routes(),
        marks::routes(),
        sync::routes(),
        users::routes(),
        admin::routes(),
        sessions::routes(),
        search::routes(),
        devices::routes(),
        push::routes(),
        health::routes(),
        health::documents(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
