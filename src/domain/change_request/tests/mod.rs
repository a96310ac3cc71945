//! A small world around one issue: people act on it, deliveries are judged, questions are answered from what is so.

mod delivered;
mod emergency;
mod life;
mod limits;
mod meeting;
mod notes;
mod order;
mod own;
mod risk;
mod silence;
mod triage;
mod without_code;
mod words;
mod world;

pub use jiff::{SignedDuration, Timestamp};

pub use crate::domain::{
    change_request::{Acceptance, Stage},
    decide::{Decision, Judgement},
    effect::{Call, Reaction},
    event::{CommentChange, CommentSnapshot, Event, IssueChange, IssueSnapshot, What},
    ids::{Actor, IssueRef},
    link::Link,
    subject::State,
    trial::{APP, BILLING, SHARED, WEB, actor},
};

pub use world::World;

pub const AT: IssueRef = IssueRef { repo: WEB, number: 12 };

/// tara and tom are in acme/triage, tess is named, rita manages releases. The others are nobody.
pub const POLICY: &str = "version: 1
mode: enforce
roles:
  triager: [acme/triage, tess]
  release-manager: [rita]
trains:
  customer:
    repositories: [acme/web, acme/billing]
    title: \"{year}.{month}\"
";

/// A call in short.
pub fn short(call: &Call) -> String {
    match call {
        Call::Comment { purpose, body, .. } => format!("comment {purpose}: {body}"),
        Call::Label { name, present, .. } => format!("{}{name}", if *present { "+" } else { "-" }),
        Call::MakeMilestone { title, .. } => format!("make milestone {title}"),
        Call::Assign { login, .. } => format!("assign {login}"),
        Call::Milestone { number, .. } => format!("milestone {number:?}"),
        Call::Reaction { comment, content, .. } => match content {
            Reaction::ThumbsUp => format!("thumbs up {comment}"),
            Reaction::Confused => format!("confused {comment}"),
            Reaction::Eyes => format!("eyes {comment}"),
        },
        Call::CheckRun { .. } => "check run".into(),
        Call::Record { release, .. } => format!("record {}", release.title),
        Call::Issue { purpose, .. } => format!("issue {purpose}"),
        Call::ProtectionAnswer { environment, ruling, .. } => format!("{ruling:?} {environment}"),
        Call::ProtectionNote { environment, comment, .. } => format!("note {environment}: {comment}"),
        Call::ReadAnew { .. } => "read anew".into(),
        Call::Ship { .. } => "shipped".into(),
        Call::GateAnswer { .. } => "answered at the gate".into(),
        Call::Ring { .. } => "rung".into(),
        Call::Deployment { .. } => "deployed".into(),
        Call::AtGate { .. } => "at the gate".into(),
        Call::Fail { .. } => "failed".into(),
        Call::WentBy { .. } => "went by".into(),
        Call::CloseMilestone { number, .. } => format!("close milestone {number}"),
        Call::RenameMilestone { number, title, .. } => format!("rename milestone {number} {title}"),
        Call::Schedule { title, .. } => format!("schedule {title}"),
        Call::Plan { .. } => "plan".into(),
        Call::Judged { judged } => format!("judged {}: {}", judged.counts, judged.said),
        Call::Announce { announcement } => format!("announce {:?}", announcement.news),
    }
}

/// What was told, without the status comment.
pub fn told(decision: &Decision) -> Vec<String> {
    let told = decision.effects.iter().map(|effect| short(&effect.call));
    told.filter(|told| !told.starts_with("comment status")).collect()
}

/// The status comment.
pub fn status(decision: &Decision) -> String {
    let status = decision.effects.iter().find_map(|effect| match &effect.call {
        Call::Comment { purpose, body, .. } => (purpose == "status").then(|| body.clone()),
        Call::Issue { .. }
        | Call::Record { .. }
        | Call::Label { .. }
        | Call::Assign { .. }
        | Call::MakeMilestone { .. }
        | Call::Milestone { .. }
        | Call::Reaction { .. }
        | Call::CheckRun { .. }
        | Call::ProtectionAnswer { .. }
        | Call::ProtectionNote { .. }
        | Call::Schedule { .. }
        | Call::Plan { .. }
        | Call::Judged { .. }
        | Call::ReadAnew { .. }
        | Call::Ship { .. }
        | Call::GateAnswer { .. }
        | Call::Ring { .. }
        | Call::Deployment { .. }
        | Call::AtGate { .. }
        | Call::Fail { .. }
        | Call::WentBy { .. }
        | Call::CloseMilestone { .. }
        | Call::RenameMilestone { .. }
        | Call::Announce { .. } => None,
    });
    status.unwrap_or_default()
}

/// The status comment without its folded parts.
pub fn summary(decision: &Decision) -> String {
    let status = status(decision);
    status.split("\n\n<details>").next().unwrap_or_default().to_owned()
}

/// The codes of the audit entries.
pub fn codes(decision: &Decision) -> Vec<&str> {
    decision.audit.iter().map(|entry| entry.code.as_str()).collect()
}
