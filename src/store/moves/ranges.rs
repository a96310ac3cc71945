//! Which keys belong to a repository: they share their beginnings, so each kind is a range of an index.

use crate::domain::{
    ids::{RepoId, SubjectKind},
    subject::Relation,
};

use super::super::dialect::Statement;

/// Keys from the first, up to and without the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    first: String,
    end: String,
}

impl Range {
    /// Keys that continue `start` after a slash. (`0` follows the slash in the order of bytes.)
    fn below(start: &str) -> Self {
        Self { first: format!("{start}/"), end: format!("{start}0") }
    }

    /// This key alone.
    fn only(key: String) -> Self {
        let end = format!("{key}/");
        Self { first: key, end }
    }

    /// As the next two parameters.
    pub(super) fn bind(&self, statement: Statement) -> Statement {
        statement.bind(self.first.clone()).bind(self.end.clone())
    }
}

/// The ids of its subjects, in the order of waking.
pub(super) fn subjects(repo: RepoId) -> Vec<Range> {
    let below = |kind: SubjectKind| Range::below(&format!("{}/{repo}", kind.as_str()));
    vec![
        Range::only(format!("{}/{repo}", SubjectKind::Repository.as_str())),
        below(SubjectKind::Milestone),
        below(SubjectKind::PullRequest),
        below(SubjectKind::ChangeRequest),
        below(SubjectKind::Commit),
        below(SubjectKind::Environment),
        below(SubjectKind::Promotion),
    ]
}

/// Under which keys its subjects are shown, and who points at them. That an account has it is the account's.
pub(super) fn published(repo: RepoId) -> Vec<Range> {
    let relations = [Relation::Covers, Relation::At, Relation::In, Relation::Promotes].map(Relation::as_str);
    let pointed = |range: &Range| {
        let prefixed = |relation: &str| Range {
            first: format!("{relation}/{}", range.first),
            end: format!("{relation}/{}", range.end),
        };
        relations.map(prefixed)
    };
    subjects(repo).iter().flat_map(|range| std::iter::once(range.clone()).chain(pointed(range))).collect()
}

/// What GitHub is told about it; see [`crate::domain::effect::Call`].
pub(super) fn effects(repo: RepoId) -> Vec<Range> {
    [
        "anew",
        "announce",
        "check",
        "comment",
        "deployment",
        "failed",
        "gate",
        "issue",
        "label",
        "milestone",
        "milestone-state",
        "protection",
        "protection-note",
        "reaction",
        "record",
        "shipped",
    ]
    .map(|what| Range::below(&format!("{what}/{repo}")))
    .into()
}

/// Each of the sides with each of the ranges.
pub(super) fn pairs<'a, S>(sides: &'a [S], ranges: &'a [Range]) -> impl Iterator<Item = (&'a S, &'a Range)> {
    sides.iter().flat_map(move |side| ranges.iter().map(move |range| (side, range)))
}

#[cfg(test)]
mod tests {
    use crate::domain::{
        announcement::{Announcement, News},
        effect::{Call, Effect, Reaction, Ruling},
        event::{AtGate, Failure, FailureOf, Shipment},
        ids::{CommentId, IssueRef, ReleaseId, SubjectId},
    };

    use super::*;

    fn covers(ranges: &[Range], key: &str) -> bool {
        ranges.iter().any(|range| *range.first <= *key && *key < *range.end)
    }

    #[test]
    fn the_ranges_of_a_repository_hold_its_subjects_and_no_neighbours() {
        for (repo, inside) in [(7, true), (70, false), (6, false), (8, false), (77, false), (1, false)] {
            let repo = RepoId(repo);
            let at = IssueRef { repo, number: 70 };
            for subject in [
                SubjectId::Repository(repo),
                SubjectId::Milestone(repo, 7),
                SubjectId::PullRequest(at),
                SubjectId::ChangeRequest(at),
                SubjectId::Commit(repo, "a".repeat(40).parse().unwrap()),
                SubjectId::environment(repo, "production"),
            ] {
                let key = subject.to_string();
                assert_eq!(covers(&subjects(RepoId(7)), &key), inside, "{key}");
                assert_eq!(covers(&published(RepoId(7)), &key), inside, "{key}");
                let pointed = format!("covers/{key}");
                assert_eq!(covers(&published(RepoId(7)), &pointed), inside, "{pointed}");
            }
        }
        for subject in [SubjectId::Account, "release/7/7".parse().unwrap()] {
            assert!(!covers(&published(RepoId(7)), &subject.to_string()));
        }
    }

    fn issue(repo: RepoId) -> Call {
        let (title, body) = (String::new(), String::new());
        Call::Issue { repo, purpose: "p".into(), title, body, open: true, told: None }
    }

    fn record(repo: RepoId) -> Call {
        let release = ReleaseId { train: "t".into(), title: "1".into() };
        let (title, body) = (String::new(), String::new());
        Call::Record { repo, release, revision: None, title, body, open: true }
    }

    fn ship(repo: RepoId) -> Call {
        let (environment, sha) = ("e".into(), "a".repeat(40).parse().unwrap());
        let (at, brought, taken) = (jiff::Timestamp::UNIX_EPOCH, [].into(), [].into());
        Call::Ship { repo, shipment: Shipment { environment, deployment: 7, sha, at, brought, taken } }
    }

    fn at_gate(repo: RepoId) -> Call {
        let at_gate = AtGate {
            release: ReleaseId { train: "t".into(), title: "1".into() },
            environment: "e".into(),
            run: 7,
            sha: "a".repeat(40).parse().unwrap(),
            since: jiff::Timestamp::UNIX_EPOCH,
            obstacles: vec![],
            more: 0,
        };
        Call::AtGate { repo, at_gate }
    }

    fn read_anew(repo: RepoId) -> Call {
        let (issues, pull_requests, milestones) = ([7].into(), [].into(), vec![]);
        let by = SubjectId::environment(repo, "e");
        Call::ReadAnew { repo, issues, pull_requests, policy: false, milestones, by }
    }

    #[test]
    fn the_ranges_of_effects_hold_every_call_about_the_repository() {
        for (repo, inside) in [(7, true), (70, false), (8, false)] {
            let repo = RepoId(repo);
            let on = IssueRef { repo, number: 7 };
            let sha = "a".repeat(40).parse().unwrap();
            let (title, summary) = (String::new(), String::new());
            let status = crate::domain::effect::CheckStatus::Success;
            let check = Call::CheckRun {
                repo,
                sha,
                name: "n".into(),
                status,
                title,
                summary,
                urgent: false,
                signs: false,
            };
            let news = News::Stage { number: 7, stage: None, was: None, since: None };
            let announcement =
                Announcement { at: jiff::Timestamp::UNIX_EPOCH, repo, name: None, news, to: None };
            for call in [
                check,
                Call::Comment {
                    on,
                    purpose: "status".into(),
                    body: String::new(),
                    was_on: std::collections::BTreeSet::new(),
                },
                issue(repo),
                record(repo),
                Call::Label { on, name: "l".into(), present: true },
                Call::Milestone { on, number: None },
                Call::CloseMilestone { repo, number: 7 },
                Call::Reaction { repo, comment: CommentId(7), content: Reaction::Eyes },
                Call::ProtectionAnswer {
                    repo,
                    run: 7,
                    attempt: 1,
                    environment: "e".into(),
                    ruling: Ruling::Rejected,
                    comment: String::new(),
                    until: None,
                },
                Call::ProtectionNote {
                    repo,
                    run: 7,
                    attempt: 1,
                    environment: "e".into(),
                    comment: String::new(),
                },
                read_anew(repo),
                ship(repo),
                at_gate(repo),
                Call::Fail { repo, failure: Failure { of: FailureOf::Deployment(7), brought: [].into() } },
                Call::Announce { announcement },
            ] {
                let key = Effect::new(call).key;
                assert_eq!(covers(&effects(RepoId(7)), &key), inside, "{key}");
            }
        }
    }
}
