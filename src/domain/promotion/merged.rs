//! What was merged was deployed: it is recorded, and an exception opens where nobody had allowed it.

use std::collections::BTreeSet;

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect, RELEASE_CHECK},
        event::Shipment,
        facts::Inquiry,
        finding::{code, one_line},
        ids::{RepoId, RepoName, SubjectId},
        policy::{EffectivePolicy, Mode},
        pull_request::{PullRequestView, goes_to},
        subject::State,
    },
    Door, Target,
};

/// What GitHub and the log are told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub effects: Vec<Effect>,
    pub audit: Vec<AuditEntry>,
}

impl Told {
    pub(super) fn add(&mut self, more: Self) {
        self.effects.extend(more.effects);
        self.audit.extend(more.audit);
    }
}

/// Where a pull request went that was merged before anybody had judged whether it may: nowhere, where that was before a policy ruled
/// the repository. `None`: something must be found out first.
pub(super) fn unheard(
    view: &PullRequestView,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Vec<Target>> {
    let Some(merged_at) = view.merged_at else { return Some(vec![]) };
    let (goes, known) = (goes_to(view, policy, inquiry), inquiry.known(SubjectId::Repository(view.at.repo)));
    let ruled = known?.and_then(State::as_repository).and_then(|known| known.ruled.as_ref());
    let is_ruled = ruled.is_some_and(|ruled| ruled.at <= merged_at);
    let targets = goes?.into_iter().filter(|_| is_ruled);
    Some(targets.map(|environment| Target::new(view, &environment)).collect())
}

/// Nothing, where it was closed, or is a draft again; of what a merge queue merged, its own head tells. `None`: something must be found out first.
pub(super) fn record(
    target: &Target,
    view: &PullRequestView,
    (case, mode): (&Case<'_>, Mode),
    inquiry: &mut Inquiry<'_>,
) -> Option<Told> {
    let is_head = matches!(case.subject, SubjectId::Promotion(_, sha) if *sha == target.head);
    if view.merged_at.is_none() || view.head != target.head || !is_head {
        return Some(Told::default());
    }
    let repo = view.at.repo;
    let allowed = target.is_allowed();
    let mut told =
        Told { effects: vec![], audit: vec![entry("deployment.promoted", target, (repo, mode), allowed)] };
    // An image is deployed by the sync, which tells of itself.
    told.effects.extend(shipped(target, view).filter(|_| target.image.is_none()));
    let is_enforced = mode == Mode::Enforce;
    if is_enforced && !allowed {
        told.audit.push(entry("exception.bypass", target, (repo, mode), allowed));
        if let Some(name) = inquiry.repository_name(repo)? {
            told.effects.extend(issue(target, (repo, name), &case.instance.web_url));
        }
    }
    Some(told)
}

/// There is no deployment event, so the merge is taken for it: its pull requests and the releases are told.
fn shipped(target: &Target, view: &PullRequestView) -> Option<Effect> {
    let (at, brings) = (view.merged_at?, target.brings.as_ref()?);
    // It grows with time, far above GitHub's numbers of deployments; GitHub counts whole seconds, so the rest tells apart.
    let rest = |number: u64, byte: u8| (number * 31 + u64::from(byte)) % 999_983;
    let rest = target.environment.bytes().fold(view.at.number % 999_983, rest);
    let deployment = u64::try_from(at.as_microsecond()).unwrap_or_default().saturating_add(rest);
    let shipment = Shipment {
        environment: target.environment.clone(),
        deployment,
        sha: target.head.clone(),
        at,
        brought: brings.pull_requests.clone(),
        taken: BTreeSet::new(),
    };
    Some(Effect::new(Call::Ship { repo: view.at.repo, shipment }))
}

fn entry(code: &str, target: &Target, (repo, mode): (RepoId, Mode), allowed: bool) -> AuditEntry {
    let entry = AuditEntry::new(code);
    let entry = match target.image.as_ref().and_then(|image| Some((image.repo?, image.candidate.as_ref()?))) {
        Some((source, built)) => entry.fact("source", source).fact("built_from", &built.sha),
        None => entry,
    };
    entry
        .fact("repository", repo)
        .fact(
            "pull_request",
            target.pull_request().map_or_else(String::new, |number| format!("{repo}#{number}")),
        )
        .fact("commit", &target.head)
        .fact("baseline", target.base.as_ref().map_or_else(String::new, ToString::to_string))
        .fact("mode", mode)
        .fact("allowed", allowed)
        .text("environment", target.environment.clone())
}

fn issue(target: &Target, (repo, name): (RepoId, &RepoName), web_url: &str) -> Option<Effect> {
    let Door::Merging { pull_request: number, branch } = &target.door else { return None };
    let (short, shown, branch) = (target.head.short(), code(&target.environment), code(branch));
    let never = if target.verdict.is_none() {
        ",\n- it was merged before Changegate had heard that it was opened"
    } else {
        ""
    };
    let what = match target.image.as_ref().and_then(|image| image.in_words()) {
        Some(words) => format!("which moves {words} in {shown}"),
        None => {
            let commit = format!("{web_url}/{name}/commit/{}", target.head);
            format!("which deploys [`{short}`]({commit}) to {shown}")
        }
    };
    let body = format!(
        "[#{number}]({web_url}/{name}/pull/{number}) was merged into {branch}, {what}, and the check `{RELEASE_CHECK}` had not allowed it. What the branch holds is taken as what runs: the next promotion is compared with it.\n\n\
         What usually leads to it:\n\
         - the check is not required on {branch}, or not from this App,\n\
         - an administrator merged in spite of it{never}.\n\n\
         Find out which it was, write it here, and close this issue when it cannot happen again.",
    );
    let environment: String = one_line(&target.environment).chars().take(100).collect();
    Some(Effect::new(Call::Issue {
        repo,
        purpose: format!("bypass/merged/{number}/{}", target.environment.to_lowercase()),
        title: format!("Merged to {environment} without an allow: {short}"),
        body,
        open: true,
        told: None,
    }))
}
