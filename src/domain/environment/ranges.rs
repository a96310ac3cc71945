//! What each request brings: the commits between what runs and what is to run, traced to their pull requests.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    super::{
        commit_range::{
            self, Audience, Comparison, Known, PullRequestFacts, Purpose, RangeCommit, RangeKind,
        },
        facts::{self, ComparedCommit, ComparisonStatus, Fact, Inquiry},
        finding::{Finding, Outcome},
        gate::Brings,
        ids::{IssueRef, RepoId, Sha, SubjectId},
        patch::Changes,
        policy::{EffectivePolicy, PathPattern},
        repository::RepositoryView,
        subject::View,
    },
    Environment, Request,
};

/// So many commits that came with no pull request are looked into; whoever brings more has them adopted.
const MOST_READ: usize = 50;

/// What was found out of a range.
struct Found {
    brings: Brings,
    /// Not all is known that it rests on.
    provisional: bool,
}

/// What is asked about one repository.
struct Asking<'r, 'a> {
    repo: RepoId,
    view: &'a RepositoryView,
    policy: &'r EffectivePolicy,
    environment: &'r str,
    now: Timestamp,
}

impl Environment {
    /// Finds out what each open request brings, where that is not known yet. `None`: something must be found out first.
    pub(super) fn read_ranges(
        &mut self,
        repo: RepoId,
        now: Timestamp,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        let (view, policy) = (inquiry.repository(repo)?, inquiry.policy(repo)?);
        let (Some(view), Some(policy)) = (view, policy) else { return Some(()) };
        let asking = Asking { repo, view, policy: &policy, environment: &self.name, now };
        let baseline = self.runs.baseline().map(|deployed| deployed.sha.clone());
        let runs = &self.runs;
        let mut found = vec![];
        for (place, request) in self.requests.iter().enumerate().filter(|(_, request)| request.is_open()) {
            let Some(job) = &request.job else { continue };
            let is_of = |brings: &Brings| brings.is_of(baseline.as_ref(), &job.sha, view.adopted.len());
            if !request.provisional && request.brings.as_ref().is_some_and(is_of) {
                continue;
            }
            let ran = runs.ran(&job.sha).is_some();
            found.push((place, asking.brings(baseline.as_ref(), &job.sha, ran, inquiry)));
        }
        for (place, brings) in found {
            if let Some(request) = self.requests.get_mut(place) {
                request.take_range(brings?);
            }
        }
        Some(())
    }

    /// What a commit brought where `from` ran before. `None`: something must be found out first.
    pub(super) fn range(
        &self,
        repo: RepoId,
        (from, to): (Option<&Sha>, &Sha),
        now: Timestamp,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Result<Brings, String>> {
        let (view, policy) = (inquiry.repository(repo)?, inquiry.policy(repo)?);
        let (Some(view), Some(policy)) = (view, policy) else {
            return Some(Err("the repository has no policy".into()));
        };
        let asking = Asking { repo, view, policy: &policy, environment: &self.name, now };
        Some(asking.brings(from, to, false, inquiry)?.map(|found| found.brings))
    }

    /// What a request brings, or why that is not known.
    pub(super) fn brings<'a>(&'a self, request: &'a Request) -> Result<&'a Brings, &'a str> {
        let unread = request.unread.as_deref().or(self.unread.as_deref());
        match (&request.brings, unread) {
            (_, Some(why)) => Err(why),
            (Some(brings), None) => Ok(brings),
            (None, None) => Err("it is being found out"),
        }
    }
}

impl Request {
    fn take_range(&mut self, found: Result<Found, String>) {
        match found {
            Ok(Found { brings, provisional }) => {
                (self.brings, self.provisional) = (Some(brings), provisional);
                self.unread = None;
            }
            Err(why) => self.unread = Some(why),
        }
    }
}

impl<'a> Asking<'_, 'a> {
    fn brings(
        &self,
        baseline: Option<&Sha>,
        candidate: &Sha,
        ran: bool,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<Result<Found, String>> {
        if let (Some(from), Some(_)) = (&self.view.ruled_from, baseline) {
            let _ = inquiry.compare(self.repo, from, candidate);
        }
        let comparison = match self.comparison(baseline, candidate, inquiry)? {
            Comparison::Unknown(why) | Comparison::Truncated(why) => return Some(Err(why)),
            known @ (Comparison::FirstDeployment { .. }
            | Comparison::Identical
            | Comparison::Ahead { .. }
            | Comparison::Behind { .. }
            | Comparison::Diverged { .. }) => known,
        };
        let mut known = Known { adoptions: self.view.adopted.clone(), ..Known::default() };
        known.before_enforcement = self.before_enforcement(baseline, candidate, &comparison, inquiry)?;
        let unread = self.find_out(&comparison, &mut known, inquiry)?;
        let range = commit_range::range(baseline, candidate, &comparison, &known);
        let goes_back = matches!(
            range.kind,
            RangeKind::Behind | RangeKind::Diverged { .. } | RangeKind::ForcePushed | RangeKind::Identical
        );
        let purpose = if goes_back && ran { Purpose::Rollback } else { Purpose::Release };
        let managers: Vec<String> = self.policy.release_managers().iter().map(ToString::to_string).collect();
        let audience = Audience { repo: self.repo, name: Some(&self.view.name), release_managers: &managers };
        let findings = commit_range::findings(&range, purpose, &audience);
        let unknown = findings.iter().any(|finding: &Finding| finding.outcome() == Outcome::Unknown);
        let brings = Brings {
            from: baseline.cloned(),
            to: candidate.clone(),
            goes_back,
            adopted: self.view.adopted.len(),
            findings,
            picks: range.picks(),
            undoes: range.lost.iter().filter_map(|lost| lost.pull_request).collect(),
            pull_requests: range.pull_requests,
        };
        Some(Ok(Found { brings, provisional: unread || unknown }))
    }

    fn comparison(
        &self,
        baseline: Option<&Sha>,
        candidate: &Sha,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<Comparison> {
        let Some(base) = baseline.or(self.view.ruled_from.as_ref()) else {
            return Some(Comparison::Unknown(
                "where the repository stood when its policy came is being read".into(),
            ));
        };
        let forth = match compared(inquiry.compare(self.repo, base, candidate)?) {
            Ok(forth) => forth,
            Err(why) => return Some(Comparison::Unknown(why)),
        };
        let commits: Vec<RangeCommit> = forth.commits.iter().map(commit).collect();
        if baseline.is_none() {
            let since = if commits.is_empty() { candidate } else { &forth.merge_base };
            return Some(Comparison::FirstDeployment { commits, since: Some(since.clone()) });
        }
        Some(match forth.status {
            ComparisonStatus::Identical => Comparison::Identical,
            ComparisonStatus::Ahead => Comparison::Ahead { commits },
            ComparisonStatus::Behind | ComparisonStatus::Diverged => {
                let back = match compared(inquiry.compare(self.repo, candidate, base)?) {
                    Ok(back) => back,
                    Err(why) => return Some(Comparison::Unknown(why)),
                };
                let only_baseline = back.commits.iter().map(commit).collect();
                if forth.status == ComparisonStatus::Behind {
                    Comparison::Behind { only_baseline }
                } else {
                    let merge_base = Some(forth.merge_base.clone());
                    Comparison::Diverged { commits, only_baseline, merge_base, on_branch: None }
                }
            }
        })
    }

    /// Those of the commits that were there before anybody was bound by the policy.
    fn before_enforcement(
        &self,
        baseline: Option<&Sha>,
        candidate: &Sha,
        comparison: &Comparison,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<BTreeSet<Sha>> {
        let (Some(from), Some(_)) = (&self.view.ruled_from, baseline) else { return Some(BTreeSet::new()) };
        if comparison.commits().is_empty() {
            return Some(BTreeSet::new());
        }
        // Where that is not known, nothing counts as old.
        let Ok(since) = compared(inquiry.compare(self.repo, from, candidate)?) else {
            return Some(BTreeSet::new());
        };
        let new: BTreeSet<&Sha> = since.commits.iter().map(|commit| &commit.sha).collect();
        let all = comparison.commits().iter().map(|commit| &commit.sha);
        Some(all.filter(|sha| !new.contains(sha)).cloned().collect())
    }

    /// Asks until nothing is missing that matters; whether there is a pull request that was never read.
    fn find_out(
        &self,
        comparison: &Comparison,
        known: &mut Known,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<bool> {
        let mut is_unread = false;
        loop {
            let wanted = commit_range::wanted(comparison, known);
            if wanted.is_empty() {
                return Some(is_unread);
            }
            let origins: Vec<_> =
                wanted.origins.iter().map(|sha| (sha, inquiry.origins(self.repo, sha))).collect();
            let pulls: Vec<_> = wanted
                .pull_requests
                .iter()
                .map(|number| (*number, inquiry.view(self.pull_request(*number))))
                .collect();
            for (sha, origin) in origins {
                known.origins.insert(sha.clone(), origin?.map(<[u64]>::to_vec));
            }
            for (number, view) in pulls {
                let view = view?.and_then(View::as_pull_request);
                is_unread |= view.is_none();
                let ships = |branch: &str| self.ships(branch);
                let facts = view.map_or_else(unread, |view| PullRequestFacts::of(view, ships));
                known.pull_requests.insert(number, facts);
            }
            self.find_out_changes(comparison, (wanted.changes, wanted.merged), known, inquiry)?;
        }
    }

    /// What single commits change, and what merges merge, for as many as are read.
    fn find_out_changes(
        &self,
        comparison: &Comparison,
        (changes, merged): (BTreeSet<Sha>, BTreeSet<Sha>),
        known: &mut Known,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<()> {
        let all = || comparison.commits().iter().chain(comparison.only_baseline());
        let room = MOST_READ.saturating_sub(known.changes.len());
        let changes: Vec<_> = changes
            .into_iter()
            .enumerate()
            .map(|(place, sha)| {
                let asked = (place < room).then(|| inquiry.commit_changes(self.repo, &sha));
                (sha, asked)
            })
            .collect();
        let room = MOST_READ.saturating_sub(known.merged.len());
        let merged: Vec<_> = merged
            .into_iter()
            .enumerate()
            .map(|(place, sha)| {
                let merge = all().find(|commit| commit.sha == sha).filter(|_| place < room);
                let parents = merge.map(|merge| merge.parents.as_slice());
                let asked = match parents {
                    Some([first, second]) => Some(inquiry.changes_between(self.repo, (first, second))),
                    Some(_) | None => None,
                };
                (sha, asked)
            })
            .collect();
        for (sha, asked) in changes {
            known.changes.insert(sha, self.read_changes(asked)?);
        }
        for (sha, asked) in merged {
            known.merged.insert(sha, self.read_changes(asked)?);
        }
        Some(())
    }

    /// What is not read, or is not there, is equal to nothing.
    fn read_changes(&self, asked: Option<Option<Fact<Option<&Changes>>>>) -> Option<Fact<Changes>> {
        let Some(answer) = asked else { return Some(Fact::Known(Changes::default(), self.now)) };
        Some(answer?.map(|found| found.cloned().unwrap_or_default()))
    }

    const fn pull_request(&self, number: u64) -> SubjectId {
        SubjectId::PullRequest(IssueRef { repo: self.repo, number })
    }

    /// Whether deployments are made from a branch.
    fn ships(&self, branch: &str) -> bool {
        let is_default = self.view.default_branch.as_deref() == Some(branch);
        // Whoever may push could call a branch `default`.
        let takes = |pattern: &PathPattern| match pattern.to_string().as_str() {
            "default" => is_default,
            _ => pattern.matches(branch),
        };
        let mut sections = self.policy.parts().filter_map(|part| part.environment_of(self.environment));
        sections.all(|(_, rules)| rules.from.as_ref().is_none_or(|from| from.branches.iter().any(takes)))
    }
}

/// One that GitHub names and that was never read here: whether it passes is judged, and not known.
const fn unread() -> PullRequestFacts {
    PullRequestFacts { merged: true, ships: true, brought: vec![], derived: None }
}

fn compared(answer: Fact<Option<&facts::Comparison>>) -> Result<&facts::Comparison, String> {
    match answer {
        Fact::Known(Some(found), _) => Ok(found),
        Fact::Known(None, _) => Err("GitHub does not know the commit that runs there any more".into()),
        Fact::Unknown(why) => Err(why),
    }
}

fn commit(seen: &ComparedCommit) -> RangeCommit {
    let people = [&seen.author, &seen.committer].into_iter().cloned().collect();
    RangeCommit {
        sha: seen.sha.clone(),
        parents: seen.parents.clone(),
        message: seen.message.clone(),
        people,
        committed_at: seen.committed_at,
    }
}
