//! What a template of the policy still asks for at a commit: signatures and checks.

use super::{
    super::{
        facts::{CheckReading, Fact, Inquiry, Membership},
        ids::{RepoId, Sha},
        policy::{EffectivePolicy, REVIEW, RequiredCheck, StandardChange},
        pull_request::PullRequestView,
    },
    scene::{CheckStand, Template},
};

/// The templates that a pull request fits, as long as the policy still says what was fitted.
pub(super) fn of(
    view: &PullRequestView,
    policy: &EffectivePolicy,
    (repo, sha): (RepoId, &Sha),
    inquiry: &mut Inquiry<'_>,
) -> Vec<Template> {
    let fits = |change: &&StandardChange| {
        let same = |fit: &&crate::domain::pull_request::Fit| fit.template == change.name;
        view.standard.fits.iter().find(same).is_some_and(|fit| fit.version == change.version())
    };
    let failed = inquiry.repository(repo).flatten().map(|repository| &repository.failed);
    let changes = policy.base().standard_changes().iter().filter(fits);
    let template = |change: &StandardChange| Template {
        failed: failed.and_then(|failed| failed.get(&change.version()).copied()).unwrap_or(0),
        signed: change
            .approvals
            .iter()
            .map(|(group, needed)| (group.clone(), *needed, signed(group, view, policy, inquiry)))
            .collect(),
        checks: stands(&change.checks, repo, sha, inquiry),
        change: change.clone(),
    };
    changes.map(template).collect()
}

/// How many of a group approved exactly this head and wrote none of it.
fn signed(
    group: &str,
    view: &PullRequestView,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Result<u16, String> {
    let approving = &view.independent_approvals;
    if group == REVIEW {
        return Ok(u16::try_from(approving.len()).unwrap_or(u16::MAX));
    }
    let people = policy.group(group).unwrap_or_default();
    let mut signed = 0;
    for actor in approving {
        match inquiry.membership(people, actor) {
            Some(Membership::Member) => signed += 1,
            Some(Membership::Unknown(why)) => return Err(why),
            Some(Membership::Stranger) | None => {}
        }
    }
    Ok(signed)
}

/// How each of these checks stands at a commit.
pub fn stands(
    checks: &[RequiredCheck],
    repo: RepoId,
    sha: &Sha,
    inquiry: &mut Inquiry<'_>,
) -> Vec<(RequiredCheck, CheckStand)> {
    if checks.is_empty() {
        return vec![];
    }
    let found = inquiry.checks(repo, sha);
    let stand = |check: &RequiredCheck| match &found {
        None => CheckStand::Waiting,
        Some(Fact::Unknown(why)) => CheckStand::Unknown(why.clone()),
        Some(Fact::Known(runs, _)) => stand(check, runs),
    };
    checks.iter().map(|check| (check.clone(), stand(check))).collect()
}

/// Every run of that name and App must have succeeded; `neutral` and `skipped` are no success.
fn stand(check: &RequiredCheck, runs: &[CheckReading]) -> CheckStand {
    let mut stand = CheckStand::Waiting;
    for run in runs.iter().filter(|run| run.name == check.name && run.app.eq_ignore_ascii_case(&check.app)) {
        match run.conclusion.as_deref() {
            Some("success") => stand = CheckStand::Passed,
            Some(_) => return CheckStand::Failed,
            None => return CheckStand::Waiting,
        }
    }
    stand
}
