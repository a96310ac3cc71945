//! What a deployment brings is found out: the commits between what runs and what is to run, traced to their pull requests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        commit_range::{
            self, Audience, Comparison, Known, Part, PullRequestFacts, Purpose, RangeCommit, RangeKind,
        },
        facts::{self, ComparedCommit, ComparisonStatus, Fact, Inquiry},
        finding::{Finding, Outcome},
        ids::{IssueRef, RepoId, Sha, SubjectId},
        patch::Changes,
        policy::{EffectivePolicy, Fingerprint, PathPattern},
        repository::RepositoryView,
        subject::View,
    },
    Brings,
};

/// So many commits that came with no pull request are looked into; whoever brings more has them adopted.
const MOST_READ: usize = 50;

/// Of so many commits it is read which files they touch, where components are declared; of what is more each counts for
/// every component.
const MOST_TOUCHED: usize = 250;

/// What was found out of a range.
#[derive(Debug)]
pub struct Found {
    pub brings: Brings,
    /// Not all is known that it rests on.
    pub provisional: bool,
    /// Which of its commits touch what runs there; nothing where everything does.
    pub touched: Option<Touched>,
}

/// What was found out of single commits: whether they touch the components that run somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// Of which components.
    pub of: Fingerprint,
    pub commits: BTreeMap<Sha, bool>,
}

impl Touched {
    /// Together with what was found out of another range, where that is about the same components.
    #[must_use]
    pub fn and(mut self, other: Option<Self>) -> Self {
        let other = other.filter(|other| other.of == self.of);
        self.commits.extend(other.into_iter().flat_map(|other| other.commits));
        self
    }
}

/// What is asked about one repository.
#[derive(Debug)]
pub struct Asking<'r, 'a> {
    pub repo: RepoId,
    pub view: &'a RepositoryView,
    pub policy: &'r EffectivePolicy,
    pub environment: &'r str,
    pub now: Timestamp,
    /// What was found out before.
    pub touched: Option<&'r Touched>,
    /// The open pull request by whose merging the candidate is deployed; `None`: it is deployed as it is.
    pub merging: Option<u64>,
}

impl<'a> Asking<'_, 'a> {
    /// Whether a range was found out from the same.
    #[must_use]
    pub fn is_known(&self, brings: &Brings, baseline: Option<&Sha>, candidate: &Sha) -> bool {
        let part = Part::of(self.policy.base(), &self.view.name, self.environment);
        let part = part.map(|part| part.fingerprint());
        brings.is_of(baseline, candidate, self.view.adopted.len(), part.as_ref())
    }

    /// What a deployment of `candidate` onto `baseline` brings; `ran`: the candidate ran there before. Outer `None`:
    /// something must be found out first; `Err`: it cannot be, and why.
    pub fn brings(
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
            | Comparison::Diverged { .. }
            | Comparison::Merging { .. }) => known,
        };
        let mut known = Known { adoptions: self.view.adopted.clone(), ..Known::default() };
        known.before_enforcement = self.before_enforcement(baseline, candidate, &comparison, inquiry)?;
        let part = Part::of(self.policy.base(), &self.view.name, self.environment);
        let touched = part.as_ref().map(|part| self.find_touched(part, &comparison, &mut known, inquiry));
        let unread = self.find_out(&comparison, &mut known, inquiry)?;
        let touched = touched.map_or(Some(None), |touched| touched.map(Some))?;
        let mut range = commit_range::range(baseline, candidate, &comparison, &known);
        if let Some(number) = self.merging {
            range = range.coming_with(number);
        }
        if let (Some(part), Some(touched)) = (&part, &touched) {
            range = range.cut_to(part, &touched.commits, &known);
        }
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
            part: part.map(|part| part.fingerprint()),
            findings,
            picks: range.picks(),
            cancelled: range.cancelled,
            undoes: range.lost.iter().filter_map(|lost| lost.pull_request).collect(),
            pull_requests: range.pull_requests,
        };
        Some(Ok(Found { brings, provisional: unread || unknown, touched }))
    }

    /// Reads which commits touch what runs there: of merges, whether they do more than what they merge.
    fn find_touched(
        &self,
        part: &Part,
        comparison: &Comparison,
        known: &mut Known,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<Touched> {
        let of = part.fingerprint();
        let before = self.touched.filter(|touched| touched.of == of);
        let is_new = |commit: &&RangeCommit| !known.before_enforcement.contains(&commit.sha);
        let new = comparison.commits().iter().filter(is_new).chain(comparison.only_baseline());
        let (mut commits, mut asked) = (BTreeMap::new(), vec![]);
        for commit in new {
            match before.and_then(|before| before.commits.get(&commit.sha)) {
                Some(counts) => drop(commits.insert(commit.sha.clone(), *counts)),
                None if asked.len() < MOST_TOUCHED => {
                    asked.push((commit, inquiry.commit_changes(self.repo, &commit.sha)));
                }
                None => {}
            }
        }
        let mut merges = vec![];
        for (commit, answer) in &asked {
            let Some(answer) = answer.clone() else { continue };
            known.changes.insert(commit.sha.clone(), self.read_changes(Some(Some(answer)))?);
            if let ([first, second], None) = (commit.parents.as_slice(), part.counts(commit, known)) {
                merges.push((commit, inquiry.changes_between(self.repo, (first, second))));
            }
        }
        for (commit, answer) in merges {
            known.merged.insert(commit.sha.clone(), self.read_changes(Some(answer))?);
        }
        if asked.iter().any(|(_, answer)| answer.is_none()) {
            return None;
        }
        let counted = asked.iter().filter_map(|(it, _)| Some((it.sha.clone(), part.counts(it, known)?)));
        commits.extend(counted);
        Some(Touched { of, commits })
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
        if self.merging.is_some() {
            return Some(Comparison::Merging { commits, merge_base: forth.merge_base.clone() });
        }
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
        let before = (known.changes.len(), known.merged.len());
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
            let room = [(known.changes.len(), before.0), (known.merged.len(), before.1)]
                .map(|(now, before)| (MOST_READ + before).saturating_sub(now));
            self.find_out_changes(comparison, ((wanted.changes, wanted.merged), room), known, inquiry)?;
        }
    }

    /// What single commits change, and what merges merge, for as many as are read.
    fn find_out_changes(
        &self,
        comparison: &Comparison,
        ((changes, merged), [room_for_changes, room_for_merged]): (
            (BTreeSet<Sha>, BTreeSet<Sha>),
            [usize; 2],
        ),
        known: &mut Known,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<()> {
        let all = || comparison.commits().iter().chain(comparison.only_baseline());
        let changes: Vec<_> = changes
            .into_iter()
            .enumerate()
            .map(|(place, sha)| {
                let asked = (place < room_for_changes).then(|| inquiry.commit_changes(self.repo, &sha));
                (sha, asked)
            })
            .collect();
        let merged: Vec<_> = merged
            .into_iter()
            .enumerate()
            .map(|(place, sha)| {
                let merge = all().find(|commit| commit.sha == sha).filter(|_| place < room_for_merged);
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
        let default_branch = self.view.default_branch.as_deref();
        if self.merging.is_some() {
            // What was promoted before came with what it was developed with.
            return self.policy.promoted_into(branch, default_branch).is_empty();
        }
        let is_default = default_branch == Some(branch);
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
