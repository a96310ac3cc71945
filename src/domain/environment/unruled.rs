//! A job that waits for our rule where there is no policy: nobody is stopped by rules that nobody wrote.

use jiff::Timestamp;

use super::{
    super::{
        decide::{Case, READ_AGAIN},
        facts::{Fact, Inquiry},
        finding::{Finding, Outcome},
        gate::{Decision, Ruling, Verdict},
        ids::RepoId,
        report::gate::NO_POLICY,
    },
    Environment, Request,
    answer::{self, To, Told},
};

impl Environment {
    /// Lets through who waits, once GitHub says that there is no policy file; when to look again. A file that is not in
    /// force, or cannot be read, is no reason to let anything through. `None`: something must be found out first.
    pub(super) fn let_through_unruled(
        &mut self,
        case: &Case<'_>,
        repo: RepoId,
        told: &mut Told,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<Timestamp>> {
        if !self.requests.iter().any(Request::is_open) {
            return Some(None);
        }
        let later = Some(case.now + READ_AGAIN);
        let Some(view) = inquiry.repository(repo)? else { return Some(later) };
        let shared = format!("{}/.github", view.name.owner()).parse().ok();
        let shared = match shared {
            Some(name) => inquiry.repository_named(name)?,
            None => None,
        };
        let files = [Some(repo), shared].map(|repo| repo.map(|repo| inquiry.policy_file(repo)));
        self.read_jobs(repo, |_| true, case.now, inquiry)?;
        for file in files.into_iter().flatten() {
            if !matches!(file?, Fact::Known(None, _)) {
                return Some(later);
            }
        }
        let to = To {
            at: (repo, Some(&view.name)),
            environment: &self.name,
            web_url: &case.instance.web_url,
            until: None,
        };
        for request in self.requests.iter_mut().filter(|request| request.is_open()) {
            told.add(answer::answer(request, verdict(case.now), to));
        }
        Some(self.requests.iter().any(Request::is_open).then_some(case.now + READ_AGAIN))
    }
}

fn verdict(now: Timestamp) -> Verdict {
    let finding = Finding::new(
        NO_POLICY,
        Outcome::Pass,
        "policy says what a deployment there needs",
        "There is no policy file, neither here nor in the owner's `.github` repository.",
    );
    Verdict {
        ruling: Ruling::NotEnforced(Decision::Allow),
        findings: vec![finding],
        at: now,
        again_at: None,
        basis: None,
    }
}
