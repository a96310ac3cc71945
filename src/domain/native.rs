//! GitHub's own rules, beside ours: which of them would stop one person on call who is alone at night, and how that is changed.
//!
//! An emergency goes past Changegate's rules and not past GitHub's. What GitHub does not show is said, and never taken for well.

use super::{
    event::DeploymentReviewer,
    facts::EnvironmentReading,
    finding::{code, quoted},
    ids::RepoName,
    policy::{Policy, Who},
};

/// What GitHub asks of whoever merges and deploys in a repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Native {
    pub repository: RepoName,
    /// The default branch.
    pub branch: String,
    /// Who asks for reviews there.
    pub reviews: Vec<Reviews>,
    /// The environments that the policy rules.
    pub environments: Vec<EnvironmentReading>,
    /// What GitHub did not show, and why, as sentences without their full stop.
    pub unread: Vec<String>,
}

/// Reviews that are required before something is merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviews {
    /// What the ruleset is called that asks for them; `None`: the branch is protected by itself.
    pub ruleset: Option<String>,
    /// How many of them.
    pub approvals: u64,
    /// One of them by whoever owns the code.
    pub code_owners: bool,
    pub bypass: Bypass,
}

/// Who merges without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bypass {
    /// GitHub does not show it to us.
    NotShown,
    /// These, as a policy names them; and administrators, if so.
    These { people: Vec<String>, administrators: bool },
}

/// How something stands to one person alone.
enum Stands {
    InTheWay { what: String, cure: String },
    NotKnown { what: String, cure: String },
}

impl Native {
    /// In sentences, a line each.
    #[must_use]
    pub fn describe(&self, policy: &Policy) -> String {
        let on_call = policy.role("break-glass");
        if on_call.is_empty() {
            return "The policy names nobody `break-glass`: nobody may declare an emergency.\n  cure: name the people on call under `roles.break-glass`".into();
        }
        let names: Vec<String> = on_call.iter().map(Who::to_string).collect();
        let reviews = self.reviews.iter().filter_map(|reviews| self.branch(reviews, on_call));
        let environments = self.environments.iter().flat_map(|it| environment(it, on_call));
        let unread = self.unread.iter().map(|why| Stands::NotKnown {
            what: why.clone(),
            cure: "look at it in the settings of the repository".into(),
        });
        let found: Vec<Stands> = reviews.chain(environments).chain(unread).collect();
        let mut lines = vec![format!(
            "GitHub's own rules in {}, for one person on call ({}) who is alone in an emergency:",
            self.repository,
            names.join(", ")
        )];
        if found.is_empty() {
            lines.push("  ✓ none of them is in the way".into());
        }
        for stands in found {
            let (mark, what, cure) = match stands {
                Stands::InTheWay { what, cure } => ("✗", what, cure),
                Stands::NotKnown { what, cure } => ("…", what, cure),
            };
            lines.push(format!("  {mark} {what}\n      cure: {cure}"));
        }
        lines.join("\n")
    }

    fn branch(&self, reviews: &Reviews, on_call: &[Who]) -> Option<Stands> {
        let owners = if reviews.code_owners { ", one of them by a code owner" } else { "" };
        let count = match reviews.approvals {
            0 if !reviews.code_owners => return None,
            0 | 1 => "a review of somebody else".to_owned(),
            count => format!("{count} reviews of others"),
        };
        let by = match &reviews.ruleset {
            Some(name) => format!("ruleset {}", quoted(name)),
            None => "the protection of the branch".into(),
        };
        let asks = format!("branch {}: {by} asks for {count}{owners}", code(&self.branch));
        match &reviews.bypass {
            Bypass::NotShown => Some(Stands::NotKnown {
                what: format!("{asks}; who may bypass it GitHub does not show to the App"),
                cure: "see to it that the people on call are on its bypass list (Settings, Rules)".into(),
            }),
            Bypass::These { people, .. } if all_among(on_call, people) => None,
            Bypass::These { administrators, .. } => Some(Stands::InTheWay {
                what: if *administrators {
                    format!("{asks}; besides, only an administrator merges without")
                } else {
                    format!("{asks}; administrators are bound by it too")
                },
                cure: "let the people on call bypass it (Settings, Branches: allow specified actors to bypass required pull requests)".into(),
            }),
        }
    }
}

fn environment(reading: &EnvironmentReading, on_call: &[Who]) -> Vec<Stands> {
    let name = code(&reading.name);
    let otherwise = match reading.admins_may_bypass {
        Some(true) => "; besides, only an administrator starts it",
        Some(false) => "; administrators do not start it either",
        None => "",
    };
    let in_the_way = |what: String, cure: &str| Stands::InTheWay {
        what: format!("environment {name}: {what}{otherwise}"),
        cure: format!("{cure} (Settings, Environments)"),
    };
    let mut found = vec![];
    let reviewers: Vec<String> = reading.reviewers.iter().map(reviewer).collect();
    if !reviewers.is_empty() && !all_among(on_call, &reviewers) {
        let asks = format!("{} has to approve what is deployed", reviewers.join(" or "));
        found.push(in_the_way(asks, "make the people on call one of its reviewers"));
    } else if !reviewers.is_empty() && reading.prevents_self_review {
        let asks = "whoever started the run may not approve it (prevent self-review)".to_owned();
        let cure = "allow self-review, or see to it that another one on call starts the run";
        found.push(in_the_way(asks, cure));
    }
    if reading.wait_timer > 0 {
        let asks = format!("it waits for {} minutes before it starts", reading.wait_timer);
        found.push(in_the_way(asks, "shorten the wait timer"));
    }
    found
}

/// As a policy names them; a team without its organisation.
fn reviewer(reviewer: &DeploymentReviewer) -> String {
    match reviewer {
        DeploymentReviewer::User(actor) => actor.login.clone(),
        DeploymentReviewer::Team(team) => {
            team.slug.as_ref().map_or_else(|| "a team".to_owned(), |slug| format!("team {slug}"))
        }
    }
}

/// Whether each of them is named here.
fn all_among(people: &[Who], named: &[String]) -> bool {
    let is_named = |who: &Who| {
        let text = match who {
            Who::Login(login) => login.clone(),
            Who::Team { slug, .. } => format!("team {slug}"),
        };
        named.iter().any(|named| named.eq_ignore_ascii_case(&text))
    };
    people.iter().all(is_named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        event::TeamSnapshot,
        policy::{Scope, parse},
        trial::actor,
    };

    fn policy(roles: &str) -> Policy {
        parse("policy", &format!("version: 1\nroles: {{ {roles} }}\n"), Scope::Alone).unwrap()
    }

    fn native() -> Native {
        let (branch, environments, unread) = ("main".into(), vec![], vec![]);
        Native { repository: "acme/web".parse().unwrap(), branch, reviews: vec![], environments, unread }
    }

    fn guarded(reviewers: Vec<DeploymentReviewer>, prevents_self_review: bool) -> EnvironmentReading {
        EnvironmentReading {
            name: "production".into(),
            guarded: true,
            admins_may_bypass: Some(true),
            reviewers,
            wait_timer: 0,
            prevents_self_review,
        }
    }

    fn team(slug: &str) -> DeploymentReviewer {
        DeploymentReviewer::Team(TeamSnapshot { id: Some(3), slug: Some(slug.into()) })
    }

    fn reviews(bypass: Bypass) -> Reviews {
        Reviews { ruleset: None, approvals: 1, code_owners: false, bypass }
    }

    const ON_CALL: &str = "break-glass: [acme/on-call]";

    #[test]
    fn each_rule_that_would_stop_one_person_is_named_with_how_to_change_it() {
        let administrators = Bypass::These { people: vec!["team ops".into()], administrators: true };
        let nobody = Bypass::These { people: vec![], administrators: false };
        let native = Native {
            reviews: vec![
                reviews(administrators),
                Reviews { approvals: 2, code_owners: true, ..reviews(nobody) },
                Reviews { ruleset: Some("Reviews".into()), ..reviews(Bypass::NotShown) },
            ],
            environments: vec![
                guarded(vec![DeploymentReviewer::User(actor("lee")), team("ops")], false),
                EnvironmentReading {
                    wait_timer: 30,
                    admins_may_bypass: Some(false),
                    ..guarded(vec![team("on-call")], true)
                },
            ],
            unread: vec!["whether the branch is protected by itself GitHub does not show to the App".into()],
            ..native()
        };
        insta::assert_snapshot!(native.describe(&policy(ON_CALL)), @r"
        GitHub's own rules in acme/web, for one person on call (acme/on-call) who is alone in an emergency:
          ✗ branch `main`: the protection of the branch asks for a review of somebody else; besides, only an administrator merges without
              cure: let the people on call bypass it (Settings, Branches: allow specified actors to bypass required pull requests)
          ✗ branch `main`: the protection of the branch asks for 2 reviews of others, one of them by a code owner; administrators are bound by it too
              cure: let the people on call bypass it (Settings, Branches: allow specified actors to bypass required pull requests)
          … branch `main`: ruleset “Reviews” asks for a review of somebody else; who may bypass it GitHub does not show to the App
              cure: see to it that the people on call are on its bypass list (Settings, Rules)
          ✗ environment `production`: lee or team ops has to approve what is deployed; besides, only an administrator starts it
              cure: make the people on call one of its reviewers (Settings, Environments)
          ✗ environment `production`: whoever started the run may not approve it (prevent self-review); administrators do not start it either
              cure: allow self-review, or see to it that another one on call starts the run (Settings, Environments)
          ✗ environment `production`: it waits for 30 minutes before it starts; administrators do not start it either
              cure: shorten the wait timer (Settings, Environments)
          … whether the branch is protected by itself GitHub does not show to the App
              cure: look at it in the settings of the repository
        ");
    }

    #[test]
    fn what_the_people_on_call_may_bypass_or_answer_themselves_is_not_in_the_way() {
        let people = vec!["team On-Call".into()];
        let native = Native {
            reviews: vec![
                reviews(Bypass::These { people, administrators: false }),
                Reviews { approvals: 0, ..reviews(Bypass::NotShown) },
            ],
            environments: vec![guarded(vec![team("on-call"), team("ops")], false), guarded(vec![], true)],
            ..native()
        };
        insta::assert_snapshot!(native.describe(&policy(ON_CALL)), @r"
        GitHub's own rules in acme/web, for one person on call (acme/on-call) who is alone in an emergency:
          ✓ none of them is in the way
        ");
        let more = native.describe(&policy("break-glass: [acme/on-call, sam]"));
        assert!(more.contains("environment `production`"), "sam is no reviewer: {more}");
    }

    #[test]
    fn without_anybody_on_call_nobody_is_stopped() {
        insta::assert_snapshot!(native().describe(&policy("triager: [acme/triage]")), @r"
        The policy names nobody `break-glass`: nobody may declare an emergency.
          cure: name the people on call under `roles.break-glass`
        ");
    }
}
