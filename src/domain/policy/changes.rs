//! What a new version of the policy changes, in words: who gains or loses what, and what it loosens.

use super::PATH;
use super::describe::other_lines;
use super::environments::Environment;
use super::fingerprint::fingerprint;
use super::limits;
use super::names::Who;
use super::people::ROLES;
use super::pipelines::WorkflowRef;
use super::rules;
use super::whole::{Policy, parse};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyChange {
    /// A clause, with names between back-ticks: "`acme/interns` may triage".
    pub words: String,
    /// It lets more people do something, or asks for less than before.
    pub loosens: bool,
}

impl PolicyChange {
    pub(super) fn new(words: impl Into<String>, loosens: bool) -> Self {
        Self { words: words.into(), loosens }
    }
}

/// The group that signs changes of the policy; where no file defines it, it is there all the same.
const POLICY: &str = "policy";

/// What `after` changes; what loosens comes first. `None` stands for no file.
#[must_use]
pub fn changes(before: Option<&Policy>, after: Option<&Policy>) -> Vec<PolicyChange> {
    let (before, after) = match (before, after) {
        (None, None) => return vec![],
        (Some(_), None) => {
            return vec![PolicyChange::new("the policy is deleted: nothing is decided any more", true)];
        }
        (None, Some(after)) => {
            let nothing = parse(PATH, "version: 1\n", after.scope());
            return nothing.map_or_else(|_| vec![], |nothing| changes(Some(&nothing), Some(after)));
        }
        (Some(before), Some(after)) => (before, after),
    };
    let mut changes: Vec<PolicyChange> = mode(before, after).into_iter().collect();
    changes.extend(people(before, after));
    changes.extend(requirements(before, after));
    changes.extend(askers(before, after));
    changes.extend(own(before, after));
    changes.extend(limits::changes(&before.intake().limits, &after.intake().limits));
    changes.extend(others(before, after));
    if changes.is_empty() && fingerprint(before) != fingerprint(after) {
        changes.push(PolicyChange::new("names of labels or other details", false));
    }
    changes.sort_by_key(|change| !change.loosens);
    changes
}

fn mode(before: &Policy, after: &Policy) -> Option<PolicyChange> {
    let (was, is) = (before.mode(), after.mode());
    let way = if is < was { "down" } else { "up" };
    (was != is).then(|| PolicyChange::new(format!("the mode goes {way} from `{was}` to `{is}`"), is < was))
}

/// What a role lets people do.
fn may(role: &str) -> &'static str {
    match role {
        "triager" => "triage change requests",
        "release-manager" => "plan releases",
        "break-glass" => "call an emergency",
        _ => "read everything as an auditor",
    }
}

fn people(before: &Policy, after: &Policy) -> Vec<PolicyChange> {
    let mut changes = vec![];
    for role in ROLES {
        let (gained, lost) = compared(before.role(role), after.role(role));
        let may = may(role);
        changes.extend(gained.map(|who| PolicyChange::new(format!("`{who}` may {may}"), true)));
        changes.extend(lost.map(|who| PolicyChange::new(format!("`{who}` may no longer {may}"), false)));
    }
    let named = before.groups().keys().chain(after.groups().keys()).map(String::as_str);
    for name in named.chain([POLICY]).collect::<BTreeSet<&str>>() {
        let (was, is) = (before.group(name).unwrap_or_default(), after.group(name).unwrap_or_default());
        let (gained, lost) = compared(was, is);
        changes.extend(gained.map(|who| PolicyChange::new(format!("`{who}` signs for `{name}`"), true)));
        changes.extend(
            lost.map(|who| PolicyChange::new(format!("`{who}` no longer signs for `{name}`"), false)),
        );
    }
    changes
}

/// Who may ask from a pipeline: where no workflow is named, all of them may.
fn askers(before: &Policy, after: &Policy) -> Vec<PolicyChange> {
    let (was, is) = (before.pipelines(), after.pipelines());
    let mut changes = vec![];
    let named = |workflows: &[WorkflowRef]| {
        workflows.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" and ")
    };
    match (was.workflows.as_slice(), is.workflows.as_slice()) {
        ([], []) => {}
        ([], only) => {
            changes.push(PolicyChange::new(format!("only {} may ask for a decision", named(only)), false));
        }
        (_, []) => changes.push(PolicyChange::new("any workflow may ask for a decision", true)),
        (were, are) => {
            let gained = are.iter().filter(|it| !were.contains(it));
            let gained = gained.map(|it| PolicyChange::new(format!("`{it}` may ask for a decision"), true));
            changes.extend(gained);
            let lost = were.iter().filter(|it| !are.contains(it));
            let words = |it: &WorkflowRef| format!("`{it}` may no longer ask for a decision");
            changes.extend(lost.map(|it| PolicyChange::new(words(it), false)));
        }
    }
    let gained = is.issuers.iter().filter(|rule| !was.issuers.contains(rule));
    changes.extend(gained.map(|rule| PolicyChange::new(rule.in_words(), true)));
    let lost = was.issuers.iter().filter(|rule| !is.issuers.contains(rule));
    changes.extend(lost.map(|rule| PolicyChange::new(format!("no longer: {}", rule.in_words()), false)));
    changes
}

/// Whether who asked for something may accept it.
fn own(before: &Policy, after: &Policy) -> Option<PolicyChange> {
    match (before.intake().refuses_own, after.intake().refuses_own) {
        (true, false) => Some(PolicyChange::new("a triager may accept what they asked for", true)),
        (false, true) => Some(PolicyChange::new("nobody may accept what they asked for", false)),
        (true, true) | (false, false) => None,
    }
}

/// Who is new, and who is gone.
fn compared<'a>(
    before: &'a [Who],
    after: &'a [Who],
) -> (impl Iterator<Item = &'a Who>, impl Iterator<Item = &'a Who>) {
    (after.iter().filter(|who| !before.contains(who)), before.iter().filter(|who| !after.contains(who)))
}

fn requirements(before: &Policy, after: &Policy) -> Vec<PolicyChange> {
    let (was, is) = (required(before), required(after));
    let gone = was.iter().filter(|rule| !is.contains(rule));
    let new = is.iter().filter(|rule| !was.contains(rule));
    let gone =
        gone.map(|(place, rule)| PolicyChange::new(format!("`{place}` no longer demands {rule}"), true));
    gone.chain(new.map(|(place, rule)| PolicyChange::new(format!("`{place}` demands {rule}"), false)))
        .collect()
}

/// Each rule, by its environment, with the case in which it counts.
fn required(policy: &Policy) -> BTreeSet<(String, String)> {
    let of = |(name, environment): (&String, &Environment)| {
        let lists = [
            ("always", &environment.require),
            ("for each release", &environment.train),
            ("for each pull request", &environment.continuous),
        ];
        let lists = lists.map(|(when, list)| (when.to_owned(), list)).into_iter();
        let risks = environment.when.iter().map(|when| {
            (format!("from risk {} on", format!("{:?}", when.risk).to_lowercase()), &when.require)
        });
        let rules = lists.chain(risks).flat_map(|(when, list)| {
            list.iter().map(move |rule| format!("{} ({when})", rules::in_words(rule)))
        });
        rules.map(|rule| (name.clone(), rule)).collect::<Vec<_>>()
    };
    policy.environments().iter().flat_map(of).collect()
}

/// Everything else, line by line as `changegate policy check` says it.
fn others(before: &Policy, after: &Policy) -> Vec<PolicyChange> {
    let (was, is) = (other_lines(before), other_lines(after));
    let count = |lines: &[String]| {
        let mut counts = BTreeMap::new();
        lines.iter().for_each(|line| *counts.entry(line.clone()).or_insert(0) += 1);
        counts
    };
    let (in_was, in_is) = (count(&was), count(&is));
    let more = |line: &&String, here: &BTreeMap<String, i32>, there: &BTreeMap<String, i32>| {
        here.get(*line) > there.get(*line)
    };
    let gone = was.iter().filter(|line| more(line, &in_was, &in_is));
    let new = is.iter().filter(|line| more(line, &in_is, &in_was));
    let change =
        |way: &str, line: &str, loosens| PolicyChange::new(format!("{way}: {}", line.trim()), loosens);
    let gone = gone.map(|line| {
        let guards = line.starts_with("freeze") || line.starts_with("images in ");
        change("no longer", line, guards || line.contains(": merging deploys to "))
    });
    let frees =
        |line: &str| ["standard change", "parts of ", "images in "].iter().any(|it| line.starts_with(it));
    gone.chain(new.map(|line| change("new", line, frees(line)))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::scope::Scope;
    use super::*;

    const BEFORE: &str = "
mode: enforce
roles: { triager: [acme/triage], release-manager: [rita] }
groups: { qa: [acme/qa], policy: [rita, dana] }
environments:
  production:
    names: [production]
    require: [range: traced, change: accepted]
    window: [\"Tue-Thu 09:00-16:00\"]
";

    fn told(before: Option<&str>, after: Option<&str>) -> String {
        let read = |text: &str| parse(PATH, text, Scope::Alone).unwrap();
        let (before, after) = (before.map(read), after.map(read));
        let line =
            |change: PolicyChange| format!("{}{}", if change.loosens { "! " } else { "  " }, change.words);
        changes(before.as_ref(), after.as_ref()).into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn it_says_who_gains_or_loses_what_and_first_what_is_looser() {
        let after = BEFORE
            .replace("mode: enforce", "mode: advise")
            .replace("triager: [acme/triage]", "triager: [acme/triage, sam]")
            .replace("release-manager: [rita]", "release-manager: [dana]")
            .replace("qa: [acme/qa], policy: [rita, dana]", "policy: [rita, dana, sam]")
            .replace("change: accepted", "plan: back-out")
            .replace("Tue-Thu", "Mon-Fri");
        insta::assert_snapshot!(told(Some(BEFORE), Some(&after)), @"
        ! the mode goes down from `enforce` to `advise`
        ! `sam` may triage change requests
        ! `dana` may plan releases
        ! `sam` signs for `policy`
        ! `production` no longer demands every change accepted (always)
          `rita` may no longer plan releases
          `acme/qa` no longer signs for `qa`
          `production` demands a back-out plan (always)
          no longer: environment production: production; open Tue-Thu 09:00-16:00
          new: environment production: production; open Mon-Fri 09:00-16:00
        ");
    }

    #[test]
    fn it_says_who_may_ask_from_a_pipeline_and_who_no_longer() {
        let with = |pipelines: &str| format!("{BEFORE}pipelines:\n{pipelines}\n");
        let file = |name: &str| format!("acme/deploy/.github/workflows/{name}.yml@refs/heads/main");
        let pins = |names: &[&str]| {
            with(&format!(
                "  workflows: [{}]",
                names.iter().map(|it| file(it)).collect::<Vec<_>>().join(", ")
            ))
        };
        insta::assert_snapshot!(told(Some(BEFORE), Some(&pins(&["a", "b"]))), @"  only `acme/deploy/.github/workflows/a.yml@refs/heads/main` and `acme/deploy/.github/workflows/b.yml@refs/heads/main` may ask for a decision");
        insta::assert_snapshot!(told(Some(&pins(&["a", "b"])), Some(&pins(&["b", "c"]))), @"
        ! `acme/deploy/.github/workflows/c.yml@refs/heads/main` may ask for a decision
          `acme/deploy/.github/workflows/a.yml@refs/heads/main` may no longer ask for a decision
        ");
        insta::assert_snapshot!(told(Some(&pins(&["a"])), Some(BEFORE)), @"! any workflow may ask for a decision");
        let issuer = with(
            "  issuers: [{ issuer: \"https://ci.example.com\", repository: acme/web, when: { job: web } }]",
        );
        insta::assert_snapshot!(told(Some(BEFORE), Some(&issuer)), @"! tokens of https://ci.example.com ask for acme/web where job is web");
        insta::assert_snapshot!(told(Some(&issuer), Some(BEFORE)), @"  no longer: tokens of https://ci.example.com ask for acme/web where job is web");
    }

    #[test]
    fn it_says_which_limit_is_raised_and_that_this_loosens() {
        let with = |limits: &str| format!("{BEFORE}intake: {{ limits: {{ {limits} }} }}\n");
        let (was, is) =
            (with("accepted: 40, in-work: 12, ready: 5"), with("accepted: 50, in-work: 10, scheduled: 9"));
        insta::assert_snapshot!(told(Some(&was), Some(&is)), @"
        ! at most 50 change requests may be accepted at once, where it was 40
        ! any number of change requests may be ready at once, where it was 5
          at most 9 change requests may be scheduled at once
          at most 10 change requests may be in work at once, where it was 12
        ");
        assert_eq!(told(Some(&was), Some(&was)), "");
    }

    #[test]
    fn it_says_whether_one_accepts_ones_own() {
        let refused = format!("{BEFORE}intake: {{ own: refused }}\n");
        assert_eq!(told(Some(BEFORE), Some(&refused)), "  nobody may accept what they asked for");
        assert_eq!(told(Some(&refused), Some(BEFORE)), "! a triager may accept what they asked for");
    }

    #[test]
    fn a_first_file_a_deleted_one_and_one_that_says_the_same_are_told_too() {
        insta::assert_snapshot!(told(None, Some(BEFORE)), @"
        ! `acme/triage` may triage change requests
        ! `rita` may plan releases
        ! `rita` signs for `policy`
        ! `dana` signs for `policy`
        ! `acme/qa` signs for `qa`
          the mode goes up from `observe` to `enforce`
          `production` demands every change accepted (always)
          `production` demands every commit traced (always)
          new: environment production: production; open Tue-Thu 09:00-16:00
          new: production: rollback allowed
        ");
        insta::assert_snapshot!(told(Some(BEFORE), None), @"! the policy is deleted: nothing is decided any more");
        assert_eq!(told(Some(BEFORE), Some(&format!("# The rules.\n{BEFORE}"))), "");
        let renamed = format!("{BEFORE}labels: {{ accepted: yes }}\n");
        insta::assert_snapshot!(told(Some(BEFORE), Some(&renamed)), @"  names of labels or other details");
    }
}
