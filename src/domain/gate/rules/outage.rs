//! What went by while nobody was here: until people have looked back on it, it stands from its due time on in the way of what is
//! ordinary, and never of an emergency or a way back.

use jiff::Timestamp;

use super::{
    super::{
        super::{
            finding::{Finding, Outcome},
            ids::IssueRef,
            named::pages,
        },
        Scene,
    },
    Judged,
    emergency::{managers, named},
};

/// What is overdue, and when something more will be.
pub(super) fn debts(scene: &Scene<'_>) -> Judged {
    let now = scene.ask.now;
    let overdue = scene.outages.iter().filter(|(_, due)| *due <= now);
    Judged {
        findings: overdue.map(|(at, due)| unpaid(*at, *due, scene)).collect(),
        again_at: scene.outages.iter().map(|(_, due)| *due).filter(|due| *due > now).min(),
    }
}

fn unpaid(at: IssueRef, due: Timestamp, scene: &Scene<'_>) -> Finding {
    let issue = named(at, scene);
    let (managers, managers_are) = managers(scene);
    let (name, due) = (&issue.text, scene.zone.time(due));
    let sentence = format!(
        "{name} lists what went by here while Changegate was away, and its retrospective is overdue since {due}."
    );
    Finding::new("outage_retrospective_overdue", Outcome::Fail, "nothing is owed for an outage", sentence)
        .headline(format!("the retrospective of the outage {name} is overdue"))
        .cure(format!(
            "write it in its issue; then somebody on call or a release manager{managers_are} comments `/done worked`, `/done problems` or `/done backed-out` on {name}"
        ))
        .names(pages(managers.iter().chain([&issue])))
}
