//! A merged pull request, judged by itself: what the check on it would say now.

use super::{
    super::{
        facts::Inquiry,
        finding::Finding,
        ids::{Actor, IssueRef, SubjectId},
        named::Named,
        policy::{EffectivePolicy, Zone},
        subject::View,
    },
    rules,
    scene::{self, Scene},
};

/// A merged pull request.
#[derive(Debug)]
pub struct Merged<'a> {
    /// Whether it would pass.
    pub passes: Finding,
    pub change_requests: Vec<IssueRef>,
    /// Those that have to be emergencies where it goes ahead as one: itself, where it was declared and nothing else accepts it.
    pub in_need: Vec<IssueRef>,
    /// Who approved exactly what was merged and wrote none of it; nobody where that could not be read any more.
    pub approved_by: &'a [Actor],
}

/// Judges it. What is not answered yet is missing in the inquiry.
pub fn judge_merged<'a>(at: IssueRef, inquiry: &mut Inquiry<'a>) -> Merged<'a> {
    let view = inquiry.view(SubjectId::PullRequest(at)).flatten().and_then(View::as_pull_request);
    let name = inquiry.repository_name(at.repo).flatten();
    let policy = inquiry.policy(at.repo).flatten();
    let Some(view) = view else {
        let passes = rules::unread_section(&Named::pull_request(at, at.repo, name));
        return Merged { passes, change_requests: vec![], in_need: vec![], approved_by: &[] };
    };
    let pull_request = scene::look_at(at, (at.repo, &view.head), policy.as_ref(), inquiry);
    let scene = Scene {
        repo: at.repo,
        sha: &view.head,
        name,
        mode: policy.as_ref().zip(name).map(|(policy, name)| policy.mode_for(name.as_str())),
        zone: policy.as_ref().map_or_else(Zone::utc, EffectivePolicy::zone),
        own_changes: policy
            .zip(name)
            .is_some_and(|(policy, name)| policy.change_from_pull_request(name.as_str())),
        pull_requests: vec![],
        unread_groups: vec![],
        branches: vec![],
    };
    Merged {
        passes: rules::section(&pull_request, &scene),
        in_need: pull_request.in_need(),
        change_requests: view.links.iter().map(|link| link.to).collect(),
        approved_by: if view.unknown.is_none() { &view.independent_approvals } else { &[] },
    }
}
