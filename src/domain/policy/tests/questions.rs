//! What a policy answers.

use super::*;
use std::sync::Arc;

fn effective(organisation: Option<&str>, repository: Option<(&str, Scope)>) -> EffectivePolicy {
    let organisation = organisation.map(|text| Arc::new(taken(text)));
    let repository = repository.map(|(text, scope)| {
        Arc::new(parse("r.yml", text, scope).unwrap_or_else(|errors| panic!("{}", told(&errors))))
    });
    EffectivePolicy::of(organisation, repository).expect("a policy")
}

#[test]
fn the_first_entry_that_matches_a_repository_counts_whole() {
    let policy = taken(EXAMPLE);
    for (repo, mode, ship, own_request) in [
        ("acme/site-docs", Mode::Enforce, Ship::Continuous, true),
        ("ACME/Site-Docs", Mode::Enforce, Ship::Continuous, true),
        ("acme/web", Mode::Observe, Ship::Train, false),
        ("acme/mail-out", Mode::Observe, Ship::Train, false),
        ("acme/requests", Mode::Observe, Ship::Train, false),
        ("acme/other", Mode::Observe, Ship::Continuous, false),
    ] {
        assert_eq!(policy.mode_for(repo), mode, "{repo}");
        assert_eq!(policy.ship_for(repo), ship, "{repo}");
        assert_eq!(policy.change_from_pull_request(repo), own_request, "{repo}");
    }
}

#[test]
fn a_pull_request_is_its_own_change_request_only_where_the_file_says_so() {
    let entry = |rest: &str| taken(&format!("repositories: [{{ match: acme/a{rest} }}]\n"));
    for (rest, expected) in [
        ("", false),
        (", ship: train", false),
        (", ship: continuous", true),
        (", ship: continuous, change: issue", false),
        (", change: pull-request", true),
    ] {
        assert_eq!(entry(rest).change_from_pull_request("acme/a"), expected, "{rest}");
    }
    assert!(!taken(SMALLEST).change_from_pull_request("acme/a"));
}

#[test]
fn a_milestone_is_a_release_only_in_its_train_and_by_its_title() {
    let policy = taken(EXAMPLE);
    let release = |repo, title| {
        policy.release_of(repo, title).map(|release| format!("{}/{}", release.train, release.title))
    };
    assert_eq!(release("acme/web", "2026.12").as_deref(), Some("customer/2026.12"));
    assert_eq!(release("Acme/Mail-Out", "2026.12").as_deref(), Some("customer/2026.12"));
    for (repo, title) in
        [("acme/web", "Backlog"), ("acme/web", "Q3"), ("acme/web", "2026.13"), ("acme/other", "2026.12")]
    {
        assert_eq!(release(repo, title), None, "{repo} {title}");
    }
}

#[test]
fn groups_and_roles_are_found_by_name_and_the_policy_group_defaults_to_release_managers() {
    let policy = taken(SMALLEST);
    assert_eq!(
        policy.group("qa"),
        Some(&[Who::Team { organisation: "acme".to_owned(), slug: "qa".to_owned() }][..])
    );
    assert_eq!(policy.group("policy"), Some(&[Who::Login("rm".to_owned())][..]));
    assert_eq!(policy.group("release-manager"), policy.group("policy"));
    assert_eq!(policy.group("nobody"), None);
    assert_eq!(policy.triagers().len(), 1);
    assert!(policy.role("break-glass").is_empty());
}

#[test]
fn what_a_file_does_not_say_has_a_default() {
    let policy = taken("mode: advise\n");
    assert_eq!(policy.intake().marker, Marker::Label("change-request".to_owned()));
    assert_eq!(policy.labels().accepted, "triage/accepted");
    assert_eq!(policy.zone().to_string(), "UTC");
    assert_eq!(policy.command_prefix(), None);
    assert_eq!(policy.mode_for("acme/web"), Mode::Advise);
    assert_eq!(policy.ship_for("acme/web"), Ship::Continuous);
}

#[test]
fn a_repositorys_own_file_can_tighten_the_mode_but_not_loosen_it() {
    for (organisation, repository, expected) in [
        ("mode: advise\n", "mode: enforce\n", Mode::Enforce),
        ("mode: enforce\n", "mode: observe\n", Mode::Enforce),
        ("mode: advise\n", "zone: UTC\n", Mode::Advise),
    ] {
        let both = effective(Some(organisation), Some((repository, Scope::Repository)));
        assert_eq!(both.mode_for("acme/web"), expected, "{organisation}{repository}");
    }
}

#[test]
fn required_fields_of_both_files_count_once() {
    let both = effective(
        Some("intake: { required: [Why, Who is affected] }\n"),
        Some(("intake: { required: [\"why?\", Back-out plan] }\n", Scope::Repository)),
    );
    assert_eq!(both.required_fields(), ["Why", "Who is affected", "Back-out plan"]);
}

#[test]
fn a_file_that_stands_alone_is_the_whole_policy() {
    let alone = effective(None, Some((SMALLEST, Scope::Alone)));
    assert_eq!(alone.triagers().len(), 1);
    assert_eq!(alone.mode_for("acme/web"), Mode::Observe);
    assert!(EffectivePolicy::of(None, None).is_none());
}

#[test]
fn a_group_that_the_organisation_does_not_define_is_named_with_its_place() {
    let rules = "environments:\n  production:\n    train: [{ approvals: { qa: 1, security: 1 } }]\n";
    let both = effective(Some(SMALLEST), Some((rules, Scope::Repository)));
    insta::assert_snapshot!(told(&both.undefined()), @"
    r.yml:3:35: `environments.production.train.approvals.security` names `security`, which the organisation's policy does not define
      ask its owners to define that group, or name another
    ");
}

#[test]
fn a_repositorys_own_file_takes_the_organisations_zone_unless_it_names_one() {
    for (own, expected) in [("mode: observe\n", "Europe/Berlin"), ("zone: Asia/Tokyo\n", "Asia/Tokyo")] {
        let both = effective(Some("zone: Europe/Berlin\n"), Some((own, Scope::Repository)));
        let part = both.parts().last().expect("two parts");
        assert_eq!(both.zone_of(part).to_string(), expected);
    }
}

#[test]
fn the_fingerprint_follows_the_content_and_not_the_form() {
    let one = "mode: observe\nroles:\n  triager: [acme/triage]\ngroups: {}\n";
    let same = "# words\nroles: { triager: [ \"Acme/Triage\" ] }\nmode: 'observe'\n";
    let other = "mode: advise\nroles:\n  triager: [acme/triage]\n";
    assert_eq!(fingerprint(&taken(one)), fingerprint(&taken(same)));
    assert_ne!(fingerprint(&taken(one)), fingerprint(&taken(other)));
    assert_eq!(fingerprint(&taken(one)).as_str().len(), 64);
}

#[test]
fn every_value_of_the_example_is_part_of_its_fingerprint() {
    let before = fingerprint(&taken(EXAMPLE));
    let edits = [
        ("mode: observe   ", "mode: advise   "),
        ("[acme/on-call]", "[acme/on-duty]"),
        ("[dana, lee]", "[dana, lea]"),
        ("label: change-request", "label: change-requests"),
        ("5 working days\n  withdraw", "6 working days\n  withdraw"),
        ("accepted: 40", "accepted: 41"),
        ("own: refused", "own: allowed"),
        ("tier: key", "tier: gold"),
        ("reserved: 2", "reserved: 1"),
        ("weight: 2", "weight: 3"),
        ("first Thursday 10:00", "first Thursday 11:00"),
        ("7 days before", "8 days before"),
        ("slots: auto", "slots: 12"),
        ("record: acme/requests", "record: acme/web"),
        ("ship: continuous,", "ship: train,"),
        ("change: pull-request, ", "change: issue, "),
        ("\"libs/**\"], environment: prod-api", "\"lib/**\"], environment: prod-api"),
        ("\"hotfix/*\"", "\"fix/*\""),
        ("Tue-Thu 09:00", "Tue-Thu 08:00"),
        ("finish-within: 2", "finish-within: 3"),
        ("qa: 1, business", "qa: 2, business"),
        ("before: 24 hours", "before: 2 days"),
        ("risk: high", "risk: medium"),
        ("lasts: 4 hours", "lasts: 5 hours"),
        ("rollback: allowed", "rollback: refused"),
        ("1 failed deployment", "2 failed deployments"),
        ("2027-01-04 08:00", "2027-01-04 09:00"),
    ];
    for (from, to) in edits {
        assert!(EXAMPLE.contains(from), "{from}");
        assert_ne!(fingerprint(&taken(&EXAMPLE.replacen(from, to, 1))), before, "{from}");
    }
}

#[test]
fn what_runs_in_a_guarded_environment_is_delivered_unless_a_policy_says_otherwise() {
    let own = |text| Some((text, Scope::Repository));
    let staging = "environments:\n  staging: { names: [staging, production], delivers: false }\n";
    for (environment, own, delivered) in [
        ("production", None, true),
        ("prod-eu", None, true),
        ("staging", None, false),
        ("staging", own(staging), false),
        ("production", own(staging), false),
        ("prod-eu", own(staging), true),
    ] {
        assert_eq!(effective(Some(EXAMPLE), own).delivers_to(environment), delivered, "{environment}");
    }
}

#[test]
fn a_later_program_gives_an_unchanged_file_the_same_fingerprint() {
    insta::assert_snapshot!(fingerprint(&taken(SMALLEST)), @"b598712c5ed3ba909fed2f358ce9e04d05adf165d07a95c31a04deece65f3ca9");
}

#[test]
fn two_files_together_have_a_fingerprint_of_their_own() {
    let alone = effective(Some(SMALLEST), None).fingerprint();
    let both = effective(Some(SMALLEST), Some(("mode: enforce\n", Scope::Repository))).fingerprint();
    assert_eq!(alone, fingerprint(&taken(SMALLEST)));
    assert_ne!(alone, both);
}

#[test]
fn what_is_merged_into_a_promotion_branch_or_touches_what_runs_goes_to_an_environment() {
    let policy = effective(
        Some(
            "environments:\n  production:\n    names: [\"prod-*\", live]\n    promote: { branches: [\"live/*\", main], paths: [\"deploy/**\"] }\n  stage:\n    promote: { paths: [\"**/stage.yml\"] }\n",
        ),
        None,
    );
    let into = |branch| policy.promoted_into(branch, Some("main")).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!([into("live/eu"), into("main"), into("other")], ["live", "", ""], "never the default branch");
    for (files, environments) in [
        (Some(vec!["deploy/a"]), "live"),
        (Some(vec!["deploy/stage.yml"]), "live stage"),
        (Some(vec!["src/a", "README.md"]), ""),
        (Some(vec![]), ""),
        (None, "live stage"),
    ] {
        let found = policy.promoted_by(files.as_deref()).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(found, environments, "{files:?}");
    }
}

#[test]
fn images_run_where_the_policy_says_or_in_the_one_environment_that_it_has() {
    let one = "environments: { live: { names: [Production, \"prod-*\"] } }\ngitops: { repository: Acme/Deploy, paths: [\"envs/prod/**\"], images: { ghcr.io/acme/web: acme/web } }\n";
    let policy = taken(one);
    let entry = &policy.gitops()[0];
    assert_eq!((entry.environment.as_str(), entry.repository.as_str()), ("production", "acme/deploy"));
    assert!(entry.covers("envs/prod/web/app.yaml") && !entry.covers("envs/test/app.yaml"));
    assert!(
        policy.describe().contains(
            "images in acme/deploy (envs/prod/**) run in production: ghcr.io/acme/web from acme/web"
        )
    );
    let accepted = |entries: &str| {
        let text = format!("environments: {{ production: {{}}, staging: {{}} }}\ngitops: [{entries}]\n");
        let policy = EffectivePolicy::of(Some(Arc::new(taken(&text))), None).unwrap();
        ["production", "staging"].map(|it| policy.accepts_label(&"acme/deploy".parse().unwrap(), it, "web"))
    };
    let entry = |rest: &str| {
        format!(
            "{{ repository: acme/deploy, paths: [a], images: {{ web: acme/web }}, environment: production{rest} }}"
        )
    };
    let (silent, accepts) = (entry(""), entry(", label: accepted"));
    assert_eq!(accepted(&silent), [false, false], "nobody has to trust who builds images");
    assert_eq!(accepted(&entry(", label: ignored")), [false, false]);
    assert_eq!(accepted(&accepts), [true, false]);
    assert_eq!(accepted(&format!("{accepts}, {silent}")), [false, false], "the stricter one counts");
    let effective = EffectivePolicy::of(Some(Arc::new(policy)), None).unwrap();
    let synced = |name: &str, files: Option<&[&str]>| {
        effective.synced_by(&name.parse().unwrap(), files).into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(synced("acme/deploy", Some(&["envs/prod/web.yaml"])), "production");
    assert_eq!(synced("acme/deploy", None), "production", "it may touch any");
    assert_eq!(synced("acme/deploy", Some(&["README.md"])), "");
    assert_eq!(synced("acme/web", Some(&["envs/prod/web.yaml"])), "");
}
