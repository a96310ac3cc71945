//! What was decided becomes so, all of it or nothing, if what it rests on still stands.

use changegate::{
    domain::{
        audit::AuditEntry,
        decide::Decision,
        facts::{Answer, Question},
        ids::{RepoId, SubjectKind},
        subject::Relation,
    },
    store::{Outcome, Settled, Settlement},
};
use jiff::SignedDuration;

use super::bench::{
    at, decided, decided_to, decided_with, event, milestone, milestone_state, on_both, release,
    release_state, repository, repository_state, tenant,
};

#[tokio::test]
async fn a_decision_is_read_back_by_the_next_claim_and_by_others() {
    on_both(async |bench| {
        let state = milestone_state(1, "2026.12", Some("2026.12"));
        bench.decide(&milestone(1), decided(state.clone())).await;
        let asked = [(tenant(), milestone(1)), (tenant(), milestone(2))];
        let views = bench.store.views(&asked).await.unwrap();
        assert_eq!(views.get(&asked[0]), Some(&state.view()));
        assert_eq!(views.get(&asked[1]), None);
        let listed = bench.store.subjects_of_kind(SubjectKind::Milestone, Some(&tenant())).await.unwrap();
        assert_eq!(listed, [(tenant(), milestone(1), state.view())]);
        bench.wake(&[milestone(1)]).await;
        let claims = bench.store.claim_subjects(64, at(0)).await.unwrap();
        let claim = claims.into_iter().find(|claim| claim.subject == milestone(1)).unwrap();
        assert_eq!((claim.version, claim.state), (1, Some(state)));
    })
    .await;
}

#[tokio::test]
async fn the_store_answers_its_questions_and_leaves_out_the_others() {
    on_both(async |bench| {
        bench.decide(&milestone(1), decided(milestone_state(1, "a", Some("r")))).await;
        assert_eq!(bench.due().await, ["release/train/r"]);
        bench.decide(&milestone(2), decided(milestone_state(2, "a", Some("r")))).await;
        bench.decide(&repository(9), decided(repository_state(9, "Acme/Web", None))).await;
        let questions = [
            Question::PolicyFile(RepoId(9)),
            Question::PointingAt(release("r"), Relation::In),
            Question::PointingAt(release("other"), Relation::In),
            Question::RepositoryNamed("acme/WEB".parse().unwrap()),
            Question::RepositoryNamed("acme/other".parse().unwrap()),
            Question::View(milestone(3)),
        ];
        let answered = bench.store.answer(&tenant(), &questions).await.unwrap();
        let answers: Vec<Answer> = answered.into_iter().map(|answered| answered.answer).collect();
        assert_eq!(
            answers,
            [
                Answer::PointingAt(vec![milestone(1), milestone(2)]),
                Answer::PointingAt(vec![]),
                Answer::RepositoryNamed(Some(RepoId(9))),
                Answer::RepositoryNamed(None),
                Answer::View(None),
            ]
        );
    })
    .await;
}

/// What may change between reading and settling.
#[tokio::test]
async fn a_decision_that_rests_on_what_has_changed_is_judged_again() {
    on_both(async |bench| {
        bench.decide(&repository(7), decided(repository_state(7, "acme/web", None))).await;
        let questions = [
            Question::View(repository(7)),
            Question::View(repository(8)),
            Question::RepositoryNamed("acme/new".parse().unwrap()),
            Question::PointingAt(release("r"), Relation::In),
        ];
        for (i, question) in questions.into_iter().enumerate() {
            let subject = release(&format!("{i}"));
            bench.wake(std::slice::from_ref(&subject)).await;
            let claim = bench.claim(&subject).await;
            let stale = bench.reads(std::slice::from_ref(&question)).await;
            match i {
                0 => bench.decide(&repository(7), decided(repository_state(7, "acme/web", Some("x")))).await,
                1 => bench.decide(&repository(8), decided(repository_state(8, "acme/x", None))).await,
                2 => bench.decide(&repository(9), decided(repository_state(9, "Acme/New", None))).await,
                _ => bench.decide(&milestone(1), decided(milestone_state(1, "a", Some("r")))).await,
            }
            let state = release_state(&format!("{i}"), 0);
            let settled = bench.settle(claim.clone(), decided_with(state.clone(), stale)).await;
            assert_eq!(settled, Settled::Conflict, "{question:?}");
            let fresh = bench.reads(&[question]).await;
            assert_eq!(bench.settle(claim, decided_with(state, fresh)).await, Settled::Done);
        }
    })
    .await;
}

#[tokio::test]
async fn what_settles_without_showing_anything_new_disturbs_nobody_who_read_it() {
    on_both(async |bench| {
        bench.decide(&repository(7), decided(repository_state(7, "acme/web", None))).await;
        let read = bench.reads(&[Question::View(repository(7))]).await;
        bench.decide(&repository(7), decided(repository_state(7, "acme/web", None))).await;
        bench.decide(&milestone(1), decided_with(milestone_state(1, "a", None), read)).await;
        assert!(bench.due().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_conflict_concerns_only_its_own_decision() {
    on_both(async |bench| {
        bench.wake(&[milestone(1), milestone(2), milestone(3)]).await;
        let claims = bench.store.claim_subjects(64, at(0)).await.unwrap();
        let stale = bench.reads(&[Question::View(repository(7))]).await;
        bench.decide(&repository(7), decided(repository_state(7, "acme/web", None))).await;
        let settlement = |(i, claim): (usize, changegate::store::Claim)| {
            let state = milestone_state(i as u64 + 1, "a", None);
            let reads = if i == 1 { stale.clone() } else { vec![] };
            Settlement { claim, outcome: decided_with(state, reads) }
        };
        let settlements = claims.into_iter().enumerate().map(settlement).collect();
        let settled = bench.store.settle(settlements, at(0)).await.unwrap();
        assert_eq!(settled, [Settled::Done, Settled::Conflict, Settled::Done]);
    })
    .await;
}

#[tokio::test]
async fn in_one_group_whoever_read_what_another_changes_is_judged_again() {
    on_both(async |bench| {
        bench.wake(&[repository(7), milestone(1)]).await;
        let mut claims = bench.store.claim_subjects(64, at(0)).await.unwrap();
        let read = bench.reads(&[Question::View(repository(7))]).await;
        let (reader, read_one) = (claims.remove(1), claims.remove(0));
        let settlements = vec![
            Settlement { claim: reader, outcome: decided_with(milestone_state(1, "a", None), read) },
            Settlement { claim: read_one, outcome: decided(repository_state(7, "acme/web", None)) },
        ];
        let settled = bench.store.settle(settlements, at(0)).await.unwrap();
        assert_eq!(settled, [Settled::Conflict, Settled::Done]);
    })
    .await;
}

#[tokio::test]
async fn what_happens_between_claim_and_settling_is_not_lost() {
    on_both(async |bench| {
        bench.deliver("one", &[milestone(1)]).await;
        let claim = bench.claim(&milestone(1)).await;
        bench.deliver("two", &[milestone(1)]).await;
        assert!(bench.due().await.is_empty(), "it is held");
        assert_eq!(bench.settle(claim, decided(milestone_state(1, "a", None))).await, Settled::Done);
        assert_eq!(bench.claim(&milestone(1)).await.events, [event("two")]);
    })
    .await;
}

#[tokio::test]
async fn a_decision_says_when_to_look_again_and_ignoring_does_not_forget_it() {
    on_both(async |bench| {
        let state = milestone_state(1, "a", None);
        let decision = Decision { look_again: Some(at(3600)), ..Decision::quiet(state) };
        let outcome = Outcome::Decided { decision: Box::new(decision), reads: vec![] };
        bench.decide(&milestone(1), outcome).await;
        bench.wake(&[milestone(1)]).await;
        let claim = bench.claim(&milestone(1)).await;
        assert_eq!(bench.settle(claim, Outcome::Ignored("nothing new".into())).await, Settled::Done);
        assert!(bench.store.claim_subjects(64, at(3599)).await.unwrap().is_empty());
        assert_eq!(bench.store.counts(at(0)).await.unwrap().scheduled, 1);
        let claim = bench.store.claim_subjects(64, at(3600)).await.unwrap().remove(0);
        let ignored = vec![Settlement { claim, outcome: Outcome::Ignored("nothing new".into()) }];
        bench.store.settle(ignored, at(3600)).await.unwrap();
        let later = at(3600) + SignedDuration::from_hours(999);
        assert!(bench.store.claim_subjects(64, later).await.unwrap().is_empty(), "it was looked at");
    })
    .await;
}

#[tokio::test]
async fn a_subject_with_more_events_than_fit_stays_due_until_all_are_judged() {
    on_both(async |bench| {
        bench.deliver("first", &[milestone(1)]).await;
        let copy = |rows: &str| {
            format!(
                "INSERT INTO subject_event (tenant, subject, delivery, body)
                 SELECT tenant, subject, delivery || '-' || n, body {rows}"
            )
        };
        if bench.postgres {
            let text = copy("FROM subject_event, generate_series(1, 4999) AS n");
            bench.tamper(&text).await;
        } else {
            let numbers = "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 4999) ";
            bench.tamper(&format!("{numbers}{}", copy("FROM subject_event, t"))).await;
        }
        let mut judged = 0;
        while let Some(claim) = bench.store.claim_subjects(1, at(0)).await.unwrap().pop() {
            judged += claim.events.len();
            let settled = bench.settle(claim, decided(milestone_state(1, "a", None))).await;
            assert_eq!(settled, Settled::Done);
        }
        assert_eq!(judged, 5000);
    })
    .await;
}

#[tokio::test]
async fn a_decision_that_cannot_be_logged_does_not_happen() {
    on_both(async |bench| {
        let entry = AuditEntry::new("milestone.seen").text("title", "a");
        let outcome = decided_to(milestone_state(1, "a", None), vec![], vec![entry]);
        bench.tamper("ALTER TABLE audit_text RENAME TO hidden").await;
        bench.wake(&[milestone(1)]).await;
        let claim = bench.claim(&milestone(1)).await;
        let settlement = vec![Settlement { claim: claim.clone(), outcome: outcome.clone() }];
        assert!(bench.store.settle(settlement, at(0)).await.is_err());
        assert_eq!(bench.number("SELECT max(version) FROM subject").await, 0);
        assert_eq!(bench.number("SELECT count(*) FROM published WHERE mark > 0").await, 0);
        assert_eq!(bench.number("SELECT count(*) FROM audit").await, 0);
        bench.tamper("ALTER TABLE hidden RENAME TO audit_text").await;
        assert_eq!(bench.settle(claim, outcome).await, Settled::Done);
    })
    .await;
}

#[tokio::test]
async fn a_decision_that_the_database_refuses_is_parked_and_the_others_of_its_group_are_settled() {
    on_both(async |bench| {
        let subjects: Vec<_> = (0..9).map(milestone).collect();
        bench.wake(&subjects).await;
        bench.tamper("CREATE UNIQUE INDEX one_refused ON audit (body) WHERE body LIKE '%poison%'").await;
        bench.tamper("INSERT INTO audit VALUES ('x', 1, 1, '%poison%', '', '')").await;
        let reject = if bench.postgres {
            "ALTER TABLE audit ADD CONSTRAINT no_poison CHECK (body NOT LIKE '%poison%') NOT VALID"
        } else {
            "CREATE TRIGGER no_poison BEFORE INSERT ON audit WHEN NEW.body LIKE '%poison%'
             BEGIN SELECT RAISE(ABORT, 'no poison'); END"
        };
        bench.tamper(reject).await;
        let claims = bench.store.claim_subjects(64, at(0)).await.unwrap();
        let settlement = |(i, claim): (usize, changegate::store::Claim)| {
            let entry = AuditEntry::new("seen").fact("what", if i == 4 { "poison" } else { "food" });
            let outcome = decided_to(milestone_state(i as u64, "a", None), vec![], vec![entry]);
            Settlement { claim, outcome }
        };
        let settlements = claims.into_iter().enumerate().map(settlement).collect();
        let settled = bench.store.settle(settlements, at(0)).await.unwrap();
        assert_eq!(settled.iter().filter(|settled| **settled == Settled::Done).count(), 8);
        assert!(matches!(settled[4], Settled::Refused(_)), "{settled:?}");
        assert_eq!(bench.store.parked_subjects().await.unwrap().items[0].subject, milestone(4));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_settle_at_once_and_the_log_stays_one_chain() {
    on_both(async |bench| {
        let subjects: Vec<_> = (0..400).map(milestone).collect();
        bench.wake(&subjects).await;
        let workers = (0..8).map(|_| {
            let store = bench.store.clone();
            async move {
                loop {
                    let claims = store.claim_subjects(20, at(0)).await.unwrap();
                    if claims.is_empty() {
                        return;
                    }
                    let settlements = claims.into_iter().map(|claim| {
                        let entry = AuditEntry::new("settled").fact("subject", &claim.subject);
                        let state = match &claim.subject {
                            changegate::domain::ids::SubjectId::Milestone(_, number) => {
                                milestone_state(*number, "a", Some(["r", "s"][*number as usize % 2]))
                            }
                            _ => release_state("r", 1),
                        };
                        Settlement { claim, outcome: decided_to(state, vec![], vec![entry]) }
                    });
                    store.settle(settlements.collect(), at(0)).await.unwrap();
                }
            }
        });
        workers.collect::<tokio::task::JoinSet<_>>().join_all().await;
        let report = bench.store.audit_verify().await.unwrap();
        assert!(report.is_whole(), "{report:?}");
        assert!(report.tenants[0].entries >= 402, "{report:?}");
        assert_eq!(bench.number("SELECT count(*) FROM edge").await, 400);
    })
    .await;
}
