//! Whole files: those that are taken, those that are refused, and those that mean harm.

mod broken;
mod hostile;
mod questions;
mod schema;

use super::*;

const EXAMPLE: &str = include_str!("example.yml");

const SMALLEST: &str = "\
mode: observe
roles:
  triager: [acme/triage]
  release-manager: [rm]
groups:
  qa: [acme/qa]
";

fn taken(text: &str) -> Policy {
    parse("p.yml", text, Scope::Organisation).unwrap_or_else(|errors| panic!("{}", told(&errors)))
}

fn refused(text: &str) -> String {
    told(&parse("p.yml", text, Scope::Organisation).expect_err(text))
}

fn refused_beside_an_organisation(text: &str) -> String {
    told(&parse("p.yml", text, Scope::Repository).expect_err(text))
}

fn told(errors: &[PolicyError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_whole_example_is_taken_and_described() {
    insta::assert_snapshot!(taken(EXAMPLE).describe(), @r#"
    mode observe, times in Europe/Berlin
    triagers: team acme/triage
    release managers: team acme/release-managers
    break-glass: team acme/on-call
    auditors: team acme/audit
    group business: dana, lee
    group operations: team acme/ops
    group qa: team acme/qa
    limits: at most 40 accepted, 12 in work
    nobody accepts what they asked for
    intake label change-request; required fields: What is needed, Why, Who is affected; front door acme/requests; overdue after 5 working days; withdrawn after 14 days without information
    account sales: sponsor dana, weight 2, tier key, 2 slots of each release are kept for it
    account support: sponsor lee, weight 1
    train customer: 4 repository patterns, titles like 2026.12; leaves first Thursday 10:00; locks 7 days before; ships from release/{title}; control records in acme/requests; slots as the last five carried; milestones of the next 3 releases
    repositories acme/site-*: mode enforce; ships continuously; a pull request is its own change request
    repositories acme/web, acme/billing, acme/mail-*: ships by train
    repositories *: mode observe
    parts of acme/mono: api in prod-api (apps/api/**, libs/**), web in prod-web (apps/web/**, libs/**)
    environment production: production, prod-*; open Tue-Thu 09:00-16:00
      always: every commit traced; every change accepted; check ci by github-actions
      each release: signed by 1 of business, 1 of qa, 1 of release-manager; tried by qa and requester; a back-out plan; operations told 24 hours before
      each pull request that ships continuously: signed by 1 of review
      risk high and above: signed by 1 of operations
      emergency: 4 hours, approved within 1 working day, retrospective due in 5 working days
      rollback allowed
    standard change "dependency updates": by dependabot[bot], renovate[bot], only $dependency-files
    standard change "version bump": by acme-release[bot], only CHANGELOG.md, $dependency-files
    standard change "documentation": by anybody, only **/*.md, docs/**
    freeze "quarter end": 2026-12-28 00:00 to 2027-01-04 08:00, closes production
    channel triage is told of requests, queue, attempts, Mon-Fri 09:00
    channel releases is told of plans, releases, exceptions, at once, only Mon-Fri 08:00-18:00
    channel sales is told of requests, decisions, plans, deliveries, as far as sales asked for it, Fri 14:00
    channel on-call is told of exceptions, at once
    pipelines: only acme/deploy/.github/workflows/deploy.yml@refs/heads/main asks
    pipelines: tokens of https://gitlab.example.com ask for acme/web in production where project_path is acme/web and ref_protected is true and sha is {sha}
    "#);
}
