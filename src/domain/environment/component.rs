//! Which component of a monorepo a pipeline means, and whether it runs where it asks.

use std::collections::BTreeMap;

use super::{
    super::{
        event::GateAsk,
        facts::Inquiry,
        finding::{Finding, Outcome, code},
        ids::RepoId,
    },
    Request,
};

const RULE: &str = "the component that is asked for runs there";

/// The components of a repository, each with its environment.
pub(super) type Components = BTreeMap<String, String>;

/// What policy says of them. `None`: something must be found out first.
pub(super) fn components(repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<Components> {
    let (view, policy) = (inquiry.repository(repo), inquiry.policy(repo));
    let (Some(view), Some(policy)) = (view?, policy?) else { return Some(Components::new()) };
    let named = policy.parts().filter_map(|part| part.components().get(&view.name)).flatten();
    Some(named.map(|(name, component)| (name.clone(), component.environment.clone())).collect())
}

impl Request {
    /// What speaks against the components that were asked for.
    pub(super) fn strange_components(&self, environment: &str, components: &Components) -> Vec<Finding> {
        self.gates.iter().filter_map(|ask| strange(ask, environment, components)).collect()
    }
}

fn strange(ask: &GateAsk, environment: &str, components: &Components) -> Option<Finding> {
    let name = ask.component.as_deref()?;
    let deny = |code: &str, sentence: String| Finding::new(code, Outcome::Fail, RULE, sentence);
    let here = components.iter().filter(|(_, runs)| runs.eq_ignore_ascii_case(environment));
    let here: Vec<String> = here.map(|(name, _)| code(name)).collect();
    let other = if here.is_empty() {
        "ask without a component".to_owned()
    } else {
        format!("ask for {}, or without a component", here.join(" or "))
    };
    match components.get(name) {
        None => {
            let sentence =
                format!("The pipeline asks for the component {}, which policy does not name.", code(name));
            let cure = format!("{other}, or name it in the policy (`components`)");
            Some(deny("component_unknown", sentence).cure(cure))
        }
        Some(runs) if !runs.eq_ignore_ascii_case(environment) => {
            let (name, runs, asked) = (code(name), code(runs), code(environment));
            let sentence = format!("The component {name} runs in {runs}, and the pipeline asks for {asked}.");
            Some(deny("component_elsewhere", sentence).cure(format!("ask for {runs}; or {other}")))
        }
        Some(_) => None,
    }
}
