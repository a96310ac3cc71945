//! What each request brings, as far as it was found out.

use jiff::Timestamp;

use super::{
    super::{
        facts::Inquiry,
        finding::Outcome,
        gate::{Asking, Brings, Found},
        ids::{RepoId, Sha},
    },
    Environment, Request,
};

/// Ranges that are remembered.
const MOST_TRACED: usize = 4;

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
        let touched = self.touched.as_ref();
        let asking =
            Asking { repo, view, policy: &policy, environment: &self.name, now, touched, merging: None };
        let baseline = self.runs.baseline().map(|deployed| deployed.sha.clone());
        let runs = &self.runs;
        let mut found = vec![];
        for (place, request) in self.requests.iter().enumerate().filter(|(_, request)| request.is_open()) {
            let Some(job) = &request.job else { continue };
            let is_of = |brings: &Brings| asking.is_known(brings, baseline.as_ref(), &job.sha);
            if !request.provisional && request.brings.as_ref().is_some_and(is_of) {
                continue;
            }
            if let Some(brings) = self.traced.iter().find(|brings| is_of(brings)) {
                let known = Found { brings: brings.clone(), provisional: false, touched: None };
                found.push((place, Some(Ok(known))));
                continue;
            }
            let ran = runs.ran(&job.sha).is_some();
            found.push((place, asking.brings(baseline.as_ref(), &job.sha, ran, inquiry)));
        }
        let mut touched = None;
        for (place, brings) in found {
            let mut brings = brings?;
            if let Some(more) = brings.as_mut().ok().and_then(|found| found.touched.take()) {
                touched = Some(more.and(touched));
            }
            if let Ok(found) = &brings {
                self.remember_range(found);
            }
            if let Some(request) = self.requests.get_mut(place) {
                request.take_range(brings);
            }
        }
        if touched.is_some() {
            self.touched = touched;
        }
        Some(())
    }

    /// Whoever asks for the same again brings the same, where all of it was traced; what was not may be traced later.
    fn remember_range(&mut self, found: &Found) {
        let is_traced = |brings: &Brings| brings.findings.iter().all(|it| it.outcome() == Outcome::Pass);
        let is_fit = !found.provisional && !found.brings.goes_back && is_traced(&found.brings);
        if !is_fit || self.traced.contains(&found.brings) {
            return;
        }
        self.traced.push(found.brings.clone());
        if self.traced.len() > MOST_TRACED {
            self.traced.remove(0);
        }
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
        let touched = self.touched.as_ref();
        let asking =
            Asking { repo, view, policy: &policy, environment: &self.name, now, touched, merging: None };
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
            Ok(Found { brings, provisional, touched: _ }) => {
                (self.brings, self.provisional) = (Some(brings), provisional);
                self.unread = None;
            }
            Err(why) => self.unread = Some(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{finding::Finding, trial::sha};

    fn found(to: char, outcome: Outcome, goes_back: bool, provisional: bool) -> Found {
        let brings = Brings {
            from: Some(sha('a')),
            to: sha(to),
            goes_back,
            pull_requests: [41].into(),
            undoes: [].into(),
            cancelled: [].into(),
            findings: vec![Finding::new("range_traced", outcome, "a rule", "A sentence.")],
            adopted: 0,
            part: None,
            picks: vec![],
        };
        Found { brings, provisional, touched: None }
    }

    #[test]
    fn of_ranges_only_those_are_remembered_of_which_nothing_can_be_found_out_any_more() {
        let mut environment = Environment::default();
        for lacking in [
            found('b', Outcome::Fail, false, false),
            found('b', Outcome::Unknown, false, false),
            found('b', Outcome::Pass, true, false),
            found('b', Outcome::Pass, false, true),
        ] {
            environment.remember_range(&lacking);
            assert_eq!(environment.traced, []);
        }
        for to in ['b', 'c', 'c', 'd', 'e', 'f'] {
            environment.remember_range(&found(to, Outcome::Pass, false, false));
        }
        let kept: Vec<Sha> = environment.traced.into_iter().map(|brings| brings.to).collect();
        assert_eq!(kept, ['c', 'd', 'e', 'f'].map(sha));
    }
}
