//! Answers the calls of other nodes, on a listener of its own.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use chinwag_core::owner::Owner;
use chinwag_proto::{ErrorCode, Problem};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Response, Status,
    body::Body,
    server::{Grpc, NamedService, UnaryService},
    transport::{Server, server::TcpIncoming},
};

use super::{
    codec::Json,
    key::Key,
    wire::{KEY, MAX_BYTES, Question, Reply, SERVICE},
};

/// Calls of one node that run at a time: what its clients may have under way.
const MAX_STREAMS: u32 = 16_384;
/// How often a connection without a sign of life is tried.
const PINGED_EVERY: Duration = Duration::from_secs(10);

/// Answers for this node's owner.
#[derive(Clone)]
struct OwnerService {
    owner: Arc<Owner>,
    key: Key,
}

/// Answers other nodes' calls until `stop` says so.
pub(crate) async fn serve(
    socket: TcpListener,
    owner: Arc<Owner>,
    key: String,
    stop: CancellationToken,
) {
    let key = Key::new(&key);
    // The builder's own setting counts only for a socket that it opens: without this, answers wait 40 ms for the
    // acknowledgement of what was sent before them.
    let calls = TcpIncoming::from(socket).with_nodelay(Some(true));
    let serving = Server::builder()
        .max_concurrent_streams(MAX_STREAMS)
        .http2_keepalive_interval(Some(PINGED_EVERY))
        .http2_adaptive_window(Some(true))
        .add_service(OwnerService { owner, key })
        .serve_with_incoming_shutdown(calls, stop.cancelled());
    if let Err(error) = serving.await {
        tracing::error!(%error, "the listener for other nodes ended");
    }
}

impl NamedService for OwnerService {
    const NAME: &'static str = SERVICE;
}

type Answering<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

impl tower_service::Service<http::Request<Body>> for OwnerService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answering<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let key = request.headers().get(KEY);
        if !self.key.opens(key.map(http::HeaderValue::as_bytes)) {
            let refused = Status::unauthenticated("the key is another one").into_http();
            return Box::pin(async { Ok(refused) });
        }
        let service = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(Json::<Reply, Question>::default())
                .max_decoding_message_size(MAX_BYTES)
                .max_encoding_message_size(MAX_BYTES);
            Ok(grpc.unary(service, request).await)
        })
    }
}

impl UnaryService<Question> for OwnerService {
    type Response = Reply;
    type Future = Answering<Response<Reply>, Status>;

    fn call(&mut self, request: Request<Question>) -> Self::Future {
        let owner = Arc::clone(&self.owner);
        Box::pin(async move { Ok(Response::new(answer(&owner, request.into_inner()).await)) })
    }
}

/// Answers a call that a [`Carrier`](super::Carrier) brought. Errors: it can't be read.
pub async fn answer_carried(owner: &Arc<Owner>, question: &[u8]) -> serde_json::Result<Vec<u8>> {
    let question = serde_json::from_slice(question)?;
    serde_json::to_vec(&answer(owner, question).await)
}

async fn answer(owner: &Arc<Owner>, question: Question) -> Reply {
    let chat = question.chat();
    decide(owner, question).await.unwrap_or_else(|problem| {
        if problem.code != ErrorCode::NotOwner {
            return Reply::Refused(problem);
        }
        // It may have become this node's meanwhile, or its row says so already: then look anew.
        owner.look_soon();
        let other = chat.and_then(|chat| owner.owner_of(chat));
        let other = other.filter(|node| *node != owner.node());
        Reply::NotOwner {
            owner: other.map(|node| node.0),
        }
    })
}

/// Asks this node's owner.
pub(super) async fn decide(owner: &Arc<Owner>, question: Question) -> Result<Reply, Problem> {
    match question {
        Question::Execute {
            caller,
            chat,
            command,
        } => owner
            .execute(&caller, chat, command)
            .await
            .map(Reply::Outcome),
        Question::Make { caller, chat, new } => {
            let making = owner.make_chat(&caller, chat, new);
            making.await.map(|()| Reply::Done)
        }
        Question::Import { target, events } => {
            owner.import(&target, events).await.map(Reply::Imported)
        }
        Question::Heads { chats } => owner.heads(&chats).await.map(Reply::Heads),
        Question::Given => {
            owner.look_soon();
            Ok(Reply::Done)
        }
    }
}
