//! How long this GitHub takes to answer.

use std::{sync::Mutex, sync::PoisonError, time::Duration};

use super::Sandbox;

/// At once, if nobody said otherwise.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Duration>);

impl Pace {
    /// Lets the time pass that an answer takes.
    pub async fn keep(&self) {
        let time = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !time.is_zero() {
            // Nothing comes: it is waited for as long as the answer takes.
            drop(tokio::time::timeout(time, std::future::pending::<()>()).await);
        }
    }
}

impl Sandbox {
    /// From now on every answer takes so long.
    pub fn answer_after(&self, time: Duration) {
        *self.shared.pace.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }
}
