//! Whether a release is ready to be signed and to go: its scope locked, each of its changes complete, its candidates fixed.

use super::{
    super::{
        change_request::Stage,
        finding::{Finding, Outcome, code},
        ids::{IssueRef, RepoId},
        named::{Named, all_of, one_of, pages},
        policy::{Train, Zone},
        revision::Names,
    },
    Change, Release, Source,
};

/// How things are called in the sentences about a release.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub zone: &'a Zone,
    pub names: Names<'a>,
    /// Who decides, as a row of names.
    pub managers: &'a [Named],
}

const LOCKED: &str = "the scope is locked";
const READY: &str = "each of its changes is complete";
const FIXED: &str = "what ships is a fixed commit";

impl Release {
    /// One finding for each that has to be so before people sign.
    pub(super) fn find_readiness(&self, train: Option<&Train>, setting: &Setting<'_>) -> Vec<Finding> {
        let mut found = vec![self.lock_finding(train, setting)];
        if self.changes.is_empty() {
            let nothing = Finding::new(
                "release_empty",
                Outcome::Pending,
                READY,
                "No change request is planned for it.",
            )
            .cure(format!("{} sets its milestone on an accepted change request", setting.manager()))
            .names(pages(setting.managers));
            found.push(nothing);
        }
        found.extend(self.slots_finding());
        found.extend(self.scope_findings(setting));
        found.extend(self.need_findings(setting));
        found.extend(self.changes.iter().map(|change| self.change_finding(change, setting)));
        if self.opened.is_some() {
            found.extend(self.ships().into_iter().map(|repo| self.candidate_finding(repo, train, setting)));
        }
        found
    }

    fn lock_finding(&self, train: Option<&Train>, setting: &Setting<'_>) -> Finding {
        if let Some(locked) = &self.locked {
            let by = locked.by.as_ref().map(Named::actor);
            let who = by.as_ref().map(|by| format!(" by {}", by.text)).unwrap_or_default();
            let sentence = format!("Its scope was locked on {}{who}.", setting.zone.time(locked.at));
            return Finding::new("release_locked", Outcome::Pass, LOCKED, sentence)
                .names(by.and_then(|by| by.page));
        }
        let at = train.and_then(|train| self.locks_at(train, setting.zone));
        let when =
            at.map(|at| format!(" It locks by itself on {}.", setting.zone.time(at))).unwrap_or_default();
        Finding::new(
            "release_not_locked",
            Outcome::Pending,
            LOCKED,
            format!("Its scope can still change.{when}"),
        )
        .headline("the scope is not locked yet")
        .cure(format!("{} comments `/lock` on the control record", setting.manager()))
        .names(pages(setting.managers))
    }

    fn change_finding(&self, change: &Change, setting: &Setting<'_>) -> Finding {
        let named = setting.names.change(change.at);
        let open: Vec<Named> =
            change.pulls.iter().filter(|pull| pull.open).map(|pull| setting.pull_request(pull.at)).collect();
        let told = Told { name: &named.text, manager: &setting.manager() };
        let finding = match change.stage {
            _ if change.text.is_none() => told.unread(),
            _ if change.needs_no_code && change.is_complete() => {
                let sentence = format!("{} needs no code.", told.name);
                return Finding::new("change_needs_no_code", Outcome::Pass, READY, sentence)
                    .names(named.page);
            }
            _ if (change.stage.is_complete() || change.stage == Stage::InWork) && !open.is_empty() => {
                told.in_work(&open)
            }
            Stage::Merged | Stage::Deployed | Stage::Verified => match self.merged_late(change) {
                Some((repo, at)) => told.late(&setting.repository(repo), &setting.zone.time(at)),
                None => {
                    let sentence = format!("{} is merged.", told.name);
                    return Finding::new("change_complete", Outcome::Pass, READY, sentence).names(named.page);
                }
            },
            Stage::Accepted | Stage::Scheduled | Stage::InWork => told.without_code(),
            Stage::Requested
            | Stage::NeedsInformation
            | Stage::Deferred
            | Stage::Declined
            | Stage::Duplicate
            | Stage::Withdrawn => told.not_accepted(change.stage),
        };
        finding.names(pages(&open)).names(pages(setting.managers)).names(named.page)
    }

    /// The pull request that came too late for the candidate, where it stays as it is.
    fn merged_late(&self, change: &Change) -> Option<(RepoId, jiff::Timestamp)> {
        change.pulls.iter().find_map(|pull| {
            let candidate = self.candidates.get(&pull.at.repo)?;
            let merged_at = pull.merged_at?;
            let is_late = matches!(candidate.source, Source::DefaultBranch(_)) && merged_at > candidate.since;
            is_late.then_some((pull.at.repo, merged_at))
        })
    }

    fn candidate_finding(&self, repo: RepoId, train: Option<&Train>, setting: &Setting<'_>) -> Finding {
        let name = setting.repository(repo);
        if let Some(candidate) = self.candidates.get(&repo) {
            let from = match &candidate.source {
                Source::Branch(branch) => format!("the head of {}", code(branch)),
                Source::DefaultBranch(branch) => format!("{} as it stood when go/no-go opened", code(branch)),
                Source::Tag(tag) => format!("what the tag {} marked", code(tag)),
                Source::By(by) => format!("set by {}", by.login),
            };
            let sentence = format!("{name} ships {}, {from}.", code(candidate.sha.short()));
            return Finding::new("candidate_fixed", Outcome::Pass, FIXED, sentence);
        }
        if let Some(why) = &self.unread {
            let sentence = format!("What {name} ships is not known: {}.", why.trim_end_matches('.'));
            return Finding::new("candidate_unknown", Outcome::Unknown, FIXED, sentence)
                .headline(format!("what {name} ships is not known"))
                .cure("it is read again by itself");
        }
        let branch = train.and_then(|train| train.branch_of(&self.id.title));
        let tag =
            train.and_then(|train| train.tag_of(&self.id.title)).map(|tag| format!("tag {}", code(&tag)));
        let branch = branch.map(|branch| code(&branch)).or(tag);
        let branch = branch.unwrap_or_else(|| "its default branch".to_owned());
        Finding::new("candidate_missing", Outcome::Pending, FIXED, format!("{name} has no {branch} yet."))
            .headline(format!("{name} has no candidate"))
            .cure(format!(
                "push {branch} in {name}; or {} comments `/candidate {name} SHA`",
                setting.manager()
            ))
            .names(pages(setting.managers))
    }
}

/// What stands in the way of a change, and who cures it.
struct Told<'a> {
    name: &'a str,
    manager: &'a str,
}

impl Told<'_> {
    fn pending(code: &str, sentence: String, cure: String) -> Finding {
        let headline = sentence.trim_end_matches('.').to_owned();
        Finding::new(code, Outcome::Pending, READY, sentence).headline(headline).cure(cure)
    }

    fn in_work(&self, open: &[Named]) -> Finding {
        let Self { name, manager } = self;
        let (pulls, is) = (all_of(open), if open.len() == 1 { "is" } else { "are" });
        Self::pending(
            "change_in_work",
            format!("{name} is in work: {pulls} {is} not merged."),
            format!("merge {pulls}; or {manager} takes {name} out of the release"),
        )
    }

    fn late(&self, repository: &str, at: &str) -> Finding {
        let Self { name, manager } = self;
        Self::pending(
            "change_not_in_candidate",
            format!("{name} was merged into {repository} on {at}, after its candidate was fixed."),
            format!(
                "{manager} comments `/candidate {repository} SHA` on the control record, or takes {name} out of the release"
            ),
        )
    }

    fn without_code(&self) -> Finding {
        let Self { name, manager } = self;
        Self::pending(
            "change_without_code",
            format!("{name} has no pull request that finishes it."),
            format!(
                "merge a pull request that says `Closes {name}`; or {manager} takes it out of the release"
            ),
        )
    }

    /// What is not known cannot be signed: signatures on what there was before must not pass for it.
    fn unread(&self) -> Finding {
        let sentence = format!("What {} says has not been read yet.", self.name);
        Finding::new("change_text_unknown", Outcome::Unknown, READY, sentence)
            .headline(format!("what {} says is not known", self.name))
            .cure(format!(
                "it is read with the next sweep; `/recheck` in a comment on {} does it at once",
                self.name
            ))
    }

    fn not_accepted(&self, stage: Stage) -> Finding {
        let Self { name, manager } = self;
        Self::pending(
            "change_not_accepted",
            format!("{name} is not accepted ({}).", stage.as_str().replace('_', " ")),
            format!("a triager comments `/accept` there; or {manager} takes it out of the release"),
        )
    }
}

impl Setting<'_> {
    fn pull_request(&self, at: IssueRef) -> Named {
        Named::pull_request(at, self.names.here, self.names.repositories.get(&at.repo))
    }

    pub(super) fn repository(&self, repo: RepoId) -> String {
        let name = self.names.repositories.get(&repo);
        name.map_or_else(|| format!("repository {repo}"), ToString::to_string)
    }

    /// "a release manager (@rosa)".
    pub(super) fn manager(&self) -> String {
        if self.managers.is_empty() {
            "a release manager (the policy names none)".into()
        } else {
            format!("a release manager ({})", one_of(self.managers))
        }
    }
}
