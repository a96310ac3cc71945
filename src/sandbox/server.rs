//! The door: takes HTTP requests and gives answers, or breaks the connection where an answer shall be lost.

use std::sync::Arc;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Shared;
use super::answer::Call;
use super::holds::Hold;
use super::registry;
use super::rest::{self, NoAnswer};

const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The answer is lost on its way; the connection is closed instead.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost")]
struct Lost;

/// Answers requests until it is aborted; its connections end with it.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let shared = shared.clone();
        let service = service_fn(move |request| answer(shared.clone(), request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move {
            // A connection that ends badly is the other side's to notice.
            let _ended = connection.await;
        });
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MOST_BYTES).collect().await.map_err(|_| Lost)?.to_bytes();
    let call = Call::new(&head, &body);
    let hold = shared.holds.of(&call.method, call.uri.path());
    if hold == Some(Hold::Before) {
        shared.holds.wait().await;
    }
    let answer = shared.with(|state| match registry::answer(state, &call) {
        Some(answer) => Ok(answer),
        None => rest::answer(state, &call),
    });
    shared.pace.keep().await;
    if hold == Some(Hold::After) {
        shared.holds.wait().await;
    }
    match answer {
        Ok(answer) => answer.into_response().ok_or(Lost),
        Err(NoAnswer::Lost) => Err(Lost),
        Err(NoAnswer::Silence) => std::future::pending().await,
    }
}
