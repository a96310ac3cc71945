//! A step, and the loop that calls it: the loop in production, tests by hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{Debug, Display},
    future::{Future, poll_fn},
    pin::pin,
    time::Duration,
};

use axum::{Router, body::Body, serve::Listener};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::watch,
    task::{AbortHandle, JoinHandle, JoinSet},
};
use tower::ServiceExt as _;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// This many items; there may be more.
    Some(usize),
    /// There was nothing to do.
    Idle,
}

impl Worked {
    /// How many items.
    #[must_use]
    pub const fn items(self) -> usize {
        match self {
            Self::Some(items) => items,
            Self::Idle => 0,
        }
    }
}

impl From<usize> for Worked {
    fn from(items: usize) -> Self {
        if items == 0 { Self::Idle } else { Self::Some(items) }
    }
}

/// How long a loop rests after a failed step.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Tells all loops to end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl Stop {
    /// From now on, no loop takes another step.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was told.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it was told.
    pub async fn stopped(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`: waiting cannot fail.
        drop(receiver.wait_for(|stopped| *stopped).await);
    }
}

/// Runs a step again and again until told to stop; `rest` waits for more to do. A failed step is logged and tried
/// again after a second.
#[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
pub fn spawn<S, F, E, R, W>(name: &'static str, stop: Stop, step: S, rest: R) -> JoinHandle<()>
where
    S: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Worked, E>> + Send + 'static,
    E: Display + Send + 'static,
    R: FnMut() -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(again_and_again(name, stop, step, rest))
}

/// The same, and ends only when all has ended that its steps have begun.
#[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
pub fn spawn_with<S, F, E, R, W>(beside: Beside, stop: Stop, step: S, rest: R) -> JoinHandle<()>
where
    S: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Worked, E>> + Send + 'static,
    E: Display + Send + 'static,
    R: FnMut() -> W + Send + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        again_and_again(beside.name, stop, step, rest).await;
        beside.ended().await;
    })
}

async fn again_and_again<S, F, E, R, W>(name: &'static str, stop: Stop, mut step: S, mut rest: R)
where
    S: FnMut() -> F,
    F: Future<Output = Result<Worked, E>>,
    E: Display,
    R: FnMut() -> W,
    W: Future<Output = ()>,
{
    while !stop.is_stopped() {
        let failed = match step().await {
            Ok(Worked::Some(_)) => continue,
            Ok(Worked::Idle) => false,
            Err(error) => {
                tracing::warn!(worker = name, %error, "a step failed; it is tried again");
                true
            }
        };
        tokio::select! {
            () = rest(), if !failed => {}
            () = pause(REST_AFTER_FAILURE), if failed => {}
            () = stop.stopped() => {}
        }
    }
}

/// Work that steps begin and do not wait for, tenant by tenant, so that one who is slow keeps no other waiting. Clones are
/// hands of the same.
#[derive(Debug, Clone)]
pub struct Beside {
    name: &'static str,
    busy: watch::Sender<BTreeMap<String, Pieces>>,
}

/// What goes on for one tenant.
#[derive(Debug, Clone, Copy, Default)]
struct Pieces {
    all: usize,
    /// Those after which another may not begin yet.
    young: usize,
}

/// Pieces of work for one tenant, at most.
const MOST: usize = 10;

impl Beside {
    /// Nothing is going on yet; `name` is for the log.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, busy: watch::Sender::default() }
    }

    /// For whom nothing more may begin now.
    #[must_use]
    pub fn busy(&self) -> BTreeSet<String> {
        let busy = self.busy.borrow();
        busy.iter().filter(|(_, it)| it.young > 0 || it.all >= MOST).map(|(whom, _)| whom.clone()).collect()
    }

    /// Begins something for `whom`, and nothing more until that has ended, or has gone on for so long. What fails is logged.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    pub fn begin<E: Display + Send>(
        &self,
        whom: &str,
        apart: Option<Duration>,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let mut piece = Piece { whom: whom.to_owned(), is_young: true, busy: self.busy.clone() };
        piece.change(|pieces| {
            pieces.all += 1;
            pieces.young += 1;
        });
        let name = self.name;
        tokio::spawn(async move {
            let mut work = pin!(work);
            let done = match apart {
                Some(apart) => match tokio::time::timeout(apart, &mut work).await {
                    Ok(done) => done,
                    Err(_) => {
                        piece.grow_up();
                        work.await
                    }
                },
                None => work.await,
            };
            if let Err(error) = done {
                tracing::warn!(worker = name, %error, "a step failed; it is tried again");
            }
        });
    }

    /// Returns once more may begin than before, or less.
    pub async fn changed(&self) {
        // The sender lives in `self`: waiting cannot fail.
        drop(self.busy.subscribe().changed().await);
    }

    /// Returns once nothing is going on.
    pub async fn ended(&self) {
        let mut receiver = self.busy.subscribe();
        // The sender lives in `self`: waiting cannot fail.
        drop(receiver.wait_for(BTreeMap::is_empty).await);
    }
}

/// Says that it is over, however it ends.
struct Piece {
    whom: String,
    is_young: bool,
    busy: watch::Sender<BTreeMap<String, Pieces>>,
}

impl Piece {
    fn change(&self, change: impl FnOnce(&mut Pieces)) {
        self.busy.send_modify(|busy| {
            let pieces = busy.entry(self.whom.clone()).or_default();
            change(pieces);
            if pieces.all == 0 {
                busy.remove(&self.whom);
            }
        });
    }

    /// From now on another may begin beside it.
    fn grow_up(&mut self) {
        self.is_young = false;
        self.change(|pieces| pieces.young -= 1);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let young = usize::from(self.is_young);
        self.change(|pieces| {
            pieces.all -= 1;
            pieces.young -= young;
        });
    }
}

/// Lets time pass, for a loop that has nothing to wait for but time.
#[expect(clippy::disallowed_methods, reason = "this is the one place that waits")]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Waits until all have ended, but not longer than `grace`; then ends the rest where they are.
pub async fn finish(running: Vec<JoinHandle<()>>, grace: Duration) {
    let ends: Vec<AbortHandle> = running.iter().map(JoinHandle::abort_handle).collect();
    let all = async {
        for task in running {
            // One that panicked has said so; the others are still waited for.
            drop(task.await);
        }
    };
    if tokio::time::timeout(grace, all).await.is_err() {
        tracing::warn!("not everything in flight ended in time; what was not acknowledged is sent again");
    }
    for end in ends {
        end.abort();
    }
}

/// A connection on which no request begins, or none that ends its head, is closed after this time.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// Serves a router on a socket until told to stop, and finishes what is in flight.
#[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
pub fn serve<L>(name: &'static str, mut listener: L, router: Router, stop: Stop) -> JoinHandle<()>
where
    L: Listener,
    L::Addr: Debug,
{
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let stream = tokio::select! {
                (stream, _) = listener.accept() => stream,
                () = stop.stopped() => break,
            };
            connections.spawn(converse(stream, router.clone(), stop.clone()));
            while connections.try_join_next().is_some() {}
        }
        tracing::debug!(door = name, connections = connections.len(), "closing");
        while connections.join_next().await.is_some() {}
    })
}

/// The most that is read ahead of whoever answers, on each connection.
const AHEAD: usize = 64 * 1024;
/// For how long, and how many bytes long, somebody who was answered in the middle is still listened to.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_BYTES: u64 = 64 * 1024 * 1024;

async fn converse<S>(stream: S, router: Router, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = move |request: Request<Incoming>| router.clone().oneshot(request.map(Body::new));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(AHEAD);
    let mut connection = builder.serve_connection(TokioIo::new(stream), service_fn(answer));
    let answered = tokio::select! {
        answered = poll_fn(|context| connection.poll_without_shutdown(context)) => answered,
        () = stop.stopped() => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    // Whoever breaks off has nothing to be told.
    if answered.is_ok() {
        hang_up(connection.into_parts().io.into_inner(), &stop).await;
    }
}

/// Ends a connection so that the last answer arrives: a socket that is closed while the other side still sends takes back
/// what was said.
async fn hang_up<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, stop: &Stop) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut rest = stream.take(LINGER_BYTES);
    let mut nowhere = tokio::io::sink();
    tokio::select! {
        _ = tokio::time::timeout(LINGER, tokio::io::copy(&mut rest, &mut nowhere)) => {}
        () = stop.stopped() => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::pending};

    use super::*;

    async fn never() -> Result<(), Infallible> {
        pending().await
    }

    #[tokio::test]
    async fn what_is_due_together_goes_together_and_what_comes_later_beside_it() {
        let beside = Beside::new("test");
        let busy = |whom: &[&str]| whom.iter().map(|whom| (*whom).to_owned()).collect::<BTreeSet<_>>();
        beside.begin("hats", None, never());
        for _ in 0..MOST {
            assert_eq!(beside.busy(), busy(&["hats"]));
            beside.begin("acme", Some(Duration::ZERO), never());
            assert_eq!(
                beside.busy(),
                busy(&["acme", "hats"]),
                "what comes now goes with what is gathered next"
            );
            while beside.busy.borrow()["acme"].young > 0 {
                beside.changed().await;
            }
        }
        assert_eq!(beside.busy(), busy(&["acme", "hats"]), "as many go on as may");
    }

    #[tokio::test]
    async fn what_has_ended_keeps_nobody_busy_however_it_ended() {
        let beside = Beside::new("test");
        beside.begin("acme", None, async { Ok::<_, Infallible>(()) });
        beside.begin("hats", Some(Duration::from_secs(9)), async { Err("it failed") });
        beside.ended().await;
        assert_eq!(beside.busy(), BTreeSet::new());
    }
}
