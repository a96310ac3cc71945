//! Whom an event concerns.

use super::{
    effect::{CHANGE_CHECK, RELEASE_CHECK},
    event::{
        AtGate, CheckSuiteChange, CommentedOn, Event, GateAsk, IssueChange, IssuePurpose, IssueSnapshot,
        PipelineReport, ReferenceKind, RuleRequest, Sealing, Shipment, What,
    },
    facts::Question,
    ids::{IssueRef, RepoId, Sha, SubjectId, SubjectKind},
    subject::Relation,
};

/// The subjects that must look at an event, in the order of waking. Empty: it concerns nobody here.
///
/// The account and the repository are named for every event that shows them: whoever routes may leave them out
/// where [`super::account::Account::agrees_with`] and [`super::repository::RepositoryView::agrees_with`] say that the event
/// tells them nothing new.
#[must_use]
pub fn route(event: &Event) -> Vec<SubjectId> {
    let mut subjects = vec![SubjectId::Account];
    subjects.extend(event.repository.as_ref().map(|repository| SubjectId::Repository(repository.id)));
    subjects.extend(concerned(event));
    subjects.sort();
    subjects.dedup();
    subjects
}

/// Whom an event concerns beyond that, as the store knows: the question whose answer are these subjects.
///
/// A release hears what is said on its control record, and what is pushed and deployed where it ships. Only what a bot
/// has opened can be a record. A promotion hears what is pushed where it is merged.
///
/// Who signs by our check's button signs for the pull requests at its commit. Who asks for our check again asks for a second look at the pull requests too: a link that was made by hand in
/// GitHub's sidebar tells nobody. The delivery names those of the repository itself, but none of a fork's; the store
/// knows every open one at the commit. Each reads GitHub again and wakes the commit, so that nothing wakes backwards.
#[must_use]
pub fn also(event: &Event, app: u64) -> Vec<Question> {
    let mut found: Vec<(SubjectId, Relation)> = releases(event).into_iter().collect();
    if let (What::Push { .. }, Some(repository)) = (&event.what, &event.repository) {
        found.push((SubjectId::Repository(repository.id), Relation::Into));
    }
    let asked = event.what.asks_again(app, CHANGE_CHECK) || event.what.signs(app, CHANGE_CHECK).is_some();
    let mut commits = concerned(event).into_iter().filter(|subject| subject.kind() == SubjectKind::Commit);
    found.extend(commits.next().filter(|_| asked).map(|commit| (commit, Relation::At)));
    found.into_iter().map(|(subject, relation)| Question::PointingAt(subject, relation)).collect()
}

/// How the releases that an event concerns are found.
fn releases(event: &Event) -> Option<(SubjectId, Relation)> {
    if let What::Issue { issue, .. } = &event.what {
        record(issue)
    } else if let What::Comment { on: CommentedOn::Issue(issue), .. } = &event.what {
        record(issue)
    } else if ships(&event.what) {
        event.repository.as_ref().map(|it| (SubjectId::Repository(it.id), Relation::Ships))
    } else {
        None
    }
}

/// Whether it may move what ships, or tell that it was deployed; or asks to look whether that happened unheard.
const fn ships(what: &What) -> bool {
    matches!(
        what,
        What::Push { .. }
            | What::DeploymentStatus { .. }
            | What::Shipped(_)
            | What::Watched { .. }
            | What::Created { kind: ReferenceKind::Tag, .. }
            | What::Deleted { kind: ReferenceKind::Tag, .. }
    )
}

fn record(issue: &IssueSnapshot) -> Option<(SubjectId, Relation)> {
    let by_a_bot = issue.author.as_ref().is_some_and(|author| !author.person);
    by_a_bot.then_some((SubjectId::ChangeRequest(issue.at), Relation::Records))
}

/// Whom it concerns that is listed otherwise than it is known.
fn swept(issues: &[IssueRef], pull_requests: &[IssueRef]) -> Vec<SubjectId> {
    let issues = issues.iter().copied().map(SubjectId::ChangeRequest);
    issues.chain(pull_requests.iter().copied().map(SubjectId::PullRequest)).collect()
}

/// Whom it concerns where an issue of ours is.
fn kept(issue: IssueRef, purpose: &IssuePurpose) -> Vec<SubjectId> {
    match purpose {
        IssuePurpose::Retrospective { of } => vec![SubjectId::ChangeRequest(*of)],
        IssuePurpose::Outage { .. } | IssuePurpose::Plan | IssuePurpose::Meeting { .. } => {
            vec![SubjectId::Account]
        }
        IssuePurpose::Emergency(declaration) => {
            let pull_request = declaration.pull_request.map(|number| IssueRef { repo: issue.repo, number });
            let pull_request = pull_request.map(SubjectId::PullRequest);
            pull_request.into_iter().chain([SubjectId::ChangeRequest(issue)]).collect()
        }
    }
}

fn concerned(event: &Event) -> Vec<SubjectId> {
    let repo = event.repository.as_ref().map(|repository| repository.id);
    match &event.what {
        What::Issue { change: IssueChange::Transferred { to: Some(to) }, issue } => {
            vec![SubjectId::ChangeRequest(issue.at), SubjectId::ChangeRequest(*to)]
        }
        What::Issue { issue, .. } => vec![SubjectId::ChangeRequest(issue.at)],
        What::Comment { on: CommentedOn::Issue(issue), .. } => vec![SubjectId::ChangeRequest(issue.at)],
        What::Comment { on: CommentedOn::PullRequest(at), .. } => vec![SubjectId::PullRequest(*at)],
        What::PullRequest { pull_request, .. } => vec![SubjectId::PullRequest(pull_request.at)],
        What::Review { pull_request, .. } => vec![SubjectId::PullRequest(*pull_request)],
        What::CheckRun { .. } | What::CheckSuite { .. } | What::MergeGroup { .. } | What::Push { .. } => {
            repo.map(|repo| of_commits(&event.what, repo)).unwrap_or_default()
        }
        What::Milestone { milestone, .. } => vec![SubjectId::Milestone(milestone.repo, milestone.number)],
        What::Repository { .. } | What::PolicyMoved => repo.map(SubjectId::Repository).into_iter().collect(),
        What::Installation { repositories, .. } => {
            repositories.iter().map(|named| SubjectId::Repository(named.id)).collect()
        }
        What::InstallationRepositories { added, removed } => {
            added.iter().chain(removed).map(|named| SubjectId::Repository(named.id)).collect()
        }
        What::Swept { issues, pull_requests } => swept(issues, pull_requests),
        What::Planned { issue, .. } => vec![SubjectId::ChangeRequest(*issue)],
        What::Recorded { release, .. } | What::AtGate(AtGate { release, .. }) => {
            vec![SubjectId::Release(release.clone())]
        }
        What::Kept { issue, purpose } => kept(*issue, purpose),
        What::Watched { environments } => watched(environments, repo),
        What::Shipped(shipment) => repo.into_iter().flat_map(|repo| moved(shipment, repo)).collect(),
        What::Withheld { environment, .. }
        | What::Sealed(Sealing { environment, .. })
        | What::GateAsked(GateAsk { environment, .. })
        | What::PipelineReported(PipelineReport { environment, .. })
        | What::ProtectionRule(RuleRequest { environment: Some(environment), .. })
        | What::DeploymentReview { environment: Some(environment), .. } => {
            repo.map(|repo| SubjectId::environment(repo, environment)).into_iter().collect()
        }
        What::Deployment { deployment, .. } | What::DeploymentStatus { deployment, .. } => {
            let environment = repo.zip(deployment.environment.as_ref());
            environment.map(|(repo, name)| SubjectId::environment(repo, name)).into_iter().collect()
        }
        // The repository remembers a renamed label, and so wakes the issues that bear it; and what went wrong.
        What::Label { .. }
        | What::Declared(_)
        | What::Failed(_)
        | What::Away(_)
        | What::WentBy(_)
        | What::PlanDrawn(_)
        | What::MeetingOpened(_)
        | What::Judged(_)
        | What::Ping
        | What::Created { .. }
        | What::Deleted { .. }
        | What::Published { .. }
        | What::ProtectionRule(_)
        | What::DeploymentReview { .. }
        | What::Member { .. }
        | What::Membership { .. }
        | What::Team { .. } => vec![],
    }
}

/// The environments that are to be looked at.
fn watched(environments: &[String], repo: Option<RepoId>) -> Vec<SubjectId> {
    let of = |repo| environments.iter().map(move |name| SubjectId::environment(repo, name));
    repo.into_iter().flat_map(of).collect()
}

/// Whom it concerns what is told of commits.
fn of_commits(what: &What, repo: RepoId) -> Vec<SubjectId> {
    let (commit, promotion) = (
        |sha: &Sha| SubjectId::Commit(repo, sha.clone()),
        |sha: &Sha| SubjectId::Promotion(repo, sha.clone()),
    );
    if let What::CheckRun { check_run, .. } = what {
        let of = if check_run.name == RELEASE_CHECK {
            promotion(&check_run.head_sha)
        } else {
            commit(&check_run.head_sha)
        };
        vec![of]
    } else if let What::CheckSuite { change, head_sha, .. } = what {
        let again = (*change == CheckSuiteChange::Rerequested).then(|| promotion(head_sha));
        std::iter::once(commit(head_sha)).chain(again).collect()
    } else if let What::MergeGroup { group, .. } = what {
        vec![commit(&group.head_sha)]
    } else if let What::Push { reference, after: Some(sha), .. } = what {
        let tagged = reference.starts_with("refs/tags/").then(|| promotion(sha));
        std::iter::once(SubjectId::Repository(repo)).chain(tagged).collect()
    } else {
        vec![SubjectId::Repository(repo)]
    }
}

/// The pull requests that came or went with a deployment.
fn moved(shipment: &Shipment, repo: RepoId) -> impl Iterator<Item = SubjectId> {
    let numbers = shipment.brought.iter().chain(&shipment.taken);
    numbers.map(move |number| SubjectId::PullRequest(IssueRef { repo, number: *number }))
}

/// The issue or pull request that an event is about, if it is about one.
#[must_use]
pub fn about(event: &Event) -> Option<IssueRef> {
    concerned(event).into_iter().find_map(|subject| match subject {
        SubjectId::PullRequest(at) | SubjectId::ChangeRequest(at) => Some(at),
        SubjectId::Account
        | SubjectId::Repository(_)
        | SubjectId::Milestone(..)
        | SubjectId::Commit(..)
        | SubjectId::Release(_)
        | SubjectId::Environment(..)
        | SubjectId::Promotion(..) => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::{
        event::*,
        ids::{CommentId, ReleaseId},
        trial::*,
    };

    fn comment(on: CommentedOn) -> What {
        let (created_at, updated_at) = (None, None);
        let (id, body) = (CommentId(1), String::new());
        let comment = CommentSnapshot { id, body, author: None, app: None, created_at, updated_at };
        What::Comment { change: CommentChange::Edited, on, comment }
    }

    fn check_run(change: CheckRunChange, app: u64, name: &str) -> What {
        let name = name.into();
        let check_run =
            CheckRunSnapshot { id: 1, name, head_sha: sha('a'), app: Some(app), conclusion: None };
        What::CheckRun { change, check_run }
    }

    fn check_suite(change: CheckSuiteChange, app: u64) -> What {
        What::CheckSuite { change, head_sha: sha('a'), app: Some(app) }
    }

    fn milestone() -> What {
        let title = "2026.12".into();
        let milestone =
            MilestoneSnapshot { repo: WEB, number: 3, title, open: true, due_on: None, updated_at: None };
        What::Milestone { change: MilestoneChange::Edited, milestone, was: None }
    }

    fn merge_group() -> What {
        let (head_ref, base_branch) = ("refs/heads/queue".into(), "main".into());
        let group = MergeGroupSnapshot { head_sha: sha('b'), head_ref, base_sha: None, base_branch };
        What::MergeGroup { change: MergeGroupChange::ChecksRequested, group }
    }

    fn declaration() -> Declaration {
        let (id, why) = ("1".into(), "nobody can pay".into());
        Declaration { id, by: actor("oz"), at: time(0), why, incident: None, pull_request: Some(41) }
    }

    fn recorded() -> (What, &'static str) {
        let release = ReleaseId { train: "customer".into(), title: "2026.12".into() };
        let what = What::Recorded { release, record: at(90), revision: None, at: time(0) };
        (what, "release/customer/2026.12")
    }

    fn planned() -> (What, &'static str) {
        let (release, why, by) = (None, None, actor("rosa"));
        let (comment, place, on) = (CommentId(1), 0, at(90));
        let (triage, in_meeting) = (None, false);
        let planning = Planning { release, triage, why, by, at: time(0), comment, place, on, in_meeting };
        (What::Planned { issue: at(12), planning }, "change_request/7/12")
    }

    fn deployment() -> DeploymentSnapshot {
        let sha = Some(sha('a'));
        let (environment, reference, creator, app) = (None, None, None, None);
        DeploymentSnapshot { id: 1, environment, sha, reference, creator, app, created_at: None }
    }

    /// One of each kind, and whom it concerns beside the account and the repository that it shows.
    fn one_of_each() -> Vec<(What, &'static str)> {
        let transferred = IssueChange::Transferred { to: Some(IssueRef { repo: BILLING, number: 3 }) };
        let (name, action) = (|| "x".to_owned(), || "x".to_owned());
        let team = || TeamSnapshot { id: None, slug: None };
        let kind = ReferenceKind::Branch;
        let (report, asked) = (DeploymentReport::default(), DeploymentReviewSnapshot::default());
        let commit_a = "commit/7/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        vec![
            (What::Ping, ""),
            (
                What::Installation {
                    change: InstallationChange::Created,
                    repositories: vec![named(BILLING)],
                },
                "repository/8",
            ),
            (
                What::InstallationRepositories { added: vec![named(BILLING)], removed: vec![named(SHARED)] },
                "repository/8 repository/9",
            ),
            (What::Repository { change: RepositoryChange::Renamed }, ""),
            (What::Issue { change: IssueChange::Edited, issue: issue(12) }, "change_request/7/12"),
            (What::Issue { change: transferred, issue: issue(12) }, "change_request/7/12 change_request/8/3"),
            (comment(CommentedOn::Issue(Box::new(issue(12)))), "change_request/7/12"),
            (comment(CommentedOn::PullRequest(at(41))), "pull_request/7/41"),
            (
                What::PullRequest { change: PullRequestChange::Opened, pull_request: snapshot(41) },
                "pull_request/7/41",
            ),
            (
                What::Review {
                    change: ReviewChange::Submitted,
                    pull_request: at(41),
                    review: review(1, "lee", ReviewState::Approved, 'a', 0),
                },
                "pull_request/7/41",
            ),
            (check_run(CheckRunChange::Created, 1, "build"), commit_a),
            (check_suite(CheckSuiteChange::Completed, 1), commit_a),
            (milestone(), "milestone/7/3"),
            (
                What::Push { reference: "refs/heads/main".into(), before: None, after: None, forced: false },
                "",
            ),
            (merge_group(), "commit/7/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
            (What::Label { change: LabelChange::Created, name: name() }, ""),
            (What::Created { kind, name: name() }, ""),
            (What::Deleted { kind, name: name() }, ""),
            (What::Published { action: action(), tag: None }, ""),
            (What::Deployment { action: action(), deployment: deployment(), run: None }, ""),
            (What::DeploymentStatus { state: None, deployment: deployment(), report, run: None }, ""),
            (What::ProtectionRule(RuleRequest::default()), ""),
            (What::DeploymentReview { action: action(), environment: None, run: None, review: asked }, ""),
            (What::Member { action: action(), member: None }, ""),
            (What::Membership { added: true, member: None, team: team() }, ""),
            (What::Team { action: action(), team: team() }, ""),
        ]
    }

    /// The same of what concerns promotions.
    fn of_promotions() -> Vec<(What, &'static str)> {
        vec![
            (
                What::Push {
                    reference: "refs/tags/v1".into(),
                    before: None,
                    after: Some(sha('a')),
                    forced: false,
                },
                "promotion/7/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
            (
                check_run(CheckRunChange::Created, 1, RELEASE_CHECK),
                "promotion/7/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
        ]
    }

    fn asked() -> GateAsk {
        GateAsk {
            id: "a".repeat(32).parse().unwrap(),
            environment: "Live".into(),
            sha: sha('a'),
            reference: None,
            pipeline: Pipeline::Actions { run: 30 },
            attempt: 1,
            release: None,
            intent: Intent::Deploy,
            component: None,
            bell: None,
        }
    }

    fn reported() -> PipelineReport {
        let GateAsk { environment, sha, pipeline, attempt, .. } = asked();
        PipelineReport { environment, sha, pipeline, attempt, came_to: CameTo::Started, seal: None }
    }

    /// The same of what our own sweep tells.
    fn of_ours() -> Vec<(What, &'static str)> {
        vec![
            recorded(),
            (What::Declared(declaration()), ""),
            (
                What::Kept { issue: at(12), purpose: IssuePurpose::Retrospective { of: at(3) } },
                "change_request/7/3",
            ),
            (
                What::Kept { issue: at(12), purpose: IssuePurpose::Emergency(declaration()) },
                "pull_request/7/41 change_request/7/12",
            ),
            (What::Kept { issue: at(12), purpose: IssuePurpose::Outage { since: time(0) } }, ""),
            planned(),
            (
                What::Swept { issues: vec![at(12)], pull_requests: vec![at(41)] },
                "pull_request/7/41 change_request/7/12",
            ),
            (
                What::Watched { environments: vec!["Live".into(), "qa".into()] },
                "environment/7/live environment/7/qa",
            ),
            (What::PolicyMoved, ""),
            (What::GateAsked(asked()), "environment/7/live"),
            (What::PipelineReported(reported()), "environment/7/live"),
            (
                What::AtGate(AtGate {
                    release: ReleaseId { train: "customer".into(), title: "2026.12".into() },
                    environment: "production".into(),
                    run: 30,
                    sha: sha('a'),
                    since: time(0),
                    obstacles: vec![],
                    more: 0,
                }),
                "release/customer/2026.12",
            ),
            (What::Failed(Failure { of: FailureOf::Deployment(1), brought: [41].into() }), ""),
            (What::Withheld { environment: "Live".into(), run: 30, attempt: 1 }, "environment/7/live"),
            (
                What::Shipped(Shipment {
                    environment: "production".into(),
                    deployment: 1,
                    sha: sha('a'),
                    at: time(0),
                    brought: [41, 42].into(),
                    taken: [40].into(),
                }),
                "pull_request/7/40 pull_request/7/41 pull_request/7/42",
            ),
        ]
    }

    /// The same of what went by while nobody was here.
    fn of_gaps() -> Vec<(What, &'static str)> {
        let gap = Gap { from: time(0), to: time(600) };
        let (environment, owners) = ("Live".to_owned(), vec![]);
        let went = WentBy {
            since: gap.from,
            environment: environment.clone(),
            deployment: 1,
            sha: sha('a'),
            at: time(9),
            seal: None,
            owners,
            due: time(900),
        };
        let plan = DrawnPlan {
            at: time(0),
            zone: crate::domain::policy::Zone::utc(),
            text: String::new(),
            places: vec![],
        };
        let agenda = DrawnAgenda {
            at: time(0),
            train: "customer".into(),
            zone: crate::domain::policy::Zone::utc(),
            text: String::new(),
            places: vec![],
        };
        let judged = Judged {
            of: at(12),
            on: at(90),
            comment: CommentId(1),
            place: 0,
            counts: true,
            said: "accepted".into(),
        };
        let sealing = Sealing { environment, ids: vec!["ab".into()], at: time(0), expires_at: time(9) };
        vec![
            (What::Away(gap), ""),
            (What::Sealed(sealing), "environment/7/live"),
            (What::WentBy(Box::new(went)), ""),
            (What::PlanDrawn(Box::new(plan)), ""),
            (What::MeetingOpened(Box::new(agenda)), ""),
            (What::Judged(Box::new(judged)), ""),
        ]
    }

    /// How many kinds there are: a new one does not compile until it is counted here.
    const fn place(what: &What) -> usize {
        match what {
            What::Ping => 0,
            What::Installation { .. } => 1,
            What::InstallationRepositories { .. } => 2,
            What::Repository { .. } => 3,
            What::Issue { .. } => 4,
            What::Comment { .. } => 5,
            What::PullRequest { .. } => 6,
            What::Review { .. } => 7,
            What::CheckRun { .. } => 8,
            What::CheckSuite { .. } => 9,
            What::Milestone { .. } => 10,
            What::Push { .. } => 11,
            What::MergeGroup { .. } => 12,
            What::Label { .. } => 13,
            What::Created { .. } => 14,
            What::Deleted { .. } => 15,
            What::Published { .. } => 16,
            What::Deployment { .. } => 17,
            What::DeploymentStatus { .. } => 18,
            What::ProtectionRule(_) => 19,
            What::DeploymentReview { .. } => 20,
            What::Member { .. } => 21,
            What::Membership { .. } => 22,
            What::Team { .. } => 23,
            What::Swept { .. } => 24,
            What::Recorded { .. } => 25,
            What::Watched { .. } => 26,
            What::Shipped(_) => 27,
            What::Planned { .. } => 28,
            What::Declared(_) => 29,
            What::Kept { .. } => 30,
            What::Withheld { .. } => 31,
            What::PolicyMoved => 32,
            What::GateAsked(_) => 33,
            What::PipelineReported(_) => 34,
            What::Failed(_) => 35,
            What::AtGate(_) => 36,
            What::Away(_) => 37,
            What::Sealed(_) => 38,
            What::WentBy(_) => 39,
            What::PlanDrawn(_) => 40,
            What::MeetingOpened(_) => 41,
            What::Judged(_) => 42,
        }
    }

    fn shown(what: What) -> Event {
        Event { repository: Some(seen(WEB)), ..event(what) }
    }

    #[test]
    fn every_event_goes_to_the_subjects_that_it_concerns_in_the_order_of_waking() {
        let all: Vec<_> =
            one_of_each().into_iter().chain(of_ours()).chain(of_promotions()).chain(of_gaps()).collect();
        let places: BTreeSet<usize> = all.iter().map(|(what, _)| place(what)).collect();
        assert_eq!(places, (0..43).collect());
        for (what, concerned) in all {
            let name = what.name();
            let subjects = route(&shown(what));
            assert!(subjects.is_sorted(), "{name}");
            let routed: Vec<String> = subjects.iter().map(ToString::to_string).collect();
            assert_eq!(routed.join(" "), format!("account repository/7 {concerned}").trim_end(), "{name}");
        }
    }

    #[test]
    fn what_shows_no_repository_goes_to_the_account() {
        for what in [What::Ping, check_run(CheckRunChange::Created, 1, "build"), merge_group()] {
            assert_eq!(route(&event(what)), [SubjectId::Account]);
        }
    }

    #[test]
    fn a_re_run_of_our_check_concerns_every_pull_request_at_its_commit_a_fork_s_too() {
        use CheckRunChange::{Completed, Requested, Rerequested};
        let commit = SubjectId::Commit(WEB, sha('a'));
        for (what, asks) in [
            (check_run(Rerequested, APP, CHANGE_CHECK), true),
            (check_run(Requested("recheck".into()), APP, CHANGE_CHECK), true),
            (check_suite(CheckSuiteChange::Rerequested, APP), true),
            (check_run(Requested("approve".into()), APP, CHANGE_CHECK), true),
            (check_run(Requested("approve".into()), 1, CHANGE_CHECK), false),
            (check_run(Requested("approve".into()), APP, "build"), false),
            (check_run(Requested("other".into()), APP, CHANGE_CHECK), false),
            (check_run(Completed, APP, CHANGE_CHECK), false),
            (check_run(Rerequested, APP, "build"), false),
            (check_run(Rerequested, 1, CHANGE_CHECK), false),
            (check_suite(CheckSuiteChange::Requested, APP), false),
            (check_suite(CheckSuiteChange::Rerequested, 1), false),
            (What::Ping, false),
        ] {
            let expected: Vec<_> =
                asks.then(|| Question::PointingAt(commit.clone(), Relation::At)).into_iter().collect();
            assert_eq!(also(&shown(what.clone()), APP), expected, "{what:?}");
        }
    }

    #[test]
    fn an_event_is_about_the_issue_or_pull_request_that_it_concerns() {
        let opened = What::PullRequest { change: PullRequestChange::Opened, pull_request: snapshot(41) };
        assert_eq!(about(&shown(opened)), Some(at(41)));
        assert_eq!(about(&shown(comment(CommentedOn::Issue(Box::new(issue(12)))))), Some(at(12)));
        assert_eq!(about(&shown(milestone())), None);
    }
}
