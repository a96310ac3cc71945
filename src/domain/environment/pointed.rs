//! What the branch or tag holds, at this moment, that a job deploys from.

use std::collections::BTreeSet;

use super::{
    super::{
        facts::{ComparisonStatus, Fact, Inquiry, ReferenceReading},
        gate::{Candidate, Points},
        ids::{RepoId, Sha},
    },
    Environment, Request, RunId,
};

impl Environment {
    /// Of these requests. `None`: something must be found out first.
    pub(super) fn points(
        &self,
        runs: &BTreeSet<RunId>,
        repo: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Vec<(RunId, Points)>> {
        let open = self.requests.iter().filter(|request| request.is_open() && runs.contains(&request.run));
        let asked = |request: &Request| {
            let job = request.job.as_ref()?;
            let reference = job.reference.as_deref()?;
            Some((request.run, job.clone(), inquiry.reference(repo, reference)))
        };
        let asked: Vec<_> = open.filter_map(asked).collect();
        let found = asked.into_iter().map(|(run, job, answer)| {
            Some((run, answer.and_then(|answer| points(&job, answer, repo, inquiry))))
        });
        let found: Vec<_> = found.collect::<Option<_>>()?;
        found.into_iter().map(|(run, points)| Some((run, points?))).collect()
    }

    /// Takes what was found out, where the job is still the same.
    pub(super) fn take_points(&mut self, points: Vec<(RunId, Points)>) {
        for (run, points) in points {
            let request = self.requests.iter_mut().find(|it| it.run == run && it.is_open());
            if let Some(job) = request.and_then(|request| request.job.as_mut()) {
                job.points = points;
            }
        }
    }

    /// What was found out before says nothing of this moment.
    pub(super) fn forget_points(&mut self) {
        let jobs = self.requests.iter_mut().filter_map(|request| request.job.as_mut());
        jobs.for_each(|job| job.points = Points::NotAsked);
    }
}

/// Where a name is both a branch and a tag, both must hold it: nobody knows which was meant.
fn points(
    job: &Candidate,
    answer: Fact<&ReferenceReading>,
    repo: RepoId,
    inquiry: &mut Inquiry<'_>,
) -> Option<Points> {
    let found = match answer {
        Fact::Known(found, _) => found,
        Fact::Unknown(why) => return Some(Points::Unknown(why)),
    };
    match (&found.branch, &found.tag) {
        (None, None) => Some(Points::Nowhere),
        (_, Some(tag)) if *tag != job.sha => Some(Points::Tag(tag.clone())),
        (None, Some(_)) => Some(Points::Here),
        (Some(head), _) => holds(&job.sha, head, repo, inquiry),
    }
}

/// Whether the commit leads to the head.
fn holds(sha: &Sha, head: &Sha, repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<Points> {
    if sha == head {
        return Some(Points::Here);
    }
    Some(match inquiry.compare(repo, sha, head)? {
        Fact::Known(Some(found), _) => match found.status {
            ComparisonStatus::Ahead | ComparisonStatus::Identical => Points::Here,
            ComparisonStatus::Behind | ComparisonStatus::Diverged => Points::Branch,
        },
        Fact::Known(None, _) => Points::Branch,
        Fact::Unknown(why) => Points::Unknown(why),
    })
}
