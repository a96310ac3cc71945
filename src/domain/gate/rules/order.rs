//! One deployment at a time, and the newest first.

use super::super::{
    super::finding::{Finding, Outcome, code},
    Order, Scene,
};

const RULE: &str = "no other deployment is in its way";

pub(super) fn finding(scene: &Scene<'_>) -> Finding {
    match scene.ask.order {
        Order::Free => Finding::new("nothing_in_the_way", Outcome::Pass, RULE, "No other deployment runs."),
        Order::Superseded { by, sha } => Finding::new(
            "superseded",
            Outcome::Fail,
            RULE,
            match by {
                Some(by) => format!("Run {by} waits to deploy {}, which is newer.", code(sha.short())),
                None => format!("A newer run waits to deploy {}.", code(sha.short())),
            },
        )
        .headline(format!("a newer deployment ({}) waits", code(sha.short())))
        .cure("let the newer one go; or cancel it, and run this one again"),
        Order::Running { sha, since } => Finding::new(
            "deployment_running",
            Outcome::Pending,
            RULE,
            format!("A deployment of {} runs since {}.", code(sha.short()), scene.zone.time(since)),
        )
        .headline("another deployment is still running")
        .cure("it goes on by itself when that one has ended"),
    }
}
