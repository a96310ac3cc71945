//! A step, and the loop that calls it: the loop in production, tests by hand.

use std::{
    fmt::{Debug, Display},
    future::Future,
    time::Duration,
};

use axum::{Router, serve::Listener};
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinHandle},
};

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
pub fn spawn<S, F, E, R, W>(name: &'static str, stop: Stop, mut step: S, mut rest: R) -> JoinHandle<()>
where
    S: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Worked, E>> + Send,
    E: Display + Send,
    R: FnMut() -> W + Send + 'static,
    W: Future<Output = ()> + Send,
{
    tokio::spawn(async move {
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
    })
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

/// Serves a router on a socket until told to stop, and finishes what is in flight.
#[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
pub fn serve<L>(name: &'static str, listener: L, router: Router, stop: Stop) -> JoinHandle<()>
where
    L: Listener,
    L::Addr: Debug,
{
    tokio::spawn(async move {
        let until = stop.clone();
        let served =
            axum::serve(listener, router).with_graceful_shutdown(async move { until.stopped().await }).await;
        if let Err(error) = served {
            tracing::error!(door = name, %error, "a door broke");
        }
        stop.stop();
    })
}
