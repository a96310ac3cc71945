//! Whoever read what has changed is woken, and whoever is pointed at; later kinds only.

use changegate::{
    domain::{facts::Question, ids::SubjectId, subject::Relation},
    store::{Outcome, Settled},
};
use proptest::prelude::*;

use super::bench::{
    Bench, at, decided, decided_with, milestone, milestone_state, on_both, release, release_state,
    repository, repository_state,
};

/// Settles whatever is due, without changing anything more.
async fn calm(bench: &Bench) {
    for claim in bench.store.claim_subjects(64, at(0)).await.unwrap() {
        assert_eq!(bench.settle(claim, Outcome::Ignored("calm".into())).await, Settled::Done);
    }
}

async fn reading(bench: &Bench, subject: &SubjectId, questions: &[Question]) {
    let reads = bench.reads(questions).await;
    let state = match subject {
        SubjectId::Repository(repo) => repository_state(repo.0, &format!("acme/r{repo}"), None),
        SubjectId::Milestone(_, number) => milestone_state(*number, "a", None),
        SubjectId::Release(release) => release_state(&release.title, 0),
        SubjectId::Account
        | SubjectId::PullRequest(_)
        | SubjectId::ChangeRequest(_)
        | SubjectId::Commit(..)
        | SubjectId::Environment(..)
        | SubjectId::Promotion(..) => panic!("not here"),
    };
    bench.decide(subject, decided_with(state, reads)).await;
}

#[tokio::test]
async fn a_changed_view_wakes_its_later_readers_and_an_unchanged_one_nobody() {
    on_both(async |bench| {
        bench.decide(&repository(7), decided(repository_state(7, "acme/web", None))).await;
        reading(bench, &milestone(1), &[Question::View(repository(7))]).await;
        reading(bench, &milestone(2), &[Question::View(repository(8))]).await;
        reading(bench, &repository(9), &[Question::View(repository(7))]).await;
        bench.decide(&repository(7), decided(repository_state(7, "acme/web", None))).await;
        assert!(bench.due().await.is_empty());
        bench.decide(&repository(7), decided(repository_state(7, "acme/web", Some("mode: enforce")))).await;
        assert_eq!(bench.due().await, ["milestone/7/1"]);
    })
    .await;
}

#[tokio::test]
async fn a_view_that_did_not_exist_when_it_was_read_wakes_its_reader_when_it_comes_into_being() {
    on_both(async |bench| {
        reading(bench, &milestone(1), &[Question::View(repository(8))]).await;
        bench.decide(&repository(8), decided(repository_state(8, "acme/web", None))).await;
        assert_eq!(bench.due().await, ["milestone/7/1"]);
    })
    .await;
}

#[tokio::test]
async fn whoever_reads_no_more_is_woken_no_more() {
    on_both(async |bench| {
        reading(bench, &milestone(1), &[Question::View(repository(8))]).await;
        reading(bench, &milestone(1), &[]).await;
        bench.decide(&repository(8), decided(repository_state(8, "acme/web", None))).await;
        assert!(bench.due().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn who_is_pointed_at_comes_into_being_and_is_woken_when_that_begins_changes_and_ends() {
    on_both(async |bench| {
        let steps = [
            (milestone_state(1, "a", Some("r")), vec!["release/train/r"]),
            (milestone_state(1, "a", Some("r")), vec![]),
            (milestone_state(1, "b", Some("r")), vec!["release/train/r"]),
            (milestone_state(1, "b", Some("s")), vec!["release/train/r", "release/train/s"]),
            (milestone_state(1, "b", None), vec!["release/train/s"]),
        ];
        for (state, woken) in steps {
            bench.decide(&milestone(1), decided(state.clone())).await;
            let claims = bench.store.claim_subjects(64, at(0)).await.unwrap();
            let due: Vec<String> = claims.iter().map(|claim| claim.subject.to_string()).collect();
            assert_eq!(due, woken, "{state:?}");
            for claim in claims {
                assert_eq!(claim.hops, 1);
                bench.settle(claim, Outcome::Ignored("seen".into())).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_that_finds_its_repository_moves_or_is_lost_wakes_whoever_asked_for_it() {
    on_both(async |bench| {
        let asks = [Question::RepositoryNamed("acme/.github".parse().unwrap())];
        reading(bench, &milestone(1), &asks).await;
        let steps = [
            (8, "Acme/.GitHub", vec!["milestone/7/1"]),
            (8, "acme/.github", vec![]),
            (8, "acme/renamed", vec!["milestone/7/1"]),
            (9, "acme/.github", vec!["milestone/7/1"]),
            (8, "acme/other", vec![]),
            (8, "acme/.github", vec!["milestone/7/1"]),
            (9, "acme/elsewhere", vec![]),
        ];
        for (repo, name, woken) in steps {
            bench.decide(&repository(repo), decided(repository_state(repo, name, None))).await;
            let claims = bench.store.claim_subjects(64, at(0)).await.unwrap();
            let due: Vec<String> = claims.iter().map(|claim| claim.subject.to_string()).collect();
            assert_eq!(due, woken, "{repo} {name}");
            for claim in claims {
                bench.settle(claim, Outcome::Ignored("seen".into())).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_that_many_read_wakes_them_five_hundred_at_a_time() {
    on_both(async |bench| {
        bench.decide(&repository(8), decided(repository_state(8, "acme/web", None))).await;
        reading(bench, &milestone(1), &[Question::View(repository(8))]).await;
        let copy = "INSERT INTO reading (tenant, reader, kind, key)
                    SELECT tenant, 'milestone/7/' || (n + 10000), kind, key FROM reading,";
        let count = 1234;
        if bench.postgres {
            bench.tamper(&format!("{copy} generate_series(1, {count}) AS n")).await;
        } else {
            let numbers = format!(
                "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {count}) "
            );
            bench.tamper(&format!("{numbers}{copy} t")).await;
        }
        bench.decide(&repository(8), decided(repository_state(8, "acme/new", None))).await;
        assert!(bench.due().await.is_empty());
        assert_eq!(bench.store.counts(at(0)).await.unwrap().fan_outs, 1);
        let mut woken = vec![];
        loop {
            match bench.store.expand_fan_out(at(0)).await.unwrap() {
                0 => break,
                count => woken.push(count),
            }
        }
        assert_eq!(woken, [500, 500, 235]);
        assert_eq!(bench.store.counts(at(0)).await.unwrap().due, 1235);
        assert!(!bench.store.counts(at(0)).await.unwrap().is_idle());
        bench.wake(&[release("news")]).await;
        let next = bench.store.claim_subjects(1, at(0)).await.unwrap();
        let next: Vec<String> = next.iter().map(|claim| claim.subject.to_string()).collect();
        assert_eq!(
            next,
            ["release/train/news"],
            "whoever has news comes before those who are woken together"
        );
    })
    .await;
}

#[tokio::test]
async fn a_chain_of_wakings_without_end_is_parked_as_a_defect() {
    on_both(async |bench| {
        bench.wake(&[milestone(1)]).await;
        bench.tamper("UPDATE subject SET hops = 8").await;
        let claim = bench.claim(&milestone(1)).await;
        bench.settle(claim, decided(milestone_state(1, "a", Some("r")))).await;
        assert!(bench.due().await.is_empty());
        let parked = bench.store.parked_subjects().await.unwrap().items.remove(0);
        assert_eq!(parked.subject, release("r"));
        insta::allow_duplicates! {
            insta::assert_snapshot!(parked.why, @"woken by a chain of more than 8 subjects: a defect of changegate");
        }
        bench.wake(&[milestone(1)]).await;
        assert_eq!(bench.claim(&milestone(1)).await.hops, 0, "settling begins a new chain");
    })
    .await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// A release shows how many milestones point at it. In whatever order milestones change and whatever is judged
    /// in between, in the end each release shows what is so.
    #[test]
    fn in_any_order_of_changes_the_last_view_of_everybody_is_true(
        steps in prop::collection::vec((0u64..4, prop::option::of(0usize..2), any::<bool>()), 1..12)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(on_both(async |bench| {
            calm(bench).await;
            for (number, target, judge) in &steps {
                let target = target.map(|target| ["r", "s"][target]);
                bench.wake(&[milestone(*number)]).await;
                settle_all(bench, Some((*number, target)), !judge).await;
            }
            settle_all(bench, None, false).await;
            for title in ["r", "s"] {
                let true_count = bench
                    .number(&format!("SELECT count(*) FROM edge WHERE target = 'release/train/{title}'"))
                    .await;
                let asked = (super::bench::tenant(), release(title));
                let views = bench.store.views(std::slice::from_ref(&asked)).await.unwrap();
                let shown = views.get(&asked).and_then(|view| view.as_release());
                assert_eq!(shown.map_or(0, |release| release.milestones.len()) as i64, true_count);
            }
        }));
    }
}

/// Settles the milestone with its new target, and releases (unless they are left for later) by what points at them.
async fn settle_all(bench: &Bench, change: Option<(u64, Option<&str>)>, leave_releases: bool) {
    loop {
        let claims = bench.store.claim_subjects(64, at(0)).await.unwrap();
        if claims.is_empty() {
            return;
        }
        let mut left = vec![];
        for claim in claims {
            match (&claim.subject, change) {
                (SubjectId::Milestone(_, number), Some((changed, target))) if *number == changed => {
                    bench.settle(claim, decided(milestone_state(changed, "a", target))).await;
                }
                (SubjectId::Release(_), _) if leave_releases => left.push(claim),
                (SubjectId::Release(id), _) => {
                    let title = id.title.clone();
                    let question = Question::PointingAt(claim.subject.clone(), Relation::In);
                    let answered = bench.store.answer(&claim.tenant, &[question]).await.unwrap().remove(0);
                    let changegate::domain::facts::Answer::PointingAt(members) = answered.answer else {
                        panic!()
                    };
                    let state = release_state(&title, members.len());
                    bench.settle(claim, decided_with(state, answered.read)).await;
                }
                _ => {
                    bench.settle(claim, Outcome::Ignored("nothing new".into())).await;
                }
            }
        }
        if !left.is_empty() {
            // Held while the milestones move on, and given back untouched.
            for claim in left {
                bench.settle(claim, Outcome::Retry { at: at(0), why: "later".into() }).await;
            }
            return;
        }
    }
}
