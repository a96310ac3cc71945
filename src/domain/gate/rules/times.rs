//! Windows and freezes: whether production may change now.

use jiff::Timestamp;

use super::super::{
    super::{
        calendar::{Calendar, Departure, Place, Purpose, Target},
        finding::Finding,
    },
    Scene,
};

/// What the calendar says, and when that changes.
pub(super) fn judge(scene: &Scene<'_>) -> (Vec<Finding>, Option<Timestamp>) {
    let place =
        Place { target: Target::Environment(scene.ask.environment), repo: scene.ask.repo, systems: &[] };
    let calendar = Calendar::new(&scene.policy, &place, &scene.freezes);
    let change_requests: Vec<_> =
        scene.pull_requests.iter().flat_map(|it| it.change_requests.clone()).collect();
    let departure = Departure { purpose: Purpose::Deploy, change_requests: &change_requests, started: None };
    let judged = calendar.judge(&departure, scene.ask.now);
    (judged.findings, judged.look_again)
}
