//! What an emergency is offered before anything else: to deploy again what ran before, in each environment of its
//! repositories.

use std::collections::BTreeSet;

use crate::domain::{
    command::{Command, Later},
    environment::Back,
    facts::Inquiry,
    ids::{RepoId, RepoName, SubjectId},
    pull_request::{PullRequestView, Words},
    subject::{Relation, View},
};

use super::{
    ChangeRequest,
    act::{Act, ActId},
    follow::Heard,
};

/// An environment, and what ran there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    pub environment: String,
    pub name: RepoName,
    pub back: Back,
}

/// The ways back in these repositories, where policy allows them. `None`: something has to be found out first.
pub(super) fn find(repos: &BTreeSet<RepoId>, inquiry: &mut Inquiry<'_>) -> Option<Vec<WayBack>> {
    let asked: Vec<_> = repos
        .iter()
        .map(|repo| {
            let deploying = inquiry.pointing_at(SubjectId::Repository(*repo), Relation::Deploys);
            (inquiry.repository_name(*repo), inquiry.policy(*repo), deploying)
        })
        .collect();
    let mut ways = vec![];
    for (name, policy, deploying) in asked {
        let views: Vec<_> = deploying?.iter().map(|subject| inquiry.view(subject.clone())).collect();
        let (Some(name), Some(policy)) = (name?, policy?) else { continue };
        for view in views {
            let Some(view) = view?.and_then(View::as_environment) else { continue };
            let refuses = |part: &crate::domain::policy::Policy| {
                part.environment_of(&view.name).is_some_and(|(_, section)| !section.rollback_allowed)
            };
            if let Some(back) = view.back.clone().filter(|_| !policy.parts().any(refuses)) {
                ways.push(WayBack { environment: view.name.clone(), name: name.clone(), back });
            }
        }
    }
    Some(ways)
}

impl ChangeRequest {
    /// Whether somebody may be declaring an emergency at this moment.
    pub(super) fn is_being_declared(&self, heard: &Heard, pulls: &[&PullRequestView]) -> bool {
        let declares = |command: &Command| matches!(command, Command::Later(Later::Emergency(_)));
        let here = heard.told.iter().any(|told| told.commands.iter().any(declares));
        let mut said = pulls.iter().flat_map(|view| &view.said);
        let unjudged = |id: ActId| !self.acts.iter().any(|act| act.id == id && act.is_judged());
        here || heard.declared
            || self.acts.iter().any(|act: &Act| act.deed.is_emergency() && !act.is_judged())
            || said.any(|said| {
                matches!(said.words, Words::Emergency(_))
                    && unjudged(ActId::Comment(said.comment, said.place))
            })
    }
}
