use super::*;
use crate::domain::{
    event::Event,
    ids::{RepoId, SubjectId},
    policy::{Mode, PolicyText},
    trial::*,
};

const TRIAGE: &str = "roles:\n  triager: [tess]\n";

/// The mode of a repository and who triages there, by these policy files; `-`: there is no policy.
fn in_force(repo: RepoId, shared: Option<&str>, own: Option<&str>) -> String {
    let policy = |text: Option<&str>| text.map(PolicyText::from);
    let mut world = World::default().holding(SHARED, policy(shared).as_ref());
    if repo != SHARED {
        world = world.holding(repo, policy(own).as_ref());
    }
    let mut facts = Facts::default();
    for _ in 0..4 {
        let mut inquiry = Inquiry::new(&facts);
        if let Some(policy) = inquiry.policy(repo) {
            assert!(inquiry.is_complete());
            let mode = |mode: Mode| format!("{mode:?}").to_lowercase();
            return policy.map_or("-".into(), |policy| {
                let triagers: Vec<String> = policy.triagers().iter().map(ToString::to_string).collect();
                format!("{} {}", mode(policy.mode_for(name(repo).as_str())), triagers.join(" "))
            });
        }
        for question in inquiry.into_missing() {
            let found = world.answer(&question);
            facts.insert(question, found);
        }
    }
    panic!("it asks without end")
}

#[test]
fn the_policy_in_force_is_the_owner_s_tightened_by_the_repository_s_own() {
    let strict = "mode: enforce\n";
    let whole = format!("mode: enforce\n{}", TRIAGE.replace("tess", "dana"));
    let advise = format!("mode: advise\n{TRIAGE}");
    for (what, shared, own, expected) in [
        ("none", None, None, "-"),
        ("its own alone", None, Some(advise.as_str()), "advise tess"),
        ("the owner's alone", Some(advise.as_str()), None, "advise tess"),
        ("both", Some(&advise), Some(strict), "enforce tess"),
        ("its own cannot loosen", Some(strict), Some("mode: observe\n"), "enforce "),
        ("its own is broken", Some(&advise), Some("mode: never\n"), "advise tess"),
        ("the owner's is broken", Some("mode: never\n"), Some(&advise), "advise tess"),
        ("both are broken", Some("mode: never\n"), Some("mode: never\n"), "-"),
        ("its own was whole before", Some(&advise), Some(&whole), "enforce tess"),
    ] {
        assert_eq!(in_force(WEB, shared, own), expected, "{what}");
    }
}

#[test]
fn the_owner_s_repository_for_policies_is_ruled_by_its_own_file() {
    let policy = format!("mode: enforce\n{TRIAGE}");
    assert_eq!(in_force(SHARED, Some(&policy), None), "enforce tess");
    assert_eq!(in_force(SHARED, None, None), "-");
}

#[test]
fn a_repository_that_was_never_seen_has_no_policy() {
    let mut facts = Facts::default();
    facts.insert(Question::View(SubjectId::Repository(WEB)), Fact::Known(Answer::View(None), time(0)));
    assert!(matches!(Inquiry::new(&facts).policy(WEB), Some(None)));
}

#[test]
fn what_a_delivery_names_is_asked_for_before_the_repository_is_known() {
    let facts = Facts::default();
    let mut inquiry = Inquiry::new(&facts);
    let here = Event { repository: Some(seen(WEB)), ..event(crate::domain::event::What::Ping) };
    inquiry.foresee_policy(WEB, std::slice::from_ref(&here));
    inquiry.foresee_policy(BILLING, &[here]);
    assert_eq!(inquiry.into_missing(), [Question::RepositoryNamed(name(SHARED))]);
}

#[test]
fn what_is_missing_is_asked_once_and_an_answer_of_another_kind_is_no_answer() {
    let mut facts = Facts::default();
    let mut inquiry = Inquiry::new(&facts);
    assert_eq!((inquiry.issue(at(1)), inquiry.issue(at(1)), inquiry.is_complete()), (None, None, false));
    assert_eq!(inquiry.into_missing(), [Question::Issue(at(1))]);
    facts.insert(Question::Issue(at(1)), Fact::Known(Answer::Team(vec![]), time(0)));
    facts.insert(Question::View(SubjectId::Account), Fact::Unknown("x".into()));
    let mut inquiry = Inquiry::new(&facts);
    let why = "the answer that was found does not fit the question".to_owned();
    assert_eq!(inquiry.issue(at(1)), Some(Fact::Unknown(why)));
    assert_eq!(inquiry.view(SubjectId::Account), Some(None));
    assert!(inquiry.is_complete());
}

#[test]
fn facts_read_back_as_they_were_written() {
    for policy in [PolicyAtHead::Same, PolicyAtHead::Deleted, PolicyAtHead::Changed("mode: advise".into())] {
        let shown = PullRequestReading { policy, ..reading(snapshot(41)) };
        let fact = Fact::Known(Answer::PullRequest(Some(Box::new(shown))), time(0));
        let written = (Question::PullRequest(at(41)), fact);
        let stored = serde_json::to_string(&written).unwrap();
        assert_eq!(serde_json::from_str::<(Question, Fact<Answer>)>(&stored).unwrap(), written);
    }
}

#[test]
fn what_was_read_beforehand_answers_and_counts_once_it_is_asked() {
    let (asked, other) = (SubjectId::Repository(WEB), SubjectId::Account);
    let nothing = || Fact::Known(Answer::View(None), time(0));
    let views = [&asked, &other].map(|subject| (Question::View(subject.clone()), nothing()));
    let mut facts = Facts::foreseeing(Arc::new(views.into()));
    let mut inquiry = Inquiry::new(&facts);
    assert_eq!(inquiry.read_of_the_store(), [].into());
    assert_eq!((inquiry.view(asked.clone()), inquiry.is_complete()), (Some(None), true));
    assert_eq!(inquiry.read_of_the_store(), [asked.clone()].into());
    assert_eq!(facts.looked_at(), [Question::View(asked.clone())].into());
    // What is found out later is newer.
    facts.insert(Question::View(other.clone()), Fact::Unknown("x".into()));
    let mut inquiry = Inquiry::new(&facts);
    assert_eq!(inquiry.view(other.clone()), Some(None));
    assert_eq!(inquiry.read_of_the_store(), [asked.clone(), other].into());
    assert_eq!(facts.looked_at(), [Question::View(asked.clone())].into());
    facts.forget_the_stores();
    assert_eq!((Inquiry::new(&facts).view(asked), facts.looked_at()), (None, [].into()));
}
