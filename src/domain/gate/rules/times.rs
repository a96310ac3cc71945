//! Windows and freezes: whether production may change now.

use jiff::Timestamp;

use super::super::{
    super::{
        calendar::{Calendar, Departure, Place, Target},
        finding::Finding,
    },
    Scene,
};

/// What the calendar says, and when that changes.
pub(super) fn judge(scene: &Scene<'_>) -> (Vec<Finding>, Option<Timestamp>) {
    let systems: Vec<String> = scene.systems().into_iter().collect();
    let target = Target::Environment(scene.ask.environment);
    let place = Place { target, repo: scene.ask.repo, systems: &systems };
    let calendar = Calendar::new(&scene.policy, &place, &scene.freezes);
    let change_requests: Vec<_> =
        scene.pull_requests.iter().flat_map(super::super::PullRequestInRange::changes).collect();
    // A train deploys once, in several places: what has begun in its window may be finished.
    let release = scene.shipping.as_ref().and_then(|shipping| shipping.release);
    let started = release.and_then(|release| release.running().map(|it| it.at).min());
    let departure = Departure { change_requests: &change_requests, started };
    let judged = calendar.judge(&departure, scene.ask.now);
    (judged.findings, judged.look_again)
}
