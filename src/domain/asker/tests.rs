//! Who may ask for what, claim by claim.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::*;
use crate::domain::{
    ids::{AccountId, SubjectId},
    policy::{Scope, parse},
};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const WORKFLOW: &str = "acme/deploy/.github/workflows/deploy.yml@refs/heads/main";
const PINNED: &str =
    "pipelines: { workflows: [\"acme/deploy/.github/workflows/deploy.yml@refs/heads/main\"] }\n";

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn tenant() -> TenantId {
    TenantId::new("github.com", AccountId(1))
}

fn proof() -> Proof {
    Proof { id: "x".into(), expires_at: time(300) }
}

fn policy(text: &str) -> EffectivePolicy {
    let policy = parse("p.yml", text, Scope::Organisation).unwrap_or_else(|errors| panic!("{errors:?}"));
    EffectivePolicy::of(Some(Arc::new(policy)), None).unwrap()
}

/// As GitHub writes them, with these instead; `null` takes one away.
fn claims(with: &[(&str, Value)]) -> Map<String, Value> {
    let mut claims = json!({
        "repository": "acme/web", "repository_id": "7", "repository_owner": "acme", "repository_owner_id": "1",
        "environment": "production", "ref": "refs/heads/main", "sha": SHA, "run_id": "900", "run_attempt": "2",
        "event_name": "push", "job_workflow_ref": WORKFLOW, "job_workflow_sha": SHA, "actor": "dana",
        "actor_id": "41", "sub": "repo:acme/web:environment:production",
    });
    let all = claims.as_object_mut().unwrap();
    for (claim, value) in with {
        if value.is_null() {
            all.remove(*claim)
        } else {
            all.insert((*claim).into(), value.clone())
        };
    }
    all.clone()
}

fn job(with: &[(&str, Value)]) -> Result<Asker, Refused> {
    Actions::read(&claims(with), proof())
        .map(|job| Asker { tenant: tenant(), kind: Kind::Actions(Box::new(job)) })
}

fn wanted() -> Wanted {
    Wanted {
        tenant: tenant(),
        repository: RepoId(7),
        name: "acme/web".parse().unwrap(),
        environment: "production".into(),
        sha: SHA.parse().unwrap(),
        reference: Some("refs/heads/main".into()),
        run: "900".into(),
        attempt: 2,
        is_bell: false,
    }
}

fn said(result: Result<(), Refused>) -> &'static str {
    result.map_or_else(|refused| refused.reason.code(), |()| "may")
}

fn asked(with: &[(&str, Value)], policy: &EffectivePolicy) -> &'static str {
    said(job(with).and_then(|asker| may(&asker, Deed::Gate, &wanted(), Some(policy))))
}

#[test]
fn a_job_of_github_actions_asks_for_itself_alone() {
    let pinned = policy(PINNED);
    assert_eq!(asked(&[], &pinned), "may");
    let mut wrong = vec![];
    for (claim, value, code) in [
        ("repository_id", json!("8"), "repository_not_allowed"),
        ("repository_id", json!(7), "claim_malformed"),
        ("repository_id", json!("07"), "claim_malformed"),
        ("repository_id", json!("+7"), "claim_malformed"),
        ("repository_id", json!("７"), "claim_malformed"),
        ("repository_id", json!(""), "claim_malformed"),
        ("repository_id", json!(["7"]), "claim_malformed"),
        ("repository_id", json!("99999999999999999999999"), "claim_malformed"),
        ("repository_id", json!(null), "claim_missing"),
        ("repository_owner_id", json!(null), "claim_missing"),
        ("repository_owner_id", json!("acme"), "claim_malformed"),
        ("environment", json!(null), "environment_missing"),
        ("environment", json!("staging"), "environment_not_allowed"),
        ("environment", json!("Рroduction"), "environment_not_allowed"),
        ("environment", json!("production "), "environment_not_allowed"),
        ("environment", json!("prod\u{200b}uction"), "environment_not_allowed"),
        ("environment", json!(""), "environment_not_allowed"),
        ("environment", json!(["production"]), "claim_malformed"),
        ("ref", json!("refs/heads/feature"), "ref_not_allowed"),
        ("ref", json!(null), "claim_missing"),
        ("sha", json!("f".repeat(40)), "sha_not_allowed"),
        ("sha", json!("0123456"), "claim_malformed"),
        ("run_id", json!("901"), "run_not_allowed"),
        ("run_id", json!(null), "claim_missing"),
        ("run_attempt", json!("1"), "run_not_allowed"),
        ("run_attempt", json!("4294967298"), "claim_malformed"),
        ("event_name", json!("pull_request_target"), "event_not_allowed"),
        ("event_name", json!("workflow_run"), "event_not_allowed"),
        ("event_name", json!("issue_comment"), "event_not_allowed"),
        ("event_name", json!("pull_request"), "event_not_allowed"),
        ("event_name", json!("repository_dispatch"), "event_not_allowed"),
        ("event_name", json!("merge_group"), "event_not_allowed"),
        ("event_name", json!("Push"), "event_not_allowed"),
        ("event_name", json!("weather"), "event_not_allowed"),
        ("event_name", json!(null), "claim_missing"),
        ("job_workflow_ref", json!(null), "claim_missing"),
        ("job_workflow_ref", json!("deploy.yml"), "claim_malformed"),
        ("actor_id", json!("dana"), "claim_malformed"),
    ] {
        let said = asked(&[(claim, value.clone())], &pinned);
        wrong.extend((said != code).then(|| format!("{claim} {value}: {said}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn case_does_not_matter_in_an_environment_and_sub_never_does() {
    let pinned = policy(PINNED);
    for with in [
        ("environment", json!("PRODUCTION")),
        ("sub", json!("repo:evil/web:ref:refs/heads/x")),
        ("sub", json!("repository_owner_id:1:repository_id:7")),
        ("repository", json!("evil/web")),
        ("repository_owner", json!("evil")),
        ("actor", json!(null)),
        ("event_name", json!("deployment_status")),
    ] {
        assert_eq!(asked(std::slice::from_ref(&with), &pinned), "may", "{with:?}");
    }
}

#[test]
fn a_workflow_is_pinned_by_owner_repository_file_and_place_each_for_itself() {
    let pinned = policy(PINNED);
    let by_commit = policy(&PINNED.replace("refs/heads/main", SHA));
    let anywhere = policy("mode: enforce\n");
    for (workflow, by_ref) in [
        ("ACME/Deploy/.github/workflows/deploy.yml@refs/heads/main", "may"),
        ("acme/deploy/.github/workflows/deploy.yml-evil@refs/heads/main", "workflow_not_allowed"),
        ("acme/deploy/.github/workflows/Deploy.yml@refs/heads/main", "workflow_not_allowed"),
        ("acme/deploy/.github/workflows/deploy.yml@refs/heads/main2", "workflow_not_allowed"),
        ("acme/deploy/.github/workflows/deploy.yml@refs/heads/x", "workflow_not_allowed"),
        ("acme/deploy/.github/workflows/deploy.yml@refs/heads/Main", "workflow_not_allowed"),
        ("acme/deploy/.github/workflows/deploy.yml@refs/tags/main", "workflow_not_allowed"),
        ("acme/deploy/.github/workflows/deploy.yml@x@refs/heads/main", "workflow_not_allowed"),
        ("acme/deploy/.github/workflows/x.yml@refs/heads/main", "workflow_not_allowed"),
        ("acme/deploy-evil/.github/workflows/deploy.yml@refs/heads/main", "workflow_not_allowed"),
        ("acme-evil/deploy/.github/workflows/deploy.yml@refs/heads/main", "workflow_not_allowed"),
        ("evil/acme/deploy/.github/workflows/deploy.yml@refs/heads/main", "workflow_not_allowed"),
    ] {
        let with = [("job_workflow_ref", json!(workflow))];
        assert_eq!(asked(&with, &pinned), by_ref, "{workflow}");
        assert_eq!(asked(&with, &anywhere), "may", "{workflow}");
    }
    assert_eq!(asked(&[], &by_commit), "may");
    assert_eq!(asked(&[("job_workflow_sha", json!("f".repeat(40)))], &by_commit), "workflow_not_allowed");
    assert_eq!(asked(&[("job_workflow_sha", json!(null))], &by_commit), "workflow_not_allowed");
}

#[test]
fn a_token_is_bound_to_repository_environment_commit_run_and_attempt() {
    let bound = wanted().bound();
    assert_eq!(Wanted { environment: "PRODUCTION".into(), reference: None, ..wanted() }.bound(), bound);
    for other in [
        Wanted { repository: RepoId(8), ..wanted() },
        Wanted { environment: "staging".into(), ..wanted() },
        Wanted { sha: "f".repeat(40).parse().unwrap(), ..wanted() },
        Wanted { run: "901".into(), ..wanted() },
        Wanted { attempt: 3, ..wanted() },
    ] {
        assert_ne!(other.bound(), bound, "{other:?}");
    }
}

#[test]
fn another_tenant_or_a_name_with_a_double_is_refused_whoever_asks() {
    let policy = policy(PINNED);
    let asker = job(&[("environment", json!("staging\u{212a}"))]).unwrap();
    let elsewhere = Wanted { tenant: TenantId::new("github.com", AccountId(2)), ..wanted() };
    assert_eq!(said(may(&asker, Deed::Gate, &elsewhere, Some(&policy))), "repository_not_allowed");
    assert_eq!(said(may_follow(&asker, &elsewhere.tenant, RepoId(7))), "repository_not_allowed");
    assert_eq!(said(may_follow(&asker, &tenant(), RepoId(7))), "may");
    let double = Wanted { environment: "staging\u{212a}".into(), ..wanted() };
    assert_eq!(said(may(&asker, Deed::Gate, &double, Some(&policy))), "environment_not_allowed");
}

const GITLAB: &str = "
pipelines:
  issuers:
    - issuer: https://gitlab.example.com
      repository: acme/web
      environments: [production]
      when: { project_path: acme/web, ref_protected: \"true\", sha: \"{sha}\", pipeline: \"{run}\", env: \"{environment}\", ref: \"{ref}\" }
";

fn outsider(with: &[(&str, Value)]) -> Outsider {
    let mut claims = json!({ "project_path": "acme/web", "ref_protected": "true", "sha": SHA, "pipeline": "900",
        "env": "Production", "ref": "refs/heads/main" });
    let all = claims.as_object_mut().unwrap();
    all.extend(with.iter().map(|(claim, value)| ((*claim).to_owned(), value.clone())));
    Outsider {
        source: Source {
            issuer: "https://gitlab.example.com".into(),
            audience: "https://changegate.example.com".into(),
            keys: None,
        },
        repository: RepoId(7),
        claims: Outsider::texts(all),
        proof: proof(),
    }
}

#[test]
fn a_job_elsewhere_asks_where_every_claim_of_a_rule_is_as_policy_says() {
    let ask = |outsider: Outsider, wanted: &Wanted, text: &str| {
        let asker = Asker { tenant: tenant(), kind: Kind::Outsider(Box::new(outsider)) };
        said(may(&asker, Deed::Gate, wanted, Some(&policy(text))))
    };
    assert_eq!(ask(outsider(&[]), &wanted(), GITLAB), "may");
    for (claim, value) in [
        ("project_path", json!("acme/web2")),
        ("project_path", json!("Acme/web")),
        ("project_path", json!(["acme/web"])),
        ("ref_protected", json!("false")),
        ("ref_protected", json!(true)),
        ("sha", json!("f".repeat(40))),
        ("pipeline", json!("901")),
        ("pipeline", json!(900)),
        ("env", json!("staging")),
        ("ref", json!("refs/heads/x")),
        ("ref", json!(null)),
    ] {
        let refused = ask(outsider(&[(claim, value.clone())]), &wanted(), GITLAB);
        assert_eq!(refused, "claims_not_allowed", "{claim} {value}");
    }
    let elsewhere = Wanted { environment: "staging".into(), ..wanted() };
    assert_eq!(ask(outsider(&[("env", json!("staging"))]), &elsewhere, GITLAB), "claims_not_allowed");
    let unsaid = Wanted { reference: None, ..wanted() };
    assert_eq!(ask(outsider(&[]), &unsaid, GITLAB), "claims_not_allowed");
    assert_eq!(ask(outsider(&[]), &wanted(), "mode: enforce\n"), "claims_not_allowed");
}

#[test]
fn a_token_that_other_keys_prove_is_not_the_issuer_s() {
    let proved = |change: fn(&mut Source)| {
        let mut outsider = outsider(&[]);
        change(&mut outsider.source);
        let asker = Asker { tenant: tenant(), kind: Kind::Outsider(Box::new(outsider)) };
        let text = GITLAB
            .replace("      repository", "      audience: https://changegate.example.com\n      repository");
        said(may(&asker, Deed::Gate, &wanted(), Some(&policy(&text))))
    };
    assert_eq!(proved(|_| {}), "may");
    assert_eq!(proved(|source| source.keys = Some("https://evil.example/keys".into())), "claims_not_allowed");
    assert_eq!(proved(|source| source.issuer.push('/')), "claims_not_allowed");
    assert_eq!(proved(|source| source.audience = "https://other.example".into()), "claims_not_allowed");
}

#[test]
fn a_token_of_ours_does_what_it_is_for_where_it_is_for_it() {
    let grant = |environment: Option<&str>, may: &[Deed]| Grant {
        id: "t".into(),
        name: "CI".into(),
        repository: RepoId(7),
        repository_name: "acme/web".parse().unwrap(),
        environment: environment.map(str::to_owned),
        whole_account: false,
        may: may.iter().copied().collect(),
        created_at: time(0),
        expires_at: time(60),
    };
    let policy = policy("mode: enforce\n");
    for deed in Deed::ALL {
        for scope in Deed::ALL {
            let asker =
                Asker { tenant: tenant(), kind: Kind::Token(Box::new(grant(Some("Production"), &[scope]))) };
            let expected = if deed == scope { "may" } else { "scope_not_allowed" };
            let here = if deed == Deed::Read {
                sight(&asker).map(drop)
            } else {
                may(&asker, deed, &wanted(), Some(&policy))
            };
            assert_eq!(said(here), expected, "{deed} with {scope}");
            assert_eq!(said(may_follow(&asker, &tenant(), RepoId(8))), "repository_not_allowed");
        }
    }
    let staging = Asker { tenant: tenant(), kind: Kind::Token(Box::new(grant(Some("staging"), &Deed::ALL))) };
    assert_eq!(said(may(&staging, Deed::Gate, &wanted(), Some(&policy))), "environment_not_allowed");
    assert!(!grant(None, &[]).is_over(time(59)));
    assert!(grant(None, &[]).is_over(time(60)));
    let forever = Grant { expires_at: time(0) + LONGEST * 4, ..grant(None, &[]) };
    assert!(forever.is_over(time(0) + LONGEST));
}

#[test]
fn somebody_sees_what_is_theirs_and_the_whole_account_where_the_token_is_for_that() {
    let ours = |whole_account, environment: Option<&str>| Grant {
        id: "t".into(),
        name: "auditor".into(),
        repository: RepoId(7),
        repository_name: "acme/web".parse().unwrap(),
        environment: environment.map(str::to_owned),
        whole_account,
        may: [Deed::Read].into(),
        created_at: time(0),
        expires_at: time(60),
    };
    let of = |grant| sight(&Asker { tenant: tenant(), kind: Kind::Token(Box::new(grant)) }).unwrap();
    let there = |repo, name: &str| SubjectId::environment(RepoId(repo), name);
    let seen = |sight: &Sight| {
        [SubjectId::Account, there(7, "production"), there(7, "staging"), there(8, "production")]
            .map(|subject| sight.sees_subject(&subject))
    };
    assert_eq!(seen(&of(ours(false, None))), [false, true, true, false]);
    assert_eq!(seen(&of(ours(true, None))), [true; 4]);
    assert_eq!(seen(&of(ours(false, Some("Production")))), [false, true, false, false]);
    assert_eq!(seen(&sight(&job(&[]).unwrap()).unwrap()), [false, true, true, false]);
    let strangers = job(&[("event_name", json!("pull_request_target"))]).unwrap();
    assert_eq!(said(sight(&strangers).map(drop)), "event_not_allowed");
}

#[test]
fn each_reason_has_a_code_of_its_own_and_a_cure() {
    let codes: std::collections::BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
    assert!(Reason::ALL.iter().all(|reason| !reason.cure().is_empty() && !reason.cure().ends_with('.')));
}
