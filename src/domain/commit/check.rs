//! What the check run says, by the mode of the repository.

use jiff::Timestamp;

use super::{
    super::{
        decide::Instance,
        effect::{CHANGE_CHECK, Call, CheckStatus, Effect},
        finding::{Finding, Outcome},
        policy::Mode,
        report,
    },
    BEING_READ, Commit, PATIENCE, Verdict, pressed, rules,
    scene::Scene,
};

/// The verdict, once there is one; `None`: there is nothing to judge, no policy, or a fact that is still on its
/// way while no check run says that all is well.
pub(super) fn verdict(commit: &Commit, scene: &Scene<'_>, now: Timestamp, again: bool) -> Option<Verdict> {
    let outcome = commit.outcome();
    let status = match scene.mode {
        None | Some(Mode::Observe) => spoken(&commit.findings, scene).first().map(|_| CheckStatus::Failure),
        Some(Mode::Advise) => Some(CheckStatus::Success),
        Some(Mode::Enforce) => Some(status(outcome, commit.unknown_for(now) < PATIENCE)),
    };
    let said = commit.verdict.as_ref().and_then(|verdict| verdict.status);
    let all_is_well = scene.mode == Some(Mode::Enforce) && said == Some(CheckStatus::Success);
    let on_its_way = commit.unknown_since.is_some() && commit.unknown_for(now) < BEING_READ;
    if commit.findings.is_empty() || (scene.mode.is_none() && status.is_none()) {
        return None;
    }
    if on_its_way && !all_is_well && !again {
        return None;
    }
    let mut obstacles: Vec<String> =
        commit.findings.iter().flat_map(Finding::obstacles).map(|found| found.code.clone()).collect();
    obstacles.sort_unstable();
    obstacles.dedup();
    Some(Verdict { outcome, status, obstacles })
}

const fn status(outcome: Outcome, patient: bool) -> CheckStatus {
    match outcome {
        Outcome::Pass => CheckStatus::Success,
        Outcome::Fail => CheckStatus::Failure,
        Outcome::Unknown if patient => CheckStatus::InProgress,
        Outcome::Pending | Outcome::Unknown => CheckStatus::ActionRequired,
    }
}

/// What the check run shows: where nothing else is said, still the errors of a policy file, to whoever edits it.
fn spoken(findings: &[Finding], scene: &Scene<'_>) -> Vec<Finding> {
    if scene.speaks() { findings.to_vec() } else { rules::policy_errors(findings) }
}

/// The check run, where the verdict has a status.
pub(super) fn effects(
    verdict: &Verdict,
    findings: &[Finding],
    scene: &Scene<'_>,
    instance: &Instance,
    again: bool,
) -> Vec<Effect> {
    let Some(status) = verdict.status else { return vec![] };
    let findings = spoken(findings, scene);
    let title = match scene.mode {
        Some(Mode::Advise) => report::check::advice(&findings),
        Some(Mode::Enforce | Mode::Observe) | None => report::check::title(&findings),
    };
    let effect = Effect::new(Call::CheckRun {
        repo: scene.repo,
        sha: scene.sha.clone(),
        name: CHANGE_CHECK.into(),
        status,
        title,
        summary: report::check::summary(&intro(scene), &findings, &instance.web_url),
        urgent: !scene.branches.is_empty(),
        signs: scene.mode == Some(Mode::Enforce)
            && scene.branches.is_empty()
            && lacks_signature(verdict, scene),
    });
    vec![if again { effect.again() } else { effect }]
}

/// Whether somebody's approval of exactly this commit is missing.
fn lacks_signature(verdict: &Verdict, scene: &Scene<'_>) -> bool {
    let lacks = |code: &str| verdict.obstacles.iter().any(|obstacle| obstacle == code);
    let templates = scene.pull_requests.iter().flat_map(|pull_request| &pull_request.templates);
    let mut signed = templates.flat_map(|template| &template.signed);
    lacks("no_independent_approval")
        || lacks("policy_unsigned")
        || (lacks("standard_change_waits")
            && signed.any(|(_, needed, signed)| signed.as_ref().is_ok_and(|signed| signed < needed)))
}

fn intro(scene: &Scene<'_>) -> String {
    let mut sentences = vec![];
    match scene.mode {
        Some(Mode::Advise) => sentences.push("Advice only: nothing is stopped here.".to_owned()),
        Some(Mode::Observe) | None => {
            sentences.push("Changegate only speaks here of an edited policy file that has errors.".into());
        }
        Some(Mode::Enforce) => {}
    }
    for branch in &scene.branches {
        let branch = branch.replace('`', "'");
        sentences.push(format!("This is a merge group for `{branch}`: each of its pull requests must pass."));
    }
    let presses = scene.pull_requests.iter().filter_map(|it| pressed::in_vain(it.view?));
    sentences.into_iter().chain(presses).collect::<Vec<_>>().join(" ")
}

pub(super) const fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Advise => "advise",
        Mode::Enforce => "enforce",
    }
}

/// As the audit log writes it.
pub const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Pending => "pending",
        Outcome::Fail => "fail",
        Outcome::Unknown => "unknown",
    }
}

/// As the audit log writes it.
pub const fn status_word(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::InProgress => "in_progress",
        CheckStatus::Success => "success",
        CheckStatus::Failure => "failure",
        CheckStatus::ActionRequired => "action_required",
    }
}
