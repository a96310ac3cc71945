//! All that is known of a repository becomes another tenant's, at once, and nothing of it is lost.

use changegate::{
    domain::{
        audit::AuditEntry,
        effect::{Call, Effect},
        facts::{Answer, Question},
        ids::{IssueRef, RepoId, SubjectId, TenantId},
        subject::Relation,
    },
    store::{Claim, EffectClaim, EffectOutcome, Outcome, Routing, Settled, Settlement, Store},
};
use tokio::task::JoinSet;

use super::bench::{
    Bench, at, decided, decided_to, decided_with, delivery, event, milestone, milestone_state, on_both,
    other, release, release_state, repository, repository_state, tally, tenant,
};

/// Tells the store that repository 7 went from one tenant to another.
async fn transfer(bench: &Bench, id: &str, from: &TenantId, to: &TenantId) {
    let to = Routing::Moved {
        from: from.clone(),
        tenant: to.clone(),
        repo: RepoId(7),
        event: Box::new(event(id)),
        subjects: vec![repository(7)],
    };
    route(&bench.store, id, to).await;
}

/// Keeps a delivery, and routes it.
async fn route(store: &Store, id: &str, routing: Routing) {
    store.keep(delivery(id, "{}")).await.unwrap();
    let claimed = store.claim_deliveries(64).await.unwrap();
    let claimed = claimed.into_iter().find(|claimed| claimed.id == id).expect("nobody else routes");
    store.settle_routing(vec![(claimed.key, routing)], at(0)).await.unwrap();
}

fn told(tenant: &TenantId, id: &str, subjects: &[SubjectId]) -> Routing {
    Routing::To { tenant: tenant.clone(), event: Box::new(event(id)), subjects: subjects.to_vec() }
}

/// Everything that is due, as tenant and subject.
async fn due(bench: &Bench) -> Vec<Claim> {
    bench.store.claim_subjects(64, at(0)).await.unwrap()
}

fn names(claims: &[Claim]) -> Vec<String> {
    let mut names: Vec<String> =
        claims.iter().map(|claim| format!("{} {}", claim.tenant, claim.subject)).collect();
    names.sort();
    names
}

/// Settles this subject of this tenant, and gives back whatever else is due.
async fn decide(bench: &Bench, tenant: &TenantId, subject: &SubjectId, outcome: Outcome) {
    bench.store.look_again(tenant, std::slice::from_ref(subject), at(0)).await.unwrap();
    for claim in due(bench).await {
        let is_it = claim.tenant == *tenant && claim.subject == *subject;
        let outcome = if is_it { outcome.clone() } else { Outcome::Ignored("not now".into()) };
        assert_eq!(bench.settle(claim, outcome).await, Settled::Done);
    }
}

async fn shown(bench: &Bench, tenant: &TenantId, subject: &SubjectId) -> Option<String> {
    let views = bench.store.views(&[(tenant.clone(), subject.clone())]).await.unwrap();
    let view = views.into_values().next()?;
    view.as_milestone().map(|milestone| milestone.title.clone())
}

#[tokio::test]
async fn subjects_their_views_and_what_happened_to_them_are_the_new_tenants() {
    on_both(async |bench| {
        let new = other(2);
        let views = [milestone(1), repository(8)];
        decide(bench, &tenant(), &repository(7), decided(repository_state(7, "acme/web", None))).await;
        decide(bench, &tenant(), &repository(8), decided(repository_state(8, "acme/app", None))).await;
        decide(bench, &tenant(), &milestone(1), decided(milestone_state(1, "a", None))).await;
        route(&bench.store, "waiting", told(&tenant(), "waiting", &views)).await;
        transfer(bench, "moved", &tenant(), &new).await;
        assert_eq!(shown(bench, &tenant(), &milestone(1)).await, None);
        assert_eq!(shown(bench, &new, &milestone(1)).await.as_deref(), Some("a"));
        let named = Question::RepositoryNamed("acme/web".parse().unwrap());
        let answered = bench.store.answer(&tenant(), &[named]).await.unwrap().remove(0);
        assert_eq!(answered.answer, Answer::RepositoryNamed(None), "the name is free");
        let claims = due(bench).await;
        assert_eq!(
            names(&claims),
            ["github.com/1 repository/8", "github.com/2 milestone/7/1", "github.com/2 repository/7"]
        );
        for claim in &claims {
            let told = if claim.subject == repository(7) { "moved" } else { "waiting" };
            let (events, version) = (vec![event(told)], 1);
            assert_eq!((&claim.events, claim.version, claim.attempts), (&events, version, 0));
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_read_it_or_is_pointed_at_by_it_elsewhere_is_woken_on_both_sides() {
    on_both(async |bench| {
        let new = other(2);
        decide(bench, &tenant(), &repository(7), decided(repository_state(7, "acme/web", None))).await;
        decide(bench, &tenant(), &milestone(1), decided(milestone_state(1, "a", Some("r")))).await;
        let reader = SubjectId::Milestone(RepoId(8), 1);
        for tenant in [tenant(), new.clone()] {
            let questions =
                [Question::View(milestone(1)), Question::RepositoryNamed("acme/web".parse().unwrap())];
            let answered = bench.store.answer(&tenant, &questions).await.unwrap();
            let reads = answered.into_iter().flat_map(|answered| answered.read).collect();
            decide(bench, &tenant, &reader, decided_with(milestone_state(1, "b", None), reads)).await;
        }
        for claim in due(bench).await {
            bench.settle(claim, Outcome::Ignored("calm".into())).await;
        }
        transfer(bench, "moved", &tenant(), &new).await;
        let claims = due(bench).await;
        assert_eq!(
            names(&claims),
            [
                "github.com/1 milestone/8/1",
                "github.com/1 release/train/r",
                "github.com/2 milestone/7/1",
                "github.com/2 milestone/8/1",
                "github.com/2 repository/7"
            ]
        );
        let question = Question::PointingAt(release("r"), Relation::In);
        for tenant in [tenant(), new] {
            let answered =
                bench.store.answer(&tenant, std::slice::from_ref(&question)).await.unwrap().remove(0);
            assert_eq!(
                answered.answer,
                Answer::PointingAt(vec![]),
                "{tenant}: nobody, until it is judged anew"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_judges_while_it_moves_holds_nothing_any_more_or_judges_again() {
    on_both(async |bench| {
        let new = other(2);
        decide(bench, &tenant(), &milestone(1), decided(milestone_state(1, "a", None))).await;
        let reader = SubjectId::Milestone(RepoId(8), 1);
        let mut held = vec![];
        for (tenant, subject) in
            [(tenant(), milestone(1)), (tenant(), reader.clone()), (new.clone(), reader.clone())]
        {
            bench.store.look_again(&tenant, &[subject], at(0)).await.unwrap();
            held.extend(due(bench).await);
        }
        let question = [Question::View(milestone(1))];
        let mut answers = vec![];
        for claim in &held {
            let answered = bench.store.answer(&claim.tenant, &question).await.unwrap().remove(0);
            answers.push(answered.read);
        }
        transfer(bench, "moved", &tenant(), &new).await;
        let mut settled = vec![];
        for (claim, reads) in held.into_iter().zip(answers) {
            settled.push(bench.settle(claim, decided_with(milestone_state(1, "late", None), reads)).await);
        }
        assert_eq!(settled, [Settled::Lost, Settled::Conflict, Settled::Conflict]);
    })
    .await;
}

#[tokio::test]
async fn of_two_rows_about_one_subject_that_stays_which_was_decided_more_often() {
    on_both(async |bench| {
        let new = other(2);
        let versions = [
            (1, tenant(), 3, "old"),
            (1, new.clone(), 1, "new"),
            (2, tenant(), 1, "old"),
            (2, new.clone(), 2, "new"),
        ];
        for (number, tenant, times, title) in &versions {
            for time in 1..=*times {
                let state = milestone_state(*number, &format!("{title} {time}"), Some(title));
                decide(bench, tenant, &milestone(*number), decided(state)).await;
            }
        }
        transfer(bench, "moved", &tenant(), &new).await;
        assert_eq!(shown(bench, &new, &milestone(1)).await.as_deref(), Some("old 3"));
        assert_eq!(shown(bench, &new, &milestone(2)).await.as_deref(), Some("new 2"));
        assert_eq!(
            names(&due(bench).await),
            [
                "github.com/1 release/train/old",
                "github.com/2 milestone/7/1",
                "github.com/2 milestone/7/2",
                "github.com/2 release/train/new",
                "github.com/2 repository/7"
            ]
        );
        assert_eq!(bench.number("SELECT count(*) FROM subject WHERE id LIKE 'milestone%'").await, 2);
    })
    .await;
}

#[tokio::test]
async fn what_only_the_row_that_gave_way_had_been_told_is_told_again() {
    on_both(async |bench| {
        let new = other(2);
        for title in ["a", "b"] {
            decide(bench, &tenant(), &milestone(1), decided(milestone_state(1, title, None))).await;
        }
        route(&bench.store, "early", told(&new, "early", &[milestone(1)])).await;
        for claim in due(bench).await {
            bench.settle(claim, decided(milestone_state(1, "c", None))).await;
        }
        transfer(bench, "moved", &tenant(), &new).await;
        let again = bench.store.claim_deliveries(64).await.unwrap();
        assert_eq!(again.iter().map(|it| (it.id.as_str(), it.again)).collect::<Vec<_>>(), [("early", false)]);
    })
    .await;
}

#[tokio::test]
async fn late_deliveries_are_led_on_and_a_listed_repository_is_back() {
    on_both(async |bench| {
        let (second, third) = (other(2), other(3));
        decide(bench, &tenant(), &milestone(1), decided(milestone_state(1, "a", None))).await;
        transfer(bench, "first", &tenant(), &second).await;
        transfer(bench, "second", &second, &third).await;
        for claim in due(bench).await {
            bench.settle(claim, Outcome::Ignored("calm".into())).await;
        }
        let subjects = [SubjectId::Account, repository(7), milestone(1)];
        route(&bench.store, "late", told(&tenant(), "late", &subjects)).await;
        let claims = due(bench).await;
        assert_eq!(
            names(&claims),
            ["github.com/1 account", "github.com/3 milestone/7/1", "github.com/3 repository/7"]
        );
        for claim in claims {
            let events = if claim.subject == repository(7) { vec![] } else { vec![event("late")] };
            assert_eq!(claim.events, events, "{}: the old name is of no interest", claim.subject);
            bench.settle(claim, Outcome::Ignored("calm".into())).await;
        }
        bench.tamper("UPDATE moved SET at = at - 259200000000").await;
        route(&bench.store, "later", told(&second, "later", &[milestone(1)])).await;
        assert_eq!(
            names(&due(bench).await),
            ["github.com/2 milestone/7/1"],
            "three days later it is back there"
        );
    })
    .await;
}

fn comment(body: &str) -> Effect {
    let on = IssueRef { repo: RepoId(7), number: 1 };
    Effect::new(Call::Comment {
        on,
        purpose: "status".into(),
        body: body.into(),
        was_on: std::collections::BTreeSet::new(),
    })
}

/// Decides to write the comment, and claims it.
async fn writes(bench: &Bench, tenant: &TenantId, body: &str) -> EffectClaim {
    decide(
        bench,
        tenant,
        &milestone(1),
        decided_to(milestone_state(1, body, None), vec![comment(body)], vec![]),
    )
    .await;
    bench.store.claim_effects(64, at(0)).await.unwrap().remove(0)
}

#[tokio::test]
async fn the_comment_that_was_written_is_kept_and_one_written_twice_is_looked_up() {
    on_both(async |bench| {
        let new = other(2);
        let sent = |remote: &str| EffectOutcome::Sent { remote: Some(remote.into()) };
        let claim = writes(bench, &tenant(), "a").await;
        bench.store.settle_effects(vec![(claim, sent("11"))], at(0)).await.unwrap();
        transfer(bench, "moved", &tenant(), &new).await;
        assert_eq!(bench.store.claim_effects(64, at(0)).await.unwrap(), [], "GitHub shows it already");
        let claim = writes(bench, &new, "b").await;
        assert_eq!(
            (claim.tenant.clone(), claim.remote.as_deref(), claim.attempts),
            (new.clone(), Some("11"), 0)
        );
        let refused = EffectOutcome::Refused { why: "gone".into() };
        bench.store.settle_effects(vec![(claim, refused)], at(0)).await.unwrap();
        let claim = writes(bench, &tenant(), "c").await;
        bench.store.settle_effects(vec![(claim, sent("22"))], at(0)).await.unwrap();
        transfer(bench, "back", &new, &tenant()).await;
        let claim = bench.store.claim_effects(64, at(0)).await.unwrap().remove(0);
        assert_eq!((claim.tenant.clone(), claim.remote.clone()), (tenant(), None), "to be looked up");
        assert!(claim.attempts > 0);
        assert_eq!(bench.store.refused_effects().await.unwrap().items, []);
    })
    .await;
}

#[tokio::test]
async fn an_effect_on_its_way_while_it_moves_is_sent_by_the_new_tenant_which_looks_first() {
    on_both(async |bench| {
        let new = other(2);
        let claim = writes(bench, &tenant(), "a").await;
        transfer(bench, "moved", &tenant(), &new).await;
        let sent = EffectOutcome::Sent { remote: Some("11".into()) };
        bench.store.settle_effects(vec![(claim, sent)], at(0)).await.unwrap();
        let claim = bench.store.claim_effects(64, at(0)).await.unwrap().remove(0);
        assert_eq!((claim.tenant, claim.attempts), (new, 1));
    })
    .await;
}

const TITLES: [&str; 2] = ["r", "s"];

async fn judge(store: &Store, claim: &Claim) -> Outcome {
    match &claim.subject {
        SubjectId::Milestone(_, number) => {
            let title = TITLES[(*number as usize + claim.version as usize) % TITLES.len()];
            let told = AuditEntry::new("milestone.told").fact("events", claim.events.len());
            decided_to(milestone_state(*number, "a", Some(title)), vec![], vec![told])
        }
        SubjectId::Release(id) => {
            let question = Question::PointingAt(claim.subject.clone(), Relation::In);
            let answered = store.answer(&claim.tenant, &[question]).await.unwrap().remove(0);
            let Answer::PointingAt(members) = answered.answer else { panic!("another answer") };
            decided_with(release_state(&id.title, members.len()), answered.read)
        }
        SubjectId::Account
        | SubjectId::Repository(_)
        | SubjectId::PullRequest(_)
        | SubjectId::ChangeRequest(_)
        | SubjectId::Commit(..)
        | SubjectId::Environment(..)
        | SubjectId::Promotion(..) => Outcome::Ignored("only milestones and releases".into()),
    }
}

/// Claims and settles one batch; what is in conflict is given back.
async fn step(store: &Store) -> usize {
    let claims = store.claim_subjects(8, at(0)).await.unwrap();
    let mut settlements = vec![];
    for claim in &claims {
        settlements.push(Settlement { claim: claim.clone(), outcome: judge(store, claim).await });
    }
    let settled = store.settle(settlements, at(0)).await.unwrap();
    for (claim, settled) in claims.iter().zip(settled) {
        if settled == Settled::Conflict {
            let outcome = Outcome::Retry { at: at(0), why: "again".into() };
            store.settle(vec![Settlement { claim: claim.clone(), outcome }], at(0)).await.unwrap();
        }
    }
    claims.len()
}

/// Routes what is waiting: deliveries `A…` and `B…` tell their tenant, `AB…` and `BA…` move the repository.
async fn route_all(store: &Store) {
    let (a, b) = (tenant(), other(2));
    for claimed in store.claim_deliveries(4).await.unwrap() {
        let number = claimed.id.bytes().map(u64::from).sum::<u64>() % 6;
        let moved = |from: &TenantId, to: &TenantId| Routing::Moved {
            from: from.clone(),
            tenant: to.clone(),
            repo: RepoId(7),
            event: Box::new(event(&claimed.id)),
            subjects: vec![repository(7)],
        };
        let routing = match &claimed.id[..2] {
            "AB" => moved(&a, &b),
            "BA" => moved(&b, &a),
            "A-" => told(&a, &claimed.id, &[milestone(number)]),
            _ => told(&b, &claimed.id, &[milestone(number)]),
        };
        store.settle_routing(vec![(claimed.key, routing)], at(0)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repository_that_goes_to_and_fro_under_load_is_in_one_place_in_the_end() {
    on_both(async |bench| {
        let mut tasks = JoinSet::new();
        for worker in 0..4 {
            let store = bench.store.clone();
            tasks.spawn(async move {
                for round in 0..30 {
                    let kind = match (worker, round % 10) {
                        (0, 3) => "AB",
                        (0, 8) => "BA",
                        (_, even) if even % 2 == 0 => "A-",
                        _ => "B-",
                    };
                    store.keep(delivery(&format!("{kind}{worker}-{round}"), "{}")).await.unwrap();
                    route_all(&store).await;
                    step(&store).await;
                }
            });
        }
        tasks.join_all().await;
        route(
            &bench.store,
            "AB end",
            Routing::Moved {
                from: tenant(),
                tenant: other(2),
                repo: RepoId(7),
                event: Box::new(event("end")),
                subjects: vec![repository(7)],
            },
        )
        .await;
        loop {
            route_all(&bench.store).await;
            if step(&bench.store).await == 0 && bench.store.counts(at(0)).await.unwrap().unrouted == 0 {
                break;
            }
        }
        assert!(bench.store.counts(at(0)).await.unwrap().is_idle());
        assert_eq!(bench.number("SELECT count(*) FROM subject_event").await, 0);
        for table in ["SELECT count(*) FROM subject WHERE id", "SELECT count(*) FROM edge WHERE source"] {
            let left = bench.number(&format!("{table} LIKE 'milestone%' AND tenant = 'github.com/1'")).await;
            assert_eq!(left, 0, "{table}");
        }
        assert_eq!(bench.number("SELECT count(*) FROM subject WHERE id LIKE 'milestone%'").await, 6);
        for tenant in [tenant(), other(2)] {
            for title in TITLES {
                let pointing = format!(
                    "SELECT count(*) FROM edge WHERE tenant = '{tenant}' AND target = 'release/train/{title}'"
                );
                let asked = (tenant.clone(), release(title));
                let views = bench.store.views(std::slice::from_ref(&asked)).await.unwrap();
                let shown = views.get(&asked).and_then(|view| view.as_release());
                let members = shown.map_or(0, |release| release.milestones.len());
                assert_eq!(
                    i64::try_from(members).unwrap(),
                    bench.number(&pointing).await,
                    "{tenant} {title}"
                );
            }
        }
        let report = bench.store.audit_verify().await.unwrap();
        assert!(report.is_whole(), "{report:?}");
        assert_eq!(tally(report.tenants.iter().map(|it| it.entries > 0)).len(), 1);
    })
    .await;
}
