//! `changegate_sweep`, `changegate_watch`, `changegate_record`, `changegate_policy`, `changegate_ship`, `changegate_gate`, `changegate_failed`, `changegate_plan`,
//! `changegate_issue`, `changegate_withheld`, `changegate_ask`, `changegate_report`, `changegate_away`, `changegate_seal`, `changegate_went_by`, `changegate_plan_drawn`, `changegate_meeting`, `changegate_judged` and `changegate_emergency`: not GitHub's, but what our own sweep and glances found, what our own writing came to, what an environment or a
//! control record tells others, what a pipeline asks and says and what an operator said, written down as deliveries so that one door leads in.
//!
//! No body of GitHub's has `swept`, `watched`, `recorded`, `policy_moved`, `withheld`, `shipped`, `at_gate`, `failed`, `planned`, `kept`, `asked`, `reported`, `away`, `sealed`, `went_by`, `plan_drawn`, `meeting`, `judged` or `declared` at its top: nobody can
//! pass one off as such a delivery.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::{
    event::{
        AccountSnapshot, AtGate, Declaration, DrawnAgenda, DrawnPlan, Failure, Gap, GateAsk, IssuePurpose,
        Judged, MilestoneSnapshot, PipelineReport, Planning, Sealing, Shipment, WentBy, What,
    },
    ids::{InstallationId, IssueRef, ReleaseId, RepoId, RepoName},
    revision::RevisionHash,
};

/// What a delivery of our sweep is called.
pub const SWEPT: &str = "changegate_sweep";
/// What a delivery is called that says where a control record is.
pub const RECORDED: &str = "changegate_record";

/// What a delivery is called that says that an answer was not sent.
pub const WITHHELD: &str = "changegate_withheld";

/// What a delivery is called that says that the policy file has to be read.
pub const POLICY_MOVED: &str = "changegate_policy";

/// What a delivery is called that says what an environment runs.
pub const SHIPPED: &str = "changegate_ship";

/// What a delivery is called that says what keeps a release back.
pub const AT_GATE: &str = "changegate_gate";

/// What a delivery is called that says that something went wrong.
pub const FAILED: &str = "changegate_failed";

/// What a delivery is called in which a pipeline asks at the gate.
pub const ASKED: &str = GateAsk::EVENT;
/// What a delivery is called in which a pipeline says how far its deployment is.
pub const REPORTED: &str = "changegate_report";

/// What a delivery is called in which a command elsewhere plans an issue.
pub const PLANNED: &str = "changegate_plan";
/// What a delivery is called in which an operator declares an emergency.
pub const DECLARED: &str = "changegate_emergency";
/// What a delivery is called that says where an issue of ours is.
pub const KEPT: &str = "changegate_issue";

/// What a delivery is called that says that nobody was here.
pub const AWAY: &str = "changegate_away";
/// What a delivery is called that says which permits are sealed.
pub const SEALED: &str = "changegate_seal";
/// What a delivery is called that says what went by while nobody was here.
pub const WENT_BY: &str = "changegate_went_by";

/// What a delivery is called that says that the plan is another.
pub const PLAN_DRAWN: &str = "changegate_plan_drawn";
/// What a delivery is called in which an operator opens a planning meeting.
pub const MEETING: &str = "changegate_meeting";
/// What a delivery is called that says what became of a command in a meeting.
pub const JUDGED: &str = "changegate_judged";

/// What a delivery is called in which it asks us to look at environments.
pub const WATCHED: &str = "changegate_watch";

/// Where the sweep is.
#[derive(Debug, Clone)]
pub struct Whereabouts {
    pub account: AccountSnapshot,
    pub installation: InstallationId,
    pub repo: RepoId,
    pub name: RepoName,
}

/// The body of `changegate_sweep`.
#[derive(Deserialize)]
pub(super) struct Sweep {
    swept: Swept,
}

#[derive(Serialize, Deserialize)]
struct Swept {
    issues: Vec<u64>,
    pull_requests: Vec<u64>,
}

/// The body of `changegate_record`.
#[derive(Deserialize)]
pub(super) struct Record {
    recorded: Recorded,
}

#[derive(Serialize, Deserialize)]
struct Recorded {
    release: ReleaseId,
    number: u64,
    revision: Option<RevisionHash>,
    at: Timestamp,
}

impl Record {
    pub(super) fn what(self, repo: RepoId) -> What {
        let Recorded { release, number, revision, at } = self.recorded;
        What::Recorded { release, record: IssueRef { repo, number }, revision, at }
    }
}

/// The body of `changegate_ship`.
#[derive(Deserialize)]
pub(super) struct Ship {
    shipped: Shipment,
}

impl Ship {
    pub(super) fn what(self) -> What {
        What::Shipped(self.shipped)
    }
}

/// The body of `changegate_gate`.
#[derive(Deserialize)]
pub(super) struct Gate {
    at_gate: AtGate,
}

impl Gate {
    pub(super) fn what(self) -> What {
        What::AtGate(self.at_gate)
    }
}

/// The body of `changegate_failed`.
#[derive(Deserialize)]
pub(super) struct Fail {
    failed: Failure,
}

impl Fail {
    pub(super) fn what(self) -> What {
        What::Failed(self.failed)
    }
}

/// The body of `changegate_ask`.
#[derive(Deserialize)]
pub(super) struct Ask {
    asked: GateAsk,
}

impl Ask {
    pub(super) fn what(self) -> What {
        What::GateAsked(self.asked)
    }
}

/// The body of `changegate_report`.
#[derive(Deserialize)]
pub(super) struct Report {
    reported: PipelineReport,
}

impl Report {
    pub(super) fn what(self) -> What {
        What::PipelineReported(self.reported)
    }
}

/// The body of `changegate_away`.
#[derive(Deserialize)]
pub(super) struct Away {
    away: Gap,
}

impl Away {
    pub(super) fn what(self) -> What {
        What::Away(self.away)
    }
}

/// The body of `changegate_seal`.
#[derive(Deserialize)]
pub(super) struct Seal {
    sealed: Sealing,
}

impl Seal {
    pub(super) fn what(self) -> What {
        What::Sealed(self.sealed)
    }
}

/// The body of `changegate_plan_drawn`.
#[derive(Deserialize)]
pub(super) struct Drawn {
    plan_drawn: DrawnPlan,
}

impl Drawn {
    pub(super) fn what(self) -> What {
        What::PlanDrawn(Box::new(self.plan_drawn))
    }
}

/// The body of `changegate_meeting`.
#[derive(Deserialize)]
pub(super) struct Meeting {
    meeting: DrawnAgenda,
}

impl Meeting {
    pub(super) fn what(self) -> What {
        What::MeetingOpened(Box::new(self.meeting))
    }
}

/// The body of `changegate_judged`.
#[derive(Deserialize)]
pub(super) struct Verdict {
    judged: Judged,
}

impl Verdict {
    pub(super) fn what(self) -> What {
        What::Judged(Box::new(self.judged))
    }
}

/// The body of `changegate_went_by`.
#[derive(Deserialize)]
pub(super) struct Passed {
    went_by: WentBy,
}

impl Passed {
    pub(super) fn what(self) -> What {
        What::WentBy(Box::new(self.went_by))
    }
}

/// The body of `changegate_plan`.
#[derive(Deserialize)]
pub(super) struct Plan {
    planned: Planned,
}

#[derive(Serialize, Deserialize)]
struct Planned {
    number: u64,
    planning: Planning,
}

impl Plan {
    pub(super) fn what(self, repo: RepoId) -> What {
        let Planned { number, planning } = self.planned;
        What::Planned { issue: IssueRef { repo, number }, planning }
    }
}

/// The body of `changegate_emergency`.
#[derive(Deserialize)]
pub(super) struct Declared {
    declared: Declaration,
}

impl Declared {
    pub(super) fn what(self) -> What {
        What::Declared(self.declared)
    }
}

/// The body of `changegate_issue`.
#[derive(Deserialize)]
pub(super) struct Keeping {
    kept: Kept,
}

#[derive(Deserialize)]
struct Kept {
    number: u64,
    purpose: IssuePurpose,
}

impl Keeping {
    pub(super) fn what(self, repo: RepoId) -> What {
        let Kept { number, purpose } = self.kept;
        What::Kept { issue: IssueRef { repo, number }, purpose }
    }
}

/// The body of `changegate_watch`.
#[derive(Deserialize)]
pub(super) struct Watch {
    watched: Vec<String>,
}

impl Watch {
    pub(super) fn what(self) -> What {
        What::Watched { environments: self.watched }
    }
}

/// The body of `changegate_withheld`.
#[derive(Deserialize)]
pub(super) struct Withhold {
    withheld: Withheld,
}

#[derive(Serialize, Deserialize)]
struct Withheld {
    environment: String,
    run: u64,
    attempt: u64,
}

impl Withhold {
    pub(super) fn what(self) -> What {
        let Withheld { environment, run, attempt } = self.withheld;
        What::Withheld { environment, run, attempt }
    }
}

impl Sweep {
    pub(super) fn what(self, repo: RepoId) -> What {
        let at = |numbers: Vec<u64>| numbers.into_iter().map(|number| IssueRef { repo, number }).collect();
        What::Swept { issues: at(self.swept.issues), pull_requests: at(self.swept.pull_requests) }
    }
}

impl Whereabouts {
    /// Event and body of a delivery: these issues and pull requests must be read.
    #[must_use]
    pub fn swept(&self, issues: &[u64], pull_requests: &[u64]) -> (&'static str, Vec<u8>) {
        let swept = json!({ "issues": issues, "pull_requests": pull_requests });
        (SWEPT, self.body("swept", "swept", swept))
    }

    /// The same: GitHub has confirmed that a release's control record is issue `number` and shows this revision.
    #[must_use]
    pub fn recorded(
        &self,
        release: &ReleaseId,
        number: u64,
        (revision, at): (Option<&RevisionHash>, Timestamp),
    ) -> (&'static str, Vec<u8>) {
        let recorded = json!({ "release": release, "number": number, "revision": revision, "at": at });
        (RECORDED, self.body("recorded", "recorded", recorded))
    }

    /// The same: something else runs in an environment than before.
    #[must_use]
    pub fn shipped(&self, shipment: &Shipment) -> (&'static str, Vec<u8>) {
        (SHIPPED, self.body("shipped", "shipped", json!(shipment)))
    }

    /// The same: a pipeline asks at the gate.
    #[must_use]
    pub fn asked(&self, ask: &GateAsk) -> (&'static str, Vec<u8>) {
        (ASKED, self.body("asked", "asked", json!(ask)))
    }

    /// The same: a pipeline says how far its deployment is.
    #[must_use]
    pub fn reported(&self, report: &PipelineReport) -> (&'static str, Vec<u8>) {
        (REPORTED, self.body("reported", "reported", json!(report)))
    }

    /// The same: nobody was here.
    #[must_use]
    pub fn away(&self, gap: Gap) -> (&'static str, Vec<u8>) {
        (AWAY, self.body("away", "away", json!(gap)))
    }

    /// The same: permits are sealed.
    #[must_use]
    pub fn sealed(&self, sealing: &Sealing) -> (&'static str, Vec<u8>) {
        (SEALED, self.body("sealed", "sealed", json!(sealing)))
    }

    /// The same: the plan is another.
    #[must_use]
    pub fn plan_drawn(&self, plan: &DrawnPlan) -> (&'static str, Vec<u8>) {
        (PLAN_DRAWN, self.body("plan_drawn", "plan_drawn", json!(plan)))
    }

    /// The same: a planning meeting is opened.
    #[must_use]
    pub fn meeting(&self, agenda: &DrawnAgenda) -> (&'static str, Vec<u8>) {
        (MEETING, self.body("meeting", "meeting", json!(agenda)))
    }

    /// The same: what became of a command in a meeting.
    #[must_use]
    pub fn judged(&self, judged: &Judged) -> (&'static str, Vec<u8>) {
        (JUDGED, self.body("judged", "judged", json!(judged)))
    }

    /// The same: something went by while nobody was here.
    #[must_use]
    pub fn went_by(&self, went: &WentBy) -> (&'static str, Vec<u8>) {
        (WENT_BY, self.body("went_by", "went_by", json!(went)))
    }

    /// The same: this keeps a release back at a gate.
    #[must_use]
    pub fn at_gate(&self, at_gate: &AtGate) -> (&'static str, Vec<u8>) {
        (AT_GATE, self.body("at_gate", "at_gate", json!(at_gate)))
    }

    /// The same: something went wrong.
    #[must_use]
    pub fn failed(&self, failure: &Failure) -> (&'static str, Vec<u8>) {
        (FAILED, self.body("failed", "failed", json!(failure)))
    }

    /// The same: a command elsewhere plans issue `number`.
    #[must_use]
    pub fn planned(&self, number: u64, planning: &Planning) -> (&'static str, Vec<u8>) {
        let planned = json!({ "number": number, "planning": planning });
        (PLANNED, self.body("planned", "planned", planned))
    }

    /// The same: somebody declares an emergency at the command line.
    #[must_use]
    pub fn declared(&self, declaration: &Declaration) -> (&'static str, Vec<u8>) {
        (DECLARED, self.body("declared", "declared", json!(declaration)))
    }

    /// The same: GitHub has confirmed that issue `number` is the one that we keep for this.
    #[must_use]
    pub fn kept(&self, number: u64, purpose: &IssuePurpose) -> (&'static str, Vec<u8>) {
        (KEPT, self.body("kept", "kept", json!({ "number": number, "purpose": purpose })))
    }

    /// The same: it is to be looked whether these environments are as they are known.
    #[must_use]
    pub fn watched(&self, environments: &[String]) -> (&'static str, Vec<u8>) {
        (WATCHED, self.body("watched", "watched", json!(environments)))
    }

    /// The same: the policy file is another than is known.
    #[must_use]
    pub fn policy_moved(&self) -> (&'static str, Vec<u8>) {
        (POLICY_MOVED, self.body("policy_moved", "policy_moved", json!(true)))
    }

    /// The same: an answer for this attempt of a run was not sent.
    #[must_use]
    pub fn withheld(&self, environment: &str, (run, attempt): (u64, u64)) -> (&'static str, Vec<u8>) {
        let withheld = json!({ "environment": environment, "run": run, "attempt": attempt });
        (WITHHELD, self.body("withheld", "withheld", withheld))
    }

    /// The same: this is how GitHub lists a milestone, or that it has none of this number any more.
    #[must_use]
    pub fn milestone(&self, milestone: &MilestoneSnapshot, is_deleted: bool) -> (&'static str, Vec<u8>) {
        let action = if is_deleted { "deleted" } else { "swept" };
        let MilestoneSnapshot { repo: _, number, title, open, due_on, updated_at } = milestone;
        let state = if *open { "open" } else { "closed" };
        let milestone = json!({ "number": number, "title": title, "state": state, "due_on": due_on,
            "updated_at": updated_at });
        ("milestone", self.body(action, "milestone", milestone))
    }

    fn body(&self, action: &str, part: &str, value: Value) -> Vec<u8> {
        let AccountSnapshot { id, login, organisation } = &self.account;
        let kind = if *organisation { "Organization" } else { "User" };
        let owner = json!({ "id": id.0, "login": login, "type": kind });
        let repository = json!({ "id": self.repo.0, "full_name": self.name.as_str(), "owner": owner });
        let installation = json!({ "id": self.installation.0 });
        let mut body = json!({ "action": action, "repository": repository, "installation": installation });
        if let Value::Object(body) = &mut body {
            body.insert(part.into(), value);
        }
        body.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            event::{FailureOf, Triaged},
            finding::{Finding, Outcome},
            ids::AccountId,
        },
        github::payload::{Reading, read},
    };

    fn here() -> Whereabouts {
        Whereabouts {
            account: AccountSnapshot { id: AccountId(5), login: "acme".into(), organisation: true },
            installation: InstallationId(3),
            repo: RepoId(7),
            name: "acme/web".parse().unwrap(),
        }
    }

    fn understood((event, body): (&str, Vec<u8>)) -> What {
        let Reading::Event(event) = read(event, &body).unwrap() else { panic!("it is not understood") };
        assert_eq!(event.account, Some(here().account));
        assert_eq!(event.installation, Some(InstallationId(3)));
        assert_eq!(event.repository.map(|repository| repository.id), Some(RepoId(7)));
        event.what
    }

    #[test]
    fn what_a_sweep_writes_down_is_understood_as_it_was_meant() {
        let at = |number| IssueRef { repo: RepoId(7), number };
        let swept = What::Swept { issues: vec![at(1), at(2)], pull_requests: vec![at(3)] };
        assert_eq!(understood(here().swept(&[1, 2], &[3])), swept);
        let release = ReleaseId { train: "customer".into(), title: "2026.12 \"a\"".into() };
        let revision: RevisionHash = "ab".repeat(32).try_into().unwrap();
        let when = "2026-11-01T12:00:00Z".parse().unwrap();
        let what = understood(here().recorded(&release, 9, (Some(&revision), when)));
        assert_eq!(what, What::Recorded { release, record: at(9), revision: Some(revision), at: when });
        let by = crate::domain::ids::Actor { id: AccountId(9), login: "rosa".into(), person: true };
        let (comment, why) = (crate::domain::ids::CommentId(4), Some("it is late \u{2014} \"yes\"".into()));
        let release = Some("2026.12".into());
        let (triage, in_meeting) = (Some(Triaged::Deferred), true);
        let planning =
            Planning { release, triage, why, by, at: when, comment, place: 1, on: at(9), in_meeting };
        let what = understood(here().planned(2, &planning));
        assert_eq!(what, What::Planned { issue: at(2), planning });
        let declaration = Declaration {
            id: "1".into(),
            by: crate::domain::ids::Actor { id: AccountId(6), login: "oz".into(), person: true },
            at: when,
            why: "nobody can pay \"again\"".into(),
            incident: Some("https://status.acme.example/7".into()),
            pull_request: Some(41),
        };
        assert_eq!(understood(here().declared(&declaration)), What::Declared(declaration.clone()));
        for purpose in [IssuePurpose::Retrospective { of: at(3) }, IssuePurpose::Emergency(declaration)] {
            let kept = understood(here().kept(9, &purpose));
            assert_eq!(kept, What::Kept { issue: at(9), purpose });
        }
        let watched = What::Watched { environments: vec!["Live/eu".into()] };
        assert_eq!(understood(here().watched(&["Live/eu".into()])), watched);
        let withheld = What::Withheld { environment: "Live/eu".into(), run: 30, attempt: 2 };
        assert_eq!(understood(here().withheld("Live/eu", (30, 2))), withheld);
        assert_eq!(understood(here().policy_moved()), What::PolicyMoved);
        let shipment = Shipment {
            environment: "Live/eu".into(),
            deployment: 5,
            sha: "ab".repeat(20).parse().unwrap(),
            at: when,
            brought: [41].into(),
            taken: [].into(),
        };
        assert_eq!(understood(here().shipped(&shipment)), What::Shipped(shipment));
        let milestone = MilestoneSnapshot {
            repo: RepoId(7),
            number: 4,
            title: "2026.12 \"a\"".into(),
            open: false,
            due_on: Some("2026-12-01T12:00:00Z".parse().unwrap()),
            updated_at: Some("2026-11-01T12:00:00Z".parse().unwrap()),
        };
        for is_deleted in [false, true] {
            let What::Milestone { change, milestone: read, was: None } =
                understood(here().milestone(&milestone, is_deleted))
            else {
                panic!("another event")
            };
            assert_eq!(read, milestone);
            assert_eq!(change == crate::domain::event::MilestoneChange::Deleted, is_deleted);
        }
    }

    #[test]
    fn what_an_environment_or_a_release_tells_others_is_understood_as_it_was_meant() {
        let release = ReleaseId { train: "customer".into(), title: "2026.12 \"a\"".into() };
        let at_gate = AtGate {
            release: release.clone(),
            environment: "Live/eu".into(),
            run: 30,
            sha: "ab".repeat(20).parse().unwrap(),
            since: "2026-11-01T12:00:00Z".parse().unwrap(),
            obstacles: vec![Finding::new("window_closed", Outcome::Pending, "in a window", "It is closed.")],
            more: 0,
        };
        assert_eq!(understood(here().at_gate(&at_gate)), What::AtGate(at_gate));
        for of in [FailureOf::Deployment(5), FailureOf::Release(release)] {
            let failure = Failure { of, brought: [41].into() };
            assert_eq!(understood(here().failed(&failure)), What::Failed(failure));
        }
    }

    #[test]
    fn what_is_said_of_a_planning_meeting_is_understood_as_it_was_meant() {
        let at = |number| IssueRef { repo: RepoId(7), number };
        let when = "2026-11-01T12:00:00Z".parse().unwrap();
        let agenda = DrawnAgenda {
            at: when,
            train: "customer".into(),
            zone: crate::domain::policy::Zone::utc(),
            text: "The agenda \"a\".".into(),
            places: vec![],
        };
        assert_eq!(understood(here().meeting(&agenda)), What::MeetingOpened(Box::new(agenda)));
        for purpose in [IssuePurpose::Plan, IssuePurpose::Meeting { opened: when }] {
            let kept = understood(here().kept(9, &purpose));
            assert_eq!(kept, What::Kept { issue: at(9), purpose });
        }
        let (comment, said) = (crate::domain::ids::CommentId(4), "others \"do\"".into());
        let judged = Judged { of: at(2), on: at(9), comment, place: 1, counts: false, said };
        assert_eq!(understood(here().judged(&judged)), What::Judged(Box::new(judged)));
    }

    #[test]
    fn what_a_pipeline_asks_and_says_is_understood_as_it_was_meant() {
        let ask = GateAsk {
            id: "ab".repeat(16).parse().unwrap(),
            environment: "Live/eu".into(),
            sha: "ab".repeat(20).parse().unwrap(),
            reference: Some("main".into()),
            pipeline: crate::domain::event::Pipeline::Other { name: "jenkins \"a\"".into(), run: "7".into() },
            attempt: 1,
            release: Some("2026.12".into()),
            intent: crate::domain::event::Intent::Rollback,
            component: Some("shop".into()),
            bell: Some(crate::domain::bell::Bell::Webhook { url: "https://ci.example.com/x".into() }),
        };
        let when = "2026-11-01T12:00:00Z".parse().unwrap();
        let (id, by) = ("ab".repeat(16), Some("sam \"s\"".to_owned()));
        let seal = crate::domain::event::SealUsed {
            id: id.clone(),
            expires_at: when,
            why: "down".into(),
            by,
            at: when,
        };
        let gap = Gap { from: when, to: when };
        assert_eq!(understood(here().away(gap)), What::Away(gap));
        let plan = DrawnPlan {
            at: gap.from,
            zone: crate::domain::policy::Zone::utc(),
            text: "The plan.".into(),
            places: vec![],
        };
        assert_eq!(understood(here().plan_drawn(&plan)), What::PlanDrawn(Box::new(plan)));
        let sealing = Sealing { environment: "Live/eu".into(), ids: vec![id], at: when, expires_at: when };
        assert_eq!(understood(here().sealed(&sealing)), What::Sealed(sealing));
        let went = WentBy {
            since: when,
            environment: "Live/eu".into(),
            deployment: 5,
            sha: ask.sha.clone(),
            at: when,
            seal: Some(seal.clone()),
            owners: vec!["acme/on-call".into()],
            due: when,
        };
        assert_eq!(understood(here().went_by(&went)), What::WentBy(Box::new(went)));
        let report = PipelineReport {
            environment: "Live/eu".into(),
            sha: ask.sha.clone(),
            pipeline: ask.pipeline.clone(),
            attempt: 2,
            came_to: crate::domain::event::CameTo::Failed,
            seal: Some(seal.clone()),
        };
        assert_eq!(understood(here().reported(&report)), What::PipelineReported(report));
        assert_eq!(understood(here().asked(&ask)), What::GateAsked(ask));
    }
}
