//! A policy in plain words, for `changegate policy check`.

use super::environments::{Door, Environment};
use super::gitops::GitOps;
use super::intake::Marker;
use super::names::{Who, in_words};
use super::people::Account;
use super::pipelines::Pipelines;
use super::repositories::{Component, RepositoryRule, Ship};
use super::resigning::Again;
use super::rules;
use super::trains::{Slots, Train};
use super::whole::Policy;

impl Policy {
    /// What the policy says, one short line for each thing, without a line break at the end.
    pub fn describe(&self) -> String {
        let mut lines = vec![format!("mode {}, times in {}", self.mode(), self.zone())];
        lines.extend(self.people());
        lines.extend(self.intake().limits.in_words().map(|limits| format!("limits: {limits}")));
        lines.extend(self.intake().refuses_own.then(|| "nobody accepts what they asked for".to_owned()));
        lines.extend(self.lines(environment_in_words));
        lines.extend(self.askers());
        lines.join("\n")
    }

    /// Every line beside those of the mode, of people and of accepting.
    fn lines(&self, environment: impl Fn(&str, &Environment) -> Vec<String>) -> Vec<String> {
        let mut lines = vec![self.requests()];
        lines.extend(self.accounts().iter().map(|(name, account)| account_in_words(name, account)));
        lines.extend(self.trains().iter().map(|(name, train)| train_in_words(name, train)));
        lines.extend(self.repositories().iter().map(repository_in_words));
        lines.extend(self.components().iter().map(|(repo, parts)| {
            let parts: Vec<String> =
                parts.iter().map(|(name, part)| component_in_words(name, part)).collect();
            format!("parts of {repo}: {}", parts.join(", "))
        }));
        lines.extend(self.environments().iter().flat_map(|(name, section)| environment(name, section)));
        lines.extend(self.standard_changes().iter().map(|change| {
            let paths: Vec<String> = change.paths.iter().map(ToString::to_string).collect();
            let authors =
                if change.authors.is_empty() { "anybody".to_owned() } else { change.authors.join(", ") };
            format!("standard change \"{}\": by {authors}, only {}", change.name, paths.join(", "))
        }));
        lines.extend(self.gitops().iter().map(GitOps::in_words));
        lines.extend(self.freezes().iter().map(|freeze| {
            let closed =
                freeze.environments.as_ref().map_or("everything".to_owned(), |names| names.join(", "));
            format!("freeze \"{}\": {} to {}, closes {closed}", freeze.name, freeze.from, freeze.to)
        }));
        lines.extend(self.notify().iter().map(ToString::to_string));
        lines.extend(self.command_prefix().map(|prefix| format!("commands start with /{prefix}")));
        lines
    }

    fn people(&self) -> Vec<String> {
        let roles = self.roles();
        let roles = [
            ("triagers", &roles.triager),
            ("release managers", &roles.release_manager),
            ("break-glass", &roles.break_glass),
            ("auditors", &roles.auditor),
        ];
        let named = roles.into_iter().filter(|(_, people)| !people.is_empty());
        let line = |name: &str, people: &[Who]| format!("{name}: {}", in_words(people));
        let mut lines: Vec<String> = named.map(|(name, people)| line(name, people)).collect();
        lines.extend(self.groups().iter().map(|(name, people)| line(&format!("group {name}"), people)));
        lines
    }

    /// Who may ask from a pipeline, where anything is said of it.
    fn askers(&self) -> Vec<String> {
        let Pipelines { workflows, issuers } = self.pipelines();
        let workflows: Vec<String> = workflows.iter().map(ToString::to_string).collect();
        let only =
            (!workflows.is_empty()).then(|| format!("pipelines: only {} asks", workflows.join(" or ")));
        only.into_iter().chain(issuers.iter().map(|rule| format!("pipelines: {}", rule.in_words()))).collect()
    }

    fn requests(&self) -> String {
        let intake = self.intake();
        let mut parts = vec![match &intake.marker {
            Marker::Label(label) => format!("intake label {label}"),
            Marker::IssueType(name) => format!("intake issue type {name}"),
        }];
        if !intake.required.is_empty() {
            parts.push(format!("required fields: {}", intake.required.join(", ")));
        }
        parts.extend(intake.repository.as_ref().map(|repo| format!("front door {repo}")));
        parts.extend(intake.overdue.map(|length| format!("overdue after {length}")));
        parts.extend(
            intake.withdraw_after.map(|length| format!("withdrawn after {length} without information")),
        );
        parts.join("; ")
    }
}

/// Every line beside those of the mode, of people, of accepting and of rules.
pub(super) fn other_lines(policy: &Policy) -> Vec<String> {
    let named = |name: &str, environment: &Environment| {
        let lines = [vec![opening(name, environment)], endings(environment)].concat();
        let lines = lines.into_iter().map(|line| line.trim().to_owned());
        lines
            .map(|line| if line.starts_with("environment") { line } else { format!("{name}: {line}") })
            .collect()
    };
    std::iter::once(format!("times in {}", policy.zone())).chain(policy.lines(named)).collect()
}

fn account_in_words(name: &str, account: &Account) -> String {
    let sponsor = in_words(std::slice::from_ref(&account.sponsor));
    let tier = account.tier.as_ref().map(|tier| format!(", tier {tier}")).unwrap_or_default();
    let kept = match account.reserved {
        0 => String::new(),
        1 => ", 1 slot of each release is kept for it".into(),
        more => format!(", {more} slots of each release are kept for it"),
    };
    format!("account {name}: sponsor {sponsor}, weight {}{tier}{kept}", account.weight)
}

fn train_in_words(name: &str, train: &Train) -> String {
    let count = train.repositories.len();
    let patterns =
        if count == 1 { "1 repository pattern".to_owned() } else { format!("{count} repository patterns") };
    let mut parts = vec![format!("train {name}: {patterns}, titles like {}", train.title.example())];
    parts.extend(train.every.map(|cadence| format!("leaves {cadence}")));
    parts.extend(train.lock.map(|lead| format!("locks {lead}")));
    parts.extend(train.branch.as_ref().map(|branch| format!("ships from {branch}")));
    parts.extend(train.tag.as_ref().map(|tag| format!("ships the tag {tag}")));
    parts.extend(train.record.as_ref().map(|repo| format!("control records in {repo}")));
    match train.slots {
        Slots::Auto => parts.push("slots as the last five carried".to_owned()),
        Slots::AtMost(slots) => parts.push(format!("{slots} slots for change requests")),
    }
    if train.ahead > 0 {
        parts.push(format!("milestones of the next {} releases", train.ahead));
    }
    parts.join("; ")
}

fn repository_in_words(rule: &RepositoryRule) -> String {
    let patterns: Vec<String> = rule.patterns.iter().map(ToString::to_string).collect();
    let ship = rule.ship.map(|ship| match ship {
        Ship::Train => "ships by train".to_owned(),
        Ship::Continuous => "ships continuously".to_owned(),
    });
    let change = rule.change_is_pull_request.then(|| "a pull request is its own change request".to_owned());
    let mode = rule.mode.map(|mode| format!("mode {mode}"));
    let said: Vec<String> = [mode, ship, change].into_iter().flatten().collect();
    let said = if said.is_empty() { "as everywhere".to_owned() } else { said.join("; ") };
    format!("repositories {}: {said}", patterns.join(", "))
}

fn component_in_words(name: &str, component: &Component) -> String {
    let paths: Vec<String> = component.paths.iter().map(ToString::to_string).collect();
    format!("{name} in {} ({})", component.environment, paths.join(", "))
}

fn environment_in_words(name: &str, environment: &Environment) -> Vec<String> {
    let mut lines = vec![opening(name, environment)];
    let mut list = |when: &str, list: &[rules::Rule]| {
        let words: Vec<String> = list.iter().map(rules::in_words).collect();
        if !words.is_empty() {
            lines.push(format!("  {when}: {}", words.join("; ")));
        }
    };
    list("always", &environment.require);
    list("each release", &environment.train);
    list("each pull request that ships continuously", &environment.continuous);
    for when in &environment.when {
        list(&format!("risk {} and above", format!("{:?}", when.risk).to_lowercase()), &when.require);
    }
    lines.extend(endings(environment));
    lines
}

fn opening(name: &str, environment: &Environment) -> String {
    let names: Vec<String> = environment.names.iter().map(ToString::to_string).collect();
    let windows: Vec<String> = environment.window.iter().map(ToString::to_string).collect();
    let open = if windows.is_empty() { "any time".to_owned() } else { windows.join(", ") };
    format!("environment {name}: {}; open {open}", names.join(", "))
}

fn endings(environment: &Environment) -> Vec<String> {
    let promoted = environment.promote.as_ref().map(|promote| {
        let branches = promote.branches.iter().map(|branch| format!("into {branch}"));
        let paths = promote.paths.iter().map(|path| format!("what touches {path}"));
        let what: Vec<String> = branches.chain(paths).collect();
        format!("  merging deploys to {}: {}", promote.environment, what.join(", "))
    });
    let emergency = environment.emergency.map(|emergency| {
        format!(
            "  emergency: {}, approved {}, retrospective due in {}",
            emergency.lasts, emergency.approved, emergency.retrospective
        )
    });
    let order = (!environment.order.is_empty())
        .then(|| format!("  signed in this order: {}", environment.order.join(", ")));
    let resign = environment.resign.as_ref().map(|resign| {
        let who = |again: &Again| match again {
            Again::All => "all".to_owned(),
            Again::Groups(groups) if groups.is_empty() => "nobody".to_owned(),
            Again::Groups(groups) => groups.iter().cloned().collect::<Vec<_>>().join(", "),
        };
        let (scope, commits, text) = (who(&resign.scope), who(&resign.commits), who(&resign.text));
        format!("  signed again: after scope {scope}; after commits {commits}; after text {text}")
    });
    let allowed = if environment.rollback_allowed { "allowed" } else { "like any other deployment" };
    let rollback = [format!("  rollback {allowed}")];
    let delivers = (!environment.delivers).then(|| "  what runs there is not delivered yet".to_owned());
    let door =
        matches!(environment.door, Door::Pipeline).then(|| "  the pipeline asks at the gate".to_owned());
    let delivers = delivers.into_iter().chain(door);
    order.into_iter().chain(resign).chain(promoted).chain(emergency).chain(rollback).chain(delivers).collect()
}
