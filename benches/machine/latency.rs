//! Time, and what it took.

use std::time::Duration;

use tokio::time::Instant;

/// The time on a clock that only goes forward.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "a benchmark waits")]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The value (of sorted microseconds) that this share, in thousandths, does not exceed; in milliseconds.
pub fn percentile(sorted: &[u64], per_mille: usize) -> f64 {
    let place = (sorted.len() * per_mille).div_ceil(1000).saturating_sub(1);
    let micros = sorted.get(place).copied().unwrap_or(0);
    Duration::from_micros(micros).as_secs_f64() * 1000.0
}
