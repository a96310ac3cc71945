//! What keeps a release back at a gate, as the environments say: what only a deployment shows. It stands on the control record
//! and nowhere else: nothing is judged by it, and nobody signs it.

use super::{
    super::{event::AtGate, ids::RepoId},
    Release,
};

impl Release {
    /// Of each environment the newest run counts.
    pub(super) fn hear_gate(&mut self, repo: RepoId, told: &AtGate) {
        let is_newer = |(at, known): &(RepoId, AtGate)| is_at(*at, known, repo, told) && known.run > told.run;
        if self.at_gates.iter().any(is_newer) {
            return;
        }
        self.leave_gate(repo, &told.environment);
        if !told.obstacles.is_empty() {
            self.at_gates.push((repo, told.clone()));
            self.at_gates.sort_by(|(one, a), (other, b)| (one, &a.environment).cmp(&(other, &b.environment)));
        }
    }

    /// It goes into an environment.
    pub(super) fn leave_gate(&mut self, repo: RepoId, environment: &str) {
        let is_there =
            |at: RepoId, known: &AtGate| at == repo && known.environment.eq_ignore_ascii_case(environment);
        self.at_gates.retain(|(at, known)| !is_there(*at, known));
    }

    /// The gates where what it ships now is kept back.
    pub fn kept_back(&self) -> impl Iterator<Item = &(RepoId, AtGate)> {
        self.at_gates.iter().filter(|(repo, it)| self.open && self.has_candidate(*repo, &it.sha))
    }
}

fn is_at(at: RepoId, known: &AtGate, repo: RepoId, told: &AtGate) -> bool {
    at == repo && known.environment.eq_ignore_ascii_case(&told.environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::Shipment,
        finding::{Finding, Outcome},
        ids::ReleaseId,
        release::{Candidate, Source},
        trial::{BILLING, WEB, sha, time},
    };

    fn told(environment: &str, run: u64, codes: &[&str]) -> AtGate {
        AtGate {
            release: ReleaseId { train: "customer".into(), title: "2026.12".into() },
            environment: environment.into(),
            run,
            sha: sha('a'),
            since: time(0),
            obstacles: codes.iter().map(|code| Finding::new(code, Outcome::Pending, "", "")).collect(),
            more: 0,
        }
    }

    #[test]
    fn of_each_gate_the_newest_run_counts_until_it_is_let_through_or_something_runs() {
        let mut release = Release::new(&told("", 0, &[]).release);
        release.open = true;
        let candidate = || Candidate { sha: sha('a'), since: time(0), source: Source::Tag("v1".into()) };
        release.candidates = [(WEB, candidate()), (BILLING, candidate())].into();
        let stands = |release: &Release| {
            let one = |(repo, it): &(RepoId, AtGate)| format!("{repo} {} {}", it.environment, it.run);
            release.kept_back().map(one).collect::<Vec<_>>().join(", ")
        };
        for (what, repo, at_gate, expected) in [
            ("it waits", WEB, told("production", 30, &["frozen"]), "7 production 30"),
            ("an older one", WEB, told("production", 29, &["red"]), "7 production 30"),
            ("a newer one", WEB, told("Production", 31, &["red"]), "7 Production 31"),
            ("elsewhere", BILLING, told("production", 5, &["red"]), "7 Production 31, 8 production 5"),
            ("let through", WEB, told("production", 31, &[]), "8 production 5"),
        ] {
            release.hear_gate(repo, &at_gate);
            assert_eq!(stands(&release), expected, "{what}");
        }
        let shipment = Shipment {
            environment: "production".into(),
            deployment: 7,
            sha: sha('a'),
            at: time(1),
            brought: [].into(),
            taken: [].into(),
        };
        release.hear_shipment(BILLING, &shipment);
        assert_eq!(stands(&release), "", "it runs there");
        release.hear_gate(WEB, &told("production", 32, &["red"]));
        release
            .candidates
            .insert(WEB, Candidate { sha: sha('b'), since: time(0), source: Source::Tag("v2".into()) });
        assert_eq!(stands(&release), "", "it ships another commit");
    }
}
