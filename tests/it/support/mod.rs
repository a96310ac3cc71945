//! The verbs of the scenarios: people act on a small GitHub, the real server decides, and what GitHub then shows is
//! what a test looks at.

mod database;
mod look;
mod scene;

pub use database::{Database, databases};
pub use scene::{Pull, Scene};

/// Words that people read. A story is played once on each database, and must say the same on both.
macro_rules! assert_snapshot {
    ($said:expr, @$words:literal) => {
        match &$said {
            said => insta::allow_duplicates! { insta::assert_snapshot!(said, @$words) },
        }
    };
}
pub(crate) use assert_snapshot;

/// Plays a story once on each database. It ends by failing if anything is left: waiting deliveries, due subjects,
/// unsent effects, parked items, a broken audit chain; or if GitHub refused anything that we asked of it.
pub async fn scenario(story: impl AsyncFn(&Scene)) {
    for database in databases().await {
        let scene = Scene::open(&database).await;
        story(&scene).await;
        scene.end().await;
        database.remove().await;
    }
}

/// The same, before anybody has written a policy.
pub async fn scenario_without_policy(story: impl AsyncFn(&Scene)) {
    for database in databases().await {
        let scene = Scene::without_policy(&database).await;
        story(&scene).await;
        scene.end().await;
        database.remove().await;
    }
}
