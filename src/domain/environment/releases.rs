//! What keeps a release back here: it is told, so that its control record says it too.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    super::{
        effect::{Call, Effect},
        event::AtGate,
        finding::Finding,
        gate::Ruling,
        ids::{ReleaseId, RepoId},
    },
    Answered, Environment, Request,
    answer::Told,
};

/// So much of what keeps it back is told.
const MOST: usize = 20;

impl Environment {
    /// Tells each release where it stands otherwise than it was told last. Of those who want to deploy it the newest counts.
    pub(super) fn tell_releases(&mut self, repo: RepoId, now: Timestamp, told: &mut Told) {
        let mut requests: Vec<&Request> = self.requests.iter().collect();
        requests.sort_by_key(|request| request.run);
        let stand = requests.into_iter().filter_map(|request| request.at_gate(&self.name, now));
        let mut stand: BTreeMap<ReleaseId, AtGate> =
            stand.map(|at_gate| (at_gate.release.clone(), at_gate)).collect();
        for before in std::mem::take(&mut self.at_gate) {
            let now = stand.entry(before.release.clone()).or_insert_with(|| freed(&before, now));
            if is_same(&before, now) {
                now.since = before.since;
            } else {
                told.effects.push(Effect::new(Call::AtGate { repo, at_gate: now.clone() }));
            }
            self.at_gate.push(now.clone());
            stand.remove(&before.release);
        }
        for (_, news) in stand.into_iter().filter(|(_, news)| !news.obstacles.is_empty()) {
            told.effects.push(Effect::new(Call::AtGate { repo, at_gate: news.clone() }));
            self.at_gate.push(news);
        }
        self.at_gate.retain(|it| !it.obstacles.is_empty());
    }
}

impl Request {
    /// `None`: no release ships it, or nothing is decided.
    fn at_gate(&self, environment: &str, now: Timestamp) -> Option<AtGate> {
        let (release, job, verdict) = (self.release.clone()?, self.job.as_ref()?, self.verdict.as_ref()?);
        let is_kept_back = match self.answered {
            None => matches!(verdict.ruling, Ruling::Enforced(_)),
            Some(Answered::Rejected { .. }) => true,
            Some(Answered::Approved { .. } | Answered::Ended { .. }) => false,
        };
        let obstacles = verdict.findings.iter().flat_map(Finding::obstacles).filter(|_| is_kept_back);
        let mut obstacles: Vec<Finding> = obstacles.cloned().collect();
        let more = obstacles.len().saturating_sub(MOST);
        obstacles.truncate(MOST);
        Some(AtGate {
            release,
            environment: environment.into(),
            run: self.run,
            sha: job.sha.clone(),
            since: now,
            obstacles,
            more,
        })
    }
}

/// Nobody is known to want it any more.
fn freed(before: &AtGate, now: Timestamp) -> AtGate {
    AtGate { since: now, obstacles: vec![], more: 0, ..before.clone() }
}

/// Whether the same run is kept back by the same.
fn is_same(one: &AtGate, other: &AtGate) -> bool {
    *one == AtGate { since: one.since, environment: one.environment.clone(), ..other.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        finding::Outcome,
        gate::{Candidate, Decision, Points, Verdict},
        trial::{WEB, sha, time},
    };

    /// A run that wants to deploy December, and what keeps it back.
    fn request(run: u64, answered: Option<Answered>, open: &[&str]) -> Request {
        let job = Candidate {
            attempt: 1,
            sha: sha('a'),
            reference: None,
            by: None,
            by_itself: false,
            from_here: true,
            proposed: false,
            points: Points::NotAsked,
        };
        let finding = |code: &&str| Finding::new(code, Outcome::Pending, "", "");
        let verdict = Verdict {
            ruling: Ruling::Enforced(if open.is_empty() { Decision::Allow } else { Decision::Pending }),
            findings: open.iter().map(finding).collect(),
            at: time(0),
            again_at: None,
            basis: None,
        };
        let release = ReleaseId { train: "customer".into(), title: "2026.12".into() };
        let (job, verdict, release) = (Some(job), Some(verdict), Some(release));
        Request { job, verdict, release, answered, ..Request::new(run, time(0)) }
    }

    #[test]
    fn a_release_is_told_what_keeps_its_newest_run_back_whenever_that_is_another() {
        let (rejected, approved, ended) = (
            Some(Answered::Rejected { at: time(0) }),
            Some(Answered::Approved { at: time(0) }),
            Some(Answered::Ended { at: time(0) }),
        );
        let mut environment = Environment::default();
        for (what, requests, tells) in [
            ("let through at once", vec![request(1, approved, &[])], ""),
            ("it waits", vec![request(2, None, &["frozen"])], "run 2: frozen"),
            ("judged again, with the same result", vec![request(2, None, &["frozen"])], ""),
            ("for something else", vec![request(2, None, &["red"])], "run 2: red"),
            ("refused", vec![request(2, rejected, &["red", "late"])], "run 2: red late"),
            (
                "a newer one waits beside it",
                vec![request(2, rejected, &["red", "late"]), request(3, None, &["frozen"])],
                "run 3: frozen",
            ),
            (
                "an older one changes nothing",
                vec![request(2, None, &["red"]), request(3, None, &["frozen"])],
                "",
            ),
            ("let through", vec![request(3, approved, &["frozen"])], "run 3: nothing"),
            ("nothing is said twice", vec![request(3, approved, &[])], ""),
            ("it waits again", vec![request(4, None, &["red"])], "run 4: red"),
            ("cancelled", vec![request(4, ended, &["red"])], "run 4: nothing"),
            ("and again", vec![request(5, None, &["red"])], "run 5: red"),
            ("forgotten", vec![], "run 5: nothing"),
        ] {
            environment.requests = requests;
            let mut told = Told::default();
            environment.tell_releases(WEB, time(0), &mut told);
            let said = |effect: &Effect| {
                let Call::AtGate { at_gate, .. } = &effect.call else { panic!("{effect:?}") };
                let codes: Vec<&str> = at_gate.obstacles.iter().map(|it| it.code.as_str()).collect();
                let codes = if codes.is_empty() { "nothing".to_owned() } else { codes.join(" ") };
                format!("run {}: {codes}", at_gate.run)
            };
            assert_eq!(told.effects.iter().map(said).collect::<Vec<_>>().join(", "), tells, "{what}");
        }
    }
}
