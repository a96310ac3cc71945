//! Pipelines that ask at the gate: beside the jobs that GitHub holds for us, and judged with them.

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        announcement::{Announcement, News},
        bell::{self, Bell, Ring, Rung},
        effect::{Call, Effect},
        event::{GateAsk, Intent, Pipeline},
        finding::{Finding, Outcome, code},
        gate::{Candidate, Decision, GateAnswer, Points, Ruling, Standing, Verdict},
        ids::{GateId, RepoId, RepoName},
        policy::EffectivePolicy,
    },
    Answered, Environment, Request, RunId,
    answer::Told,
    belonging::BEGINS,
    follow::Heard,
};

/// After so long nobody is taken to wait at the gate any more.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// After so long nobody is told any more who does not wait: as GitHub gives up jobs that wait for a rule.
const LONGEST_UNHEARD: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How it stands with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    pub run: RunId,
    pub attempt: u64,
    /// It waits to be decided.
    pub is_open: bool,
    /// It is let through, by a decision that nothing has come after.
    pub holds: bool,
    /// The number of its last answer.
    pub turn: u64,
}

impl Environment {
    /// Somebody asks. What is known already is not asked twice.
    pub(super) fn ask_at_gate(&mut self, ask: &GateAsk, heard: &mut Heard, now: Timestamp) {
        if self.requests.iter().flat_map(|request| &request.gates).any(|known| known.id == ask.id) {
            return;
        }
        let joined = self.requests.iter_mut().find(|request| request.is_open() && request.is_asked_by(ask));
        let on_github = ask.run_on_github();
        let run = match (on_github, &joined) {
            (_, Some(request)) => request.run,
            (Some(run), None) => run,
            (None, None) => self.unused(now),
        };
        match self.requests.iter_mut().find(|request| request.is_open() && request.is_asked_by(ask)) {
            Some(request) => request.gates.push(ask.clone()),
            None => self.requests.push(Request::asked(run, ask.clone(), now)),
        }
        heard.asked.extend(on_github);
        heard.at_gate = true;
    }

    /// A number for a run that has none of GitHub's: it grows with time.
    fn unused(&self, now: Timestamp) -> RunId {
        let mut run = u64::try_from(now.as_microsecond()).unwrap_or_default();
        while self.requests.iter().any(|request| request.run == run) {
            run += 1;
        }
        run
    }

    /// Who has waited for too long waits no more.
    pub(super) fn give_up(&mut self, now: Timestamp) {
        let late = |request: &&mut Request| {
            !request.rule && request.is_open() && now.duration_since(request.asked_at) >= request.patience()
        };
        for request in self.requests.iter_mut().filter(late) {
            request.answered = Some(Answered::Ended { at: now });
        }
    }

    /// When the next one has waited for too long.
    pub(super) fn next_given_up(&self) -> Option<Timestamp> {
        let open = self.requests.iter().filter(|request| !request.rule && request.is_open());
        open.filter_map(|request| request.asked_at.checked_add(request.patience()).ok()).min()
    }

    /// Tells those whose run has ended that nobody waits any more.
    pub(super) fn dismiss(&mut self, (repo, name): At<'_>, now: Timestamp) -> Told {
        let mut told = Told::default();
        let ended = |request: &&mut Request| matches!(request.answered, Some(Answered::Ended { .. }));
        for request in self.requests.iter_mut().filter(ended) {
            for ask in std::mem::take(&mut request.gates) {
                let verdict = request.verdict.clone().unwrap_or_else(|| nobody_waits(now));
                told.effects.extend(ring((repo, name), &ask, Rung::Over, &verdict, now));
                told.effects.push(request.tell(repo, ask, verdict, Standing::Ended));
            }
        }
        told
    }

    /// The jobs of what was let through at the gate run since before: what was let through a while ago and is not over is
    /// still on its way.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let Self { requests, runs, attempts, .. } = self;
        for request in requests.iter().filter(|request| !request.rule) {
            let Some(at) = request.approved_at().filter(|at| now.duration_since(*at) >= BEGINS) else {
                continue;
            };
            let Some(job) = &request.job else { continue };
            let of_it = attempts.iter().filter(|(_, (run, attempt))| request.is_of(*run, *attempt));
            for (deployment, _) in of_it {
                runs.begin(*deployment, &job.sha, at);
            }
        }
    }

    /// How it stands with whoever asked at the gate. `None`: nobody asked with this id, or nobody waits any more.
    #[must_use]
    pub fn asked(&self, gate: &GateId) -> Option<Stands> {
        let has = |request: &&Request| request.gates.iter().any(|ask| ask.id == *gate);
        let request = self.requests.iter().find(has)?;
        Some(Stands {
            run: request.run,
            attempt: request.job.as_ref()?.attempt,
            is_open: request.is_open(),
            holds: request.approved_at().is_some() && !request.overtaken,
            turn: request.turns,
        })
    }

    /// Whether the pipeline asks before it deploys, and jobs are not held by GitHub.
    pub(super) fn is_asked_by_pipeline(&self, policy: Option<&EffectivePolicy>) -> bool {
        policy.is_some_and(|policy| policy.is_asked_by_pipeline(&self.name))
    }
}

impl Request {
    /// Of somebody at the gate. What no one else speaks of is taken from what is asked.
    fn asked(run: RunId, ask: GateAsk, now: Timestamp) -> Self {
        let job = ask.run_on_github().is_none().then(|| Candidate {
            attempt: ask.attempt,
            sha: ask.sha.clone(),
            reference: ask.reference.clone(),
            by: None,
            by_itself: true,
            from_here: true,
            proposed: false,
            points: Points::NotAsked,
        });
        Self { rule: false, bell: ask.bell.is_some(), gates: vec![ask], job, ..Self::new(run, now) }
    }

    /// Whether it is of the same run.
    fn is_asked_by(&self, ask: &GateAsk) -> bool {
        match ask.run_on_github() {
            Some(run) => self.run == run && self.is_on_github(),
            None => self
                .gates
                .iter()
                .any(|it| it.pipeline == ask.pipeline && it.attempt == ask.attempt && it.bell == ask.bell),
        }
    }

    /// Whether GitHub knows of its run.
    pub(super) fn is_on_github(&self) -> bool {
        self.rule || (!self.bell && self.line().is_none())
    }

    /// Whose runs supersede each other: those of GitHub, or of one other pipeline; and who only asks to be told supersedes nobody
    /// who waits.
    pub(super) fn line(&self) -> Option<(bool, &str)> {
        self.gates.iter().find_map(|ask| match &ask.pipeline {
            Pipeline::Actions { .. } => self.bell.then_some((true, "")),
            Pipeline::Other { name, .. } => Some((self.bell, name.as_str())),
        })
    }

    /// For how long somebody is taken to wait, or to want to be told.
    const fn patience(&self) -> SignedDuration {
        if self.bell { LONGEST_UNHEARD } else { LONGEST }
    }

    /// Whether both are of one attempt of one run.
    pub(super) fn is_same_run(&self, other: &Self) -> bool {
        let attempt = |it: &Self| it.job.as_ref().map(|job| job.attempt);
        let by_name = || {
            self.gates
                .iter()
                .any(|ask| !matches!(ask.pipeline, Pipeline::Actions { .. }) && other.is_asked_by(ask))
        };
        (self.run == other.run || by_name()) && attempt(self) == attempt(other)
    }

    /// What its answer stands to be told as.
    pub(super) fn tell(
        &mut self,
        repo: RepoId,
        ask: GateAsk,
        verdict: Verdict,
        standing: Standing,
    ) -> Effect {
        self.turns += 1;
        let (turn, candidate) = (self.turns, self.job.clone());
        let baseline = self.brings.as_ref().and_then(|brings| brings.from.clone());
        let answer = GateAnswer { ask, turn, candidate, baseline, verdict, standing };
        Effect::new(Call::GateAnswer { repo, answer: Box::new(answer) })
    }

    /// What speaks against what was asked, whatever the rules say. `release`: the one that ships the commit; `ran`: it ran there
    /// before.
    pub(super) fn contradictions(&self, release: Option<&str>, ran: bool) -> Vec<Finding> {
        let Some(job) = &self.job else { return vec![] };
        let goes_back = self.brings.as_ref().map(|brings| brings.goes_back && ran);
        self.gates.iter().filter_map(|ask| contradiction(ask, job, goes_back, release)).collect()
    }
}

impl GateAsk {
    /// The run of GitHub Actions that waits. Who only asks to be told does not wait: its run may end.
    pub(super) const fn run_on_github(&self) -> Option<RunId> {
        match (&self.pipeline, &self.bell) {
            (Pipeline::Actions { run }, None) => Some(*run),
            (Pipeline::Actions { .. }, Some(_)) | (Pipeline::Other { .. }, _) => None,
        }
    }
}

/// Where it is asked, and what that is called, where it is known.
pub(super) type At<'a> = (RepoId, Option<&'a RepoName>);

/// Whoever does not wait is told.
pub(super) fn ring(
    (repo, name): At<'_>,
    ask: &GateAsk,
    rung: Rung,
    verdict: &Verdict,
    at: Timestamp,
) -> Option<Effect> {
    let call = match ask.bell.as_ref()? {
        Bell::DeploymentStatus => Call::Ring { repo, ring: Box::new(Ring::of(ask, rung, verdict)) },
        Bell::Webhook { .. } if rung == Rung::Asked => return None,
        Bell::Webhook { url } => {
            let news = News::Gate(bell::Told::of(ask, rung, verdict));
            let announcement = Announcement { at, repo, name: name.cloned(), news, to: Some(url.clone()) };
            Call::Announce { announcement }
        }
    };
    Some(Effect::new(call))
}

const RULE: &str = "what is asked for is what is there";

fn contradiction(
    ask: &GateAsk,
    job: &Candidate,
    goes_back: Option<bool>,
    release: Option<&str>,
) -> Option<Finding> {
    let deny = |code: &str, sentence: String| Finding::new(code, Outcome::Fail, RULE, sentence);
    if ask.sha != job.sha {
        let (asked, is) = (code(ask.sha.short()), code(job.sha.short()));
        let sentence = format!("The pipeline asks for {asked}, and its run is of {is}.");
        return Some(
            deny("sha_mismatch", sentence).cure(format!("ask for {is}, or run the pipeline for {asked}")),
        );
    }
    if ask.attempt != job.attempt {
        let sentence = format!("Attempt {} asks, and attempt {} runs.", ask.attempt, job.attempt);
        return Some(deny("attempt_over", sentence).cure("the attempt that runs asks for itself"));
    }
    if let Some(title) = ask.release.as_deref().filter(|title| release != Some(title)) {
        let is =
            release.map_or_else(|| "no open release".into(), |release| format!("release {}", code(release)));
        let sentence = format!("The pipeline means release {}, and {is} ships this commit.", code(title));
        let cure = "ask without the release, or deploy its candidate";
        return Some(deny("release_mismatch", sentence).cure(cure));
    }
    match (ask.intent, goes_back) {
        (Intent::Deploy, Some(true)) => {
            let sentence = "It goes back to what ran before, and the pipeline asks to deploy.".into();
            let finding = deny("rollback_not_meant", sentence);
            Some(finding.cure("where going back is meant, ask with the purpose `rollback`"))
        }
        (Intent::Rollback, Some(false)) => {
            let sentence =
                "It does not go back to what ran before, and the pipeline asks to roll back.".into();
            Some(deny("no_rollback", sentence).cure("ask with the purpose `deploy`"))
        }
        (Intent::Deploy, Some(false) | None) | (Intent::Rollback, Some(true) | None) => None,
    }
}

impl Verdict {
    /// With what speaks against it beside the rules.
    pub(super) fn and(mut self, more: Vec<Finding>) -> Self {
        if more.is_empty() {
            return self;
        }
        self.findings.extend(more);
        let worst = self.findings.iter().map(Finding::outcome).max().unwrap_or(Outcome::Unknown);
        let decision = Decision::from(worst);
        self.ruling = match self.ruling {
            Ruling::Enforced(_) => Ruling::Enforced(decision),
            Ruling::NotEnforced(_) => Ruling::NotEnforced(decision),
        };
        self
    }
}

/// Nobody was answered before the run ended.
fn nobody_waits(now: Timestamp) -> Verdict {
    let finding = Finding::new(
        "run_over",
        Outcome::Fail,
        "the run that asks is still there",
        "The run has ended, or asked for longer than anybody waits.",
    )
    .cure("run it again");
    Verdict {
        ruling: Ruling::Enforced(Decision::Deny),
        findings: vec![finding],
        at: now,
        again_at: None,
        basis: None,
    }
}
